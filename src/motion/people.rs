//! Who is near the hat, as its senses say; and held between their words where they are
//! in the room, whatever the head does.

use super::ease;
use super::heading::Headings;
use crate::units::Turns;
use arrayvec::{ArrayString, ArrayVec};

/// At that distance, m, stands of whom it is not known.
pub(super) const UNKNOWN_M: f32 = 2.0;
/// How long somebody who was seen is believed to be there: senses blink, and a camera on
/// a slow processor sees twice a second.
const COAST_US: u64 = 2_000_000;
/// How long belief then takes to fade.
const FADE_US: u64 = 2_000_000;

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
pub struct People(ArrayVec<Seen, { People::MOST }>);

/// Somebody, as he was seen last.
#[derive(Clone, Copy, Debug)]
struct Seen {
    id: Id,
    /// Clockwise from where the head was turned to first.
    bearing: Turns,
    distance_m: Option<f32>,
    sure: f32,
    at_us: u64,
    /// From when on he fades.
    fades_us: u64,
}

impl Seen {
    /// How sure it is by now that he is there.
    fn sure_at(&self, t_us: u64) -> f32 {
        self.sure * (1.0 - ease(t_us.saturating_sub(self.fades_us), FADE_US))
    }
}

impl People {
    /// The most of one source.
    pub const OF_A_SOURCE: usize = 4;
    /// The most in all.
    pub const MOST: usize = 8;

    /// Somebody was seen; whether there is room for one more.
    pub(super) fn see(&mut self, id: Id, sighting: &Sighting, head: &Headings, t_us: u64) -> bool {
        // At most ten seconds, as cues have it.
        let at_us = t_us.saturating_sub((sighting.age_s * 1e6) as u64);
        let seen = Seen {
            id,
            // By where the head was then.
            bearing: Turns::from_deg(sighting.bearing_deg).plus(head.at(at_us)),
            distance_m: sighting.distance_m,
            sure: sighting.sure,
            at_us,
            fades_us: at_us + COAST_US,
        };
        self.forget(t_us);
        if let Some(known) = self.0.iter_mut().find(|known| known.id == id) {
            *known = seen;
            return true;
        }
        let of_source = self
            .0
            .iter()
            .filter(|known| known.id.source() == id.source());
        of_source.count() < Self::OF_A_SOURCE && self.0.try_push(seen).is_ok()
    }

    /// Forgets who has faded by `t_us`.
    pub(super) fn forget(&mut self, t_us: u64) {
        self.0.retain(|seen| t_us < seen.fades_us + FADE_US);
    }

