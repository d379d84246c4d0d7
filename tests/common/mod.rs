//! What several tests need: the program, its traces, the shipped hat.
#![allow(dead_code, unreachable_pub)]

pub mod bench;
pub mod calibration;
pub mod crooked;
pub mod guest;
pub mod sim;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program, on the virtual board, with no signal ignored: tests that a script
/// starts with `&` or `nohup` ignore some.
pub fn hat(arguments: &[&str]) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal", env!("CARGO_BIN_EXE_tentacle-hat")]);
    command.args(["--board", "virtual"]).args(arguments);
    command
}

/// Runs the program and wants it to succeed.
pub fn run(arguments: &[&str]) -> Output {
    let output = hat(arguments).output().expect("the program starts");
    assert!(
        output.status.success(),
        "{arguments:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// A folder of this test's own, empty at first.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A trace: each row's time, and each servo's pulse in µs or `None` for limp.
#[derive(Debug, PartialEq)]
pub struct Trace {
    pub servos: Vec<String>,
    pub rows: Vec<(u64, Vec<Option<f64>>)>,
}

impl Trace {
    pub fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let mut header = lines.next().unwrap().split(',');
        assert_eq!(header.next(), Some("time_us"));
        let row = |line: &str| {
            let mut cells = line.split(',');
            let time = cells.next().unwrap().parse().unwrap();
            let pulse = |cell: &str| (!cell.is_empty()).then(|| cell.parse().unwrap());
            (time, cells.map(pulse).collect())
        };
        Self {
            servos: header.map(str::to_owned).collect(),
            rows: lines.map(row).collect(),
        }
    }

    /// Runs the program, traced, and reads what it wrote.
    pub fn of(name: &str, arguments: &[&str]) -> (String, Self) {
        let path = folder(name).join("trace.csv");
        let trace = ["run", "--unpaced", "--trace", path.to_str().unwrap()];
        run(&[&trace, arguments].concat());
        let text = std::fs::read_to_string(path).unwrap();
        let trace = Self::parse(&text);
        (text, trace)
    }

    /// One servo's pulses, where it has any.
    pub fn pulses(&self, servo: usize) -> impl Iterator<Item = (u64, f64)> + '_ {
        let pulse = move |row: &(u64, Vec<Option<f64>>)| Some((row.0, row.1[servo]?));
        self.rows.iter().filter_map(pulse)
    }
}

/// Holds `text` against the golden trace; `UPDATE_TRACES=1` rewrites it, and the
/// difference wants a reviewer.
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/traces")
        .join(name);
    if std::env::var_os("UPDATE_TRACES").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let line = text.lines().zip(golden.lines()).position(|(a, b)| a != b);
    assert!(
        text == golden,
        "the pulses differ from {}, first in line {:?}; if that is wanted, \
         UPDATE_TRACES=1 rewrites it",
        path.display(),
        line.map(|i| i + 1)
    );
}
