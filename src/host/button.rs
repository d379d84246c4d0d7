//! The hat's push button, from a pin of the Pi to ground; or one of the virtual
//! board, which is pressed on schedule.
//!
//! No machine without the pins can prove that a pin is read; the README says so.

use super::Machine;
use super::faults::Schedule;
use super::press::{Contact, Press};
use super::time::Time;
use rppal::gpio::{Error, Gpio, InputPin};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// How often the contact is looked at, µs.
const LOOK_EVERY_US: u64 = 10_000;

/// Whoever is asked for presses.
#[derive(Debug)]
pub(crate) enum Button {
    /// At a pin of the Pi, where the files name one.
    Pin(Option<Watched>),
    /// Pressed on schedule: its contact, and when that was looked at last.
    Virtual(Rc<Schedule>, Contact, u64),
}

/// A pin that a thread looks at, until this is dropped.
#[derive(Debug)]
pub(crate) struct Watched {
    gpio: u8,
    presses: Arc<Presses>,
}

/// What the thread saw, until it is taken.
#[derive(Debug, Default)]
struct Presses {
    short: AtomicBool,
    long: AtomicBool,
}

impl Button {
    /// A machine's button, which is at no pin yet.
    pub(crate) fn of(machine: &Machine) -> Self {
        match machine.is_virtual() {
            true => Self::Virtual(Rc::clone(&machine.faults), Contact::new(0), 0),
            false => Self::Pin(None),
        }
    }

    /// Goes over to another pin, or to none.
    ///
    /// # Errors
    /// Why the pin cannot be read, and what to do about it; there is no button then.
    pub(crate) fn change(&mut self, gpio: Option<u8>) -> Result<(), String> {
        let Self::Pin(watched) = self else {
            return Ok(());
        };
        if watched.as_ref().map(|watched| watched.gpio) != gpio {
            // Let go first.
            *watched = None;
            *watched = gpio.map(Watched::open).transpose()?;
        }
        Ok(())
    }

    /// A press that nobody has taken yet, up to `t_us`.
    pub(crate) fn press(&mut self, t_us: u64) -> Option<Press> {
        match self {
            Self::Pin(watched) => watched.as_ref()?.presses.take(),
            Self::Virtual(schedule, contact, seen_us) => {
                let mut press = None;
                while press.is_none() && *seen_us + LOOK_EVERY_US <= t_us {
                    *seen_us += LOOK_EVERY_US;
                    press = contact.see(schedule.presses(*seen_us), *seen_us);
                }
                press
            }
        }
    }
}

impl Watched {
    fn open(gpio: u8) -> Result<Self, String> {
        // Here, and not on the thread: rppal sets a pin up under a lock that is waited
        // for by spinning, which beside a FIFO thread that wants OE would never end.
        let pin = pull_up(gpio).map_err(|error| {
            let remedy = match error {
                Error::UnknownModel => "only a Raspberry Pi has such pins",
                Error::PermissionDenied(_) => {
                    "join the group with `sudo usermod -aG gpio $USER` and log in again"
                }
                _ => "`ls -l /dev/gpiomem` shows whether the pins are there; a reload tries again",
            };
            told(gpio, &format_args!("{error}; {remedy}"))
        })?;
        let presses = watch(move || pin.is_low()).map_err(|error| told(gpio, &error))?;
        Ok(Self { gpio, presses })
    }
}

fn told(gpio: u8, why: &dyn std::fmt::Display) -> String {
    format!("the hat goes on without its button on GPIO {gpio}: {why}")
}

fn pull_up(gpio: u8) -> Result<InputPin, Error> {
    let mut pin = Gpio::new()?.get(gpio)?.into_input_pullup();
    // As above: the thread must not set a pin up where it ends either. An input that is
    // pulled up does no harm.
    pin.set_reset_on_drop(false);
    Ok(pin)
}

/// Looks at a contact on a thread of its own, for as long as somebody wants to know.
fn watch(mut is_closed: impl FnMut() -> bool + Send + 'static) -> io::Result<Arc<Presses>> {
    let presses = Arc::new(Presses::default());
    let wanted = Arc::downgrade(&presses);
    let look = move || {
        let mut time = Time::start(false);
        let mut contact = Contact::new(0);
        while let Some(presses) = wanted.upgrade() {
            let now_us = time.now_us();
            match contact.see(is_closed(), now_us) {
                Some(Press::Short) => presses.short.store(true, Ordering::Relaxed),
                Some(Press::Long) => presses.long.store(true, Ordering::Relaxed),
                None => {}
            }
            drop(presses);
            time.sleep_until(now_us + LOOK_EVERY_US);
        }
    };
    thread::Builder::new().name("button".into()).spawn(look)?;
    Ok(presses)
}

impl Presses {
    fn take(&self) -> Option<Press> {
        if self.short.swap(false, Ordering::Relaxed) {
            return Some(Press::Short);
        }
        self.long
            .swap(false, Ordering::Relaxed)
            .then_some(Press::Long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_thread_hands_over_a_press_and_ends_when_nobody_wants_it() {
        // By looks, not by time: a machine may be slow.
        let mut looks = 0;
        let alive = Arc::new(());
        let held = Arc::downgrade(&alive);
        let presses = watch(move || {
            let _ = &alive;
            looks += 1;
            (10..20).contains(&looks)
        });
        let presses = presses.unwrap();
        while presses.take().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        drop(presses);
        while held.strong_count() > 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
}
