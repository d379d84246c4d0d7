//! A file written whole: whoever reads it finds the old one or the new one,
//! after a crash and after a power cut too.

use super::look::shown;
use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock, statfs};
use rustix::io::Errno;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::{Builder, NamedTempFile};

/// A new file's mode: the service runs as a user of its own and reads it.
const NEW_FILE: u32 = 0o644;
const NEW_FOLDER: u32 = 0o755;

/// A wait for another save is told when it takes longer than any save.
const TELL_AFTER: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// As the kernel's `linux/magic.h` has it.
const OVERLAYFS_SUPER_MAGIC: u32 = 0x794c_7630;

/// Puts `bytes` in the place of `path`: written beside it, synced, renamed over
/// it. Mode and owner are those of `like`, if there is such a file.
pub(super) fn replace(path: &Path, bytes: &[u8], like: &Path) -> Result<()> {
    let told = || shown(path);
    let mut new = temporary(path, folder(path)).with_context(told)?;
    new.write_all(bytes).with_context(told)?;
    adopt(new.as_file(), like).with_context(told)?;
    new.as_file().sync_all().with_context(told)?;
    new.persist(path).with_context(told)?;
    sync_folder(folder(path))
}

/// Keeps other saves out of a folder until it is dropped.
pub(super) struct Lock {
    _held: File,
    /// Folders that were not there, the innermost first.
    made: Vec<PathBuf>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Those into which nothing was saved go again.
        let _ = self.made.iter().try_for_each(fs::remove_dir);
    }
}

/// Keeps other saves out of the folder of `path`, which is made if it must be, and
/// takes away what killed ones have left there. It can `tell` of a long wait.
pub(super) fn lock(path: &Path, tell: impl Fn()) -> Result<Lock> {
    let folder = folder(path);
    let told = || shown(folder);
    let lock = loop {
        let missing = folder.ancestors().take_while(|place| !place.exists());
        let made: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        if !made.is_empty() {
            make_folder(folder)?;
        }
        let held = File::open(folder).with_context(told)?;
        wait_for(&held, &tell).with_context(told)?;
        let inode = |folder: fs::Metadata| (folder.dev(), folder.ino());
        let mine = inode(held.metadata().with_context(told)?);
        // Or else whoever held it had made the folder, and took it away again.
        if fs::metadata(folder).is_ok_and(|there| inode(there) == mine) {
            break Lock { _held: held, made };
        }
    };
    let prefix = beside(Path::new(path.file_name().unwrap_or_default()), ".");
    let is_leftover = |file: &fs::DirEntry| {
        let name = file.file_name().into_encoded_bytes();
        name.starts_with(prefix.as_os_str().as_encoded_bytes()) && name.ends_with(b".new")
    };
    for leftover in fs::read_dir(folder)?.flatten().filter(is_leftover) {
        // Somebody else's is left to him.
        let _ = fs::remove_file(leftover.path());
    }
    Ok(lock)
}

fn wait_for(file: &File, tell: impl Fn()) -> rustix::io::Result<()> {
    let since = Instant::now();
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if since.elapsed() < TELL_AFTER => thread::sleep(LOOK_AGAIN),
            Err(Errno::WOULDBLOCK) => {
                tell();
                return flock(file, FlockOperation::LockExclusive);
            }
            done => return done,
        }
    }
}

/// Gives a new file the mode and owner of `like`.
fn adopt(file: &File, like: &Path) -> Result<()> {
    let mode = match fs::metadata(like) {
        Ok(old) => {
            let new = file.metadata()?;
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                fchown(file, Some(old.uid()), Some(old.gid()))
                    .context("cannot be given the old file's owner; run this with sudo")?;
            }
            old.mode() & 0o7777
        }
        Err(error) if error.kind() == ErrorKind::NotFound => NEW_FILE,
        Err(error) => return Err(error.into()),
    };
    Ok(file.set_permissions(Permissions::from_mode(mode))?)
}

/// Tries to write in the folder of `path`, or in the one that it would be made in.
///
/// # Errors
/// What stops a later [`replace`] there.
pub(super) fn try_folder(path: &Path) -> std::io::Result<()> {
    let mut place = folder(path);
    while !place.exists() {
        place = folder(place);
    }
    // Another save may take it away first, for a killed one's.
    temporary(path, place).map(drop)
}

/// Whether what is written to `path` goes onto an overlay.
pub(super) fn is_on_overlay(path: &Path) -> bool {
    statfs(folder(path)).is_ok_and(|system| system.f_type as u32 == OVERLAYFS_SUPER_MAGIC)
}

/// A file of this process alone, gone again unless it takes a name.
fn temporary(path: &Path, folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    Builder::new()
        .prefix(&name)
        .suffix(".new")
        .tempfile_in(folder)
}

/// Makes a folder that services can read, and its parents.
fn make_folder(path: &Path) -> Result<()> {
    let told = || shown(path);
    DirBuilder::new()
        .recursive(true)
        .mode(NEW_FOLDER)
        .create(path)
        .with_context(told)?;
    fs::set_permissions(path, Permissions::from_mode(NEW_FOLDER)).with_context(told)?;
    sync_folder(folder(path))
}

/// `path` with something added to its name.
pub(super) fn beside(path: &Path, added: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(added);
    name.into()
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| shown(folder))
}

/// The folder of `path`.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}
