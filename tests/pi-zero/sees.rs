//! What the hat sees by itself: a radar on the Pi's first serial port, which the
//! host feeds between two lines on the console.

use crate::stage::*;
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::Write;

/// On what Raspberry Pi OS calls /dev/serial0 on a Pi Zero without Bluetooth.
const SENSE: &str = r#"
[[sense]]
name = "front"
kind = "ld2450"
tty = "/dev/ttyAMA0"
facing-deg = 0
"#;
/// A metre to the right and a metre ahead.
const PERSON: &str = "front.1:45.0:1.41:";

/// While `check` is under way, there is a radar.
fn with_radar<T>(check: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("pi-zero: radar begins");
    let found = check();
    println!("pi-zero: radar ends");
    found
}

/// Who is there, as `watch` tells it.
fn people() -> Result<String> {
    let lines = done("timeout 10 tentacle-hat watch 1 | head -2")?;
    let people = lines
        .split_whitespace()
        .find_map(|field| field.strip_prefix("people="));
    Ok(people
        .with_context(|| format!("watch tells: {lines}"))?
        .to_owned())
}

/// Waits until `watch` tells of those people.
fn wait_people(start: &str, seconds: u64) -> Result<String> {
    let mut last = String::new();
    let found = wait("", seconds, || {
        last = people()?;
        Ok(last.starts_with(start).then(|| last.clone()))
    });
    found.with_context(|| format!("people are not «{start}» but «{last}»"))
}

pub(crate) fn radar(board: &mut Board) -> Result<String> {
    let process = board.moving()?;
    let servos = File::options()
        .append(true)
        .open(format!("{CONFIG}/servos.toml"));
    servos?.write_all(SENSE.as_bytes())?;
    let found = done("systemctl reload tentacle-hat").and_then(|_| {
        let nobody = wait_people("-", 10)?;
        let seen = with_radar(|| wait_people(PERSON, 20))?;
        // Nothing more is heard: held for two seconds, then fading for two more.
        wait_people(&nobody, 20)?;
        Ok(seen)
    });
    restore("servos.toml")?;
    done("systemctl reload tentacle-hat")?;
    let seen = found?;
    ensure!(pid()? == process, "it is another process");
    Ok(format!("{seen}, and nobody after the radar's end"))
}
