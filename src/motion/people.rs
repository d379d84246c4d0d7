//! Who is near the hat, as its senses say; and held between their words where they are
//! in the room, whatever the head does.
//!
//! Each sense has its own word for somebody. He is one person for all that: whom senses see
//! at the same place has one number, and who comes to where somebody has just been lost is
//! given his.

use super::heading::Headings;
use super::{Refusal, ease};
use crate::units::Turns;
use arrayvec::{ArrayString, ArrayVec};
use core::cmp::Ordering;

/// At that distance, m, stands of whom it is not known.
const UNKNOWN_M: f32 = 2.0;
/// How long somebody who was seen is believed to be there: senses blink, and a camera on
/// a slow processor sees twice a second.
const COAST_US: u64 = 2_000_000;
/// How long belief then takes to fade, and since when he is forgotten.
const FADE_US: u64 = 2_000_000;
const FORGOTTEN_US: u64 = 8_000_000;

/// Whom two senses see so near to each other, degrees and m, is the same: as far as a radar
/// and a camera that are quite sure miss him, and as they are mounted askew. The less sure
/// one is, the further: who walks through a PIR's cone may be 50 degrees from its middle.
const JOIN_DEG: f32 = 15.0;
const JOIN_MOST_DEG: f32 = 60.0;
const JOIN_M: f32 = 0.6;
/// So many times as far apart they are two; or further, by so much for each second that one
/// saw him after the other: he walked, which at 1 m is 60 degrees.
const PART: f32 = 1.6;
const WALKS: f32 = 4.0;
/// What a sense says within so long, µs, it saw at one look, where each word is another one.
const ONE_LOOK_US: u64 = 60_000;
/// Whom a sense has not told for so long, µs, it may have lost and found, and called
/// otherwise; sooner it is in the midst of telling several in turn.
const UNTOLD_US: u64 = 1_000_000;
/// After a quarter of a second a sighting says half as much of where he is.
const STALE: f32 = 4.0;
/// How much a distance that nobody knows weighs beside one that somebody does.
const GUESS: f32 = 0.01;

/// Who comes nearer than this, m, and is by so much, m, nearer than he was on the mean of so
/// long, s, comes suddenly: that is 1.75 m/s for a while, where 1.2 is a walk and a radar's
/// noise 0.05 m.
const SUDDEN_M: f32 = 1.2;
const SUDDEN_BY_M: f32 = 0.7;
const MEAN_S: f32 = 0.4;
/// And so does who is first seen nearer than this, m.
const SUDDEN_NEW_M: f32 = 0.7;
/// A sense must be so sure of that.
const SUDDEN_SURE: f32 = 0.5;

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

/// A person's number: his own, whichever sense sees him, by whatever word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Who(u32);

/// Somebody, as all senses together have him.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Person {
    pub(super) who: Who,
    /// Clockwise from the wearer's front.
    pub(super) bearing: Turns,
    pub(super) distance_m: f32,
    /// 0 of who is no more there.
    pub(super) sure: f32,
}

/// Those who are there, and who were a moment ago: a few of each source.
#[derive(Clone, Debug, Default)]
pub struct People {
    seen: ArrayVec<Seen, { People::MOST }>,
    /// The number of the next new one.
    next: u32,
}

/// Somebody, as a sense saw him last.
#[derive(Clone, Copy, Debug)]
struct Seen {
    id: Id,
    who: Who,
    /// Clockwise from where the head was turned to first.
    bearing: Turns,
    distance_m: Option<f32>,
    /// The mean of his distances, the later the more.
    mean_m: Option<f32>,
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

    /// Whether he is believed to be there at all.
    fn is_there(&self, t_us: u64) -> bool {
        t_us < self.fades_us + FADE_US
    }

