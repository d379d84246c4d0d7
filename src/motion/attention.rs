//! Whom the hat attends to: the near and the new, and not for ever who stands still. Between
//! two on opposite sides it wavers, and then chooses.

use super::people::{People, Person, Who};
use crate::units::Turns;
use arrayvec::ArrayVec;

/// Somebody who stands still is dull after so long, s, and interesting again after as long
/// that he was not looked at.
const TIRES_S: f32 = 12.0;
const RECOVERS_S: f32 = 10.0;
/// Of whom it has tired it does not look at before he is interesting again, or would twitch;
/// if he has moved away meanwhile, no sooner than he is only so dull.
const MOVED_AWAY: f32 = 0.5;
/// Who moves, by so much, or so many m, within so long, s, is dull only after so many times
/// as long. A radar's noise is 3 degrees and 0.05 m rms, so that two sightings of who stands
/// still differ by 4.2 degrees and 0.07 m rms: this is 3.5 and 5.7 times as much, and one of
/// 2,000 is beyond it.
const TURN: u32 = degrees(15);
const STEP_M: f32 = 0.4;
const WITHIN_S: f32 = 1.0;
const MOVING: f32 = 2.5;
/// How dull somebody is at least, and who is new: so that everybody has his turn.
const LONGED_FOR: f32 = -10.0;
const NEW: f32 = -1.0;
/// How much more interesting another one must be, and how long whoever is attended is so
/// at least.
const MORE: f32 = 1.4;
const AT_LEAST_US: u64 = 3_000_000;
/// Whatever happens, it does not look elsewhere sooner than that: it would flutter.
const FLUTTER_US: u64 = 1_000_000;
/// Who draws it less than this, however new, is not looked at any longer, and who is less
/// interesting than that not at all.
const LEAST: f32 = 0.05;
const ENOUGH: f32 = 0.15;
/// At this distance, m, half as interesting as at none.
const HALF_M: f32 = 1.5;
/// Two who are further apart, neither of them more interesting, make it waver: after so long
/// it looks at the other one, so often, and then it chooses. Nor does it waver again soon.
const OPPOSITE: u32 = degrees(100);
const LOOK_US: u64 = 1_200_000;
const LOOKS: u8 = 2;
const CHOSEN_US: u64 = 20_000_000;

/// So many degrees in the units of a phase.
const fn degrees(deg: u64) -> u32 {
    ((deg << 32) / 360) as u32
}

/// The angle between two bearings.
fn between(a: Turns, b: Turns) -> u32 {
    (a.minus(b).0 as i32).unsigned_abs()
}

/// How much somebody draws it by being there and near.
fn draws(person: &Person) -> f32 {
    person.sure * HALF_M / (HALF_M + person.distance_m)
}

/// What is known of somebody from before.
#[derive(Clone, Copy, Debug)]
struct Known {
    who: Who,
    /// How dull he is, up to 1; of who was not looked at for long, less than 0.
    dull: f32,
    /// Whether it has tired of him, and leaves him alone.
    tired: bool,
    /// How interesting he is, or will be once he is looked at.
    lasting: f32,
    /// Where he was when he moved last, and how long ago that was, s.
    bearing: Turns,
    distance_m: f32,
    stands_s: f32,
}

/// Whom it attends to, and how dull everybody is.
#[derive(Clone, Debug, Default)]
pub(super) struct Attention {
    whom: Option<Who>,
    since_us: u64,
    looked_us: u64,
    /// To whom else it is drawn, and how often it will look at the other one still.
    torn: Option<(Who, u8)>,
    /// From when on it may waver again.
    wavers_from_us: u64,
    known: ArrayVec<Known, { People::MOST }>,
}

impl Attention {
    /// Whom it attends to.
    pub(super) fn whom(&self) -> Option<Who> {
        self.whom
    }

