//! `--trace`: the pulses that the board emits, as CSV.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tentacle_hat::board::virtual_chip::{Chip, Emitted};
use tentacle_hat::calibration::Rig;

/// A CSV file: `time_us` and the servos in file order.
#[derive(Debug)]
pub(crate) struct Trace {
    file: BufWriter<File>,
    channels: Vec<u8>,
}

impl Trace {
    pub(crate) fn create(path: &Path, rig: &Rig) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        write!(file, "time_us")?;
        for servo in 0..rig.servos().len() {
            write!(file, ",{}", rig.servo_name(servo))?;
        }
        writeln!(file)?;
        let channels = rig.servos().iter().map(|servo| servo.channel).collect();
        Ok(Self { file, channels })
    }

    /// A row: what the outputs emit in the slot that began at `t_us`.
    pub(crate) fn row(&mut self, t_us: u64, chip: &Chip) -> io::Result<()> {
        write!(self.file, "{t_us}")?;
        for &channel in &self.channels {
            match chip.emitted(channel.into()) {
                Emitted::Pulse(us) => write!(self.file, ",{us:.2}")?,
                Emitted::Limp => write!(self.file, ",")?,
                Emitted::High => write!(self.file, ",high")?,
            }
        }
        writeln!(self.file)
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.file.flush()
    }
}
