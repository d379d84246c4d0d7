//! `run --reload`: notices that somebody saved one of the files.

use crate::failure::Failure;
use crate::files::Files;
use crate::signals::Signals;
use anyhow::Result;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// How often to look; as long as nothing may change until a save counts as done.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Asks `signals` for a reload after each save, for as long as the program runs.
///
/// # Errors
/// There are no files that could be saved.
pub(super) fn watch(files: &Files, signals: Signals) -> Result<()> {
    let Some(paths) = files.paths() else {
        let why = "--reload needs `--config DIR`: the files inside the program do not change";
        return Err(Failure::usage(why).into());
    };
    // The moment of the last change, of whatever stands at the path now.
    let stamp = move || {
        let known = |path: &PathBuf| {
            let file = fs::metadata(path).ok()?;
            Some((file.ino(), file.ctime(), file.ctime_nsec()))
        };
        paths.each_ref().map(known)
    };
    let mut taken_up = stamp();
    let look = move || {
        let mut before = taken_up;
        loop {
            thread::sleep(LOOK_EVERY);
            let now = stamp();
            if now == before && now != taken_up {
                taken_up = now;
                signals.ask_reload();
            }
            before = now;
        }
    };
    thread::Builder::new().name("saved".into()).spawn(look)?;
    Ok(())
}
