//! One driver a bus: a lock on what the bus is in the kernel, held for the
//! process's life through a descriptor of its own.

use super::device;
use crate::failure::{Exit, Failure};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Holds the bus until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// What is locked for a bus: its adapter, since a device node may be made anew
/// while somebody drives the old one; the node where the kernel shows no adapter.
pub(super) fn of_bus(bus: u8) -> PathBuf {
    let adapter = PathBuf::from(format!("/sys/bus/i2c/devices/i2c-{bus}"));
    match adapter.exists() {
        true => adapter,
        false => device(bus),
    }
}

impl Lock {
    /// Locks `path`, for the board on `bus`; a virtual chip's file is made for it.
    ///
    /// # Errors
    /// Another process drives it: exit 75, with its pid and how to stop it. What
    /// cannot be opened is no error here: who opens the bus to drive it finds that
    /// out and says it better.
    pub(crate) fn take(path: &Path, bus: &Path, make: bool) -> Result<Option<Self>, Failure> {
        if make {
            // What is wrong with it, who opens it says.
            let _ = File::options().append(true).create(true).open(path);
        }
        let Ok(file) = File::open(path) else {
            return Ok(None);
        };
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { file })),
            Err(Errno::WOULDBLOCK) => Err(driven(path, bus)),
            Err(error) => Err(Failure::other(format_args!(
                "{}: cannot be locked: {error}",
                path.display()
            ))),
        }
    }

    /// Whether this is still what stands at `path`: an adapter that went away and
    /// came back is another one.
    pub(super) fn is_on(&self, path: &Path) -> bool {
        let place = |file: fs::Metadata| (file.dev(), file.ino());
        match (self.file.metadata(), fs::metadata(path)) {
            (Ok(held), Ok(found)) => place(held) == place(found),
            _ => false,
        }
    }
}

/// Who holds the lock, and what stops him.
pub(super) fn driven(path: &Path, bus: &Path) -> Failure {
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
            bus.display()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_anew_is_locked_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus");
        let held = Lock::take(&path, &path, true).unwrap().unwrap();
        assert!(held.is_on(&path));
        let refused = Lock::take(&path, &path, true).unwrap_err();
        assert_eq!(refused.exit, Exit::Driven);
        assert!(refused.message.contains(&std::process::id().to_string()));

        fs::rename(&path, folder.path().join("old")).unwrap();
        assert!(!held.is_on(&path));
        let another = Lock::take(&path, &path, true).unwrap().unwrap();
        assert!(another.is_on(&path) && !held.is_on(&path));
    }
}
