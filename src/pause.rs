//! A process that is stopped (SIGTSTP, Ctrl-Z) and goes on later: never with servos
//! under power, nor with the terminal taken over.

use crate::screen;
use crate::signals::Signals;
use rustix::process::{Signal, getpid, kill_process};

/// Knows when the process may be stopped.
#[derive(Debug)]
pub(crate) struct Pause {
    signals: Signals,
    armed: bool,
}

impl Pause {
    pub(crate) fn new(signals: Signals) -> Self {
        Self {
            signals,
            armed: false,
        }
    }

    /// Whether the board must be relaxed, because the process is to be stopped;
    /// without an armed board, it is stopped here.
    pub(crate) fn wants_relaxing(&self) -> bool {
        if self.signals.pause_asked() && !self.armed {
            self.stop();
        }
        self.signals.pause_asked()
    }

    /// Hears that the board was armed; or relaxed, and then stops the process if
    /// that was asked for.
    pub(crate) fn hear(&mut self, armed: bool) {
        self.armed = armed;
        if !armed && self.signals.pause_asked() {
            self.stop();
        }
    }

    /// Returns once somebody lets the process go on.
    fn stop(&self) {
        screen::lend(|| {
            // A process may always stop itself.
            let _ = kill_process(getpid(), Signal::STOP);
        });
        self.signals.take_pause();
    }
}
