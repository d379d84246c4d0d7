//! What the log says: edges only, a line each, without time stamps or colour
//! (the journal has its own), and only so many a minute: a card is soon full of
//! a loose wire.

use super::told::{ROOM, Told};
use crate::host::Which;
use crate::outlet::{Outlet, Things};
use crate::say;
use crate::view::Shared;
use std::io;
use std::sync::Arc;
use tentacle_hat::board::BusError;
use tentacle_hat::calibration::BoardPlan;
use tentacle_hat::drive::Loss;

/// Turns what is told into lines, once for each edge.
#[derive(Debug)]
pub(super) struct Log {
    which: Which,
    /// The scene that was said last, where scenes are said.
    scene: Option<&'static str>,
    /// The board is lost, and that was said.
    lost: bool,
    /// The board was disturbed, and no good slot has come since.
    disturbed: bool,
    /// The last transfer that failed, for who wonders why frames are skipped.
    fault: Option<BusError>,
    /// Of each kind of trouble, what was said in this minute and what was not.
    counts: [(u32, u32); TROUBLES.len()],
    /// When this minute is over, µs.
    minute_us: u64,
}

/// Kinds of trouble, as they are summed up.
const TROUBLES: [&str; 4] = [
    "a transfer failed",
    "the board was lost",
    "the board did not hold what was written",
    "the board was back",
];
/// Lines of trouble a minute, but for the first of each kind.
const MOST: u32 = 6;
const MINUTE_US: u64 = 60_000_000;

impl Log {
    /// The log of that board's life, with its scenes or without.
    pub(super) fn new(which: Which, scenes: bool) -> Self {
        Self {
            which,
            scene: scenes.then_some(""),
            lost: false,
            disturbed: false,
            fault: None,
            counts: Default::default(),
            minute_us: MINUTE_US,
        }
    }

    /// The thread that says it, in `lines` of a view or else on stderr.
    ///
    /// # Errors
    /// There can be no more threads.
    pub(super) fn open(
        mut self,
        lines: Option<Arc<Shared>>,
        unpaced: bool,
    ) -> io::Result<Outlet<Told, ()>> {
        let write = move |told: Things<Told>| {
            let say = |line: &str| match &lines {
                Some(lines) => lines.say(line),
                None => say::say(line),
            };
            for (lost, told) in told {
                if lost > 0 {
                    say(&format!(
                        "{lost} events are not told: nobody took these lines"
                    ));
                }
                if let Some(line) = self.line(&told) {
                    say(&line);
                }
            }
            if let Some(line) = self.sum() {
                say(&line);
            }
        };
        Outlet::open("log", ROOM, unpaced, write)
    }

    /// The line that `told` is worth, if it is an edge and its kind was not said
    /// too often; or the sum of what was not said.
    pub(super) fn line(&mut self, told: &Told) -> Option<String> {
        let line = self.edge(told);
        match told {
            Told::Slot(slot) if slot.t_us >= self.minute_us => {
                self.minute_us = slot.t_us + MINUTE_US;
                let sum = self.sum();
                self.counts = Default::default();
                return sum.or(line);
            }
            _ => {}
        }
        let kind = match told {
            Told::Fault(..) => 0,
            Told::Lost(..) => 1,
            Told::Disturbed => 2,
            Told::Armed => 3,
            _ => return line,
        };
        let said: u32 = self.counts.iter().map(|(said, _)| said).sum();
        let (own, untold) = &mut self.counts[kind];
        let is_told = *own == 0 || said < MOST;
        let count = if is_told { own } else { untold };
        *count += u32::from(line.is_some());
        line.filter(|_| is_told)
    }

    /// What was not said of late, in one line.
    pub(super) fn sum(&self) -> Option<String> {
        let untold = self
            .counts
            .iter()
            .zip(TROUBLES)
            .filter(|((_, n), _)| *n > 0);
        let untold: Vec<_> = untold
            .map(|((_, n), kind)| format!("{kind} {n} times"))
            .collect();
        (!untold.is_empty()).then(|| format!("not told one by one: {}", untold.join("; ")))
    }

    /// How the board is lost at the moment.
    pub(super) fn lost(&self, loss: Loss<BusError>, board: &BoardPlan) -> String {
        let why = self.which.explain(loss, board);
        format!("the board is lost; trying again: {why}")
    }

    /// The line that `told` is worth, if it is an edge.
    fn edge(&mut self, told: &Told) -> Option<String> {
        match told {
            Told::Fault(error, board) => {
                // Said when it first differs: a loose wire makes one line, not
                // fifty a second. The tally counts the rest.
                let news = self.fault != Some(*error) && !self.lost;
                self.fault = Some(*error);
                news.then(|| format!("a transfer failed: {}", self.which.explain(*error, board)))
            }
            Told::Lost(loss, board) => {
                let news = !std::mem::replace(&mut self.lost, true);
                news.then(|| self.lost(*loss, board))
            }
            Told::Disturbed => {
                let news = !std::mem::replace(&mut self.disturbed, true);
                news.then(|| {
                    "the board does not hold what was written: its supply sagged, or another \
                     program wrote to it; starting it anew"
                        .to_owned()
                })
            }
            // Behind an `Armed` that was dropped.
            Told::Slot(slot) if slot.good && self.lost => self.edge(&Told::Armed),
            Told::Slot(slot) => {
                self.disturbed &= !slot.good;
                let said = self.scene.as_mut().filter(|said| **said != slot.scene)?;
                *said = slot.scene;
                Some(slot.scene.to_owned())
            }
            Told::Armed => {
                self.fault = None;
                std::mem::take(&mut self.lost).then(|| "the board is back".to_owned())
            }
            Told::Read => Some("the calibration was read again".to_owned()),
            Told::Refused(why) => Some(format!(
                "the calibration has faults; the old one goes on:\n{why}"
            )),
            Told::Words(words) | Told::Shut(words) => Some(words.clone()),
            Told::Stopping | Told::Reading => None,
        }
    }
}
