//! Pose × rig × the pulses before → the next pulses, within every limit.

use crate::calibration::{Calibration, MAX_SERVOS, Rig, Servo};
use crate::motion::Pose;
use crate::units::{Bend, Microseconds};

/// What each servo is sent, in the rig's order: a pulse width, or `None` for limp.
///
/// Widths are finer than a tick, so that a slow servo's limited steps add up;
/// [`crate::frame::Frame`] rounds them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pulses(pub [Option<Microseconds>; MAX_SERVOS]);

impl Pulses {
    /// All servos limp.
    pub const LIMP: Self = Self([None; MAX_SERVOS]);

    /// Whether each of them is within its servo's table.
    pub fn are_in(&self, rig: &Rig) -> bool {
        let is_in = |(servo, pulse): (&Servo, &Option<Microseconds>)| {
            let ticks = pulse.map(|width| rig.timebase().ticks(width));
            let held = |ticks| Some(servo.calibration.as_ref()?.holds(ticks, rig.timebase()));
            ticks.is_none_or(|ticks| held(ticks) == Some(true))
        };
        rig.servos().iter().zip(&self.0).all(is_in)
    }

    /// Leaves limp what `before` has limp, but for the first servo that wakes
    /// if one `may`. Returns whether one does.
    #[inline]
    pub fn wake_one(&mut self, before: &Self, may: bool) -> bool {
        let mut woken = false;
        for (pulse, before) in self.0.iter_mut().zip(&before.0) {
            if before.is_none() && pulse.is_some() {
                match may && !woken {
                    true => woken = true,
                    false => *pulse = None,
                }
            }
        }
        woken
    }
}

/// What the servos are bent to, for the tentacles to lean as `pose` has it.
#[must_use]
pub fn aimed(rig: &Rig, pose: &Pose) -> Pose {
    let mut pose = *pose;
    for (bend, tentacle) in pose.0.iter_mut().zip(rig.tentacles()) {
        *bend = tentacle.bend(*bend);
    }
    pose
}

/// The pulses for `pose`, one frame after `previous`.
///
/// No pulse leaves its servo's limits, and none moves further than its
/// `max_step_us`; if all together would move further than the rig's
/// `max_total_step_us`, every move shrinks by the same share, so directions
/// stay. A limp servo wakes at neutral, wherever the pose wants it; who drives
/// the board wakes them one by one ([`Pulses::wake_one`]).
#[inline]
pub fn next(rig: &Rig, pose: &Pose, previous: &Pulses) -> Pulses {
    let aimed = rig.is_aimed().then(|| aimed(rig, pose));
    let pose = aimed.as_ref().unwrap_or(pose);
    let step = |i: usize, servo: &Servo, calibration: &Calibration, before: Microseconds| {
        let wish = calibration.us_at(along(pose.0[i / 2], i)) - before.get();
        wish.clamp(-servo.max_step_us, servo.max_step_us)
    };
    let mut pulses = *previous;
    let mut total = 0.0;
    for (i, (servo, pulse)) in rig.servos().iter().zip(&mut pulses.0).enumerate() {
        *pulse = match (&servo.calibration, *pulse) {
            (None, _) => None,
            (Some(calibration), None) => Some(calibration.neutral),
            (Some(calibration), Some(before)) => {
                let step = step(i, servo, calibration, before);
                total += step.abs();
                Some(Microseconds::limited(before.get() + step))
            }
        };
    }
    if total > rig.max_total_step_us() {
        let share = rig.max_total_step_us() / total;
        for (i, (servo, pulse)) in rig.servos().iter().zip(&mut pulses.0).enumerate() {
            if let (Some(calibration), Some(before)) = (&servo.calibration, previous.0[i]) {
                let us = before.get() + step(i, servo, calibration, before) * share;
                *pulse = Some(Microseconds::limited(us));
            }
        }
    }
    pulses
}

/// The bend along servo `i`'s axis.
#[inline]
pub fn along(bend: Bend, servo: usize) -> f32 {
    if servo.is_multiple_of(2) {
        bend.x
    } else {
        bend.y
    }
}
