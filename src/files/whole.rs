//! A file written whole: whoever reads it finds the old one or the new one,
//! after a crash and after a power cut too.

use super::look::shown;
use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// A new file's mode: the service runs as a user of its own and reads it.
const NEW_FILE: u32 = 0o644;
const NEW_FOLDER: u32 = 0o755;

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

/// Keeps other saves out of the folder of `path` until it is dropped, and takes
/// away what killed ones have left there.
pub(super) fn lock(path: &Path) -> Result<File> {
    let told = || shown(folder(path));
    let lock = File::open(folder(path)).with_context(told)?;
    flock(&lock, FlockOperation::LockExclusive).with_context(told)?;
    let prefix = beside(Path::new(path.file_name().unwrap_or_default()), ".");
    let is_leftover = |file: &fs::DirEntry| {
        let name = file.file_name().into_encoded_bytes();
        name.starts_with(prefix.as_os_str().as_encoded_bytes()) && name.ends_with(b".new")
    };
    for leftover in fs::read_dir(folder(path))?.flatten().filter(is_leftover) {
        // Somebody else's is left to him.
        let _ = fs::remove_file(leftover.path());
    }
    Ok(lock)
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
    temporary(path, place)?.close()
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
pub(super) fn make_folder(path: &Path) -> Result<()> {
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
