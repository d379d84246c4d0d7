//! Who is near the hat, as its senses say.

use arrayvec::{ArrayString, ArrayVec};

/// What a sense calls somebody: `SOURCE.WORD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(ArrayString<32>);

impl Id {
    /// The name in a text; `None` where it is not two words of letters, digits, - and _,
    /// joined by a dot, in 32 bytes.
    pub fn new(text: &str) -> Option<Self> {
        let (source, word) = text.split_once('.')?;
        let may_be = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_word = |word: &str| !word.is_empty() && word.chars().all(may_be);
        (is_word(source) && is_word(word)).then_some(())?;
        ArrayString::from(text).ok().map(Self)
    }

    /// `SOURCE.WORD`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn source(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }
}

/// Where somebody was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting {
    /// Degrees clockwise from the wearer's front, −360..360.
    pub bearing_deg: f32,
    /// From the hat's middle, m, if it is known.
    pub distance_m: Option<f32>,
    /// How sure the sense is, 0..1.
    pub sure: f32,
    /// How long ago that was, s.
    pub age_s: f32,
}

/// Those who are there: a few of each source.
#[derive(Clone, Debug, Default)]
pub struct People(ArrayVec<(Id, Sighting), { People::MOST }>);

impl People {
    /// The most of one source.
    pub const OF_A_SOURCE: usize = 4;
    /// The most in all.
    pub const MOST: usize = 8;

    /// Somebody was seen; whether there is room for him.
    pub(super) fn see(&mut self, id: Id, sighting: Sighting) -> bool {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == id) {
            *known = sighting;
            return true;
        }
        let of_source = self
            .0
            .iter()
            .filter(|(known, _)| known.source() == id.source());
        of_source.count() < Self::OF_A_SOURCE && self.0.try_push((id, sighting)).is_ok()
    }

    /// Somebody is gone, if he was ever there.
    pub(super) fn lose(&mut self, id: Id) {
        self.0.retain(|(known, _)| *known != id);
    }

    /// Everybody, in the order of their coming.
    pub fn iter(&self) -> impl Iterator<Item = &(Id, Sighting)> {
        self.0.iter()
    }
}
