//! Earlier states of `servos.toml`, beside it: `servos.toml.bak.N`. A number is
//! never used again while a later one is there.

use super::whole;
use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};

/// So many stay.
const KEPT: usize = 10;

/// The backups of the file at `path` and their numbers, the youngest last.
pub(super) fn of(path: &Path) -> Vec<(u32, PathBuf)> {
    let prefix = whole::beside(Path::new(path.file_name().unwrap_or_default()), ".bak.");
    let prefix = prefix.to_string_lossy().into_owned();
    let number = |file: fs::DirEntry| {
        let name = file.file_name();
        let number = name.to_str()?.strip_prefix(&prefix)?.parse().ok()?;
        Some((number, file.path()))
    };
    let files = fs::read_dir(whole::folder(path))
        .into_iter()
        .flatten()
        .flatten();
    let mut backups: Vec<_> = files.filter_map(number).collect();
    backups.sort();
    backups
}

/// Keeps what is in the file at `path` as the youngest; its number.
pub(super) fn keep(path: &Path, bytes: &[u8]) -> Result<u32> {
    let before = of(path);
    let number = before
        .last()
        .map_or(1, |(number, _)| number.saturating_add(1));
    let backup = whole::beside(path, &format!(".bak.{number}"));
    whole::replace(&backup, bytes, path)?;
    let too_many = (before.len() + 1).saturating_sub(KEPT);
    for (_, oldest) in &before[..too_many] {
        // Somebody else's is left to him.
        let _ = fs::remove_file(oldest);
    }
    Ok(number)
}
