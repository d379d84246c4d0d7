//! The wave, made alive: each tentacle wanders by itself, rests, and now and then
//! makes a gesture.
//!
//! Movements that people made to look lifeless were periodic; those that look alive
//! have a spectrum between 1/f and 1/f² and no clear period (Fukai 2018). Neighbours
//! in step weaken the impression (Takahashi and Watanabe 2015), and speed and
//! direction that change together raise it (Tremoulet and Feldman 2000).
//!
//! All is a pure function of time: a day later nothing has drifted.
//!
//! # How fast it can get
//!
//! In bends a second and a second², of the shipped motion. A minimum jerk over a way d in a
//! time T is at most 1.875 d/T fast, and accelerates by at most 5.774 d/T².
//!
//! - Wandering, depth 1: octaves go from corner to corner of a square of side √2, 2 apart, so
//!   that all together reach 2 · 1.875 · Σ w/T = 3.78, and 2 · 5.774 · Σ w/T² = 27.7. Drawing
//!   out twice makes that up to 2.25 times as fast in the middle, and bends it by up to
//!   3.94 a square of the speed: 8.51, and 2.25 · 27.7 + 3.94 · 3.78² = 118.7.
//! - The wave: amplitude 0.7 · 2π · √(0.2² + 0.3²) Hz, 1.0995 times that while it drifts, and
//!   what swelling adds: 1.77, and 3.4. At depth d the two are mixed, 1 − d to d:
//!   v = 4.46 and a = 49.5 at 0.4.
//! - A rest lets go over a way of up to 2 in 0.9 s: v + 1.875 · 2 / 0.9 = 8.63. Coming to it,
//!   0.3 s around the place that it holds, accelerates more:
//!   a + 2 · 1.875 v / 0.6 + 5.774 · 0.3 v / 0.6² = 98.9.
//! - Of the gestures shrinking is the most sudden: 1.6 away in 0.5 s, with the share
//!   k = 2 · min(d, ½) = 0.8. It adds k · 1.875 · 1.6 / 0.5 to the speed, and to the acceleration
//!   k · (2 · 1.875 / 0.5 · the speed before + 5.774 · 1.6 / 0.5²).
//!
//! At depth 0.4 that makes 13.5 bends a second and 181 a second²; at depth 1, 18.7 and 345. It
//! wants every octave at its fastest in the moment of a rest's end and of a shock, which is
//! why ten minutes come to no more than a third and a sixth of that (`tests/alive.rs`). `calm` is
//! slower in each of these, and vigour only makes them smaller.

use super::gesture;
use super::noise::Chance;
use super::{Facings, Mood, Motion, Pose, Wave, ease};
use crate::calibration::Axis;
use crate::units::{Bend, Turns};

/// The wave of a hat as it lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Life {
    wave: Wave,
    /// From the plain wave, 0, to a hat that only wanders, 1.
    depth: f32,
    chance: Chance,
    temper: Temper,
    /// How far the phases of x and y drift, in units of a turn's 2²⁸th: at 5 Hz it is more
    /// than half a turn, which 32 bits of finer ones would not hold.
    drift: [f32; 2],
}

/// What a mood makes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Temper {
    /// Time goes slower by 2 to this.
    slower: u32,
    /// How often the way that it wanders is drawn out.
    drawn: u32,
    /// Of 256 cells of time, so many have a rest, and a gesture.
    rests: u32,
    gestures: u32,
    /// The longest rest, µs.
    longest_us: u32,
}

const LIVELY: Temper = Temper {
    slower: 0,
    drawn: 2,
    rests: 110,
    gestures: 150,
    longest_us: 3_000_000,
};
const CALM: Temper = Temper {
    slower: 1,
    drawn: 1,
    rests: 190,
    gestures: 60,
    longest_us: 5_000_000,
};

/// Names of chances.
const REST: u32 = 1;
const PAIR: u32 = 2;
const GESTURE: u32 = 3;
const VIGOUR: u32 = 4;

/// The octaves of the way it wanders, and their weights, which add up to 1: half the
/// time to the next place, 0.88 of the way there. From 0.05 to 1 Hz the power then falls
/// with f^−1.5 to f^−1.9, measured: smooth ways have less of the fast than leaps.
const OCTAVES: [(u32, f32); 6] = [
    (23, 0.224),
    (22, 0.197),
    (21, 0.174),
    (20, 0.153),
    (19, 0.134),
    (18, 0.118),
];

/// How long a phase takes to drift from one place to the next: 34 s.
const DRIFT_LOG_US: u32 = 25;
/// How far it drifts, of what the wave does in a second: its tempo then changes by
/// 2 · 1.875 / 33.6 s · 0.89 < 10 %.
const DRIFT_OF_A_SECOND: f64 = 0.89;
const SWELL_LOG_US: u32 = 24;
/// How much of the wave's size comes and goes.
const SWELLING: f32 = 0.4;

/// How long a mood takes to wander by itself: two minutes from one state to the next.
const VIGOUR_LOG_US: u32 = 27;
/// How much smaller everything is when it is faint.
const FAINTNESS: f32 = 0.3;

/// A cell of rests: 8.4 s, in which there is one or none.
const REST_LOG_US: u32 = 23;
const SHORTEST_US: u32 = 1_000_000;
/// How long a tentacle takes to come to rest, and to set off.
const SETTLE_US: u64 = 600_000;
const SET_OFF_US: u64 = 900_000;

