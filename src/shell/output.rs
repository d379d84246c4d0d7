//! Files that a run writes: a new one each time, but over nothing of another kind.

use crate::outlet::Things;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;

/// A file that will begin with `head`: a new one, or one that did so before.
pub(crate) fn open(path: &Path, head: &str, what: &str) -> io::Result<BufWriter<File>> {
    let mut options = File::options();
    let mut options = options.read(true).write(true).create(true).truncate(false);
    let is_file = std::fs::metadata(path).map_or(true, |file| file.is_file());
    if !is_file {
        // A pipe or a terminal holds nothing that could be lost.
        options = options.read(false);
    }
    let mut file = options.open(path)?;
    if is_file && file.metadata()?.len() > 0 {
        let mut begins = vec![0; head.len()];
        if file.read_exact(&mut begins).is_err() || begins != head.as_bytes() {
            let why = format!("is no {what}, and is not overwritten by one");
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        file.rewind()?;
    }
    Ok(BufWriter::new(file))
}

/// Writes each thing as `write` says, once there is one: what was there before goes
/// only then, since nothing was refused.
pub(super) fn fill<T>(
    mut file: BufWriter<File>,
    things: Things<T>,
    mut write: impl FnMut(&mut BufWriter<File>, u64, T) -> io::Result<()>,
) -> io::Result<()> {
    let mut things = things.peekable();
    if things.peek().is_some() && file.get_ref().metadata()?.is_file() {
        file.get_ref().set_len(0)?;
    }
    for (lost, thing) in things {
        write(&mut file, lost, thing)?;
    }
    file.flush()
}
