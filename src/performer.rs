//! The performance as a source of pulses: from time and files to what each
//! servo is sent, over to other files, and back to straight at the end.

use crate::calibration::Rig;
use crate::drive::{Course, ENGAGE_EVERY_US, Source};
use crate::motion::{Hat, Performance};
use crate::pulse::{self, Pulses};

/// The longest way from any bend to neutral before the servos go limp anyway.
const RETURN_AT_MOST_US: u64 = 1_000_000;

/// Plays a hat's motion; `inbox` is asked once a slot for a hat to go over to.
#[derive(Clone, Debug)]
pub struct Performer<F> {
    hat: Hat,
    inbox: F,
    next: Option<Hat>,
    performance: Performance,
}

impl<F: FnMut() -> Option<Hat>> Performer<F> {
    /// Plays `hat` until the inbox has another one.
    pub fn new(hat: Hat, inbox: F) -> Self {
        Self {
            performance: Performance::new(hat.motion.clone(), 0),
            hat,
            inbox,
            next: None,
        }
    }

    fn at_neutral(&self, pulses: &Pulses) -> bool {
        let rig = &self.hat.rig;
        let tick = rig.timebase().tick_us();
        rig.servos().iter().zip(&pulses.0).all(|(servo, pulse)| {
            let (Some(calibration), Some(pulse)) = (&servo.calibration, pulse) else {
                return true;
            };
            (pulse.get() - calibration.neutral.get()).abs() < tick / 2.0
        })
    }
}

impl<F: FnMut() -> Option<Hat>> Source for Performer<F> {
    fn rig(&self) -> &Rig {
        &self.hat.rig
    }

    fn begin(&mut self, t_us: u64) {
        let grows_from_us = t_us + engaging_us(&self.hat.rig);
        self.performance = Performance::new(self.hat.motion.clone(), grows_from_us);
    }

    fn course(&mut self, stopping: bool, t_us: u64, pulses: &Pulses) -> Course {
        if let Some(hat) = (self.inbox)() {
            self.next = Some(hat);
        }
        let leaves = |new: &Hat| !same_wiring(&self.hat.rig, &new.rig) || !pulses.are_in(&new.rig);
        if stopping || self.next.as_ref().is_some_and(leaves) {
            self.performance.end(t_us);
        }
        let Some(since_us) = self.performance.ends_from_us() else {
            // Asked first: taking nothing out would move ten kilobytes a slot.
            if self.next.is_some()
                && !self.performance.is_changing(t_us)
                && let Some(new) = self.next.take()
            {
                self.performance.change(new.motion.clone(), t_us);
                self.hat = new;
            }
            return Course::On;
        };
        // A limp hat is where it is to be, and is not engaged only to leave.
        let there =
            *pulses == Pulses::LIMP || self.performance.has_ended(t_us) && self.at_neutral(pulses);
        if !there && t_us < since_us + RETURN_AT_MOST_US {
            return Course::On;
        }
        match self.next.take() {
            Some(new) if !stopping => {
                self.hat = new;
                // The board may take its time; meanwhile nothing is ended.
                self.begin(t_us);
                Course::Rearm
            }
            _ => Course::End,
        }
    }

    #[inline]
    fn pulses(&mut self, t_us: u64, before: &Pulses) -> Pulses {
        let rig = &self.hat.rig;
        let pose = self.performance.pose_at(t_us, rig.tentacles().len());
        pulse::next(rig, &pose, before)
    }

    fn scene_at(&self, t_us: u64) -> &'static str {
        self.performance.scene_at(t_us)
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
