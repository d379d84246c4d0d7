//! `--record`: every cue that came in, and what else made the frames, as a cue sheet.

use super::output;
use crate::outlet::{Outlet, Things};
use crate::sheet::{Line, Made};
use anyhow::{Context, Result, bail};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;
use tentacle_hat::cue::Cue;
use tentacle_hat::drive::Slot;
use tentacle_hat::units::Timebase;

/// How each record begins.
const HEAD: &str = "# A record";
/// How many lines wait for a slow disk: many cues of a slot, for over a second.
const ROOM: usize = 256;
/// What a disk may take for the last of them.
const PATIENCE: Duration = Duration::from_secs(2);

/// A cue sheet that is being written.
#[derive(Debug)]
pub(super) struct Record {
    lines: Outlet<Line, io::Result<()>>,
    /// How the slot before went.
    before: Slot,
    armed: bool,
    stopped: bool,
    broken: bool,
}

impl Record {
    pub(super) fn create(path: &Path, made: Made, unpaced: bool) -> io::Result<Self> {
        let file = output::open(path, HEAD, "record")?;
        let write = move |lines: Things<Line>| {
            let mut t_us = 0;
            output::fill(file, lines, |file, lost, line| {
                if let Line::Cue(at_us, _) = line {
                    t_us = at_us;
                }
                if lost > 0 {
                    writeln!(
                        file,
                        "{}",
                        Line::Broken(t_us, "lines of this record are lost")
                    )?;
                }
                writeln!(file, "{line}")?;
                // A hat is switched off by its battery.
                file.flush()
            })
        };
        let mut record = Self {
            lines: Outlet::open("record", ROOM, unpaced, write)?,
            before: Slot::default(),
            armed: false,
            stopped: false,
            broken: false,
        };
        record.note(Line::Made(made));
        Ok(record)
    }

    /// The board was armed; of so many servos it emits what another process left.
    pub(super) fn armed(&mut self, taken_over: usize) {
        match (self.armed, taken_over) {
            (true, _) => self.breaks("the board was armed anew"),
            (false, 0) => {}
            (false, _) => self.breaks("the board was taken over from another process"),
        }
        self.armed = true;
    }

    /// The board is lost.
    pub(super) fn lost(&mut self) {
        if self.armed {
            self.breaks("the board was lost");
        }
    }

    /// A cue was taken.
    pub(super) fn cue(&mut self, cue: &Cue, t_us: u64) {
        if !self.armed {
            // Without a board it changed states only, and is no cue of the first slot.
            self.breaks("a cue came before the board was there");
        }
        self.note(Line::Cue(t_us, *cue));
    }

    /// A slot is over, perhaps on the way to rest.
    pub(super) fn slot(&mut self, slot: &Slot, timebase: &Timebase, stopping: bool) {
        self.lines.pass_on();
        if self.broken {
            return;
        }
        let (tally, before) = (slot.tally, self.before.tally);
        let late = tally.late - before.late;
        let from_us = match late {
            0 => slot.t_us,
            _ => timebase.slot_us(timebase.slot_from(slot.t_us) - late),
        };
        if before.frames == 0 {
            self.note(Line::Armed(from_us));
        }
        if late > 0 {
            self.note(Line::Late(from_us, slot.t_us));
        }
        if tally.skipped > before.skipped {
            self.breaks("a frame did not reach the board");
        }
        if stopping && !self.stopped {
            self.stopped = true;
            self.note(Line::Stopped(slot.t_us));
        }
        self.before = *slot;
    }

    /// Something befell the hat that a sheet cannot do again.
    pub(super) fn breaks(&mut self, why: &'static str) {
        if !self.broken {
            self.broken = true;
            self.note(Line::Broken(self.before.t_us, why));
        }
    }

    /// Writes out what is left.
    ///
    /// # Errors
    /// The first error since the start.
    pub(super) fn finish(self) -> Result<()> {
        let dropped = self.lines.dropped();
        match self.lines.close(PATIENCE) {
            Some(Ok(Ok(()))) if dropped > 0 => {
                bail!("the last {dropped} lines of the record are lost")
            }
            Some(Ok(written)) => written.context("the record could not be written"),
            _ => bail!("the record ends early: nobody takes its last lines"),
        }
    }

    fn note(&mut self, line: Line) {
        // A thread that ended early says why in the end.
        self.lines.offer(line);
    }
}
