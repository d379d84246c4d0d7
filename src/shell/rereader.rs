//! Reads the files on a thread of its own: a file may be anything, and its
//! reading take for ever.

use super::Programme;
use crate::failure::Failure;
use crate::outlet::Outlet;
use std::io;
use std::sync::mpsc::{self, Receiver};
use tentacle_hat::motion::Hat;

/// The thread that reads.
#[derive(Debug)]
pub(super) struct Reader {
    wishes: Outlet<(), ()>,
    read: Receiver<Result<Hat, Failure>>,
    /// It was asked, and has not answered.
    reading: bool,
    /// It was asked again meanwhile: the files may have changed behind it.
    again: bool,
}

impl Reader {
    pub(super) fn open(programme: Programme) -> io::Result<Self> {
        let (answers, read) = mpsc::channel();
        let work = move |wishes: Receiver<_>| {
            for _ in wishes {
                // The loop may have ended.
                let _ = answers.send(programme.hat());
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
    pub(super) fn answer(&mut self) -> Option<Result<Hat, Failure>> {
        // Nearly every frame asks in vain.
        let answer = self.reading.then(|| self.read.try_recv().ok())??;
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
    pub(super) fn wait(&mut self) -> Result<Hat, Failure> {
        self.reading = false;
        let read = self.read.recv();
        read.unwrap_or_else(|_| Err(Failure::other("the files could not be read")))
    }
}
