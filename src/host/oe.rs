//! The board's OE pin, where one is wired: low lets the pulses out.
//!
//! No machine without the pins can prove this file; the README says so.

use rppal::gpio::{Error, Gpio, IoPin, Mode};

/// OE held low; dropping it lets the pin float, and the board's pull-up shuts
/// the outputs.
#[derive(Debug)]
pub(crate) struct OutputsOn(IoPin);

impl OutputsOn {
    /// Pulls the BCM pin low.
    pub(crate) fn new(pin: u8) -> Result<Self, Error> {
        let mut oe = floating(pin)?;
        oe.set_low();
        oe.set_mode(Mode::Output);
        Ok(Self(oe))
    }
}

impl Drop for OutputsOn {
    fn drop(&mut self) {
        self.0.set_mode(Mode::Input);
    }
}

/// Lets the BCM pin float, whoever drove it before.
pub(crate) fn release(pin: u8) -> Result<(), Error> {
    floating(pin).map(drop)
}

fn floating(pin: u8) -> Result<IoPin, Error> {
    let mut oe = Gpio::new()?.get(pin)?.into_io(Mode::Input);
    // rppal would restore the mode that it found, which after a SIGKILL is the
    // output that a previous process left.
    oe.set_reset_on_drop(false);
    Ok(oe)
}
