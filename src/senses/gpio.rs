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

/// What a pin said up to now.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    name: String,
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
            name: plan.name.to_string(),
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
            say(News::Words(format!(
                "the sense {} saw somebody for more than half of the last minute, and is not believed \
                 until it rests: does it look at a window, a heater, or from a moving head?",
                self.name
            )));
        } else if self.restless && there_us < ENOUGH_US {
            self.restless = false;
        }
    }
}
