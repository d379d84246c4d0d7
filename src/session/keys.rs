//! What each key does.

use super::jog::LONGEST_JOG_US;
use super::key::{FAR_LEFT, FAR_RIGHT, INTERRUPT, SUSPEND};
use super::{Action, Mode, Session};
use ratatui::crossterm::event::KeyCode as Key;
use std::ops::RangeInclusive;

/// An arrow key's jog, µs.
const JOG_US: f32 = 10.0;
/// Every hobby servo goes this far; many meet their stop soon after, µs.
const COMMON_US: RangeInclusive<f32> = 900.0..=2100.0;

impl Session {
    /// A key was pressed.
    pub(crate) fn key(&mut self, key: Key, now_us: u64) -> Action {
        self.last_key_us = now_us;
        match (key, &self.mode) {
            (INTERRUPT, _) => return Action::Quit,
            (SUSPEND, _) => return Action::Pause,
            // Whatever is on the screen, Space is what stops a servo.
            (Key::Char(' '), _) if self.engaged() > 0 => self.relax("All limp."),
            (_, Mode::Bend(_)) => self.type_bend(key),
            (_, Mode::Help) => self.mode = Mode::Bench,
            (_, Mode::Leave) => return self.leave(key),
            (_, Mode::AllStraight { .. }) => self.key_all_straight(key),
            (_, Mode::Compass) => return self.key_compass(key),
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
            Key::Char('c') => self.begin_compass(),
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
        if matches!(key, Key::Null | Key::Enter | Key::Esc) {
            self.message.clear();
            return self.jog().stop();
        }
        let jogs = [
            (Key::Left, -JOG_US),
            (Key::Right, JOG_US),
            (FAR_LEFT, -LONGEST_JOG_US),
            (FAR_RIGHT, LONGEST_JOG_US),
        ];
        let jog = jogs.iter().find(|(other, _)| *other == key);
        let known = jog.is_some() || matches!(key, Key::Char('n' | 'g' | 'w' | ',' | '.'));
        if !known {
            return self.say("That key does nothing here; ? shows those that do.");
        }
        if !self.chosen().jog.is_engaged() {
            return self.say_limp();
        }
        match (jog, key) {
            (Some((_, us)), _) => {
                self.jog().by(*us);
                self.say_where_it_goes();
            }
            (None, Key::Char('n')) => self.set(0.0),
            (None, Key::Char('w')) => {
                self.jog().wiggle();
                self.say("Wiggling: if another servo moves, it is in the wrong socket.");
            }
            (None, Key::Char('g')) => {
                let neutral = self.chosen().neutral_us();
                self.jog().go(neutral);
            }
            (None, key) => {
                self.jog().nudge(key == Key::Char('.'));
                self.say_where_it_goes();
            }
        }
    }

    /// After a jog: what was said before is over, and far out lies a servo's stop.
    fn say_where_it_goes(&mut self) {
        match self.chosen().jog.jogs_to() {
            Some((us, true)) => {
                let us = us.get();
                self.message = format!("{us:.1} µs is as far as any pulse goes.");
            }
            Some((us, false)) if !COMMON_US.contains(&us.get()) => {
                self.message = format!(
                    "{:.1} µs: few servos go this far; stop if it hums.",
                    us.get()
                );
            }
            _ => self.message.clear(),
        }
    }

    fn key_all_straight(&mut self, key: Key) {
        let n = self.servos.len();
        match key {
            Key::Char('p') if self.mode == (Mode::AllStraight { awake: true }) => self.point_all(),
            Key::Char('n') | Key::Left | Key::Right | FAR_LEFT | FAR_RIGHT
                if self.servos.iter().any(|servo| servo.jog.is_going()) =>
            {
                self.say("They move still.");
            }
            _ if self.pointed.is_some() && !matches!(key, Key::Char('a' | 'q') | Key::Esc) => {
                self.say("p goes on; Space makes all limp, and then every key is there again.");
            }
            Key::Up => self.chosen = (self.chosen + n - 1) % n,
            Key::Down => self.chosen = (self.chosen + 1) % n,
            Key::Char('u') => self.take_back(),
            Key::Char('a' | 'q' | ' ') | Key::Esc => self.relax("All limp."),
            Key::Char('n' | 'g' | 'w' | ',' | '.')
            | Key::Left
            | Key::Right
            | FAR_LEFT
            | FAR_RIGHT => {
                self.key_pulse(key);
            }
            _ => self.say("Space makes all limp; then every key is there again."),
        }
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
            Key::Esc => self.mode = Mode::Bench,
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

    /// Choosing never engages, and leaves no servo engaged behind.
    fn choose(&mut self, down: bool) {
        let n = self.servos.len();
        let was = self.chosen().jog.is_engaged();
        if was {
            self.message = format!("{} went limp.", self.chosen().name);
            self.jog().relax();
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
        self.jog().engage(neutral);
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
        for servo in &mut self.servos {
            let neutral = servo.neutral_us();
            match (servo.points.are_a_table(), servo.jog.is_engaged()) {
                (true, true) => servo.jog.go(neutral),
                (true, false) => servo.jog.engage(neutral),
                (false, _) => servo.jog.relax(),
            }
        }
        self.mode = Mode::AllStraight { awake: false };
        self.say("Engaging one after another; Space makes all limp.");
    }

    fn ask_to_leave(&mut self) -> Action {
        if self.is_all_saved() {
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
