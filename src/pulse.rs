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
}

/// The pulses for `pose`, one frame after `previous`.
///
/// No pulse leaves its servo's limits, and none moves further than its
/// `max_step_us`; if all together would move further than the rig's
/// `max_total_step_us`, every move shrinks by the same share, so directions
/// stay. A limp servo wakes at neutral, wherever the pose wants it, and only if
/// it is among the first `engaged` calibrated ones.
#[inline]
pub fn next(rig: &Rig, pose: &Pose, engaged: usize, previous: &Pulses) -> Pulses {
    let mut pulses = Pulses::LIMP;
    let mut moves = [0.0f32; MAX_SERVOS];
    let mut total = 0.0;
    let mut rank = 0;
    for (i, servo) in rig.servos().iter().enumerate() {
        let Some(calibration) = &servo.calibration else {
            continue;
        };
        rank += 1;
        match previous.0[i] {
            None if rank <= engaged => pulses.0[i] = Some(calibration.neutral),
            None => {}
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
fn along(bend: Bend, servo: usize) -> f32 {
    if servo.is_multiple_of(2) {
        bend.x
    } else {
        bend.y
    }
}
