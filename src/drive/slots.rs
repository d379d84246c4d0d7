//! One life of the board, slot after slot.

use super::{End, Notice, Order, Plan, Shell, Slot, Tally, Terms};
use crate::board::Armed;
use crate::calibration::Rig;
use crate::motion::Performance;
use crate::pulse::{self, Pulses};

/// One servo after another, so that the supply never starts two at once.
const ENGAGE_EVERY_US: u64 = 100_000;
/// How often the chip is read back.
const WATCH_EVERY_US: u64 = 250_000;
/// Without a good slot for this long, the board counts as lost.
const LOST_AFTER_US: u64 = 1_000_000;
/// The longest way from any bend to neutral before the servos go limp anyway.
const RETURN_AT_MOST_US: u64 = 1_000_000;
/// What a second attempt at a frame takes at 100 kHz, with room to spare.
const ATTEMPT_US: u64 = 5_000;

/// Slot after slot on an armed board.
pub(super) fn play<S: Shell>(
    shell: &mut S,
    plan: &mut Plan,
    terms: Terms,
    tally: &mut Tally,
    mut armed: Armed<'_, S::Bus>,
    taken_over: Pulses,
) -> End<S::Error> {
    let timebase = *plan.rig.timebase();
    let armed_us = shell.now_us();
    let mut k = timebase.slot_from(armed_us);
    let mut performance = Performance::new(plan.motion.clone(), armed_us + engaging_us(&plan.rig));
    // The frame on the board, and the one that is to follow it. A frame that
    // failed is sent again until it is out: only then is it sure what the
    // board emits, and how far the next one may be from it.
    let mut emitted = taken_over;
    let mut pending = None;
    let mut watch_us = 0;
    let mut matched_us = armed_us;
    let mut good_us = armed_us;
    let mut leaving: Option<(u64, Option<Plan>)> = None;
    loop {
        shell.sleep_until(timebase.slot_us(k));
        let now_us = shell.now_us();
        while now_us >= timebase.slot_us(k + 1) {
            tally.late += 1;
            k += 1;
        }
        let t_us = timebase.slot_us(k);

        let order = shell.order();
        let over = terms.length_us.is_some_and(|end| t_us >= end);
        match order {
            Order::Quit => return End::Stopped,
            Order::Stop => leave(shell, &mut leaving, &mut performance, t_us, None),
            Order::Reload if leaving.is_none() && !performance.is_changing(t_us) => {
                let new = shell.reload();
                if same_wiring(&plan.rig, &new.rig) {
                    performance.change(new.motion.clone(), t_us);
                    *plan = new;
                } else {
                    leave(shell, &mut leaving, &mut performance, t_us, Some(new));
                }
            }
            Order::Reload | Order::Play if over => {
                leave(shell, &mut leaving, &mut performance, t_us, None);
            }
            Order::Reload | Order::Play => {}
        }
        if let Some((since_us, new)) = &mut leaving {
            // A limp hat is where it is to be, and is not engaged only to leave.
            let there = emitted == Pulses::LIMP
                || performance.has_ended(t_us) && at_neutral(&plan.rig, &emitted);
            if there || t_us >= *since_us + RETURN_AT_MOST_US {
                let Some(new) = new.take() else {
                    return End::Stopped;
                };
                *plan = new;
                return End::Rewired;
            }
        }

        let mut fault = None;
        if now_us >= watch_us {
            match armed.verify() {
                Ok(true) => {
                    matched_us = now_us;
                    watch_us = now_us + WATCH_EVERY_US;
                }
                Ok(false) => {
                    shell.notice(Notice::Disturbed);
                    return End::Disturbed;
                }
                Err(error) => {
                    shell.notice(Notice::Fault(&error));
                    fault = Some(error);
                }
            }
        }

        let pulses = pending.take().unwrap_or_else(|| {
            let engaged = 1 + (t_us.saturating_sub(armed_us) / ENGAGE_EVERY_US) as usize;
            let pose = performance.pose_at(t_us, plan.rig.tentacles().len());
            pulse::next(&plan.rig, &pose, engaged, &emitted)
        });
        let frame = armed.limp().with(&plan.rig, &pulses);
        let mut written = armed.write(&frame);
        if let Err(error) = &written {
            shell.notice(Notice::Fault(error));
            if shell.now_us() + ATTEMPT_US < timebase.slot_us(k + 1) {
                written = armed.write(&frame);
            }
        }
        let mut slot = Slot {
            t_us,
            scene: performance.scene_at(t_us),
            ..Slot::default()
        };
        match written {
            Ok(bytes) => {
                emitted = pulses;
                slot.bytes = bytes;
                slot.good = bytes > 0 || now_us - matched_us <= WATCH_EVERY_US;
            }
            Err(error) => {
                pending = Some(pulses);
                tally.skipped += 1;
                fault = Some(error);
            }
        }
        tally.frames += 1;
        slot.tally = *tally;
        if slot.good {
            good_us = now_us;
        }
        shell.notice(Notice::Slot(&slot));
        if let Some(error) = fault
            && shell.now_us() >= good_us + LOST_AFTER_US
        {
            return End::Lost(error);
        }
        k += 1;
    }
}

/// Starts the way to neutral, once; a stop overrules a rewiring. Only a stop is
/// told: after a rewiring the hat goes on.
fn leave<S: Shell>(
    shell: &mut S,
    leaving: &mut Option<(u64, Option<Plan>)>,
    performance: &mut Performance,
    t_us: u64,
    new: Option<Plan>,
) {
    let stops = new.is_none();
    let told = matches!(leaving, Some((_, None)));
    match leaving {
        None => {
            performance.end(t_us);
            *leaving = Some((t_us, new));
        }
        Some((_, rewiring)) => *rewiring = None,
    }
    if stops && !told {
        shell.notice(Notice::Stopping);
    }
}

/// From the first servo's engagement to the last's.
fn engaging_us(rig: &Rig) -> u64 {
    let calibrated = rig.servos().iter().filter(|s| s.calibration.is_some());
    ENGAGE_EVERY_US * (calibrated.count() as u64).saturating_sub(1)
}

/// Whether the board need not be armed anew to go from one rig to the other.
fn same_wiring(a: &Rig, b: &Rig) -> bool {
    let (a_servos, b_servos) = (a.servos().iter(), b.servos().iter());
    a.board() == b.board() && a_servos.map(|s| s.channel).eq(b_servos.map(|s| s.channel))
}

fn at_neutral(rig: &Rig, pulses: &Pulses) -> bool {
    let tick = rig.timebase().tick_us();
    rig.servos().iter().zip(&pulses.0).all(|(servo, pulse)| {
        let (Some(calibration), Some(pulse)) = (&servo.calibration, pulse) else {
            return true;
        };
        (pulse.get() - calibration.neutral.get()).abs() < tick / 2.0
    })
}
