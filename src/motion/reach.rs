//! Reaching for somebody: each tentacle aims at him as a point, and follows him as a hand
//! does.

use super::people::Person;
use super::{Facings, Pose};
use crate::calibration::MAX_TENTACLES;
use crate::units::{Bend, Frequency, Turns};

/// From the hat's middle to a tentacle's root, m.
const ROOT_M: f32 = 0.09;
/// How far they lean to who is this far away, m, and to who is that near. More than 0.8
/// would hold servos against their ends.
const FAR: (f32, f32) = (4.0, 0.3);
const NEAR: (f32, f32) = (0.5, 0.75);
/// Nearer than this, m, a bearing says little.
const NEAREST_M: f32 = 0.3;

/// Who follows plans to be there in so long, s, again and again.
const AHEAD_S: f32 = 0.45;
/// After the nearest tentacle, the one on the other side sets off so much later, µs.
pub(super) const LAST_US: f32 = 350_000.0;
/// They sway to and fro, by so much, and so often.
const SWAY: f32 = 0.05;
const SWAYS: Frequency = Frequency::from_micro_hz(350_000);

/// Where tentacles reach, and how fast that changes.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// At that moment the tips were there, with speed, acceleration and jerk, bends and
    /// seconds.
    at_us: u64,
    tips: [[Bend; 4]; MAX_TENTACLES],
    /// How much later than the first each sets off, µs.
    pub(super) delays_us: [u64; MAX_TENTACLES],
    /// For whom; of who is gone, where he was last.
    whom: Person,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            at_us: 0,
            tips: [[Bend::STRAIGHT; 4]; MAX_TENTACLES],
            delays_us: [0; MAX_TENTACLES],
            whom: Person::default(),
        }
    }
}

impl Reach {
    /// Reaches for somebody from `t_us` on, from nowhere.
    pub(super) fn begin(&mut self, whom: Person, t_us: u64, facings: &Facings) {
        self.whom = whom;
        self.at_us = t_us;
        for (i, facing) in facings.iter().enumerate() {
            self.tips[i] = [
                aim(whom.bearing, whom.distance_m, *facing),
                Bend::STRAIGHT,
                Bend::STRAIGHT,
                Bend::STRAIGHT,
            ];
            let aside = whom.bearing.minus(*facing).get().abs() as f32 * 2.0;
            self.delays_us[i] = (LAST_US * aside) as u64;
        }
        // The nearest does not wait.
        let least = self.delays_us[..facings.len()].iter().copied().min();
        for delay_us in &mut self.delays_us {
            *delay_us = delay_us.saturating_sub(least.unwrap_or(0));
        }
    }

    /// Goes on to `t_us`, and from there toward where he is now, or was if he is gone: each
    /// slot anew by the minimum jerk that would have it there [`AHEAD_S`] later (Hoff and
    /// Arbib 1993).
    pub(super) fn follow(&mut self, whom: Option<Person>, t_us: u64, facings: &Facings) {
        self.whom = whom.unwrap_or(self.whom);
        for (i, facing) in facings.iter().enumerate() {
            let [p, v, a, _] = self.moved(i, t_us);
            let target = aim(self.whom.bearing, self.whom.distance_m, *facing);
            let along = |target: f32, p: f32, v: f32, a: f32| {
                let d = AHEAD_S;
                60.0 / (d * d * d) * (target - p) - 36.0 / (d * d) * v - 9.0 / d * a
            };
            let jerk = Bend {
                x: along(target.x, p.x, v.x, a.x),
                y: along(target.y, p.y, v.y, a.y),
            };
            self.tips[i] = [p, v, a, jerk];
        }
        self.at_us = t_us;
    }

    /// A tip's place, speed, acceleration and jerk at `t_us`.
    fn moved(&self, tentacle: usize, t_us: u64) -> [Bend; 4] {
        // A slot or two, and not what a lost board takes.
        let dt = (t_us.saturating_sub(self.at_us) as f32 / 1e6).min(0.1);
        let [p, v, a, j] = self.tips[tentacle];
        let plus = |to: Bend, by: Bend, times: f32| Bend {
            x: to.x + by.x * times,
            y: to.y + by.y * times,
        };
        let acceleration = plus(a, j, dt);
        let speed = plus(plus(v, a, dt), j, dt * dt / 2.0);
        let place = plus(
            plus(plus(p, v, dt), a, dt * dt / 2.0),
            j,
            dt * dt * dt / 6.0,
        );
        [place, speed, acceleration, j]
    }

    /// Where the tentacles are to lean at `t_us`.
    pub(super) fn pose_at(&self, t_us: u64, facings: &Facings) -> Pose {
        let mut pose = Pose::STRAIGHT;
        for i in 0..facings.len() {
            let phase = SWAYS.phase_at(t_us).plus(Turns(1 << 29).times(i));
            // Along its lean, so that it still points at him.
            let sway = 1.0 + SWAY * phase.sin();
            let [place, ..] = self.moved(i, t_us);
            pose.0[i] = Bend::STRAIGHT.toward(place, sway);
        }
        pose
    }
}

/// Where a tentacle leans that points at somebody: from its own root, which at half a
/// metre makes 10 degrees of what the middle of the hat would see.
pub(super) fn aim(bearing: Turns, distance_m: f32, facing: Turns) -> Bend {
    let distance = distance_m.max(NEAREST_M);
    let bearing = bearing.minus(facing);
    // By the tentacle's own axes: y outward, x to its right.
    let (x, y) = (distance * bearing.sin(), distance * bearing.cos() - ROOT_M);
    let length = libm::sqrtf(x * x + y * y).max(0.05);
    let far = ((distance - NEAR.0) / (FAR.0 - NEAR.0)).clamp(0.0, 1.0);
    let lean = NEAR.1 + (FAR.1 - NEAR.1) * far;
    Bend {
        x: lean * x / length,
        y: lean * y / length,
    }
}
