//! A file written whole: whoever reads it finds the old one or the new one,
//! after a crash and after a power cut too.

use anyhow::{Context, Result};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// A new file's mode: the service runs as a user of its own and reads it.
const NEW_FILE: u32 = 0o644;
const NEW_FOLDER: u32 = 0o755;

/// Puts `bytes` in the place of `path`: written beside it, synced, renamed over
/// it. Mode and owner are those of `like`, if there is such a file.
pub(crate) fn replace(path: &Path, bytes: &[u8], like: &Path) -> Result<()> {
    let temporary = temporary(path);
    let written = write(&temporary, bytes, like)
        .with_context(|| temporary.display().to_string())
        .and_then(|()| fs::rename(&temporary, path).with_context(|| path.display().to_string()));
    if written.is_err() {
        // What failed is told; that its remains cannot be removed adds nothing.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    sync_folder(folder(path))
}

fn write(temporary: &Path, bytes: &[u8], like: &Path) -> Result<()> {
    remove_leftover(temporary)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(temporary)?;
    file.write_all(bytes)?;
    let mode = match fs::metadata(like) {
        Ok(old) => {
            let new = file.metadata()?;
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid()))
                    .context("cannot be given the old file's owner; run this with sudo")?;
            }
            old.mode() & 0o7777
        }
        Err(error) if error.kind() == ErrorKind::NotFound => NEW_FILE,
        Err(error) => return Err(error.into()),
    };
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    Ok(())
}

/// Tries to write in `folder`, or in the one that it would be made in.
///
/// # Errors
/// What stops a later [`replace`] there.
pub(crate) fn try_folder(file: &Path) -> std::io::Result<()> {
    let mut place = folder(file);
    while !place.exists() {
        place = folder(place);
    }
    let trial = temporary(&place.join(file.file_name().unwrap_or_default()));
    remove_leftover(&trial)?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&trial)?;
    fs::remove_file(&trial)
}

/// Makes a folder that services can read, and its parents.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    let told = || path.display().to_string();
    DirBuilder::new()
        .recursive(true)
        .mode(NEW_FOLDER)
        .create(path)
        .with_context(told)?;
    fs::set_permissions(path, Permissions::from_mode(NEW_FOLDER)).with_context(told)?;
    sync_folder(folder(path))
}

/// Of a process that was killed.
fn remove_leftover(temporary: &Path) -> std::io::Result<()> {
    match fs::remove_file(temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// `servos.toml` → `servos.toml.new`, always the same, so that a killed process
/// leaves one file behind and not one each time.
fn temporary(path: &Path) -> PathBuf {
    beside(path, ".new")
}

/// `path` with something added to its name.
pub(crate) fn beside(path: &Path, added: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(added);
    name.into()
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| folder.display().to_string())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}
