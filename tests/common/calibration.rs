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

/// The shipped file, or one made of it, with a compass for front-left, which points 10° further
/// left than its servos lean, and stands straight at a bend of (0.03, -0.02); one of its marks
/// is `beside_deg` beside where it was.
pub fn with_compass(servos: &str, beside_deg: f64) -> String {
    let row = |k: u32| {
        let (sin, cos) = f64::from(45 * k + 360 - 315 + 10).to_radians().sin_cos();
        let bearing = f64::from(45 * k) + if k == 2 { beside_deg } else { 0.0 };
        let (x, y) = (0.4 * sin + 0.03, 0.4 * cos - 0.02);
        format!("[{bearing}, 0.4, {x:.4}, {y:.4}]")
    };
    let rows: Vec<_> = (0..8).map(row).collect();
    let compass = format!("facing-deg = 315\ncompass = [{}]\n", rows.join(", "));
    servos.replacen("facing-deg = 315\n", &compass, 1)
}
