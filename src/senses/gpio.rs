//! A PIR, or whatever else says at a pin that somebody is there: not where.

use super::{News, Say};
use rustix::time::{ClockId, clock_gettime};
use tentacle_hat::calibration::SensePlan;
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::{Id, Sighting};

/// A PIR takes so long from power-on to settle, and sees what is not there, µs.
const SETTLES_US: u64 = 60_000_000;
/// Somebody who stands still for a moment is not gone, µs; and a spark in a servo's lead is
/// nobody.
const DROP_US: u64 = 200_000;
const SPARK_US: u64 = 30_000;
/// How often it is said that somebody is there, µs: believed it is for two seconds.
const SAY_EVERY_US: u64 = 500_000;
/// Somewhere in a cone of a hundred degrees.
const SURE: f32 = 0.3;

/// Of the last minute, s, who is there for more than half is a curtain in the wind, and
/// stays one until he is there for less than a quarter.
const MINUTE: usize = 60;
const TOO_MUCH_US: u64 = 30_000_000;
const ENOUGH_US: u64 = 15_000_000;
const RESTLESS: &str = "it saw somebody for more than half of the last minute, and is not believed \
                        until it rests; does it look at a window or a heater, or from a head that \
                        moves?";

/// What a pin said up to now.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    id: Id,
    facing_deg: f32,
    /// What the pin is, and since when.
    active: bool,
    since_us: u64,
    seen_us: u64,
    /// Somebody is there, and when that was said last.
    there: bool,
    said_us: u64,
    /// How much of each of the last seconds somebody was there, µs.
    seconds: [u64; MINUTE],
    restless: bool,
}

/// How long the machine has been on, µs, and with it whatever it feeds.
pub(super) fn since_power_on_us() -> u64 {
    let up = clock_gettime(ClockId::Boottime);
    up.tv_sec as u64 * 1_000_000
}

impl Presence {
    pub(crate) fn new(plan: &SensePlan) -> Self {
        Self {
            // A sense's name leaves room for it.
            id: Id::new(&format!("{}.pin", plan.name)).expect("a name has legal letters"),
            facing_deg: super::degrees(plan.facing),
            active: false,
            since_us: 0,
            seen_us: 0,
            there: false,
            said_us: 0,
            seconds: [0; MINUTE],
            restless: false,
        }
    }

    /// Sees the pin `up_us` after power-on.
    pub(crate) fn see(&mut self, active: bool, up_us: u64, say: Say<'_>) {
        let passed_us = up_us - self.seen_us.min(up_us);
        self.count(passed_us.min(1_000_000), up_us);
        self.seen_us = up_us;
        if active != self.active {
            (self.active, self.since_us) = (active, up_us);
        }
        if up_us < SETTLES_US {
            return;
        }
        let steady_us = if active { SPARK_US } else { DROP_US };
        let was_there = self.there;
        if up_us >= self.since_us + steady_us {
            self.there = active;
        }
        self.judge(say);
        if self.restless {
            return;
        }
        if !self.there && was_there {
            say(News::Cue(Cue::Person(self.id, None)));
        } else if self.there && (!was_there || up_us >= self.said_us + SAY_EVERY_US) {
            self.said_us = up_us;
            let sighting = Sighting {
                bearing_deg: self.facing_deg,
                distance_m: None,
                sure: SURE,
                age_s: 0.0,
            };
            say(News::Cue(Cue::Person(self.id, Some(sighting))));
        }
    }

    /// Counts what passed since the pin was seen last.
    fn count(&mut self, passed_us: u64, up_us: u64) {
        let second = |us: u64| (us / 1_000_000) as usize;
        // Seconds of a minute ago make room.
        for begun in (second(self.seen_us) + 1..=second(up_us)).take(MINUTE) {
            self.seconds[begun % MINUTE] = 0;
        }
        if self.there {
            self.seconds[second(up_us) % MINUTE] += passed_us;
        }
    }

