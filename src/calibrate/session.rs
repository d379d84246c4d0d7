//! The interactive session as a state machine: keys, frames and faults in,
//! pulses and words out. It knows no terminal, no board and no clock.

use super::key::Key;
use super::points::{Points, UNMEASURED_NEUTRAL, place, tenths};
use super::pulse::{LONGEST_JOG_US, Pulse};
use crate::files::Servos;
use tentacle_hat::pulse::Pulses;
use tentacle_hat::units::{Timebase, Turns};

/// Without a key for this long, servos go limp: a lost Wi-Fi link must not
/// leave one pressing against its stop.
const IDLE_US: u64 = 30_000_000;
/// Between two servos that are engaged together.
const ENGAGE_EVERY_US: u64 = 100_000;
/// Ends closer than this are a slip of the finger; above, there are always whole
/// ticks between them, µs.
const NARROWEST_US: f32 = 20.0;
/// An arrow key's jog, µs.
const JOG_US: f32 = 10.0;

/// What the world has to do after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    Save,
    SaveAndQuit,
    Quit,
}

/// One servo on the bench.
#[derive(Clone, Debug)]
pub(crate) struct Servo {
    pub(crate) name: String,
    /// Where its tentacle stands.
    pub(crate) facing: Turns,
    pub(crate) channel: u8,
    pub(crate) trim_us: f32,
    /// As measured, and as in the file: both without the trim.
    pub(crate) points: Points,
    pub(crate) saved: Points,
    pub(crate) pulse: Pulse,
}

impl Servo {
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
    /// All calibrated servos at neutral; the next one is engaged then.
    AllStraight { next: usize, next_us: u64 },
    /// A bend is being typed.
    Bend(String),
    /// All keys are shown.
    Help,
    /// Whether to leave without saving.
    Leave,
}

/// The session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) servos: Vec<Servo>,
    pub(crate) chosen: usize,
    pub(crate) mode: Mode,
    /// What happened last.
    pub(crate) message: String,
    /// Why the board cannot be driven, if it cannot.
    pub(crate) lost: Option<String>,
    /// Where it is saved, if anywhere, and how often it was.
    pub(crate) file: Option<String>,
    pub(crate) saves: u32,
    undo: Vec<(usize, Points)>,
    last_key_us: u64,
}

impl Session {
    pub(crate) fn new(servos: &Servos, file: Option<String>) -> Self {
        let timebase: Timebase = *servos.rig.timebase();
        let plans = servos.plans.iter();
        let plans = plans.flat_map(|t| t.servos.iter().map(|servo| (t.facing, servo)));
        let servo = |(i, (facing, plan)): (usize, (Turns, &_))| {
            let plan: &tentacle_hat::calibration::ServoPlan = plan;
            let points = Points::of(plan.table.as_ref());
            let ends = points.ends();
            let measured = ends.map(|(a, b)| (a + plan.trim_us, b + plan.trim_us));
            Servo {
                name: servos.rig.servo_name(i).to_string(),
                facing,
                channel: plan.channel,
                trim_us: plan.trim_us,
                saved: points.clone(),
                points,
                pulse: Pulse::limp(timebase, measured),
            }
        };
        let message = match &file {
            Some(_) => "All servos are limp. Choose one with ↑ ↓.".to_owned(),
            None => "A rehearsal: there is nothing to save to without --config DIR.".to_owned(),
        };
        Self {
            servos: plans.enumerate().map(servo).collect(),
            chosen: 0,
            mode: Mode::Bench,
            message,
            lost: None,
            file,
            saves: 0,
            undo: Vec::new(),
            last_key_us: 0,
        }
    }

    pub(crate) fn chosen(&self) -> &Servo {
        &self.servos[self.chosen]
    }

    fn pulse(&mut self) -> &mut Pulse {
        &mut self.servos[self.chosen].pulse
    }

    /// What all servos are sent.
    pub(crate) fn pulses(&self) -> Pulses {
        let mut pulses = Pulses::LIMP;
        for (pulse, servo) in pulses.0.iter_mut().zip(&self.servos) {
            *pulse = servo.pulse.emitted();
        }
        pulses
    }

    pub(crate) fn engaged(&self) -> usize {
        let engaged = self.servos.iter().filter(|s| s.pulse.is_engaged());
        engaged.count()
    }

    /// The servos that differ from the file.
    pub(crate) fn unsaved(&self) -> impl Iterator<Item = (usize, &Servo)> {
        let servos = self.servos.iter().enumerate();
        servos.filter(|(_, servo)| !servo.is_saved())
    }

    /// One frame on.
    pub(crate) fn frame(&mut self, now_us: u64) {
        let busy = self.engaged() > 0 || matches!(self.mode, Mode::AllStraight { .. });
        if busy && now_us >= self.last_key_us + IDLE_US {
            self.relax("30 s without a key: limp. Space engages again.");
        }
        if let Mode::AllStraight { next, next_us } = &mut self.mode
            && now_us >= *next_us
        {
            let ready = |servo: &Servo| servo.points.are_a_table() && !servo.pulse.is_engaged();
            let waiting = self.servos.iter().skip(*next).position(ready);
            *next_us = now_us + ENGAGE_EVERY_US;
            match waiting {
                // Said once.
                None if *next < usize::MAX => {
                    *next = usize::MAX;
                    self.message = "All that is measured stands at its neutral.".to_owned();
                }
                None => {}
                Some(i) => {
                    let servo = &mut self.servos[*next + i];
                    servo.pulse.engage(servo.neutral_us());
                    *next += i + 1;
                }
            }
        }
        for servo in &mut self.servos {
            servo.pulse.step();
        }
    }

