//! The interactive session as a state machine: keys, frames and faults in,
//! pulses and words out. It knows no terminal, no board and no clock; `evening`
//! ties it to them.

pub(crate) mod bearings;
mod draw;
mod evening;
mod guide;
mod jog;
mod key;
mod keys;
mod measure;
#[cfg(test)]
mod tests;

pub(crate) use draw::check_terminal;
pub(crate) use evening::Evening;

use crate::files::{Points, Servos, UNMEASURED_NEUTRAL};
use bearings::Pointing;
use jog::Jog;
use tentacle_hat::calibration::{Channel, Mark, TentaclePlan};
use tentacle_hat::pulse::Pulses;
use tentacle_hat::units::{Timebase, Turns};

/// Without a key for this long, servos go limp: a lost Wi-Fi link must not
/// leave one pressing against its stop.
const IDLE_US: u64 = 30_000_000;

/// What the world has to do after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    Save,
    SaveAndQuit,
    /// Stop the program until it is wanted again.
    Pause,
    Quit,
}

/// What is to be saved: points of servos and marks of tentacles, each with its number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Measured {
    pub(crate) points: Vec<(usize, Points)>,
    pub(crate) marks: Vec<(usize, Vec<Mark>)>,
}

impl Measured {
    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty() && self.marks.is_empty()
    }
}

/// One servo on the bench.
#[derive(Clone, Debug)]
pub(crate) struct Felt {
    pub(crate) name: String,
    /// Where its tentacle stands.
    pub(crate) facing: Turns,
    pub(crate) channel: Channel,
    pub(crate) trim_us: f32,
    /// As measured, and as in the file: both without the trim.
    pub(crate) points: Points,
    pub(crate) saved: Points,
    pub(crate) jog: Jog,
}

impl Felt {
    pub(crate) fn is_saved(&self) -> bool {
        self.points == self.saved
    }

    /// The pulse that it is sent first, trim included, µs.
    pub(crate) fn neutral_us(&self) -> f32 {
        let measured = self.points.neutral();
        measured.map_or(UNMEASURED_NEUTRAL, |us| us + self.trim_us)
    }
}

/// What keys mean at the moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mode {
    /// One servo.
    Bench,
    /// All calibrated servos at neutral, once they are all awake.
    AllStraight { awake: bool },
    /// A bend is being typed.
    Bend(String),
    /// All keys are shown.
    Help,
    /// Whether to leave without saving.
    Leave,
    /// The chosen servo's tentacle, toward one bearing after another.
    Compass,
}

/// The session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) servos: Vec<Felt>,
    pub(crate) tentacles: Vec<Pointing>,
    /// The bearing that all point to, of all that stand straight.
    pointed: Option<usize>,
    pub(crate) chosen: usize,
    pub(crate) mode: Mode,
    /// What happened last.
    pub(crate) message: String,
    /// Why the board cannot be driven, if it cannot.
    pub(crate) lost: Option<String>,
    /// Where it is saved, and how often it was.
    pub(crate) file: String,
    pub(crate) saves: u32,
    undo: Vec<(usize, Points)>,
    last_key_us: u64,
}

impl Session {
    pub(crate) fn new(servos: &Servos, file: String) -> Self {
        let timebase: Timebase = *servos.rig.timebase();
        let plans = servos.plans.iter();
        let plans = plans.flat_map(|t| t.servos.iter().map(|servo| (t.facing, servo)));
        let servo = |(i, (facing, plan)): (usize, (Turns, &_))| {
            let plan: &tentacle_hat::calibration::ServoPlan = plan;
            let points = Points::of(plan.table.as_ref());
            let ends = points.ends();
            let measured = ends.map(|(a, b)| (a + plan.trim_us, b + plan.trim_us));
            Felt {
                name: servos.rig.servo_name(i).to_string(),
                facing,
                channel: plan.channel,
                trim_us: plan.trim_us,
                saved: points.clone(),
                points,
                jog: Jog::limp(timebase, measured),
            }
        };
        let tentacle =
            |plan: &TentaclePlan| Pointing::new(&plan.name, plan.facing, plan.compass.as_ref());
        Self {
            tentacles: servos.plans.iter().map(tentacle).collect(),
            pointed: None,
            servos: plans.enumerate().map(servo).collect(),
            chosen: 0,
            mode: Mode::Bench,
            message: "All servos are limp. Choose one with ↑ ↓.".to_owned(),
            lost: None,
            file,
            saves: 0,
            undo: Vec::new(),
            last_key_us: 0,
        }
    }

