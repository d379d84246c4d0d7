//! Virtual people round the hat, from a file and from keys, and virtual sensors that tell
//! them as real ones do: in bytes and levels, with noise, late and with mistakes.
//!
//! Everything is a function of time, so that the same file gives the same bytes. Sines are
//! `libm`'s, the same on every processor.

mod keyed_steps;
mod script;
mod virtual_ld2450;
mod virtual_pir;
mod walk;

pub(crate) use keyed_steps::Step;
pub(crate) use virtual_ld2450::VirtualLd2450;
pub(crate) use virtual_pir::VirtualPir;

use std::f64::consts::PI;
use walk::Way;

/// Whom keys move, among the walkers.
const GUEST: usize = 0;

/// Where somebody is, for whoever looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Degrees clockwise from the front of who looks, −180..180.
    pub(crate) bearing_deg: f64,
    /// m.
    pub(crate) distance_m: f64,
}

impl Place {
    fn of([right, ahead]: [f64; 2]) -> Self {
        Self {
            bearing_deg: libm::atan2(right, ahead) * (180.0 / PI),
            distance_m: (right * right + ahead * ahead).sqrt(),
        }
    }

    /// The same, m to the right and ahead.
    fn xy(self) -> [f64; 2] {
        let bearing = self.bearing_deg * (PI / 180.0);
        [libm::sin(bearing), libm::cos(bearing)].map(|part| self.distance_m * part)
    }

    /// The same for whoever is turned by so much more, clockwise.
    fn seen_turned(self, deg: f64) -> Self {
        Self {
            bearing_deg: (self.bearing_deg - deg + 180.0).rem_euclid(360.0) - 180.0,
            ..self
        }
    }
}

/// Who is in the room at which moments, and how the wearer's head is turned.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    /// Each one's way through the room: m to the right of where the wearer's front was at
    /// the start, and ahead.
    walkers: Vec<Way<2>>,
    /// What the file calls all of them but the first, who is led by keys.
    names: Vec<String>,
    /// What sensors believe in from then on; it turns with the head.
    ghosts: Vec<(u64, Place)>,
    /// How far the head is turned, degrees clockwise: by the file, and by keys on top.
    heads: [Way<1>; 2],
}

impl Default for Crowd {
    /// Nobody, and a head that keeps still.
    fn default() -> Self {
        Self {
            walkers: vec![Way::default()],
            names: Vec::new(),
            ghosts: Vec::new(),
            heads: [Way::from([0.0]), Way::from([0.0])],
        }
    }
}

impl Crowd {
    /// The most that are there at once: those of the file, and whom keys move.
    pub(crate) const MOST: usize = script::MOST + 1;

    /// How far the wearer's head is turned since the start, degrees clockwise.
    pub(crate) fn head_deg(&self, t_us: u64) -> f64 {
        let turned = |head: &Way<1>| head.at(t_us).map_or(0.0, |[deg]| deg);
        self.heads.iter().map(turned).sum()
    }

    /// What the file calls them, each with his number.
    #[cfg(feature = "plot")]
    pub(crate) fn names(&self) -> impl Iterator<Item = (usize, &str)> {
        (GUEST + 1..).zip(self.names.iter().map(String::as_str))
    }

    /// Where everybody is who is there, as the wearer has it; each with his number.
    pub(crate) fn people(&self, t_us: u64) -> impl Iterator<Item = (usize, Place)> {
        let place = move |who| Some((who, self.place(who, t_us)?));
        (0..self.walkers.len()).filter_map(place)
    }

    fn place(&self, who: usize, t_us: u64) -> Option<Place> {
        let place = Place::of(self.walkers[who].at(t_us)?);
        Some(place.seen_turned(self.head_deg(t_us)))
    }

    /// Where nobody is, though radars go on believing it.
    fn ghosts(&self, t_us: u64) -> impl Iterator<Item = Place> {
        let risen = self
            .ghosts
            .iter()
            .filter(move |(from_us, _)| *from_us <= t_us);
        risen.map(|(_, place)| *place)
    }
}
