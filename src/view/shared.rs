//! What the loop and the view's thread share.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tentacle_hat::calibration::Rig;

/// The most lines that are kept for afterwards.
pub(super) const LINES: usize = 100;

/// What both threads know.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// A hat that was read again, for the view to take.
    pub(super) rig: Mutex<Option<Rig>>,
    /// Lines for the user, to be printed once the terminal is back.
    pub(super) lines: Mutex<Vec<String>>,
    /// For tests: the next picture is to panic.
    pub(super) break_down: AtomicBool,
}

impl Shared {
    /// Keeps a line; what is said over and over is kept once, and of days of
    /// trouble the end.
    pub(super) fn say(&self, line: &str) {
        let mut lines = locked(&self.lines);
        if lines.last().is_none_or(|last| last != line) {
            if lines.len() == LINES {
                lines.remove(0);
            }
            lines.push(line.to_owned());
        }
    }
}

/// A lock that outlives a panic of the other thread.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
