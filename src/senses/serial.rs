//! A serial port, opened again and again until something sensible comes from it.

use super::{News, Radar};
use crate::inlet::Inlet;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::{Errno, read};
use rustix::termios::{ControlModes, OptionalActions, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};
use tentacle_hat::calibration::SensePlan;

/// The radar's own rate, 8N1 (HLK-LD2450, serial port communication protocol 1.03).
const BAUD: u32 = 256_000;
/// So long nothing comes from a radar that works: it sends ten frames a second, also of
/// nobody.
const SILENT: Duration = Duration::from_secs(2);
/// How often a port that failed is tried.
const RETRY: Duration = Duration::from_secs(1);
/// A loose wire makes a line in so long, and not ten a second.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// How a port does.
#[derive(Clone, Debug, PartialEq)]
enum Health {
    /// Frames come.
    Well,
    /// It cannot be opened, or broke off.
    Shut(Errno),
    /// Nothing comes from it.
    Silent,
    /// What comes is no frame.
    Garbled,
}

impl Health {
    /// What is wrong and what to do about it, if anything is.
    fn trouble(&self) -> Option<String> {
        let error = match *self {
            Self::Well => return None,
            Self::Silent => {
                return Some(
                    "nothing comes from it: is the radar's 5 V there, and its TX wired to the Pi's \
                     RX (pin 10)?"
                        .to_owned(),
                );
            }
            Self::Garbled => {
                return Some(format!(
                    "what comes from it are no frames of an LD2450: it must send at {BAUD} baud, and \
                     no console use the port (`sudo raspi-config nonint do_serial_cons 1`)"
                ));
            }
            Self::Shut(error) => error,
        };
        let remedy = match error {
            Errno::NOENT => {
                "turn the port on with `sudo raspi-config nonint do_serial_hw 0` and restart the \
                 Pi, or correct `tty` in servos.toml"
            }
            Errno::ACCESS | Errno::PERM => {
                "join the group with `sudo usermod -aG dialout $USER` and log in again"
            }
            Errno::WOULDBLOCK | Errno::BUSY => {
                return Some(
                    "another program reads from it, or another sense, by another name of the port"
                        .to_owned(),
                );
            }
            Errno::NOTTY | Errno::INVAL => "it is no serial port: correct `tty` in servos.toml",
            _ => "is it still plugged in?",
        };
        Some(format!("{}; {remedy}", io::Error::from(error)))
    }
}

/// What was told of a port's health, and when trouble was told last.
#[derive(Default)]
struct Doctor {
    told: Option<Health>,
    troubled: Option<Instant>,
}

impl Doctor {
    fn see(&mut self, health: Health, news: &Inlet<News>) {
        if self.told.as_ref() == Some(&health) {
            return;
        }
        match health.trouble() {
            None => news.leave(News::Well {
                again: self.told.is_some(),
            }),
            Some(_) if self.troubled.is_some_and(|at| at.elapsed() < TELL_EVERY) => return,
            Some(why) => {
                self.troubled = Some(Instant::now());
                news.leave(News::Trouble(why));
            }
        }
        self.told = Some(health);
    }
}

/// Listens to a radar on a thread of its own, for as long as somebody holds `news`.
///
/// # Errors
/// There can be no more threads.
pub(super) fn listen(plan: &SensePlan, tty: &str, news: &Arc<Inlet<News>>) -> io::Result<()> {
    let wanted = Arc::downgrade(news);
    let thread = thread::Builder::new().name(plan.name.to_string());
    let (plan, tty) = (plan.clone(), tty.to_owned());
    let work = move || {
        let mut doctor = Doctor::default();
        // Whoever had the port before may hold it for a moment yet.
        let mut is_first = true;
        while wanted.strong_count() > 0 {
            let error = match open_port(&tty) {
                Ok(port) => follow(&port, &plan, &wanted, &mut doctor),
                Err(error) => error,
            };
            let was_first = std::mem::take(&mut is_first);
            if let Some(news) = wanted.upgrade()
                && !(was_first && error == Errno::WOULDBLOCK)
            {
                doctor.see(Health::Shut(error), &news);
            }
            thread::sleep(RETRY);
        }
    };
    thread.spawn(work)?;
    Ok(())
}

/// Raw, at the radar's rate, and nobody else's.
pub(crate) fn open_port(tty: &str) -> Result<OwnedFd, Errno> {
    // Without waiting for a modem's carrier, and not as this process's terminal.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let port = open(tty, flags, Mode::empty())?;
    flock(&port, FlockOperation::NonBlockingLockExclusive)?;
    let mut ways = tcgetattr(&port)?;
    ways.make_raw();
    // Nobody wired a carrier.
    ways.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    ways.set_speed(BAUD)?;
    tcsetattr(&port, OptionalActions::Flush, &ways)?;
    Ok(port)
}

/// Hears what comes until the port fails, or nobody wants to know.
fn follow(
    port: &OwnedFd,
    plan: &SensePlan,
    wanted: &Weak<Inlet<News>>,
    doctor: &mut Doctor,
) -> Errno {
    let mut radar = Radar::new(plan);
    let since = Instant::now();
    let (mut heard, mut understood) = (since, since);
    let mut bytes = [0; 512];
    loop {
        let look = Timespec {
            tv_sec: 0,
            tv_nsec: 200_000_000,
        };
        let mut ready = [PollFd::new(port, PollFlags::IN)];
        let polled = poll(&mut ready, Some(&look));
        let Some(news) = wanted.upgrade() else {
            return Errno::INTR;
        };
        let read = match polled {
            Ok(0) | Err(Errno::INTR) => Err(Errno::WOULDBLOCK),
            Ok(_) => read(port, &mut bytes),
            Err(error) => Err(error),
        };
        match read {
            Ok(0) => return Errno::IO,
            Ok(count) => {
                heard = Instant::now();
                let before = radar.frames();
                let now_us = since.elapsed().as_micros() as u64;
                radar.hear(&bytes[..count], now_us, &mut |said| news.leave(said));
                if radar.frames() > before {
                    understood = heard;
                    doctor.see(Health::Well, &news);
                }
            }
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return error,
        }
        if understood.elapsed() > SILENT {
            let silent = heard.elapsed() > SILENT;
            let health = if silent {
                Health::Silent
            } else {
                Health::Garbled
            };
            doctor.see(health, &news);
        }
    }
}