    /// How far apart two are: up to 1 they may be the same.
    fn gap(&self, other: &Self) -> f32 {
        let apart = self.bearing.minus(other.bearing).0 as i32;
        let apart_deg = apart.unsigned_abs() as f32 * (360.0 / 4_294_967_296.0);
        let apart_m = match (self.distance_m, other.distance_m) {
            (Some(a), Some(b)) => (a - b).abs(),
            _ => 0.0,
        };
        let sure = self.sure.min(other.sure);
        let join_deg = (JOIN_DEG / sure.max(0.01)).min(JOIN_MOST_DEG);
        (apart_deg / join_deg).max(apart_m / JOIN_M)
    }

    /// Whether he comes so near so fast.
    fn comes_suddenly(&self) -> bool {
        let both = self.distance_m.zip(self.mean_m);
        both.is_some_and(|(now, mean)| now < SUDDEN_M && mean - now > SUDDEN_BY_M)
    }
}

impl People {
    /// The most of one source.
    pub const OF_A_SOURCE: usize = 4;
    /// The most in all.
    pub const MOST: usize = 8;

    /// Somebody was seen; from where he comes, clockwise from the wearer's front, if that is
    /// sudden. Where two turn out to be one, he goes on as the `attended`.
    ///
    /// # Errors
    /// There is no room for one more.
    pub(super) fn see(
        &mut self,
        id: Id,
        sighting: &Sighting,
        head: &Headings,
        t_us: u64,
        attended: Option<Who>,
    ) -> Result<Option<Turns>, Refusal> {
        // At most ten seconds, as cues have it.
        let at_us = t_us.saturating_sub((sighting.age_s * 1e6) as u64);
        let mut seen = Seen {
            id,
            who: Who(self.next),
            // By where the head was then.
            bearing: Turns::from_deg(sighting.bearing_deg).plus(head.at(at_us)),
            distance_m: sighting.distance_m,
            mean_m: sighting.distance_m,
            sure: sighting.sure,
            at_us,
            fades_us: at_us + COAST_US,
        };
        self.forget(t_us);
        let his = self.seen.iter().position(|known| known.id == id);
        // Senses use their words again: who is no more there does not come back elsewhere.
        let is_over = |i: &usize| {
            let before = &self.seen[*i];
            !before.is_there(t_us) && seen.gap(before) > 1.0
        };
        let over = his.filter(is_over);
        let known = match over {
            None if his.is_some() => his,
            _ => self.by_another_word(&seen, t_us),
        };
        // A refusal is in no record, so until here nothing has changed that tells.
        let goes = match known {
            Some(_) => over,
            None => over.or(self.room_for(&id, t_us)?),
        };
        if let Some(goes) = goes {
            self.seen.remove(goes);
        }
        let known = known.map(|i| i - usize::from(goes.is_some_and(|goes| goes < i)));
        let sudden = if let Some(i) = known {
            let before = &self.seen[i];
            seen.who = before.who;
            if let Some((now, mean)) = seen.distance_m.zip(before.mean_m) {
                // Of who walks steadily this is behind by his way in that time, however often
                // he is seen.
                let passed_s = at_us.saturating_sub(before.at_us) as f32 / 1e6;
                seen.mean_m = Some(mean + (now - mean) * passed_s / (passed_s + MEAN_S));
            }
            self.seen[i] = seen;
            self.part(i);
            self.join(i, false, t_us, attended);
            seen.comes_suddenly()
        } else {
            let nobody = self.seen.iter().all(|other| seen.gap(other) > 1.0);
            self.next = self.next.wrapping_add(1);
            self.seen.push(seen);
            self.join(self.seen.len() - 1, true, t_us, attended);
            nobody && seen.distance_m.is_some_and(|m| m < SUDDEN_NEW_M)
        };
        let sudden = sudden && seen.sure >= SUDDEN_SURE;
        Ok(sudden.then(|| seen.bearing.minus(head.at(t_us))))
    }

    /// Whom the same sense saw there and called otherwise, and does not see any more.
    fn by_another_word(&self, seen: &Seen, t_us: u64) -> Option<usize> {
        let places = 0..self.seen.len();
        let was = places.filter(|i| {
            let was = &self.seen[*i];
            let lost = t_us >= was.fades_us;
            let before_us = if lost { ONE_LOOK_US } else { UNTOLD_US };
            let before = was.at_us + before_us <= seen.at_us;
            before && seen.gap(was) <= 1.0 && was.id.source() == seen.id.source()
        });
        let gap = |i: &usize| seen.gap(&self.seen[*i]);
        was.min_by(|a, b| gap(a).total_cmp(&gap(b)))
    }