impl Life {
    pub(super) fn new(motion: &Motion, seed: u32, mood: Mood) -> Self {
        let Motion { wave, depth } = *motion;
        let (wave, temper) = match mood {
            Mood::Calm => (wave.calmed(), CALM),
            _ => (wave, LIVELY),
        };
        Self {
            wave,
            depth,
            chance: Chance::new(seed, 0),
            temper,
            drift: Axis::BOTH.map(|axis| {
                let hz = wave.along(axis).frequency.hz();
                (hz * DRIFT_OF_A_SECOND * 268_435_456.0) as f32
            }),
        }
    }

    pub(super) fn pose_at(&self, t_us: u64, facings: &Facings) -> Pose {
        let mut pose = Pose::STRAIGHT;
        let phases = self.wave.phases_at(t_us);
        let share = |t_us| (self.temper.gestures as f32 * (1.0 + 0.5 * self.vigour(t_us))) as u32;
        let gesture = gesture::at(self.chance.of(GESTURE), t_us, share);
        let size = 1.0 - FAINTNESS * (0.5 - 0.5 * self.vigour(t_us));
        for (i, facing) in facings.iter().enumerate() {
            let mut bend = self.moving(i, t_us, phases);
            if let Some((since_us, weight)) = self.rest(i, t_us) {
                let rests = self.moving(i, since_us, self.wave.phases_at(since_us));
                bend = bend.toward(rests, weight);
            }
            bend = Bend::STRAIGHT.toward(bend, size);
            if let Some(gesture) = &gesture
                && let Some((posed, weight)) = gesture.bend_at(t_us, i, facings.len(), *facing)
            {
                bend = bend.toward(posed, weight * self.depth.min(0.5) * 2.0);
            }
            pose.0[i] = bend;
        }
        pose
    }

    /// How lively the hat is within its mood, −1..1, all tentacles alike.
    fn vigour(&self, t_us: u64) -> f32 {
        self.chance.of(VIGOUR).number_at(t_us, VIGOUR_LOG_US)
    }

    /// Where a tentacle leans if nothing stops it.
    fn moving(&self, tentacle: usize, t_us: u64, phases: [Turns; 2]) -> Bend {
        // Tentacles neither share chances nor the ends of their cells.
        let chance = self.chance.of(tentacle as u32 + 16);
        let own_us = 3_141_593 * tentacle as u64;
        let drifts = chance.bend_at(t_us + own_us, DRIFT_LOG_US);
        let drift = |axis: usize, way: f32| {
            let most = self.drift[axis] * core::f32::consts::SQRT_2;
            phases[axis].plus(Turns(((way * most) as i32 as u32) << 4))
        };
        let swell = 0.5 - 0.5 * chance.number_at(t_us + own_us, SWELL_LOG_US);
        let size = 1.0 - SWELLING * self.depth * swell;
        let wave = self
            .wave
            .bend(tentacle, [drift(0, drifts.x), drift(1, drifts.y)]);
        let wave = Bend::STRAIGHT.toward(wave, size);
        wave.toward(self.wander(chance, t_us + own_us), self.depth)
    }

    /// A way without end or period.
    fn wander(&self, chance: Chance, t_us: u64) -> Bend {
        let t_us = t_us >> self.temper.slower;
        let (mut x, mut y) = (0.0, 0.0);
        let mut own_us = 0;
        for (log_us, weight) in OCTAVES {
            // Each octave has its own beginning, so that no two cells end together.
            own_us += 77_777_777;
            let bend = chance.bend_at(t_us + own_us, log_us);
            x += weight * bend.x;
            y += weight * bend.y;
        }
        // Most of a sum lies near its middle: r(3 − r²)/2 draws it out toward the full
        // bend, and not beyond.
        for _ in 0..self.temper.drawn {
            let draw = 1.5 - 0.5 * (x * x + y * y);
            (x, y) = (draw * x, draw * y);
        }
        Bend { x, y }
    }

    /// If a tentacle rests: where in its time it stays, and how much it does.
    fn rest(&self, tentacle: usize, t_us: u64) -> Option<(u64, f32)> {
        let cell = t_us >> REST_LOG_US;
        let start_us = cell << REST_LOG_US;
        // In one cell of four, two neighbours rest together: first and second, third
        // and fourth, or the pairs between.
        let shared = self.chance.of(PAIR).bits(cell);
        let name = match shared & 3 {
            0 => 256 + ((tentacle as u32 + (shared >> 2 & 1)) >> 1),
            _ => tentacle as u32,
        };
        let bits = self.chance.of(REST + 16 * name).bits(cell);
        let share = self.temper.rests as f32 * (1.0 - 0.3 * self.vigour(start_us));
        if bits & 255 >= share as u32 {
            return None;
        }
        let longer_us = u64::from(self.temper.longest_us - SHORTEST_US);
        let length_us = u64::from(SHORTEST_US) + ((longer_us * u64::from(bits >> 8 & 255)) >> 8);
        let all_us = SETTLE_US + length_us + SET_OFF_US;
        let room_us = (1 << REST_LOG_US) - all_us;
        let from_us = start_us + ((room_us * u64::from(bits >> 16)) >> 16);
        let into_us = t_us.checked_sub(from_us).filter(|into| *into < all_us)?;
        let sets_off_us = SETTLE_US + length_us;
        let weight =
            ease(into_us, SETTLE_US) - ease(into_us.saturating_sub(sets_off_us), SET_OFF_US);
        Some((from_us + SETTLE_US / 2, weight))
    }
}
