//! What other threads leave for the frame thread, which waits for none of them: where
//! one is just leaving something, it looks again a slot later.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// More keys in a slot than fingers; and of a sense what it said in half a second, so that
/// a hat that was stopped does not go on with what was long ago.
const ROOM: usize = 16;

/// A bounded queue; where there is no room the oldest goes.
#[derive(Debug)]
pub(crate) struct Inlet<T> {
    things: Mutex<VecDeque<T>>,
    any: AtomicBool,
}

impl<T> Default for Inlet<T> {
    fn default() -> Self {
        Self {
            things: Mutex::default(),
            any: AtomicBool::default(),
        }
    }
}

impl<T> Inlet<T> {
    /// Leaves a thing.
    pub(crate) fn leave(&self, thing: T) {
        let mut things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        if things.len() == ROOM {
            things.pop_front();
        }
        things.push_back(thing);
        self.any.store(true, Ordering::Relaxed);
    }

    /// The first that is there.
    pub(crate) fn next(&self) -> Option<T> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let mut things = self.things.try_lock().ok()?;
        let thing = things.pop_front();
        self.any.store(!things.is_empty(), Ordering::Relaxed);
        thing
    }
}