    /// Who makes room for one more, if need be: somebody who is only remembered.
    fn room_for(&self, id: &Id, t_us: u64) -> Result<Option<usize>, Refusal> {
        let there = self.seen.iter().filter(|seen| seen.is_there(t_us));
        let of_source = there.filter(|seen| seen.id.source() == id.source());
        if of_source.count() == Self::OF_A_SOURCE {
            return Err(Refusal::Crowded);
        }
        if !self.seen.is_full() {
            return Ok(None);
        }
        let gone = self.seen.iter().position(|seen| !seen.is_there(t_us));
        gone.map(Some).ok_or(Refusal::Crowded)
    }

    /// Whom two senses see in two places are two.
    fn part(&mut self, i: usize) {
        for j in 0..self.seen.len() {
            let (a, b) = (&self.seen[i], &self.seen[j]);
            let walked = WALKS * (a.at_us.abs_diff(b.at_us) as f32 / 1e6);
            if i == j || a.who != b.who || a.gap(b) <= PART + walked {
                continue;
            }
            // The surer one goes on as the person he was, or who came first.
            let new = match a.sure.total_cmp(&b.sure) {
                Ordering::Greater => j,
                Ordering::Equal => i.max(j),
                Ordering::Less => i,
            };
            self.seen[new].who = Who(self.next);
            self.next = self.next.wrapping_add(1);
        }
    }

    /// Whom no other sense sees becomes one with the nearest who may be the same: if he is
    /// `new`, also with who is not seen any more.
    fn join(&mut self, i: usize, new: bool, t_us: u64, attended: Option<Who>) {
        let seen = self.seen[i];
        let with = |other: &Seen| other.who == seen.who && other.id != seen.id;
        let mut there = self.seen.iter().filter(|other| other.is_there(t_us));
        if there.any(with) {
            return;
        }
        let mut nearest: Option<(f32, Who)> = None;
        for other in self.seen.iter().filter(|other| other.who != seen.who) {
            let gap = seen.gap(other);
            if gap > nearest.map_or(1.0, |(least, _)| least) || !new && t_us >= other.fades_us {
                continue;
            }
            // Whom his own sense sees beside him is another one.
            let beside = |third: &Seen| {
                third.who == other.who
                    && t_us < third.fades_us
                    && third.id.source() == seen.id.source()
            };
            if !self.seen.iter().any(beside) {
                nearest = Some((gap, other.who));
            }
        }
        let Some((_, whose)) = nearest else { return };
        let (stays, goes) = match attended == Some(seen.who) {
            true => (seen.who, whose),
            false => (whose, seen.who),
        };
        // What his own sense called otherwise is over.
        let is_over = |other: &Seen| other.who == whose && other.id.source() == seen.id.source();
        self.seen.retain(|other| !is_over(other));
        for seen in self.seen.iter_mut().filter(|seen| seen.who == goes) {
            seen.who = stays;
        }
    }

    /// Forgets who has been gone for long by `t_us`.
    pub(super) fn forget(&mut self, t_us: u64) {
        self.seen.retain(|seen| t_us < seen.fades_us + FORGOTTEN_US);
    }

