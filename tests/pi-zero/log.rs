//! The board's log, a line for each event: the board writes it, the checks read
//! it.
//!
//! ```text
//! MICROSECONDS transfer ADDRESS WRITTEN READ ERRNO | EMITTED
//! MICROSECONDS told WORDS | EMITTED
//! ```
//! Emitted is what the sixteen outputs did until then: a pulse in µs, `H` for
//! constantly high, `-` for limp. Bytes are in hex, `-` for none.
#![allow(dead_code, unreachable_pub)]

use anyhow::{Context, Result, bail};
use std::fmt;
use std::str::FromStr;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::calibration::CHANNELS;

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Monotonic, since the machine started.
    pub(crate) t_us: u64,
    pub(crate) event: Event,
    pub(crate) emitted: [Emitted; CHANNELS],
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Transfer {
        address: u8,
        written: Vec<u8>,
        read: Vec<u8>,
        /// 0 if it went well.
        errno: i32,
    },
    /// A command of the test's, carried out.
    Told(String),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.t_us)?;
        match &self.event {
            Event::Transfer {
                address,
                written,
                read,
                errno,
            } => write!(
                f,
                "transfer {address:02x} {} {} {errno}",
                to_hex(written),
                to_hex(read)
            )?,
            Event::Told(words) => write!(f, "told {words}")?,
        }
        write!(f, " |")?;
        for emitted in &self.emitted {
            match emitted {
                Emitted::Limp => write!(f, " -")?,
                Emitted::High => write!(f, " H")?,
                Emitted::Pulse(us) => write!(f, " {us:.2}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Entry {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let (event, outputs) = line.split_once(" | ").context("no outputs")?;
        let (t_us, event) = event.split_once(' ').context("no event")?;
        let event = match event.split_once(' ') {
            Some(("told", words)) => Event::Told(words.to_owned()),
            Some(("transfer", transfer)) => {
                let words: Vec<_> = transfer.split(' ').collect();
                let [address, written, read, errno] = words[..] else {
                    bail!("a transfer has four words");
                };
                Event::Transfer {
                    address: u8::from_str_radix(address, 16)?,
                    written: from_hex(written)?,
                    read: from_hex(read)?,
                    errno: errno.parse()?,
                }
            }
            _ => bail!("an event of no kind"),
        };
        let mut emitted = [Emitted::Limp; CHANNELS];
        for (emitted, word) in emitted.iter_mut().zip(outputs.split(' ')) {
            *emitted = match word {
                "-" => Emitted::Limp,
                "H" => Emitted::High,
                us => Emitted::Pulse(us.parse()?),
            };
        }
        Ok(Self {
            t_us: t_us.parse()?,
            event,
            emitted,
        })
    }
}

fn to_hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from hex digits, `-` for none.
pub(crate) fn from_hex(digits: &str) -> Result<Vec<u8>> {
    let digits = digits.trim_matches('-');
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2).unwrap_or(""), 16);
    (0..digits.len())
        .step_by(2)
        .map(|at| byte(at).with_context(|| format!("{digits:?} is no hex")))
        .collect()
}
