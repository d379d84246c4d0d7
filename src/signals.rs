//! Signals, as flags that the loop reads between frames.

use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2};
use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What signals have asked for so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    stop: Arc<AtomicBool>,
    hangup: Arc<AtomicBool>,
    pause: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
}

impl Signals {
    /// Catches what ends a program or asks it to read its files again. What was
    /// ignored when the program started, as `nohup` does, stays ignored.
    pub(crate) fn catch() -> io::Result<Self> {
        let signals = Self::default();
        let ignored = ignored();
        let register = |signal: i32, flag: &Arc<AtomicBool>| {
            if ignored & 1 << (signal - 1) == 0 {
                signal_hook::flag::register(signal, Arc::clone(flag))?;
            }
            io::Result::Ok(())
        };
        for signal in [SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM] {
            register(signal, &signals.stop)?;
        }
        register(SIGHUP, &signals.hangup)?;
        register(SIGTSTP, &signals.pause)?;
        Ok(signals)
    }

    /// Asks for a stop, as a signal does.
    pub(crate) fn ask_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Asks for the files to be read again.
    pub(crate) fn ask_reload(&self) {
        self.reload.store(true, Ordering::Relaxed);
    }

    /// Whether that was asked for since the last call.
    pub(crate) fn take_reload(&self) -> bool {
        take(&self.reload)
    }

    /// Asks for a pause, as Ctrl-Z does.
    pub(crate) fn ask_pause(&self) {
        self.pause.store(true, Ordering::Relaxed);
    }

    /// Whether the process is to be stopped for a while.
    pub(crate) fn pause_asked(&self) -> bool {
        self.pause.load(Ordering::Relaxed)
    }

    /// That was done.
    pub(crate) fn take_pause(&self) {
        take(&self.pause);
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

/// The signals that this process ignores, a bit each from SIGHUP on.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