    /// Somebody is gone, if he was ever there: he fades at once.
    pub(super) fn lose(&mut self, id: Id, t_us: u64) {
        if let Some(known) = self.seen.iter_mut().find(|known| known.id == id) {
            known.fades_us = known.fades_us.min(t_us);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// What each sense believes at `t_us`, in the order of their coming.
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
        let there = move |seen: &&Seen| seen.is_there(t_us);
        self.seen.iter().filter(there).map(held)
    }

    /// Everybody once, as all senses together believe him to be at `t_us`, and who is only
    /// remembered.
    pub(super) fn persons(&self, t_us: u64, head: &Headings) -> impl Iterator<Item = Person> {
        let turned = head.at(t_us);
        let seen = &self.seen;
        (0..seen.len()).filter_map(move |i| {
            let is_first = !seen[..i].iter().any(|other| other.who == seen[i].who);
            is_first.then(|| self.person(i, t_us, turned))
        })
    }

    /// The person whom `first` and those behind it see. Whoever fades pulls him ever less, so
    /// that nothing leaps once he is gone.
    fn person(&self, first: usize, t_us: u64, turned: Turns) -> Person {
        let Seen { who, bearing, .. } = self.seen[first];
        let (mut aside, mut weights, mut way, mut way_weights) = (0.0, 0.0, 0.0, 0.0);
        let mut surest = 0.0_f32;
        for seen in self.seen[first..].iter().filter(|seen| seen.who == who) {
            let sure = seen.sure_at(t_us);
            // Of who is not forgotten it fits 32 bits.
            let age_s = t_us.saturating_sub(seen.at_us) as u32 as f32 / 1e6;
            let says = sure / (1.0 + STALE * age_s);
            // More than nothing, even where nobody is left.
            let weight = says * says + 1e-9;
            aside += weight * (seen.bearing.minus(bearing).0 as i32 as f32);
            weights += weight;
            let (distance_m, weight) = match seen.distance_m {
                Some(distance_m) => (distance_m, weight),
                None => (UNKNOWN_M, GUESS * weight),
            };
            way += weight * distance_m;
            way_weights += weight;
            surest = surest.max(sure);
        }
        Person {
            who,
            bearing: bearing
                .plus(Turns((aside / weights) as i32 as u32))
                .minus(turned),
            distance_m: way / way_weights,
            sure: surest,
        }
    }

    /// What he is called by the first sense of those that see him still.
    pub(super) fn name(&self, who: Who) -> Option<Id> {
        let his = || self.seen.iter().filter(|seen| seen.who == who);
        let last_us = his().map(|seen| seen.at_us).max()?;
        let still = |seen: &&Seen| last_us < seen.at_us + COAST_US;
        his().find(still).map(|seen| seen.id)
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

    /// Somebody is seen, for whom there is room; from where he comes, if that is sudden.
    fn see(
        people: &mut People,
        text: &str,
        sighting: &Sighting,
        head: &Headings,
        t_us: u64,
    ) -> Option<Turns> {
        let seen = people.see(id(text), sighting, head, t_us, None);
        seen.unwrap()
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
        see(&mut people, "radar.1", &seen(40.0, 0.0), &head, SECOND);
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
        see(&mut people, "radar.1", &seen(40.0, 0.0), &head, 0);
        people.lose(id("radar.1"), SECOND);
        people.lose(id("radar.2"), SECOND);
        assert_eq!(only(&people, 2 * SECOND, &head).unwrap().sure, 0.4);
        // Said again, it changes nothing.
        people.lose(id("radar.1"), 2 * SECOND);
        assert!(only(&people, 3 * SECOND, &head).is_none());
        see(&mut people, "radar.1", &seen(50.0, 0.0), &head, 3 * SECOND);
        assert_eq!(only(&people, 3 * SECOND, &head).unwrap().sure, 0.8);
    }

    #[test]
    fn the_head_turns_and_people_stay_in_the_room() {
        let (mut people, mut head) = (People::default(), Headings::default());
        see(&mut people, "radar.1", &seen(40.0, 0.0), &head, 0);
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
        see(&mut people, "eyes.a", &seen(20.0, 0.5), &head, SECOND);
        let held = only(&people, SECOND, &head).unwrap();
        assert!((held.bearing_deg - (20.0 - 30.0)).abs() < 0.01, "{held:?}");
        assert_eq!(held.age_s, 0.5);
    }

    #[test]
    fn there_is_room_for_four_of_a_source_and_eight_in_all() {
        let (mut people, head) = (People::default(), Headings::default());
        let mut see = |text: &str, deg: f32, t_us| {
            let seen = people.see(id(text), &seen(deg, 0.0), &head, t_us, None);
            seen.is_ok()
        };
        let words = ["a.1", "a.2", "a.3", "a.4", "b.1", "b.2", "b.3", "b.4"];
        for (text, deg) in words.into_iter().zip((0..).map(|i| 40.0 * i as f32)) {
            assert!(see(text, deg, 0), "{text}");
        }
        assert!(!see("a.5", 300.0, 0) && !see("c.1", 100.0, 0));
        assert!(see("a.1", 0.0, SECOND));
        // Who faded leaves room, remembered or not; a.1 was seen again.
        assert!(see("c.1", 100.0, 4 * SECOND) && see("a.5", 300.0, 4 * SECOND));
        let there: Vec<_> = people.at(4 * SECOND, &head).collect();
        assert_eq!(there.len(), 3);
    }

    #[test]
    fn who_is_refused_changes_nothing() {
        let (mut people, head) = (People::default(), Headings::default());
        // Four words of a source, of which the first is used again elsewhere, with another's
        // in between.
        see(&mut people, "a.1", &seen(0.0, 0.0), &head, 0);
        for (text, deg) in [
            ("a.2", 80.0),
            ("a.3", 120.0),
            ("a.4", 160.0),
            ("a.5", 200.0),
        ] {
            see(&mut people, text, &seen(deg, 0.0), &head, 5 * SECOND);
        }
        let before = std::format!("{people:?}");
        let came = people.see(id("a.1"), &seen(300.0, 0.0), &head, 5 * SECOND, None);
        assert_eq!(came, Err(Refusal::Crowded));
        assert_eq!(std::format!("{people:?}"), before);
        // Once there is room, his old place is over.
        people.lose(id("a.5"), 5 * SECOND);
        see(&mut people, "a.1", &seen(300.0, 0.0), &head, 7 * SECOND);
        let places = people.seen.iter().filter(|it| it.id == id("a.1"));
        assert_eq!(places.count(), 1);
    }

    #[test]
    fn two_who_are_told_in_turn_are_two() {
        for every_us in [200_000, 400_000, 800_000] {
            let (mut people, head) = (People::default(), Headings::default());
            for turn in 0..40 {
                let (text, deg) = [("cam.1", 20.0), ("cam.2", 30.0)][turn % 2];
                let t_us = SECOND + turn as u64 * every_us;
                see(&mut people, text, &seen(deg, 0.0), &head, t_us);
                let there = persons(&people, t_us);
                assert_eq!(there.len(), 2.min(turn + 1), "{t_us}: {there:?}");
                assert_eq!(there[0].0, Who(0));
                assert_eq!(people.name(Who(0)), Some(id("cam.1")));
            }
        }
    }

    /// Noise by chance, -1..1, and the same each time.
    fn noise() -> impl FnMut() -> f32 {
        let mut random = 1u32;
        move || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) as f32 / (1 << 23) as f32 - 1.0
        }
    }

