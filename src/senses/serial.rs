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
/// A loose wire makes two lines in so long, and where it goes on, in longer and longer: a
/// card is soon full.
const PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// Serial ports by their devices' majors (Linux, admin-guide/devices.txt): ttyS, PL011 and
/// its like, USB adapters, and pseudo-terminals. To open whatever else is not harmless: a
/// watchdog would start.
const PORTS: [u32; 4] = [4, 166, 188, 204];
const PSEUDO: std::ops::RangeInclusive<u32> = 136..=143;

/// How a port does.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// What is wrong with that port and what to do about it, if anything is.
    fn trouble(self, tty: &str) -> Option<String> {
        let is_pis_own = ["/dev/serial0", "/dev/serial1", "/dev/ttyAMA", "/dev/ttyS"]
            .iter()
            .any(|own| tty.starts_with(own));
        let error = match (self, is_pis_own) {
            (Self::Well, _) => return None,
            (Self::Silent, own) => {
                let pin = if own {
                    "the Pi's RX (pin 10)"
                } else {
                    "the adapter's RX"
                };
                return Some(format!(
                    "nothing comes from it: is the radar's 5 V there, and its TX wired to {pin}?"
                ));
            }
            (Self::Garbled, own) => {
                let console = match own {
                    true => {
                        ", and no console use the port (`sudo raspi-config nonint do_serial_cons 1`)"
                    }
                    false => "",
                };
                return Some(format!(
                    "what comes from it are no frames of an LD2450: it must send at {BAUD} baud{console}"
                ));
            }
            (Self::Shut(error), _) => error,
        };
        let remedy = match (error, is_pis_own) {
            (Errno::NOENT, true) => {
                "turn the port on with `sudo raspi-config nonint do_serial_hw 0` and restart the \
                 Pi, or correct `tty` in servos.toml"
            }
            (Errno::NOENT, false) => {
                "is its adapter plugged in? Or correct `tty` in servos.toml: `ls /dev/tty*`"
            }
            (Errno::ACCESS, _) => {
                "join the group with `sudo usermod -aG dialout $USER` and log in again"
            }
            (Errno::PERM, _) => {
                "the service may open the Pi's own ports, ttyUSB0 and 1, and ttyACM0 and 1"
            }
            (Errno::WOULDBLOCK | Errno::BUSY, _) => {
                return Some(
                    "another program reads from it, or another sense, by another name of the port"
                        .to_owned(),
                );
            }
            (Errno::NOTTY | Errno::INVAL, _) => {
                "it is no serial port: correct `tty` in servos.toml"
            }
            _ => "is it still plugged in?",
        };
        Some(format!("{}; {remedy}", io::Error::from(error)))
    }

    /// Whether who was told of the one knows the other: what is unplugged is not there
    /// either.
    fn is_as(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::Shut(_), Self::Shut(_)))
    }
}

/// What was told of a port's health, and when trouble was told last.
struct Doctor {
    tty: String,
    told: Option<Health>,
    troubled: Option<Instant>,
    /// So long trouble is not told again.
    pause: Duration,
}

impl Doctor {
    fn see(&mut self, health: Health, news: &Inlet<News>) {
        if self.told.is_some_and(|told| told.is_as(health)) {
            return;
        }
        let passed = self.troubled.map(|at| at.elapsed());
        match health.trouble(&self.tty) {
            None => news.leave(News::Well {
                again: self.told.is_some(),
            }),
            Some(_) if passed.is_some_and(|passed| passed < self.pause) => return,
            Some(why) => {
                // The more often, the less news it is.
                self.pause = match passed {
                    Some(passed) if passed < 2 * self.pause => (2 * self.pause).min(LONGEST_PAUSE),
                    _ => PAUSE,
                };
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
        let mut doctor = Doctor {
            tty: tty.clone(),
            told: None,
            troubled: None,
            pause: PAUSE,
        };
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
fn open_port(tty: &str) -> Result<OwnedFd, Errno> {
    let major = rustix::fs::major(rustix::fs::stat(tty)?.st_rdev);
    if !PORTS.contains(&major) && !PSEUDO.contains(&major) {
        return Err(Errno::NOTTY);
    }
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
