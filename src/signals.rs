//! Signals, as flags that the loop reads between frames.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What signals have asked for so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    stop: Arc<AtomicBool>,
    hangup: Arc<AtomicBool>,
}

impl Signals {
    /// Catches SIGINT, SIGTERM and SIGHUP.
    pub(crate) fn catch() -> io::Result<Self> {
        let signals = Self::default();
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&signals.stop))?;
        }
        signal_hook::flag::register(SIGHUP, Arc::clone(&signals.hangup))?;
        Ok(signals)
    }

    /// Asks for a stop, as a signal does.
    pub(crate) fn ask_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for since the last call.
    pub(crate) fn take_stop(&self) -> bool {
        take(&self.stop)
    }

    /// Whether the terminal hung up, or a service was asked to reload, since
    /// the last call.
    pub(crate) fn take_hangup(&self) -> bool {
        take(&self.hangup)
    }
}

fn take(flag: &AtomicBool) -> bool {
    // The load alone is what nearly every frame costs.
    flag.load(Ordering::Relaxed) && flag.swap(false, Ordering::Relaxed)
}
