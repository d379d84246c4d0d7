//! What lies at a path, before it is taken for a file or its folder: a name may
//! lead anywhere. And how that, and what a file says, is shown.

use crate::failure::{Exit, Failure};
use rustix::fs::OFlags;
use std::fmt::Display;
use std::fs::{self, File, FileType};
use std::io::{Error, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// A file larger than this is no calibration file.
const MAX_BYTES: u64 = 1 << 20;

/// The text of a file.
///
/// # Errors
/// Why it is none.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let none = |what: &dyn Display| refused(Exit::Config, path, what);
    if !is_file(path)? {
        return Err(none(
            &"there is no such file; `tentacle-hat calibrate` makes it",
        ));
    }
    // Not even a pipe that came in between makes this wait.
    let flags = OFlags::NONBLOCK.bits() as i32;
    let file = File::options().read(true).custom_flags(flags).open(path);
    let file = file.map_err(|error| failed(path, &error))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(path, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(none(&"is larger than 1 MiB: no calibration file"));
    }
    String::from_utf8(bytes).map_err(|_| none(&"is not a text file (UTF-8)"))
}

/// Whether the file is there.
///
/// # Errors
/// Something else is in its place, or nobody can tell.
pub(super) fn is_file(path: &Path) -> Result<bool, Failure> {
    match look(path)? {
        Some(kind) if !kind.is_file() => {
            let what = "and no file: move it away, and `tentacle-hat calibrate` makes the file";
            let what = format_args!("is {}, {what}", called(kind));
            Err(refused(Exit::Config, path, what))
        }
        found => Ok(found.is_some()),
    }
}

/// Whether the folder is there.
///
/// # Errors
/// As of [`is_file`].
pub(super) fn is_folder(path: &Path) -> Result<bool, Failure> {
    match look(path)? {
        Some(kind) if !kind.is_dir() => {
            let folder = shown(super::whole::folder(path));
            let what = format_args!(
                "is {}; give the folder of servos.toml and motion.toml: `--config {folder}`",
                called(kind)
            );
            Err(refused(Exit::Config, path, what))
        }
        found => Ok(found.is_some()),
    }
}

/// What is at `path`, if anything.
fn look(path: &Path) -> Result<Option<FileType>, Failure> {
    match (fs::metadata(path), fs::read_link(path)) {
        (Ok(found), _) => Ok(Some(found.file_type())),
        (Err(error), _) if error.kind() != ErrorKind::NotFound => Err(failed(path, &error)),
        // It is no free place: a new file would take the link's.
        (Err(_), Ok(target)) => {
            let target = shown(&target);
            let what = format_args!(
                "is a link to {target}, where nothing is: put that back, or remove the link"
            );
            Err(refused(Exit::Config, path, what))
        }
        (Err(_), Err(_)) => Ok(None),
    }
}

fn called(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_file() => "a file",
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

/// Why nothing can be said of `path`, or read from it.
pub(super) fn failed(path: &Path, error: &Error) -> Failure {
    match error.kind() {
        ErrorKind::PermissionDenied => refused(
            Exit::Permission,
            path,
            "may not be read by this user: run this with sudo",
        ),
        _ => refused(Exit::Config, path, error),
    }
}

pub(super) fn refused(exit: Exit, path: &Path, what: impl Display) -> Failure {
    Failure {
        exit,
        message: format!("{}: {what}", shown(path)),
    }
}

/// A path for a message.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// A text that no terminal takes for orders, and that stays on its line.
pub(super) fn printable(text: &str) -> String {
    let mut printable = String::new();
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => printable.push(c),
            _ => printable.extend(c.escape_debug()),
        }
    }
    printable
}