    /// Looks at everybody who is there at `t_us`; whom it attends to, if anybody.
    pub(super) fn look(
        &mut self,
        people: impl Iterator<Item = Person>,
        t_us: u64,
    ) -> Option<Person> {
        let passed_s = t_us.saturating_sub(self.looked_us) as f32 / 1e6;
        self.looked_us = t_us;
        let before = core::mem::take(&mut self.known);
        let (mut best, mut current, mut other): (Option<(f32, Person)>, _, _) = (None, None, None);
        for person in people {
            let known = before.iter().find(|known| known.who == person.who);
            let mut known = self.know(known, &person, passed_s);
            let draws = draws(&person);
            let interest = draws * (1.0 - known.dull);
            known.lasting = draws * (1.0 - known.dull.max(0.0));
            // There is room for as many as there can be people.
            let _ = self.known.try_push(known);
            if known.tired {
                continue;
            }
            if self.whom == Some(person.who) {
                current = Some((interest, person));
            }
            if self.torn.is_some_and(|(who, _)| who == person.who) {
                other = Some((interest, person));
            }
            if interest >= ENOUGH && best.is_none_or(|(most, _)| interest > most) {
                best = Some((interest, person));
            }
        }
        let passed_us = t_us.saturating_sub(self.since_us);
        let draws = |one: &(f32, Person)| draws(&one.1) >= LEAST;
        let (next, mut torn) = match (current.filter(draws), other.filter(draws), self.torn) {
            _ if passed_us < FLUTTER_US => (current, self.torn),
            (Some(_), Some(_), torn) if passed_us < LOOK_US => (current, torn),
            (Some((_, person)), Some(_), Some((_, looks @ 1..))) => {
                (other, Some((person.who, looks - 1)))
            }
            (Some((interest, _)), Some((others, _)), _) if others <= interest => (current, None),
            (Some(_), Some(_), _) => (other, None),
            (Some((interest, _)), None, _) => {
                let held = passed_us < AT_LEAST_US;
                let more = |best: &(f32, Person)| !held && best.0 > interest * MORE;
                (best.filter(more).or(current), None)
            }
            (None, ..) => (best, None),
        };
        let next = next.map(|(_, person)| person);
        let whom = next.map(|person| person.who);
        if whom != self.whom && passed_us >= FLUTTER_US {
            (self.whom, self.since_us) = (whom, t_us);
            torn = torn.or_else(|| self.rival(next?.who, t_us));
        } else if torn.is_none() && self.torn.is_some() {
            // It has chosen, and stays.
            self.since_us = t_us;
        }
        self.torn = torn;
        next
    }

    /// Who makes it waver that has just turned to somebody.
    fn rival(&mut self, whom: Who, t_us: u64) -> Option<(Who, u8)> {
        let turned_to = self.known.iter().find(|known| known.who == whom)?;
        let similar = |other: &&Known| {
            let (a, b) = (turned_to.lasting, other.lasting);
            !other.tired && a.min(b) >= ENOUGH && a.max(b) <= a.min(b) * MORE
        };
        let opposite = |other: &&Known| between(other.bearing, turned_to.bearing) > OPPOSITE;
        let rivals = self.known.iter().filter(similar).filter(opposite);
        let rival = rivals.max_by(|a, b| a.lasting.total_cmp(&b.lasting))?;
        if t_us < self.wavers_from_us {
            return None;
        }
        self.wavers_from_us = t_us + CHOSEN_US;
        Some((rival.who, LOOKS))
    }

