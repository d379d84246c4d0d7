//! Input pins of the Pi, each looked at by a thread of its own.
//!
//! No machine without the pins can prove that one is read; the README says so.

use super::time::Time;
use rppal::gpio::{Error, Gpio, InputPin};
use std::io;
use std::sync::Arc;
use std::thread;

/// How often a pin is looked at, µs.
pub(super) const LOOK_EVERY_US: u64 = 10_000;

/// A pin that is read, until this is dropped: then it is free for another use at once,
/// although the thread that looks at it has yet to notice.
#[derive(Debug)]
pub(crate) struct Pin(Arc<InputPin>);

impl Pin {
    /// A pin that is pulled high, or low, where nothing drives it.
    ///
    /// Not for a thread: rppal sets a pin up under a lock that is waited for by spinning,
    /// which beside a FIFO thread that wants OE would never end.
    ///
    /// # Errors
    /// Why it cannot be read, and what to do about it.
    pub(crate) fn open(gpio: u8, pulled_high: bool) -> Result<Self, String> {
        let pin = Gpio::new().and_then(|gpios| gpios.get(gpio));
        let pin = pin.map_err(|error| {
            let remedy = match error {
                Error::UnknownModel => "only a Raspberry Pi has such pins",
                Error::PermissionDenied(_) => {
                    "join the group with `sudo usermod -aG gpio $USER` and log in again"
                }
                _ => "`ls -l /dev/gpiomem` shows whether the pins are there; a reload tries again",
            };
            format!("{error}; {remedy}")
        })?;
        let mut pin = match pulled_high {
            true => pin.into_input_pullup(),
            false => pin.into_input_pulldown(),
        };
        // As above: a thread must not set it up where it ends either. An input that is pulled
        // does no harm.
        pin.set_reset_on_drop(false);
        Ok(Self(Arc::new(pin)))
    }

    /// What tells whether it is high, for as long as it is read.
    pub(crate) fn is_high(&self) -> impl Fn() -> Option<bool> + Send + use<> {
        let pin = Arc::downgrade(&self.0);
        move || Some(pin.upgrade()?.is_high())
    }
}

/// Lets a thread `look` every so often, with its time in µs, for as long as somebody else
/// holds what it is to tell.
///
/// # Errors
/// There can be no more threads.
pub(crate) fn watch<T: Send + Sync + 'static>(
    name: &str,
    seen: &Arc<T>,
    mut look: impl FnMut(&T, u64) + Send + 'static,
) -> io::Result<()> {
    let wanted = Arc::downgrade(seen);
    let looks = move || {
        let mut time = Time::start(false);
        while let Some(seen) = wanted.upgrade() {
            let now_us = time.now_us();
            look(&seen, now_us);
            drop(seen);
            time.sleep_until(now_us + LOOK_EVERY_US);
        }
    };
    thread::Builder::new().name(name.into()).spawn(looks)?;
    Ok(())
}
