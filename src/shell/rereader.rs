//! Reads the files on a thread of its own: a file may be anything, and its
//! reading take for ever.

use crate::failure::Failure;
use crate::files::Files;
use crate::fingerprint::fingerprint;
use crate::outlet::{Outlet, Things};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tentacle_hat::motion::Hat;

/// A hat, and the fingerprint of its rig, which takes longer than a slot may.
type Read = Result<(Hat, u64), Failure>;
/// What was read, until it is taken.
type Answer = Arc<Mutex<Option<Read>>>;

/// The thread that reads.
#[derive(Debug)]
pub(super) struct Reader {
    wishes: Outlet<(), ()>,
    read: Answer,
    /// It was asked, and has not answered.
    reading: bool,
    /// It was asked again meanwhile: the files may have changed behind it.
    again: bool,
}

impl Reader {
    pub(super) fn open(files: Files) -> io::Result<Self> {
        let read = Answer::default();
        let answer = Arc::clone(&read);
        let work = move |wishes: Things<()>| {
            for _ in wishes {
                let read = files.load().map(|hat| {
                    let servos = fingerprint(&hat.rig);
                    (hat, servos)
                });
                *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
            }
        };
        Ok(Self {
            wishes: Outlet::open("files", 1, false, work)?,
            read,
            reading: false,
            again: false,
        })
    }

    /// Wants the files to be read.
    pub(super) fn ask(&mut self) {
        self.again = self.reading;
        if !self.reading {
            self.reading = self.wishes.offer(());
        }
    }

    /// What has been read since the last call.
    pub(super) fn answer(&mut self) -> Option<Read> {
        // Nearly every frame asks in vain.
        if !self.reading {
            return None;
        }
        self.wishes.pass_on();
        // A lock that is held, it does not wait for.
        let answer = self.read.try_lock().ok()?.take()?;
        self.reading = false;
        if self.again {
            self.ask();
        }
        Some(answer)
    }

    /// Waits for the files, once they were asked for.
    ///
    /// # Errors
    /// Their faults.
    pub(super) fn wait(&mut self) -> Read {
        loop {
            if let Some(read) = self.answer() {
                return read;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}
