//! Threads for whatever may block: whoever hands them something never waits.

use std::io;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A thing, and how many before it were dropped because nobody took them.
pub(crate) type After<T> = (u64, T);

/// A thread behind a bounded queue.
#[derive(Debug)]
pub(crate) struct Outlet<T, R> {
    queue: SyncSender<After<T>>,
    /// Without pauses between frames, a thing may wait: nothing is lost.
    waits: bool,
    dropped: u64,
    thread: JoinHandle<R>,
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
        work: impl FnOnce(Receiver<After<T>>) -> R + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, things) = mpsc::sync_channel(room);
        let thread = thread::Builder::new().name(name.into());
        Ok(Self {
            queue,
            waits,
            dropped: 0,
            thread: thread.spawn(move || work(things))?,
        })
    }

    /// Hands a thing over, or drops and counts it where there is no room; whether
    /// the thread still works.
    pub(crate) fn offer(&mut self, thing: T) -> bool {
        if self.waits {
            return self.queue.send((0, thing)).is_ok();
        }
        match self.queue.try_send((self.dropped, thing)) {
            Ok(()) => self.dropped = 0,
            Err(TrySendError::Full(_)) => self.dropped += 1,
            Err(TrySendError::Disconnected(_)) => return false,
        }
        true
    }

    /// Lets the thread finish what is in its queue; `None` if that takes longer
    /// than `patience`, and nothing may wait. The thread then ends with the process.
    pub(crate) fn close(self, patience: Duration) -> Option<thread::Result<R>> {
        drop(self.queue);
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