    /// Somebody is gone, if he was ever there: he fades at once.
    pub(super) fn lose(&mut self, id: Id, t_us: u64) {
        if let Some(known) = self.0.iter_mut().find(|known| known.id == id) {
            known.fades_us = known.fades_us.min(t_us);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everybody as he is believed to be at `t_us`, in the order of their coming.
    pub(super) fn at(&self, t_us: u64, head: &Headings) -> impl Iterator<Item = (Id, Sighting)> {
        let turned = head.at(t_us);
        let held = move |seen: &Seen| {
            let sighting = Sighting {
                bearing_deg: (seen.bearing.minus(turned).get() * 360.0) as f32,
                distance_m: seen.distance_m,
                sure: seen.sure_at(t_us),
                age_s: t_us.saturating_sub(seen.at_us) as f32 / 1e6,
            };
            (seen.id, sighting)
        };
        let there = move |seen: &&Seen| t_us < seen.fades_us + FADE_US;
        self.0.iter().filter(there).map(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const SECOND: u64 = 1_000_000;

    fn id(text: &str) -> Id {
        Id::new(text).unwrap()
    }

    fn seen(bearing_deg: f32, age_s: f32) -> Sighting {
        Sighting {
            bearing_deg,
            distance_m: Some(1.5),
            sure: 0.8,
            age_s,
        }
    }

    /// The only one who is there.
    fn only(people: &People, t_us: u64, head: &Headings) -> Option<Sighting> {
        let all: Vec<_> = people.at(t_us, head).collect();
        assert!(all.len() <= 1);
        all.first().map(|(_, sighting)| *sighting)
    }

    #[test]
    fn who_is_seen_no_more_coasts_and_fades() {
        let (mut people, head) = (People::default(), Headings::default());
        assert!(people.see(id("radar.1"), &seen(40.0, 0.0), &head, SECOND));
        let sure = |t_us| only(&people, t_us, &head).map(|it| it.sure);
        assert_eq!(sure(SECOND), Some(0.8));
        assert_eq!(sure(3 * SECOND), Some(0.8));
        assert_eq!(sure(4 * SECOND), Some(0.4));
        assert_eq!(sure(5 * SECOND), None);
        let held = only(&people, 2 * SECOND, &head).unwrap();
        assert!((held.bearing_deg - 40.0).abs() < 1e-3);
        assert_eq!((held.distance_m, held.age_s), (Some(1.5), 1.0));
    }

    #[test]
    fn who_is_gone_fades_at_once_and_comes_back_whole() {
        let (mut people, head) = (People::default(), Headings::default());
        people.see(id("radar.1"), &seen(40.0, 0.0), &head, 0);
        people.lose(id("radar.1"), SECOND);
        people.lose(id("radar.2"), SECOND);
        assert_eq!(only(&people, 2 * SECOND, &head).unwrap().sure, 0.4);
        // Said again, it changes nothing.
        people.lose(id("radar.1"), 2 * SECOND);
        assert!(only(&people, 3 * SECOND, &head).is_none());
        people.see(id("radar.1"), &seen(50.0, 0.0), &head, 3 * SECOND);
        assert_eq!(only(&people, 3 * SECOND, &head).unwrap().sure, 0.8);
    }

    #[test]
    fn the_head_turns_and_people_stay_in_the_room() {
        let (mut people, mut head) = (People::default(), Headings::default());
        people.see(id("radar.1"), &seen(40.0, 0.0), &head, 0);
        // The first heading is where the head was before there was one.
        let mut bearing = |people: &People, deg: f32, t_us: u64| {
            head.turn(deg, t_us);
            only(people, t_us, &head).unwrap().bearing_deg
        };
        assert!((bearing(&people, 700.0, 100_000) - 40.0).abs() < 1e-3);
        assert!((bearing(&people, 730.0, 200_000) - 10.0).abs() < 1e-3);
        assert!((bearing(&people, 930.0, 900_000) - 170.0).abs() < 1e-3);
        // What a slow sense saw half a second ago is turned by what the head did since.
        let (mut people, mut head) = (People::default(), Headings::default());
        for ms in (0..=1000).step_by(20) {
            head.turn(0.06 * ms as f32, 1000 * ms);
        }
        people.see(id("eyes.a"), &seen(20.0, 0.5), &head, SECOND);
        let held = only(&people, SECOND, &head).unwrap();
        assert!((held.bearing_deg - (20.0 - 30.0)).abs() < 0.01, "{held:?}");
        assert_eq!(held.age_s, 0.5);
    }

    #[test]
    fn there_is_room_for_four_of_a_source_and_eight_in_all() {
        let (mut people, head) = (People::default(), Headings::default());
        let mut see = |text: &str, t_us| people.see(id(text), &seen(0.0, 0.0), &head, t_us);
        for text in ["a.1", "a.2", "a.3", "a.4", "b.1", "b.2", "b.3", "b.4"] {
            assert!(see(text, 0), "{text}");
        }
        assert!(!see("a.5", 0) && !see("c.1", 0));
        assert!(see("a.1", SECOND));
        // Who faded leaves room; a.1 was seen again.
        assert!(see("c.1", 4 * SECOND) && see("a.5", 4 * SECOND));
        let there: Vec<_> = people.at(4 * SECOND, &head).collect();
        assert_eq!(there.len(), 3);
    }
}