    /// Whether it is to be believed.
    fn judge(&mut self, say: Say<'_>) {
        let there_us: u64 = self.seconds.iter().sum();
        if !self.restless && there_us > TOO_MUCH_US {
            self.restless = true;
            say(News::Cue(Cue::Person(self.id, None)));
            say(News::Trouble(RESTLESS.to_owned()));
        } else if self.restless && there_us < ENOUGH_US {
            self.restless = false;
            say(News::Well { again: true });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tentacle_hat::calibration::{Name, SenseKind};
    use tentacle_hat::units::Turns;

    const MS: u64 = 1000;

    /// What is said of a pin that is looked at every 10 ms, from a minute after power-on
    /// on, active in these spans of ms: each with its ms.
    fn said(until_ms: u64, spans: &[(u64, u64)]) -> Vec<(u64, News)> {
        let plan = SensePlan {
            name: Name::from("door").unwrap(),
            facing: Turns::from_deg(-90.0),
            kind: SenseKind::Gpio {
                pin: 24,
                active_high: true,
            },
        };
        let mut presence = Presence::new(&plan);
        let mut said = Vec::new();
        for ms in (0..=until_ms).step_by(10) {
            let active = spans
                .iter()
                .any(|&(from, until)| (from..until).contains(&ms));
            let up_us = SETTLES_US + ms * MS;
            presence.see(active, up_us, &mut |news| said.push((ms, news)));
        }
        said
    }

    fn is_there((ms, news): &(u64, News)) -> (u64, bool) {
        match news {
            News::Cue(Cue::Person(id, sighting)) => {
                assert_eq!(id.as_str(), "door.pin");
                (*ms, sighting.is_some())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_is_there_is_told_again_and_again_and_then_gone() {
        let all = said(3000, &[(100, 1300)]);
        let told: Vec<_> = all.iter().map(is_there).collect();
        assert_eq!(
            told,
            [(130, true), (630, true), (1130, true), (1500, false)]
        );
        let News::Cue(cue) = &all[0].1 else { panic!() };
        assert_eq!(cue.to_string(), "person door.pin -90 ? 0.3 0");
    }

    #[test]
    fn short_drops_and_sparks_are_nothing() {
        let spans = [(100, 400), (590, 700), (890, 1000)];
        let told: Vec<_> = said(3000, &spans).iter().map(is_there).collect();
        assert_eq!(
            told,
            [(130, true), (630, true), (1130, true), (1200, false)]
        );
        assert_eq!(said(3000, &[(100, 120), (500, 520), (900, 910)]), []);
    }

    #[test]
    fn nothing_is_believed_in_the_first_minute() {
        let plan = |pin| SensePlan {
            name: Name::from("door").unwrap(),
            facing: Turns::ZERO,
            kind: SenseKind::Gpio {
                pin,
                active_high: true,
            },
        };
        let mut presence = Presence::new(&plan(4));
        let mut first_us = None;
        for up_us in (0..2 * SETTLES_US).step_by(10_000) {
            // Restless as it is then.
            let active = up_us % 5_000_000 < 1_000_000;
            presence.see(active, up_us, &mut |_| {
                first_us.get_or_insert(up_us);
            });
        }
        assert_eq!(first_us, Some(SETTLES_US + SPARK_US));
    }

    #[test]
    fn a_restless_one_fades_with_one_line_until_it_rests() {
        // A curtain for five minutes, and then somebody.
        let spans = [(0, 300_000), (400_000, 401_000)];
        let all = said(500_000, &spans);
        let is_cue = |told: &&(u64, News)| matches!(told.1, News::Cue(_));
        let lines: Vec<_> = all.iter().filter(|told| !is_cue(told)).collect();
        let [
            (troubled_ms, News::Trouble(why)),
            (rested_ms, News::Well { again: true }),
        ] = lines[..]
        else {
            panic!("{lines:?}");
        };
        assert!((30_000..31_000).contains(troubled_ms), "{troubled_ms}");
        assert!(why.contains("more than half of the last minute"));
        // It left off at 300 s; 45 s later a quarter of the last minute is left.
        assert!((344_000..346_000).contains(rested_ms), "{rested_ms}");
        let cues: Vec<_> = all.iter().filter(is_cue).map(is_there).collect();
        let gone = cues.iter().position(|(_, there)| !there).unwrap();
        assert_eq!(cues[gone].0, *troubled_ms);
        assert_eq!(cues[gone + 1], (400_030, true));
    }

    #[test]
    fn somebody_who_comes_every_other_minute_is_believed() {
        let spans: Vec<_> = (0..30).map(|i| (60_000 * i, 60_000 * i + 25_000)).collect();
        let all = said(30 * 60_000, &spans);
        assert_eq!(all.iter().filter(|told| !is_there(told).1).count(), 30);
    }
}