    /// What is known of somebody by now.
    fn know(&self, known: Option<&Known>, person: &Person, passed_s: f32) -> Known {
        let new = Known {
            who: person.who,
            dull: NEW,
            tired: false,
            lasting: 0.0,
            bearing: person.bearing,
            distance_m: person.distance_m,
            stands_s: 0.0,
        };
        let Some(known) = known else { return new };
        let moved = between(person.bearing, known.bearing) > TURN
            || (person.distance_m - known.distance_m).abs() > STEP_M;
        let stands_s = known.stands_s + passed_s;
        // Who is looked at is longed for no more.
        let dull = match self.whom == Some(known.who) {
            true if stands_s < WITHIN_S => known.dull.max(0.0) + passed_s / (TIRES_S * MOVING),
            true => known.dull.max(0.0) + passed_s / TIRES_S,
            false => known.dull - passed_s / RECOVERS_S,
        };
        let dull = dull.clamp(LONGED_FOR, 1.0);
        let tired = match known.tired {
            // A look once begun is no glance.
            false => dull >= 1.0 && self.looked_us >= self.since_us + AT_LEAST_US,
            true => dull > if moved { MOVED_AWAY } else { 0.0 },
        };
        // Where he bored it is remembered.
        match moved && !known.tired {
            true => Known { dull, tired, ..new },
            false => Known {
                dull,
                tired,
                stands_s,
                ..*known
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::heading::Headings;
    use crate::motion::{Id, Sighting};
    use std::vec::Vec;

    const SLOT_US: u64 = 20_000;

    /// When it turned to whom, by their place in `people`, µs.
    fn turns(seconds: u64, people: impl Fn(f32) -> Vec<(f32, f32)>) -> Vec<(u64, Option<usize>)> {
        let (mut attention, head) = (Attention::default(), Headings::default());
        let mut all = People::default();
        let mut turns = Vec::new();
        for t_us in (2_000_000..seconds * 1_000_000).step_by(SLOT_US as usize) {
            let people = people(t_us as f32 / 1e6);
            let ids = ["a.1", "a.2", "a.3", "a.4"].map(|id| Id::new(id).unwrap());
            for (id, (bearing_deg, distance_m)) in ids.into_iter().zip(&people) {
                let seen = Sighting {
                    bearing_deg: *bearing_deg,
                    distance_m: Some(*distance_m),
                    sure: 1.0,
                    age_s: 0.0,
                };
                let _ = all.see(id, &seen, &head, t_us, attention.whom()).unwrap();
            }
            let before = attention.whom();
            attention.look(all.persons(t_us, &head), t_us);
            if attention.whom() != before {
                let name = attention.whom().and_then(|who| all.name(who));
                let place = ids.iter().position(|id| Some(*id) == name);
                turns.push((t_us, place));
            }
        }
        turns
    }

    #[test]
    fn it_wavers_between_two_and_chooses() {
        let turns = turns(12, |_| [(-80.0, 1.5), (90.0, 1.6)].to_vec());
        let whom: Vec<_> = turns.iter().map(|turn| turn.1.unwrap()).collect();
        assert_eq!(whom[..3], [0, 1, 0], "{turns:?}");
        let looks: Vec<_> = turns.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        assert!(
            looks[..2]
                .iter()
                .all(|us| (1_000_000..1_500_000).contains(us))
        );
        // It may choose the other one, and whichever it is, it stays there.
        let [.., settled] = looks[..4] else { panic!() };
        assert!(settled >= 3_000_000, "{turns:?}");
        // It does not waver all the time.
        assert!(looks[3..].iter().all(|us| *us >= 3_000_000), "{turns:?}");
    }

    #[test]
    fn it_does_not_waver_where_it_need_not() {
        let beside = turns(60, |_| [(-40.0, 1.5), (40.0, 1.5)].to_vec());
        let mut looks = beside.windows(2).map(|pair| pair[1].0 - pair[0].0);
        assert!(looks.all(|us| us >= 3_000_000), "{beside:?}");
        // Whom it came to without a doubt it looks at until it tires of him.
        let nearer = turns(60, |_| [(-80.0, 0.8), (90.0, 2.5)].to_vec());
        assert_eq!(nearer[0].1, Some(0));
        assert!(nearer[1].0 - nearer[0].0 >= 3_000_000, "{nearer:?}");
    }

    #[test]
    fn it_tires_of_who_stands_and_later_of_who_moves() {
        let tires = |moves: f32| {
            let turns = turns(60, |s| [(20.0 + moves * (2.0 * s).sin(), 1.0)].to_vec());
            assert_eq!(
                turns[..2].iter().map(|turn| turn.1).collect::<Vec<_>>(),
                [Some(0), None]
            );
            turns[1].0 - turns[0].0
        };
        assert!((10_000_000..13_000_000).contains(&tires(0.0)));
        assert!((25_000_000..32_000_000).contains(&tires(40.0)));
    }

    #[test]
    fn a_radars_noise_is_not_a_walk() {
        for seed in 0..8 {
            // Sums of four of -1..1, 1.15 rms: 3 degrees and 5 cm of them, ten times a second.
            let noise = |s: f32, which: u32| {
                let mut random = (s * 10.0) as u32 * 8 + which + 1000 * seed;
                let mut one = || {
                    random = (random ^ 0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
                    random ^= random >> 15;
                    (random >> 8) as f32 / (1 << 23) as f32 - 1.0
                };
                (one() + one() + one() + one()) / 1.15
            };
            let place = |s: f32| (20.0 + 3.0 * noise(s, 0), 1.0 + 0.05 * noise(s, 1));
            let [still, noisy] = [
                turns(60, |_| [(20.0, 1.0)].to_vec()),
                turns(60, |s| [place(s)].to_vec()),
            ];
            let looks = |turns: &[(u64, _)]| {
                let us = |i: usize| turns[i + 1].0 - turns[i].0;
                [us(0), us(1), us(2)]
            };
            for (still, noisy) in looks(&still).into_iter().zip(looks(&noisy)) {
                assert!(still.abs_diff(noisy) < 3_000_000, "{seed}: {still} {noisy}");
            }
        }
    }

    #[test]
    fn who_bored_it_and_moves_away_is_looked_at_sooner() {
        let again = |aside_deg: f32| {
            let place = |s: f32| (if s < 15.0 { 20.0 } else { 20.0 + aside_deg }, 1.0);
            let turns = turns(60, |s| [place(s)].to_vec());
            assert_eq!(turns[2].1, Some(0));
            turns[2].0 - turns[1].0
        };
        assert!((9_500_000..10_500_000).contains(&again(0.0)));
        assert!((4_500_000..5_500_000).contains(&again(40.0)));
    }

    #[test]
    fn whatever_they_do_it_does_not_flutter() {
        let head = Headings::default();
        let mut random = 1u64;
        let mut below = |most: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) % most
        };
        let (mut attention, mut all) = (Attention::default(), People::default());
        let (mut changes, mut last_us) = (0, 0);
        for t_us in (0..1_200_000_000).step_by(SLOT_US as usize) {
            // Of three senses that say what they will, now and then much and mostly little.
            while below(8) == 0 {
                let id = ["a.1", "a.2", "a.3", "b.1", "b.2", "c.1"][below(6) as usize];
                let id = Id::new(id).unwrap();
                let seen = Sighting {
                    bearing_deg: below(360) as f32,
                    distance_m: (below(4) > 0).then(|| 0.3 + below(40) as f32 / 10.0),
                    sure: below(11) as f32 / 10.0,
                    age_s: [0.0, 0.2, 5.0][below(3) as usize],
                };
                match below(4) {
                    0 => all.lose(id, t_us),
                    _ => {
                        let whom = attention.whom();
                        all.see(id, &seen, &head, t_us, whom).unwrap();
                    }
                }
            }
            all.forget(t_us);
            let before = attention.whom();
            attention.look(all.persons(t_us, &head), t_us);
            if attention.whom() != before {
                assert!(t_us - last_us >= 1_000_000, "{t_us}");
                (changes, last_us) = (changes + 1, t_us);
            }
        }
        assert!(changes > 300, "{changes}");
    }
}
