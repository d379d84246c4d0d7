//! A calibration folder, and `calibrate`'s verbs for scripts on it.

use super::{folder, hat};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const SERVOS: &str = include_str!("../../calibration/servos.toml");

/// A folder with the shipped files.
pub fn shipped(name: &str) -> PathBuf {
    let folder = folder(name);
    fs::write(folder.join("servos.toml"), SERVOS).unwrap();
    let motion = include_str!("../../calibration/motion.toml");
    fs::write(folder.join("motion.toml"), motion).unwrap();
    folder
}

pub fn command(folder: &Path, words: &str) -> Command {
    let mut command = hat(&["--config", folder.to_str().unwrap(), "calibrate"]);
    command.args(words.split_whitespace());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The exit code and all that was said.
pub fn calibrate(folder: &Path, words: &str) -> (i32, String) {
    let output = command(folder, words).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

pub fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join("servos.toml")).unwrap()
}
