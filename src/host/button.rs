//! The hat's push button, from a pin of the Pi to ground; or one of the virtual
//! board, which is pressed on schedule.

use super::Machine;
use super::faults::Schedule;
use super::input::{LOOK_EVERY_US, Pin, watch};
use super::press::{Contact, Press};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    _pin: Pin,
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
        let told = |why: &dyn std::fmt::Display| {
            format!("the hat goes on without its button on GPIO {gpio}: {why}")
        };
        let pin = Pin::open(gpio, true).map_err(|why| told(&why))?;
        let presses = Arc::new(Presses::default());
        let (mut contact, is_high) = (Contact::new(0), pin.is_high());
        let look = move |presses: &Presses, now_us| {
            if let Some(is_high) = is_high() {
                presses.note(contact.see(!is_high, now_us));
            }
        };
        watch("button", &presses, look).map_err(|error| told(&error))?;
        Ok(Self {
            gpio,
            presses,
            _pin: pin,
        })
    }
}

impl Presses {
    fn note(&self, press: Option<Press>) {
        match press {
            Some(Press::Short) => self.short.store(true, Ordering::Relaxed),
            Some(Press::Long) => self.long.store(true, Ordering::Relaxed),
            None => {}
        }
    }

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
    use std::thread;
    use std::time::Duration;

    #[test]
    fn the_thread_hands_over_a_press_and_ends_when_nobody_wants_it() {
        // By looks, not by time: a machine may be slow.
        let mut looks = 0;
        let alive = Arc::new(());
        let held = Arc::downgrade(&alive);
        let presses = Arc::new(Presses::default());
        let mut contact = Contact::new(0);
        let look = move |presses: &Presses, now_us| {
            let _ = &alive;
            looks += 1;
            presses.note(contact.see((10..20).contains(&looks), now_us));
        };
        watch("test", &presses, look).unwrap();
        while presses.take().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        drop(presses);
        while held.strong_count() > 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
}
