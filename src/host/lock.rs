//! One driver a bus: a lock on the bus device itself, held for the process's
//! life through a descriptor of its own.

use crate::failure::{Exit, Failure};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Holds the bus until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Locks the bus device at `path`; a virtual chip's file is made for it.
    ///
    /// # Errors
    /// Another process drives it: exit 75, with its pid and how to stop it. A
    /// device that cannot be opened is no error here: who opens it to drive it
    /// finds that out and says it better.
    pub(crate) fn take(path: &Path, make: bool) -> Result<Option<Self>, Failure> {
        if make {
            // What is wrong with it, who opens it says.
            let _ = File::options().append(true).create(true).open(path);
        }
        let Ok(file) = File::open(path) else {
            return Ok(None);
        };
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(Errno::WOULDBLOCK) => Err(driven(path)),
            Err(error) => Err(Failure::other(format_args!(
                "{}: cannot be locked: {error}",
                path.display()
            ))),
        }
    }
}

/// Who holds the lock, and what stops him.
pub(super) fn driven(path: &Path) -> Failure {
    let holder = fs::metadata(path)
        .ok()
        .and_then(|file| holder(file.dev(), file.ino()));
    let by = holder.map_or(String::new(), |pid| format!(" {pid}"));
    let is_service = holder.is_some_and(|pid| {
        let cgroup = fs::read_to_string(format!("/proc/{pid}/cgroup"));
        cgroup.is_ok_and(|groups| groups.contains("tentacle-hat.service"))
    });
    let stop = match holder {
        Some(pid) if !is_service => format!("kill {pid}"),
        _ => "sudo systemctl stop tentacle-hat".to_owned(),
    };
    Failure {
        exit: Exit::Driven,
        message: format!(
            "the board on {} is driven by process{by}; `{stop}` stops it",
            path.display()
        ),
    }
}

/// The process that holds a flock on an inode, from /proc/locks, whose lines
/// are `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF`.
fn holder(device: u64, inode: u64) -> Option<u32> {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let place = format!("{major:02x}:{minor:02x}:{inode}");
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [_, "FLOCK", _, _, pid, at, ..] if *at == place => pid.parse().ok(),
            _ => None,
        }
    })
}
