//! systemd's side: ready, status, watchdog. Each message opens a socket, so
//! there is at most one a second but for edges.

use super::log::Log;
use super::told::{ROOM, Told};
use crate::outlet::{Outlet, Things};
use sd_notify::{NotifyState, notify};
use std::io;
use std::time::{Duration, Instant};

/// How often a service says that it is alive.
const FEED_EVERY: Duration = Duration::from_secs(1);
/// How often the status is brought up to date without an edge.
const STATUS_EVERY: Duration = Duration::from_secs(10);

/// What systemd was last told, and when.
#[derive(Debug)]
pub(super) struct Service {
    log: Log,
    ready: bool,
    /// The files are read, and systemd waits for the end of that.
    reloading: bool,
    /// There was trouble, and no good slot since.
    trouble: bool,
    /// Why no pulse leaves the board, if OE is shut.
    shut: Option<String>,
    fed: Option<Instant>,
    status: Option<Instant>,
}

impl Service {
    /// The thread of the service manager's side of what that log says.
    ///
    /// # Errors
    /// There can be no more threads.
    pub(super) fn open(log: Log, unpaced: bool) -> io::Result<Outlet<Told, ()>> {
        let mut service = Self::new(log);
        let hear = move |told: Things<Told>| {
            told.for_each(|(lost, told)| service.hear(lost, &told));
        };
        Outlet::open("systemd", ROOM, unpaced, hear)
    }

    fn new(log: Log) -> Self {
        Self {
            log,
            ready: false,
            reloading: false,
            trouble: false,
            shut: None,
            fed: None,
            status: None,
        }
    }

    /// Whether a service manager started this program.
    pub(super) fn is_there() -> bool {
        std::env::var_os("NOTIFY_SOCKET").is_some()
    }

    /// Hears what happened, and how much before it was dropped.
    fn hear(&mut self, lost: u64, told: &Told) {
        if lost > 0 && self.reloading {
            // That it is over may be among it.
            self.reloaded();
        }
        match told {
            Told::Slot(slot) if slot.good => {
                if !std::mem::replace(&mut self.ready, true) {
                    say(&[NotifyState::Ready]);
                }
                self.feed();
            }
            // Each deliberate attempt to recover: a hat that waits for its board
            // is not one that hangs.
            Told::Lost(..) | Told::Disturbed => self.feed(),
            // A service that waits for its board is not ready after it either.
            Told::Reading if self.ready => {
                self.reloading = true;
                match NotifyState::monotonic_usec_now() {
                    Ok(now) => say(&[NotifyState::Reloading, now]),
                    Err(_) => say(&[NotifyState::Reloading]),
                }
            }
            Told::Read | Told::Refused(_) if self.reloading => self.reloaded(),
            Told::Stopping => say(&[NotifyState::Stopping]),
            Told::Armed => self.shut = None,
            Told::Shut(why) => self.shut = Some(why.clone()),
            _ => {}
        }
        let line = self.log.line(told);
        let status = match (told, line) {
            (Told::Refused(_), _) => {
                Some("the new calibration was refused; the old one goes on".to_owned())
            }
            // Trouble that is over is not told for longer than it must be; its sum is for the log.
            (Told::Slot(slot), _) => {
                let tells = is_due(self.status, STATUS_EVERY) || self.trouble && slot.good;
                let scene = self.shut.as_deref().unwrap_or(slot.scene);
                tells.then(|| format!("{scene}: {}", slot.tally))
            }
            (_, Some(line)) => Some(line),
            // Why it is lost may change, and is said in the log but once.
            (Told::Lost(loss, board), None) if is_due(self.status, FEED_EVERY) => {
                Some(self.log.lost(*loss, board))
            }
            _ => None,
        };
        match told {
            Told::Fault(..) | Told::Lost(..) | Told::Disturbed => self.trouble = true,
            Told::Slot(slot) => self.trouble &= !slot.good,
            _ => {}
        }
        if let Some(status) = status {
            self.status = Some(Instant::now());
            say(&[NotifyState::Status(&status)]);
        }
    }

    fn reloaded(&mut self) {
        self.reloading = false;
        say(&[NotifyState::Ready]);
    }

    fn feed(&mut self) {
        if is_due(self.fed, FEED_EVERY) {
            self.fed = Some(Instant::now());
            say(&[NotifyState::Watchdog]);
        }
    }
}

fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

fn say(states: &[NotifyState<'_>]) {
    // A service manager that does not listen is no reason to stop the hat.
    let _ = notify(states);
}
