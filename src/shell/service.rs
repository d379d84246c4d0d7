//! systemd's side: ready, status, watchdog. Each message opens a socket, so
//! there is at most one a second but for edges.

use sd_notify::{NotifyState, notify};
use tentacle_hat::drive::Slot;

/// How often a service says that it is alive, µs.
const FEED_EVERY_US: u64 = 1_000_000;
/// How often the status is brought up to date without an edge, µs.
const STATUS_EVERY_US: u64 = 10_000_000;

/// What systemd was last told.
#[derive(Debug)]
pub(crate) struct Service {
    ready: bool,
    /// When the watchdog wants the next word.
    feed_us: u64,
    /// When the status is due.
    status_us: u64,
}

impl Service {
    /// The service manager that started this program, if one did.
    pub(crate) fn find() -> Option<Self> {
        std::env::var_os("NOTIFY_SOCKET")?;
        Some(Self {
            ready: false,
            feed_us: 0,
            status_us: 0,
        })
    }

    /// A slot is over.
    pub(crate) fn slot(&mut self, slot: &Slot) {
        let now_us = slot.t_us;
        if slot.good && !self.ready {
            self.ready = true;
            say(&[NotifyState::Ready]);
        }
        if slot.good {
            self.feed(now_us);
        }
        if now_us >= self.status_us {
            self.status_us = now_us + STATUS_EVERY_US;
            let status = format!("{}: {}", slot.scene, slot.tally);
            say(&[NotifyState::Status(&status)]);
        }
    }

    /// Good slots feed the watchdog, and so does each deliberate attempt to
    /// recover: a hat that waits for its board is not one that hangs.
    pub(crate) fn feed(&mut self, now_us: u64) {
        if now_us >= self.feed_us {
            self.feed_us = now_us + FEED_EVERY_US;
            say(&[NotifyState::Watchdog]);
        }
    }

    /// Something changed that the status should tell, for as long as it would
    /// otherwise be left alone.
    pub(crate) fn edge(&mut self, now_us: u64, status: &str) {
        self.status_us = now_us + STATUS_EVERY_US;
        say(&[NotifyState::Status(status)]);
    }

    /// The files are about to be read again.
    pub(crate) fn reloading(&mut self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => say(&[NotifyState::Reloading, now]),
            Err(_) => say(&[NotifyState::Reloading]),
        }
    }
}

/// Tells the service manager.
pub(super) fn say(states: &[NotifyState<'_>]) {
    // A service manager that does not listen is no reason to stop the hat.
    let _ = notify(states);
}
