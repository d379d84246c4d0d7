//! Points set, taken back, and gone through.

use super::bearings::table_of;
use super::{Mode, Session};
use crate::files::{Points, place, tenths};

impl Session {
    /// Makes the emitted pulse the one at `bend`.
    pub(super) fn set(&mut self, bend: f32) {
        let servo = self.chosen();
        let Some(emitted) = servo.jog.emitted() else {
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
        if self.jog().is_sweeping() {
            self.jog().stop();
        }
    }

    pub(super) fn sweep(&mut self) {
        let servo = self.chosen();
        let (points, trim, neutral) = (&servo.points, servo.trim_us, servo.neutral_us());
        let Some((a, b)) = points.ends().filter(|(a, b)| a != b) else {
            return self.say("t sweeps between what is set; set two of [ n ] first.");
        };
        if !servo.jog.is_engaged() {
            return self.say_limp();
        }
        // A neutral that nobody set may lie outside of what is.
        let (low, high) = (a.min(b) + trim, a.max(b) + trim);
        self.jog()
            .sweep((a + trim, b + trim), neutral.clamp(low, high));
        self.say("Sweeping slowly; any jog stops it.");
    }

    pub(super) fn change(&mut self, points: Points, what: &str) {
        let chosen = self.chosen;
        let servo = &mut self.servos[chosen];
        if let Err(refusal) = points.check() {
            return self.refuse(&refusal);
        }
        if servo.points == points {
            return self.message = format!("{}: nothing changed", servo.name);
        }
        let name = &servo.name;
        let neutral = points.neutral_moved(&servo.points);
        let neutral = neutral.map_or(String::new(), |told| format!("; {told}"));
        self.message = format!("{name}: {what}{neutral}; u takes it back");
        let before = std::mem::replace(&mut servo.points, points);
        if self.respell(chosen, &before) {
            self.message += ". Measure its compass again: c";
        }
        self.undo.push((chosen, before));
    }

    pub(super) fn refuse(&mut self, refusal: &str) {
        self.message = format!("Refused: {refusal}");
    }

    pub(super) fn take_back(&mut self) {
        let Some((servo, points)) = self.undo.pop() else {
            return self.say("There is nothing to take back.");
        };
        // What it shows is what was taken back.
        if servo != self.chosen && self.mode == Mode::Bench {
            self.jog().relax();
        }
        self.jog().stop();
        self.chosen = servo;
        let changed = std::mem::replace(&mut self.servos[servo].points, points);
        self.respell(servo, &changed);
        let name = &self.servos[servo].name;
        self.message = format!("{name}: the last change is taken back");
    }

    /// A servo had other points before: whether its tentacle's compass is spoiled by that.
    fn respell(&mut self, servo: usize, before: &Points) -> bool {
        let tentacle = &mut self.tentacles[servo / 2];
        let tables = table_of(before).zip(table_of(&self.servos[servo].points));
        match tables {
            _ if !tentacle.has_marks() => false,
            Some((old, new)) => tentacle.respell(servo % 2, &old, &new),
            None => true,
        }
    }
}
