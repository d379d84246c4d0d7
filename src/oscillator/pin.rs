//! Rising edges at one of the Pi's own pins, stamped by the kernel. Only this
//! file knows rppal's interrupts.

use crate::failure::{Exit, Failure};
use rppal::gpio::{Error, Gpio, InputPin, Trigger};
use std::time::Duration;

/// A pin that listens.
pub(crate) struct Pin(InputPin);

impl Pin {
    pub(crate) fn listen(number: u8) -> Result<Self, Failure> {
        let explain = |error: Error| explain(number, &error);
        let gpio = Gpio::new().map_err(explain)?;
        // Held down, so that a jumper that is not there is silence.
        let mut pin = gpio.get(number).map_err(explain)?.into_input_pulldown();
        pin.set_interrupt(Trigger::RisingEdge, None)
            .map_err(explain)?;
        Ok(Self(pin))
    }

    /// The next edge's time, ns since the start of the machine, or `None` if
    /// none comes within `wait`.
    pub(crate) fn edge(&mut self, wait: Duration) -> Result<Option<u64>, Failure> {
        let number = self.0.pin();
        let event = self.0.poll_interrupt(false, Some(wait));
        let event = event.map_err(|error| explain(number, &error))?;
        Ok(event.map(|event| event.timestamp.as_nanos() as u64))
    }
}

fn explain(pin: u8, error: &Error) -> Failure {
    let (exit, remedy) = match error {
        Error::UnknownModel => (
            Exit::Other,
            "only a Raspberry Pi has such pins; measure with an oscilloscope and \
             --measured-us instead",
        ),
        Error::PermissionDenied(_) => (
            Exit::Permission,
            "join the group with `sudo usermod -aG gpio $USER` and log in again",
        ),
        Error::PinNotAvailable(_) | Error::PinUsed(_) => {
            (Exit::Other, "choose another pin with --gpio")
        }
        _ => (
            Exit::Other,
            "another program may hold the pin: `gpioinfo` tells who",
        ),
    };
    Failure {
        exit,
        message: format!("GPIO {pin}: {error}; {remedy}"),
    }
}
