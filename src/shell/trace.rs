//! `--trace`: the pulses that the board emits, as CSV.

use anyhow::{Context, Result};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tentacle_hat::board::virtual_chip::{Chip, Emitted};
use tentacle_hat::calibration::{Channel, Rig};

/// A CSV file: `time_us` and the servos in file order, a row a slot.
#[derive(Debug)]
pub(crate) struct Trace {
    file: BufWriter<File>,
    channels: Vec<Channel>,
    /// The slot of the next row, and the first that has none.
    next: u64,
    end: u64,
    /// The first error; there are no rows after it.
    error: Option<io::Error>,
}

impl Trace {
    /// A trace of `seconds`, or without end.
    pub(crate) fn create(path: &Path, rig: &Rig, seconds: Option<u64>) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        write!(file, "time_us")?;
        for servo in 0..rig.servos().len() {
            write!(file, ",{}", rig.servo_name(servo))?;
        }
        writeln!(file)?;
        let rate = u64::from(rig.timebase().rate_hz());
        Ok(Self {
            file,
            channels: rig.servos().iter().map(|servo| servo.channel).collect(),
            next: 0,
            end: seconds.map_or(u64::MAX, |s| s * rate),
            error: None,
        })
    }

    /// The slot whose row is due next.
    pub(crate) fn next_row(&self) -> Option<u64> {
        (self.next < self.end && self.error.is_none()).then_some(self.next)
    }

    /// What the outputs emitted in the slot that began at `t_us`.
    pub(crate) fn row(&mut self, t_us: u64, chip: &Chip) {
        self.next += 1;
        if let Err(error) = self.write(t_us, chip) {
            self.error = Some(error);
        }
    }

    fn write(&mut self, t_us: u64, chip: &Chip) -> io::Result<()> {
        write!(self.file, "{t_us}")?;
        for &channel in &self.channels {
            match chip.emitted(channel) {
                Emitted::Pulse(us) => write!(self.file, ",{us:.2}")?,
                Emitted::Limp => write!(self.file, ",")?,
                Emitted::High => write!(self.file, ",high")?,
            }
        }
        writeln!(self.file)
    }

    /// Writes out what is left.
    ///
    /// # Errors
    /// The first error since the start.
    pub(crate) fn finish(mut self) -> Result<()> {
        let written = match self.error.take() {
            Some(error) => Err(error),
            None => self.file.flush(),
        };
        written.context("the trace could not be written")
    }
}
