//! Threads for whatever may block: whoever hands them something never waits.
//!
//! The channels of the standard library will not do. Where the other end was
//! preempted in the middle of a message they wait by yielding, and yielding never
//! lets an ordinary thread run beside one of FIFO priority on one core.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A thing, and how many before it were dropped because nobody took them.
pub(crate) type After<T> = (u64, T);

/// A thread behind a bounded queue.
#[derive(Debug)]
pub(crate) struct Outlet<T, R> {
    queue: Arc<Queue<T>>,
    /// What waits for a queue that is just being looked into.
    held: VecDeque<After<T>>,
    room: usize,
    /// Without pauses between frames, a thing may wait: nothing is lost.
    waits: bool,
    dropped: u64,
    thread: JoinHandle<R>,
}

#[derive(Debug)]
struct Queue<T> {
    /// The things, and whether one end is gone: there come, or are taken, no more.
    things: Mutex<(VecDeque<After<T>>, bool)>,
    changed: Condvar,
}

/// What a thread takes from its queue.
pub(crate) struct Things<T>(Arc<Queue<T>>);

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<After<T>>, bool)> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'q>(
        &self,
        things: MutexGuard<'q, (VecDeque<After<T>>, bool)>,
    ) -> MutexGuard<'q, (VecDeque<After<T>>, bool)> {
        let woken = self.changed.wait(things);
        woken.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Iterator for Things<T> {
    type Item = After<T>;

    fn next(&mut self) -> Option<After<T>> {
        let mut things = self.0.lock();
        loop {
            if let Some(thing) = things.0.pop_front() {
                self.0.changed.notify_all();
                return Some(thing);
            }
            if things.1 {
                return None;
            }
            things = self.0.wait(things);
        }
    }
}

impl<T> Drop for Things<T> {
    fn drop(&mut self) {
        self.0.lock().1 = true;
        self.0.changed.notify_all();
    }
}

impl<T: Send + 'static, R: Send + 'static> Outlet<T, R> {
    /// A thread that does `work` on a queue with room for so many things, which
    /// drops what is too much, or `waits`.
    ///
    /// # Errors
    /// There can be no more threads.
    pub(crate) fn open(
        name: &str,
        room: usize,
        waits: bool,
        work: impl FnOnce(Things<T>) -> R + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            things: Mutex::new((VecDeque::with_capacity(room), false)),
            changed: Condvar::new(),
        });
        let things = Things(Arc::clone(&queue));
        let thread = thread::Builder::new().name(name.into());
        Ok(Self {
            queue,
            held: VecDeque::with_capacity(room),
            room,
            waits,
            dropped: 0,
            thread: thread.spawn(move || work(things))?,
        })
    }

    /// Hands a thing over, or drops and counts it where there is no room; whether
    /// the thread still works.
    pub(crate) fn offer(&mut self, thing: T) -> bool {
        self.pass_on();
        if self.held.len() == self.room {
            self.dropped += 1;
        } else {
            let dropped = std::mem::take(&mut self.dropped);
            self.held.push_back((dropped, thing));
            self.pass_on();
        }
        !self.thread.is_finished()
    }

    /// Passes on what is held because its queue was just being looked into. Each
    /// thing offered does so too.
    pub(crate) fn pass_on(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let queue = &self.queue;
        let things = match self.waits {
            true => Some(queue.lock()),
            // It is looked into just now: next time.
            false => queue.things.try_lock().ok(),
        };
        if let Some(mut things) = things {
            while self.waits && things.0.len() >= self.room && !things.1 {
                things = queue.wait(things);
            }
            let room = self.room.saturating_sub(things.0.len());
            things
                .0
                .extend(self.held.drain(..room.min(self.held.len())));
            drop(things);
            queue.changed.notify_all();
        }
    }

    /// How many of the last things were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Lets the thread finish what is in its queue; `None` if that takes longer
    /// than `patience`, and nothing may wait. The thread then ends with the process.
    pub(crate) fn close(mut self, patience: Duration) -> Option<thread::Result<R>> {
        let mut things = self.queue.lock();
        things.0.append(&mut self.held);
        things.1 = true;
        drop(things);
        self.queue.changed.notify_all();
        let since = Instant::now();
        while !self.thread.is_finished() {
            if !self.waits && since.elapsed() > patience {
                return None;
            }
            thread::sleep(Duration::from_millis(5));
        }
        Some(self.thread.join())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meets_a_queue_that_is_looked_into_is_passed_on_later() {
        let (said, heard) = std::sync::mpsc::channel();
        let work = move |things: Things<u8>| things.for_each(|thing| said.send(thing).unwrap());
        let mut outlet = Outlet::open("test", 1, false, work).unwrap();
        let queue = Arc::clone(&outlet.queue);
        let looked_into = queue.lock();
        outlet.offer(7);
        // There is no room for another, which is counted.
        outlet.offer(8);
        drop(looked_into);
        outlet.pass_on();
        assert_eq!(heard.recv().unwrap(), (0, 7));
        outlet.offer(9);
        assert!(outlet.close(Duration::MAX).is_some_and(|done| done.is_ok()));
        assert_eq!(heard.recv().unwrap(), (1, 9));
    }
}
