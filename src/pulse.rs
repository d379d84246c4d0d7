//! Pose × rig × the pulses before → the next pulses, within every limit.

use crate::calibration::{MAX_SERVOS, Rig};
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

/// The pulses for `pose`, one frame after `previous`.
///
/// No pulse leaves its servo's limits, and none moves further than its
/// `max_step_us`; if all together would move further than the rig's
/// `max_total_step_us`, every move shrinks by the same share, so directions
/// stay. A limp servo wakes at neutral, wherever the pose wants it; who drives
/// the board wakes them one by one ([`Pulses::wake_one`]).
#[inline]
pub fn next(rig: &Rig, pose: &Pose, previous: &Pulses) -> Pulses {
    let mut pulses = Pulses::LIMP;
    let mut moves = [0.0f32; MAX_SERVOS];
    let mut total = 0.0;
    for (i, servo) in rig.servos().iter().enumerate() {
        let Some(calibration) = &servo.calibration else {
            continue;
        };
        match previous.0[i] {
            None => pulses.0[i] = Some(calibration.neutral),
            Some(before) => {
                let wish = calibration.us_at(along(pose.0[i / 2], i)) - before.get();
                moves[i] = wish.clamp(-servo.max_step_us, servo.max_step_us);
                total += moves[i].abs();
                pulses.0[i] = Some(before);
            }
        }
    }
    let share = if total > rig.max_total_step_us() {
        rig.max_total_step_us() / total
    } else {
        1.0
    };
    let count = rig.servos().len();
    for (pulse, step) in pulses.0[..count].iter_mut().zip(moves) {
        if let Some(width) = pulse {
            *width = Microseconds::limited(width.get() + step * share);
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
