//! The performance as a source of pulses: from time and files to what each
//! servo is sent, over to other files, and back to straight at the end.

use crate::calibration::{BoardPlan, Rig};
use crate::cue::Cue;
use crate::drive::{Course, ENGAGE_EVERY_US, Source};
use crate::motion::{Hat, Performance, Refusal, facings};
use crate::pulse::{self, Pulses};
use crate::units::Turns;

/// The longest way from any bend to neutral before the servos go limp anyway.
const RETURN_AT_MOST_US: u64 = 1_000_000;

/// How long servos hold still before they go limp: a battery is worth more than a
/// pose that nobody sees.
const LIMP_AFTER_US: u64 = 5_000_000;

/// Plays a hat's motion; `inbox` is asked once a slot for a hat to go over to.
#[derive(Clone, Debug)]
pub struct Performer<F> {
    hat: Hat,
    inbox: F,
    next: Option<Hat>,
    performance: Performance,
    /// A cue wants all servos limp.
    relaxed: bool,
    /// They are limp, by a cue or because it is still.
    limp: bool,
}

impl<F: FnMut() -> Option<Hat>> Performer<F> {
    /// Plays `hat` until the inbox has another one; `seed` decides whatever it leaves
    /// to chance.
    pub fn new(hat: Hat, seed: u32, inbox: F) -> Self {
        Self {
            performance: Performance::new(&hat, seed),
            hat,
            inbox,
            next: None,
            relaxed: false,
            limp: false,
        }
    }

    /// Whether servos that emit `before` are to be limp, by a cue or because it is still:
    /// then only once they have come to neutral.
    fn is_to_be_limp(&self, t_us: u64, before: &Pulses) -> bool {
        let rests_us = self.performance.rests_from_us();
        let rests = rests_us.is_some_and(|since| t_us >= since + LIMP_AFTER_US);
        self.relaxed || rests && self.at_neutral(before)
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
        self.performance.begin(t_us, grows_from_us);
    }

    fn course(&mut self, stopping: bool, t_us: u64, pulses: &Pulses) -> Course {
        if let Some(hat) = (self.inbox)() {
            self.next = Some(hat);
        }
        let leaves = |new: &Hat| !same_build(&self.hat.rig, &new.rig) || !pulses.are_in(&new.rig);
        if stopping || self.next.as_ref().is_some_and(leaves) {
            self.performance.end(t_us);
        }
        let Some(since_us) = self.performance.ends_from_us() else {
            // Asked first: taking nothing out would move ten kilobytes a slot.
            if self.next.is_some()
                && let Some(new) = self.next.take()
            {
                self.performance.change(&new);
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
                self.performance.change(&new);
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
        self.performance.advance(t_us);
        let was_limp = self.limp;
        self.limp = self.is_to_be_limp(t_us, before);
        if was_limp && !self.limp {
            // Engaged as at the start: one by one, and then slowly away from neutral.
            self.begin(t_us);
            self.performance.advance(t_us);
            // Which for who stands still is no reason to be engaged.
            self.limp = self.is_to_be_limp(t_us, before);
        }
        if self.limp {
            return Pulses::LIMP;
        }
        pulse::next(&self.hat.rig, &self.performance.pose_at(t_us), before)
    }

    fn cue(&mut self, cue: &Cue, t_us: u64) -> Result<(), Refusal> {
        let performance = &mut self.performance;
        match *cue {
            Cue::Mood(mood) => performance.ask().set_mood(mood),
            Cue::Scene(scene) => performance.ask().play(scene, t_us),
            Cue::Demo(on) => performance.ask().play_show(on, t_us),
            Cue::Fold(folded) => performance.ask().fold(folded, t_us),
            Cue::Startle(bearing) => {
                let from = bearing.map(Turns::from_deg);
                performance.ask().startle(from, t_us);
            }
            Cue::Person(id, sighting) => performance.meet(id, sighting.as_ref(), t_us)?,
            Cue::Heading(deg) => performance.turn(deg, t_us),
            Cue::Set(key, value) => performance.ask().set(key, value)?,
            Cue::Engage(engaged) => self.relaxed = !engaged,
        }
        Ok(())
    }

    fn scene(&self) -> &'static str {
        match self.limp {
            true => "limp",
            false => self.performance.scene(),
        }
    }

    fn performance(&self) -> Option<&Performance> {
        Some(&self.performance)
    }
}

/// From the first servo's engagement to the last's.
fn engaging_us(rig: &Rig) -> u64 {
    let calibrated = rig.servos().iter().filter(|s| s.calibration.is_some());
    ENGAGE_EVERY_US * (calibrated.count() as u64).saturating_sub(1)
}

/// Whether the hat goes on as it stands: the same outputs, and tentacles that face
/// the same ways.
fn same_build(a: &Rig, b: &Rig) -> bool {
    // No servo notices which pin a button is on.
    let outputs = |rig: &Rig| BoardPlan {
        button_gpio: None,
        ..*rig.board()
    };
    let (a_servos, b_servos) = (a.servos().iter(), b.servos().iter());
    outputs(a) == outputs(b)
        && a_servos.map(|s| s.channel).eq(b_servos.map(|s| s.channel))
        && facings(a.tentacles()) == facings(b.tentacles())
}