    /// All servos limp.
    fn relax(&mut self, message: &str) {
        self.servos.iter_mut().for_each(|s| s.pulse.relax());
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

    /// These servos are in the file now.
    pub(crate) fn saved(&mut self, servos: &[usize], message: &str) {
        for &i in servos {
            self.servos[i].saved = self.servos[i].points.clone();
        }
        self.saves += 1;
        self.say(message);
    }

    pub(crate) fn say(&mut self, message: &str) {
        message.clone_into(&mut self.message);
    }

    /// A key was pressed.
    pub(crate) fn key(&mut self, key: Key, now_us: u64) -> Action {
        self.last_key_us = now_us;
        match (key, &self.mode) {
            (Key::Interrupt, _) => return Action::Quit,
            // Whatever is on the screen, Space is what stops a servo.
            (Key::Char(' '), _) if self.engaged() > 0 => self.relax("All limp."),
            (_, Mode::Bend(_)) => self.type_bend(key),
            (_, Mode::Help) => self.mode = Mode::Bench,
            (_, Mode::Leave) => return self.leave(key),
            (_, Mode::AllStraight { .. }) => self.key_all_straight(key),
            (_, Mode::Bench) => return self.key_bench(key),
        }
        Action::Nothing
    }

    fn key_bench(&mut self, key: Key) -> Action {
        match key {
            Key::Char('s') => return Action::Save,
            Key::Char('q') => return self.ask_to_leave(),
            Key::Char('?') => self.mode = Mode::Help,
            Key::Char('u') => self.take_back(),
            Key::Char('f') => self.change(self.chosen().points.flipped(), "turned round"),
            Key::Char('a') => self.all_straight(),
            Key::Up | Key::Down => self.choose(key == Key::Down),
            Key::Char(' ') => self.engage(),
            Key::Char('m') => self.mode = Mode::Bend(String::new()),
            Key::Char('[') => self.set(-1.0),
            Key::Char(']') => self.set(1.0),
            Key::Char('t') => self.sweep(),
            _ => self.key_pulse(key),
        }
        Action::Nothing
    }

    /// The keys that move or measure the chosen servo.
    fn key_pulse(&mut self, key: Key) {
        if matches!(key, Key::Unknown | Key::Enter | Key::Escape) {
            return self.pulse().stop();
        }
        let jogs = [
            (Key::Left, -JOG_US),
            (Key::Right, JOG_US),
            (Key::FarLeft, -LONGEST_JOG_US),
            (Key::FarRight, LONGEST_JOG_US),
        ];
        let jog = jogs.iter().find(|(other, _)| *other == key);
        let known = jog.is_some() || matches!(key, Key::Char('n' | 'g' | ',' | '.'));
        if !known {
            return self.say("That key does nothing here; ? shows those that do.");
        }
        if !self.chosen().pulse.is_engaged() {
            return self.say_limp();
        }
        match (jog, key) {
            (Some((_, us)), _) => self.pulse().jog(*us),
            (None, Key::Char('n')) => self.set(0.0),
            (None, Key::Char('g')) => {
                let neutral = self.chosen().neutral_us();
                self.pulse().go(neutral);
            }
            (None, key) => self.pulse().nudge(key == Key::Char('.')),
        }
    }

    fn say_limp(&mut self) {
        self.message = format!("{} is limp: Space engages it.", self.chosen().name);
    }

    /// Choosing never engages, and leaves no servo engaged behind.
    fn choose(&mut self, down: bool) {
        let n = self.servos.len();
        let was = self.chosen().pulse.is_engaged();
        if was {
            self.message = format!("{} went limp.", self.chosen().name);
            self.pulse().relax();
        } else {
            self.message.clear();
        }
        self.chosen = (self.chosen + if down { 1 } else { n - 1 }) % n;
    }

    fn engage(&mut self) {
        if self.lost.is_some() {
            return self.say("The board does not answer, so nothing can be engaged.");
        }
        let neutral = self.chosen().neutral_us();
        self.pulse().engage(neutral);
        self.message = format!("{} is engaged; Space makes it limp.", self.chosen().name);
    }

    /// The last step: the whole hat, standing straight.
    fn all_straight(&mut self) {
        if self.lost.is_some() {
            return self.say("The board does not answer, so nothing can be engaged.");
        }
        if !self.servos.iter().any(|s| s.points.are_a_table()) {
            return self.say("No servo has both its ends yet; all straight comes last.");
        }
        let chosen = self.chosen();
        let neutral = chosen.neutral_us();
        match chosen.points.are_a_table() {
            true => self.pulse().go(neutral),
            false => self.pulse().relax(),
        }
        self.mode = Mode::AllStraight {
            next: 0,
            next_us: 0,
        };
        self.say("Engaging one after another; Space makes all limp.");
    }

    fn key_all_straight(&mut self, key: Key) {
        let n = self.servos.len();
        match key {
            Key::Up => self.chosen = (self.chosen + n - 1) % n,
            Key::Down => self.chosen = (self.chosen + 1) % n,
            Key::Char('u') => self.take_back(),
            Key::Char('a' | 'q' | ' ') | Key::Escape => self.relax("All limp."),
            Key::Char('n' | 'g' | ',' | '.')
            | Key::Left
            | Key::Right
            | Key::FarLeft
            | Key::FarRight => {
                self.key_pulse(key);
            }
            _ => self.say("Space makes all limp; then every key is there again."),
        }
    }

    fn sweep(&mut self) {
        let servo = self.chosen();
        let (points, trim, neutral) = (&servo.points, servo.trim_us, servo.neutral_us());
        let Some((a, b)) = points.ends().filter(|(a, b)| a != b) else {
            return self.say("t sweeps between what is set; set two of [ n ] first.");
        };
        if !servo.pulse.is_engaged() {
            return self.say_limp();
        }
        // A neutral that nobody set may lie outside of what is.
        let (low, high) = (a.min(b) + trim, a.max(b) + trim);
        self.pulse()
            .sweep((a + trim, b + trim), neutral.clamp(low, high));
        self.say("Sweeping slowly; any jog stops it.");
    }

    /// Makes the emitted pulse the one at `bend`.
    fn set(&mut self, bend: f32) {
        let servo = self.chosen();
        let Some(emitted) = servo.pulse.emitted() else {
            return self.say_limp();
        };
        // In the table the trim is left out, and added again when it is driven.
        let us = tenths(emitted.get() - servo.trim_us);
        let what = match servo.trim_us {
            0.0 => format!("{} is {us} µs", place(bend)),
            trim => format!("{} is {us} µs, and the trim {trim:+} µs", place(bend)),
        };
        match servo.points.with(bend, us) {
            Ok(points) => self.change(points, &what),
            Err(refusal) => self.refuse(&refusal),
        }
        if self.pulse().is_sweeping() {
            self.pulse().stop();
        }
    }

    fn change(&mut self, points: Points, what: &str) {
        let chosen = self.chosen;
        let servo = &mut self.servos[chosen];
        if let Err(refusal) = points.check() {
            return self.refuse(&refusal);
        }
        if let Some((a, b)) = points.ends().filter(|_| points.are_a_table())
            && (a - b).abs() < NARROWEST_US
        {
            return self.refuse("the ends would be less than 20 µs apart.");
        }
        if servo.points == points {
            return self.message = format!("{}: nothing changed", servo.name);
        }
        let name = &servo.name;
        self.message = format!("{name}: {what}; u takes it back");
        let before = std::mem::replace(&mut servo.points, points);
        self.undo.push((chosen, before));
    }

    fn refuse(&mut self, refusal: &str) {
        self.message = format!("Refused: {refusal}");
    }

    fn take_back(&mut self) {
        let Some((servo, points)) = self.undo.pop() else {
            return self.say("There is nothing to take back.");
        };
        // What it shows is what was taken back.
        if servo != self.chosen && self.mode == Mode::Bench {
            self.pulse().relax();
        }
        self.pulse().stop();
        self.chosen = servo;
        let servo = &mut self.servos[servo];
        servo.points = points;
        self.message = format!("{}: the last change is taken back", servo.name);
    }

    /// A key while a bend is typed.
    fn type_bend(&mut self, key: Key) {
        let Mode::Bend(text) = &mut self.mode else {
            return;
        };
        match key {
            Key::Char(c @ ('0'..='9' | '.' | '-')) if text.len() < 6 => text.push(c),
            Key::Char(',') if text.len() < 6 => text.push('.'),
            Key::Backspace => drop(text.pop()),
            Key::Escape => self.mode = Mode::Bench,
            Key::Enter | Key::Delete | Key::Char('d') => {
                let bend: Option<f32> = text.parse().ok();
                self.mode = Mode::Bench;
                match bend.filter(|bend| bend.abs() < 1.0 && *bend != 0.0) {
                    None => self.say(
                        "A middle point's bend lies between -1 and 1 and is not 0: n, [ and ] \
                         set those.",
                    ),
                    Some(bend) if key == Key::Enter => self.set(bend),
                    Some(bend) => {
                        let what = format!("no point at bend {bend}");
                        self.change(self.chosen().points.without(bend), &what);
                    }
                }
            }
            _ => {}
        }
    }

    fn ask_to_leave(&mut self) -> Action {
        if self.file.is_none() || self.unsaved().next().is_none() {
            return Action::Quit;
        }
        self.mode = Mode::Leave;
        Action::Nothing
    }

    fn leave(&mut self, key: Key) -> Action {
        self.mode = Mode::Bench;
        match key {
            Key::Char('s') => Action::SaveAndQuit,
            Key::Char('q') => Action::Quit,
            _ => Action::Nothing,
        }
    }
}