    fn sighting(bearing_deg: f32, distance_m: Option<f32>, sure: f32, age_s: f32) -> Sighting {
        Sighting {
            bearing_deg,
            distance_m,
            sure,
            age_s,
        }
    }

    /// Who is there, all senses together, with his bearing in degrees.
    fn persons(people: &People, t_us: u64) -> Vec<(Who, f32)> {
        let head = Headings::default();
        let there = people.persons(t_us, &head).filter(|it| it.sure > 0.0);
        there
            .map(|it| (it.who, it.bearing.get() as f32 * 360.0))
            .collect()
    }

    #[test]
    fn two_senses_with_noise_see_one_who_walks() {
        let (mut people, head, mut noise) = (People::default(), Headings::default(), noise());
        let mut whom = None;
        let where_is = |t_us: u64| {
            let s = t_us as f32 / 1e6;
            (60.0 * (0.4 * s).sin(), 2.0 + (0.3 * s).sin())
        };
        for t_us in (SECOND..120 * SECOND).step_by(20_000) {
            if t_us % 100_000 == 0 {
                let (deg, m) = where_is(t_us);
                let seen = sighting(deg + 4.0 * noise(), Some(m + 0.1 * noise()), 0.8, 0.0);
                assert!(see(&mut people, "radar.1", &seen, &head, t_us).is_none());
            }
            // A camera on a slow processor.
            if t_us % 500_000 == 0 {
                let (deg, m) = where_is(t_us - 300_000);
                let seen = sighting(deg + 3.0 * noise(), Some(m + 0.2 * noise()), 0.9, 0.3);
                see(&mut people, "eyes.a", &seen, &head, t_us);
            }
            let there = persons(&people, t_us);
            assert_eq!(there.len(), 1, "{t_us}: {there:?}");
            let (who, deg) = there[0];
            assert_eq!(who, *whom.get_or_insert(who));
            let off = (deg - where_is(t_us).0).abs();
            assert!(off < 10.0, "{t_us}: {off} degrees off");
        }
    }

