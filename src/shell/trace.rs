//! `--trace`: the pulses that the board emits, as CSV.

use super::output;
use crate::outlet::{Outlet, Things};
use anyhow::{Context, Result, bail};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;
use tentacle_hat::board::virtual_chip::{Chip, Emitted};
use tentacle_hat::calibration::{CHANNELS, Channel, Rig};

/// How each trace begins.
const HEAD: &str = "time_us";
/// How many rows wait for a slow disk: over two seconds of them.
const ROOM: usize = 128;
/// What a disk may take for the last of them.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the outputs emitted in a slot, and when it began, µs.
type Row = (u64, [Emitted; CHANNELS]);

/// A CSV file: `time_us` and the servos in file order, a row a slot.
#[derive(Debug)]
pub(super) struct Trace {
    rows: Outlet<Row, io::Result<()>>,
    /// The slot of the next row, and the first that has none.
    next: u64,
    end: u64,
}

impl Trace {
    /// A trace of `seconds`, or without end.
    pub(super) fn create(
        path: &Path,
        rig: &Rig,
        seconds: Option<u64>,
        unpaced: bool,
    ) -> io::Result<Self> {
        let file = output::open(path, HEAD, "trace")?;
        let servos = rig.servos();
        let names = (0..servos.len()).map(|servo| format!(",{}", rig.servo_name(servo)));
        let header = names.collect::<String>();
        let channels: Vec<_> = servos.iter().map(|servo| servo.channel).collect();
        let rate = u64::from(rig.timebase().rate_hz());
        let mut header = Some(format!("{HEAD}{header}"));
        let write = move |rows: Things<Row>| {
            output::fill(file, rows, |file, lost, row| {
                if let Some(header) = header.take() {
                    writeln!(file, "{header}")?;
                }
                if lost > 0 {
                    writeln!(file, "# {lost} rows are lost here: nobody took them")?;
                }
                write_row(file, &channels, &row)
            })
        };
        Ok(Self {
            rows: Outlet::open("trace", ROOM, unpaced, write)?,
            next: 0,
            end: seconds.map_or(u64::MAX, |s| s * rate),
        })
    }

    /// The slot whose row is due next.
    pub(super) fn next_row(&self) -> Option<u64> {
        (self.next < self.end).then_some(self.next)
    }

    /// What the outputs emitted in the slot that began at `t_us`.
    pub(super) fn row(&mut self, t_us: u64, chip: &Chip) {
        self.next += 1;
        let mut outputs = [Emitted::Limp; CHANNELS];
        for (output, channel) in outputs.iter_mut().zip(Channel::all()) {
            *output = chip.emitted(channel);
        }
        // A thread that ended early says why in the end.
        self.rows.offer((t_us, outputs));
    }

    /// Writes out what is left.
    ///
    /// # Errors
    /// The first error since the start.
    pub(super) fn finish(self) -> Result<()> {
        let dropped = self.rows.dropped();
        match self.rows.close(PATIENCE) {
            Some(Ok(Ok(()))) if dropped > 0 => {
                bail!("the last {dropped} rows of the trace are lost")
            }
            Some(Ok(written)) => written.context("the trace could not be written"),
            _ => bail!("the trace ends early: nobody takes its last rows"),
        }
    }
}

fn write_row(file: &mut impl Write, channels: &[Channel], row: &Row) -> io::Result<()> {
    let (t_us, outputs) = row;
    write!(file, "{t_us}")?;
    for channel in channels {
        match outputs[channel.index()] {
            Emitted::Pulse(us) => write!(file, ",{us:.2}")?,
            Emitted::Limp => write!(file, ",")?,
            Emitted::High => write!(file, ",high")?,
        }
    }
    writeln!(file)
}