    pub(crate) fn chosen(&self) -> &Felt {
        &self.servos[self.chosen]
    }

    fn jog(&mut self) -> &mut Jog {
        &mut self.servos[self.chosen].jog
    }

    pub(crate) fn engaged(&self) -> usize {
        let engaged = self.servos.iter().filter(|s| s.jog.is_engaged());
        engaged.count()
    }

    /// The servos that differ from the file.
    pub(crate) fn unsaved(&self) -> impl Iterator<Item = (usize, &Felt)> {
        let servos = self.servos.iter().enumerate();
        servos.filter(|(_, servo)| !servo.is_saved())
    }

    /// The tentacles whose compass differs from the file.
    pub(crate) fn unsaved_marks(&self) -> impl Iterator<Item = (usize, &Pointing)> {
        let tentacles = self.tentacles.iter().enumerate();
        tentacles.filter(|(_, tentacle)| tentacle.marks != tentacle.saved)
    }

    /// The tentacles of which bearings were taken, too few for a compass.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = &Pointing> {
        self.tentacles.iter().filter(|it| it.is_unfinished())
    }

    /// Whether nobody's work is lost by leaving.
    pub(crate) fn is_all_saved(&self) -> bool {
        self.unsaved().next().is_none()
            && self.unsaved_marks().next().is_none()
            && self.unfinished().next().is_none()
    }

    /// The pulses that follow `before`, which the board emits.
    pub(crate) fn frame(&mut self, now_us: u64, before: &Pulses) -> Pulses {
        let busy = self.engaged() > 0 || matches!(self.mode, Mode::AllStraight { .. });
        if busy && now_us >= self.last_key_us + IDLE_US {
            self.relax(match self.mode {
                Mode::AllStraight { .. } => "30 s without a key: all limp.",
                Mode::Compass => "30 s without a key: limp. c goes on with the compass.",
                _ => "30 s without a key: limp. Space engages again.",
            });
        }
        let mut pulses = Pulses::LIMP;
        for ((servo, pulse), before) in self.servos.iter_mut().zip(&mut pulses.0).zip(&before.0) {
            *pulse = servo.jog.step(*before);
        }
        if self.mode == Mode::Compass {
            self.follow_way();
        }
        let wait = |s: &Felt| s.jog.is_engaged() && s.jog.emitted().is_none();
        if self.mode == (Mode::AllStraight { awake: false }) && !self.servos.iter().any(wait) {
            self.mode = Mode::AllStraight { awake: true };
            self.say("All that is measured stands at its neutral.");
        }
        pulses
    }

    /// All servos limp.
    fn relax(&mut self, message: &str) {
        self.servos.iter_mut().for_each(|s| s.jog.relax());
        self.tentacles.iter_mut().for_each(Pointing::stop);
        self.pointed = None;
        self.mode = Mode::Bench;
        self.say(message);
    }

    /// The board cannot be driven: what it emits is unknown, at best nothing.
    pub(crate) fn lost(&mut self, why: &str) {
        self.relax("The board is lost: all servos count as limp.");
        self.lost = Some(why.to_owned());
    }

    /// The board is there again, limp.
    pub(crate) fn found(&mut self, message: &str) {
        if self.lost.take().is_some() || self.engaged() > 0 {
            self.relax(message);
        }
    }

    /// This is in the file now.
    pub(crate) fn saved(&mut self, measured: Measured, message: &str) {
        for (i, points) in measured.points {
            self.servos[i].saved = points;
        }
        for (i, marks) in measured.marks {
            self.tentacles[i].saved = marks;
        }
        self.saves += 1;
        self.say(message);
    }

    pub(crate) fn say(&mut self, message: &str) {
        message.clone_into(&mut self.message);
    }

    fn say_limp(&mut self) {
        self.message = format!("{} is limp: Space engages it.", self.chosen().name);
    }
}