    #[test]
    fn each_sense_may_lose_him_and_nothing_leaps() {
        let head = Headings::default();
        for (stays, leaves) in [("radar.1", "eyes.a"), ("eyes.a", "radar.1")] {
            // They are 8 degrees and 0.3 m apart.
            let seen = |id: &str| match id {
                "radar.1" => sighting(40.0, Some(1.5), 0.8, 0.0),
                _ => sighting(48.0, Some(1.8), 0.9, 0.1),
            };
            for gone in [true, false] {
                let mut people = People::default();
                let mut before: Option<Person> = None;
                for t_us in (0..20 * SECOND).step_by(20_000) {
                    if t_us % 100_000 == 0 {
                        if !(5 * SECOND..=15 * SECOND).contains(&t_us) {
                            see(&mut people, leaves, &seen(leaves), &head, t_us);
                        }
                        see(&mut people, stays, &seen(stays), &head, t_us);
                    }
                    if gone && t_us == 5 * SECOND {
                        people.lose(id(leaves), t_us);
                    }
                    let there: Vec<_> = people.persons(t_us, &head).collect();
                    assert_eq!(there.len(), 1, "{t_us}: {there:?}");
                    if let Some(before) = before.replace(there[0])
                        && t_us > SECOND
                    {
                        assert_eq!(before.who, there[0].who);
                        let turned = there[0].bearing.minus(before.bearing).get() * 360.0;
                        // He who comes back comes at once.
                        let most = if t_us > 15 * SECOND { 5.0 } else { 1.5 };
                        assert!(turned.abs() < most, "{t_us}: {turned} degrees at once");
                        let stepped = f64::from(there[0].distance_m - before.distance_m);
                        assert!(stepped.abs() < 0.04 * most, "{t_us}: {stepped} m at once");
                    }
                    if t_us == 14 * SECOND {
                        let off =
                            there[0].bearing.get() * 360.0 - f64::from(seen(stays).bearing_deg);
                        assert!(off.abs() < 0.1, "{off}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_distance_that_nobody_knows_any_more_becomes_a_guess() {
        let (mut people, head) = (People::default(), Headings::default());
        let mut before = 1.0;
        for t_us in (0..8 * SECOND).step_by(20_000) {
            if t_us < SECOND {
                see(
                    &mut people,
                    "radar.1",
                    &sighting(0.0, Some(1.0), 0.9, 0.0),
                    &head,
                    t_us,
                );
            }
            see(
                &mut people,
                "pir.front",
                &sighting(0.0, None, 0.3, 0.0),
                &head,
                t_us,
            );
            let all: Vec<_> = people.persons(t_us, &head).collect();
            let [him] = all[..] else { panic!("{all:?}") };
            assert!((him.distance_m - before).abs() < 0.05, "{t_us}: {him:?}");
            before = him.distance_m;
        }
        assert!((before - UNKNOWN_M).abs() < 1e-3);
    }

    #[test]
    fn two_who_walk_apart_part() {
        let (mut people, head, mut noise) = (People::default(), Headings::default(), noise());
        let mut parted_us = None;
        for t_us in (0..30 * SECOND).step_by(100_000) {
            // From 5 s on at 20 degrees a second, each.
            let aside = 20.0 * (t_us as f32 / 1e6 - 5.0).clamp(0.0, 4.0);
            for (id, deg, sure) in [("radar.1", aside, 0.9), ("eyes.a", -aside, 0.8)] {
                let seen = sighting(deg + 2.0 * noise(), Some(1.5), sure, 0.0);
                see(&mut people, id, &seen, &head, t_us);
            }
            let there = persons(&people, t_us);
            assert_eq!(there[0].0, Who(0));
            match there.len() {
                1 => assert!(parted_us.is_none(), "one again at {t_us}"),
                _ => {
                    parted_us.get_or_insert(t_us);
                }
            }
        }
        // Some 30 degrees apart.
        assert!(
            (5_500_000..6_200_000).contains(&parted_us.unwrap()),
            "{parted_us:?}"
        );
    }

    #[test]
    fn a_cone_goes_with_whoever_walks_through_it() {
        for pir_first in [true, false] {
            let (mut people, head) = (People::default(), Headings::default());
            let mut whom = None;
            for t_us in (0..20 * SECOND).step_by(100_000) {
                // Through the cone in 10 s, and on to the other side.
                let deg = -45.0 + 9.0 * t_us as f32 / 1e6;
                let pir = deg < 50.0 && t_us % (2 * SECOND) == if pir_first { 0 } else { SECOND };
                if pir {
                    see(
                        &mut people,
                        "pir.front",
                        &sighting(0.0, None, 0.3, 0.0),
                        &head,
                        t_us,
                    );
                }
                see(
                    &mut people,
                    "radar.1",
                    &sighting(deg, Some(1.5), 0.9, 0.0),
                    &head,
                    t_us,
                );
                let there = persons(&people, t_us);
                let (who, at_deg) = there[0];
                assert_eq!(there.len(), 1, "{t_us}: {there:?}");
                assert_eq!(who, *whom.get_or_insert(who));
                assert!((at_deg - deg).abs() < 8.0, "{t_us}: {at_deg}, {deg}");
            }
        }
    }

    #[test]
    fn a_person_goes_on_under_another_word() {
        let head = Headings::default();
        let who = |people: &People, text: &str| {
            let seen = people.seen.iter().find(|seen| seen.id == id(text));
            seen.unwrap().who
        };
        for after_us in [100_000, SECOND, 3 * SECOND] {
            for (gone, next) in [(true, "radar.7"), (false, "radar.7"), (true, "eyes.a")] {
                // Who was told a moment ago, and is not said to be gone, may be another one.
                if !gone && after_us < SECOND {
                    continue;
                }
                let mut people = People::default();
                see(&mut people, "radar.1", &seen(40.0, 0.0), &head, SECOND);
                if gone {
                    people.lose(id("radar.1"), SECOND + 50_000);
                }
                let t_us = SECOND + after_us;
                see(&mut people, next, &seen(46.0, 0.0), &head, t_us);
                assert_eq!(who(&people, next), Who(0));
                let name = people.name(Who(0)).unwrap();
                let still = next == "eyes.a" && after_us <= SECOND;
                assert_eq!(name.as_str(), if still { "radar.1" } else { next });
                // Elsewhere it is another one.
                see(&mut people, "radar.8", &seen(100.0, 0.0), &head, t_us);
                assert_ne!(who(&people, "radar.8"), Who(0));
            }
        }
        // His own word, too late and elsewhere, is another one's.
        for (deg, same) in [(45.0, true), (-60.0, false)] {
            let mut people = People::default();
            see(&mut people, "radar.1", &seen(40.0, 0.0), &head, 0);
            see(&mut people, "radar.1", &seen(deg, 0.0), &head, 5 * SECOND);
            assert_eq!(who(&people, "radar.1") == Who(0), same);
        }
    }

    #[test]
    fn two_who_turn_out_to_be_one_go_on_as_the_attended() {
        let head = Headings::default();
        for attended in [0, 1] {
            let mut people = People::default();
            for (text, deg) in [("radar.1", 0.0), ("eyes.a", 60.0), ("eyes.a", 5.0)] {
                let whom = Some(Who(attended));
                let came = people.see(id(text), &seen(deg, 0.0), &head, SECOND, whom);
                came.unwrap();
            }
            let there = persons(&people, SECOND);
            assert_eq!(there.len(), 1);
            assert_eq!(there[0].0, Who(attended));
        }
    }

    #[test]
    fn whom_one_sense_tells_apart_are_two() {
        let (mut people, head) = (People::default(), Headings::default());
        for t_us in (0..10 * SECOND).step_by(100_000) {
            see(&mut people, "radar.1", &seen(40.0, 0.0), &head, t_us);
            if t_us >= SECOND {
                see(
                    &mut people,
                    "radar.2",
                    &seen(44.0, 0.0),
                    &head,
                    t_us + 20_000,
                );
            }
            see(
                &mut people,
                "eyes.a",
                &seen(47.0, 0.0),
                &head,
                t_us + 40_000,
            );
            let there = persons(&people, t_us + 40_000);
            assert_eq!(
                there.len(),
                1 + usize::from(t_us >= SECOND),
                "{t_us}: {there:?}"
            );
        }
    }

    /// How often somebody startles who is so far away at each moment, seen every `every_us`,
    /// with a radar's noise.
    fn startles(sure: f32, every_us: u64, distance_m: impl Fn(f32) -> f32) -> usize {
        let (mut people, head, mut noise) = (People::default(), Headings::default(), noise());
        let mut see = |t_us: u64| {
            let distance_m = distance_m(t_us as f32 / 1e6) + 0.05 * noise();
            let seen = sighting(30.0, Some(distance_m), sure, 0.0);
            let from = see(&mut people, "radar.1", &seen, &head, t_us);
            assert!(from.is_none_or(|from| (from.get() * 360.0 - 30.0).abs() < 1e-3));
            from.is_some()
        };
        let all = (0..60 * SECOND).step_by(every_us as usize);
        all.filter(|t_us| see(*t_us)).count()
    }

    #[test]
    fn who_rushes_near_startles_and_who_walks_does_not() {
        let comes = |speed: f32| move |s: f32| (5.0 - speed * (s - 1.0).max(0.0)).max(0.4);
        for every_us in [50_000, 100_000, 300_000, 500_000] {
            assert_eq!(startles(0.9, every_us, comes(0.8)), 0);
            assert_eq!(startles(0.9, every_us, comes(1.2)), 0, "{every_us}");
            assert!(startles(0.9, every_us, comes(3.0)) > 0, "{every_us}");
        }
        assert_eq!(startles(0.4, 100_000, comes(3.0)), 0);
        // To and fro, near, for a minute.
        assert_eq!(startles(0.9, 100_000, |s| 1.1 + 0.3 * (2.0 * s).sin()), 0);
        // Fast, but not near.
        assert_eq!(startles(0.9, 100_000, |s| comes(3.0)(s).max(1.5)), 0);
    }

    #[test]
    fn who_is_suddenly_there_startles_and_who_was_known_does_not() {
        let head = Headings::default();
        let near = |deg| sighting(deg, Some(0.5), 0.9, 0.0);
        let mut people = People::default();
        assert!(see(&mut people, "radar.1", &near(-80.0), &head, 0).is_some());
        // A flicker, by his own word or another.
        people.lose(id("radar.1"), SECOND);
        assert!(see(&mut people, "radar.1", &near(-85.0), &head, 4 * SECOND).is_none());
        people.lose(id("radar.1"), 5 * SECOND);
        assert!(see(&mut people, "radar.2", &near(-80.0), &head, 8 * SECOND).is_none());
        // Another sense comes to see him.
        assert!(see(&mut people, "eyes.a", &near(-88.0), &head, 8 * SECOND).is_none());
        // On the other side nobody was; nor is a vague sense to be believed.
        let vague = sighting(90.0, Some(0.5), 0.4, 0.0);
        assert!(see(&mut people, "pir.right", &vague, &head, 9 * SECOND).is_none());
        let from = see(&mut people, "radar.3", &near(180.0), &head, 9 * SECOND);
        assert_eq!(from, Some(Turns::HALF));
    }
}
