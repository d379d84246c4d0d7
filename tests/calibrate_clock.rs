//! `calibrate clock` on a virtual board whose oscillator is not the one in the
//! file.

mod common;

use common::{Trace, folder, hat};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

const REAL_HZ: &str = "26500000";
const TICK_US: f64 = 4.88;

/// A hat with trims, a middle point and a servo that nobody measured.
fn hat_folder(name: &str) -> PathBuf {
    let folder = folder(name);
    let table = "table = [[-1, 1400], [1, 1600]]\ntrim-us = 0\n";
    let servos = include_str!("../calibration/servos.toml")
        .replacen(
            table,
            "table = [[-1, 1700], [0.5, 1510], [1, 1350.5]] # by hand\ntrim-us = -40\n",
            1,
        )
        .replacen(
            table,
            "table = [[-1, 700], [0, 900], [1, 2350]]\ntrim-us = 100\n",
            1,
        )
        .replacen(table, "trim-us = 0\n", 1);
    fs::write(folder.join("servos.toml"), servos).unwrap();
    let motion = include_str!("../calibration/motion.toml");
    fs::write(folder.join("motion.toml"), motion).unwrap();
    folder
}

fn clock(folder: &Path, words: &[&str], typed: &str) -> Output {
    clock_after(Duration::ZERO, folder, words, typed)
}

/// Types only after some time.
fn clock_after(wait: Duration, folder: &Path, words: &[&str], typed: &str) -> Output {
    let mut command = hat(&["--config", folder.to_str().unwrap()]);
    command.args(["--chip-oscillator-hz", REAL_HZ, "calibrate", "clock"]);
    command.args(words).stdin(Stdio::piped());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(wait);
    // A refusal may come before anything is read.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([&output.stdout[..], &output.stderr[..]].concat()).unwrap()
}

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join("servos.toml")).unwrap()
}

/// A number that stands after some words.
fn after(text: &str, words: &str) -> f64 {
    let rest = text.split(words).nth(1).unwrap_or_else(|| panic!("{text}"));
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
    rest[..end.unwrap_or(rest.len())].parse().unwrap()
}

/// The emitted points of each table: pulse and trim, as the file has them.
fn points(text: &str) -> Vec<Vec<f64>> {
    let mut all = vec![];
    for section in text.split("channel = ").skip(1) {
        let Some(table) = section.lines().find(|l| l.starts_with("table")) else {
            continue;
        };
        let trim: f64 = section
            .lines()
            .find_map(|l| l.strip_prefix("trim-us = "))
            .unwrap()
            .parse()
            .unwrap();
        let rows = table.split('[').skip(2);
        let us = rows.map(|row| {
            let pulse = row.split(',').nth(1).unwrap().trim();
            let pulse: f64 = pulse.split(']').next().unwrap().parse().unwrap();
            pulse + trim
        });
        all.push(us.collect());
    }
    all
}

/// Real pulses are what they were: in the file, and at the pins.
fn check(before: &str, folder: &Path, name: &str) {
    let now = text(folder);
    let hz = after(&now.replace('_', ""), "oscillator-hz = ");
    assert!((hz / 26.5e6 - 1.0).abs() < 2e-5, "{hz}");
    let (old, new) = (points(before), points(&now));
    assert_eq!((old.len(), new.len()), (7, 7));
    for (old, new) in old.iter().flatten().zip(new.iter().flatten()) {
        let (old_real, new_real) = (old * 25.0 / 26.5, new * hz / 26.5e6);
        assert!((old_real - new_real).abs() < 0.1, "{old} {new}");
    }
    assert!(now.contains("# by hand\n"));

    // The first pulse of each servo is its neutral.
    let earlier = common::folder(&format!("{name}-earlier"));
    fs::write(earlier.join("servos.toml"), before).unwrap();
    fs::copy(folder.join("motion.toml"), earlier.join("motion.toml")).unwrap();
    let neutrals = |folder: &Path, of: &str| {
        let folder = folder.to_str().unwrap();
        let options = [
            "--seconds",
            "2",
            "--chip-oscillator-hz",
            REAL_HZ,
            "--config",
            folder,
        ];
        let (_, trace) = Trace::of(of, &options);
        let first = |servo| trace.pulses(servo).next().map(|(_, us)| us);
        (0..8).map(first).collect::<Vec<Option<f64>>>()
    };
    let old = neutrals(&earlier, &format!("{name}-old"));
    let new = neutrals(folder, &format!("{name}-new"));
    assert_eq!(old.iter().flatten().count(), 7);
    for (old, new) in old.iter().zip(&new) {
        let (Some(old), Some(new)) = (old, new) else {
            assert_eq!(old, new);
            continue;
        };
        assert!((old - new).abs() < TICK_US, "{old} {new}");
    }

    // And 1500 µs are 1500 µs.
    let output = clock(folder, &["--commanded-us", "1500"], "");
    let real = after(&said(&output), "virtual board shows ");
    assert!((real - 1500.0).abs() < TICK_US, "{real}");
    assert_eq!(text(folder), now);
}

#[test]
fn an_oscilloscope_tells_the_real_oscillator() {
    let folder = hat_folder("clock-scope");
    let before = text(&folder);
    // Once to look, which changes nothing without an answer.
    let output = clock(&folder, &["--commanded-us", "1500"], "");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(text(&folder), before);
    assert!(
        said(&output).contains("Channel 8 emits 1498.16 µs"),
        "{}",
        said(&output)
    );
    let shown = after(&said(&output), "virtual board shows ");
    assert!((shown - 1498.16 * 25.0 / 26.5).abs() < 0.01, "{shown}");
    let typed = format!("what?\n{shown}\n");
    let output = clock(
        &folder,
        &["--commanded-us", "1500", "--channel", "15"],
        &typed,
    );
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("Channel 15 emits"));
    check(&before, &folder, "clock-scope");
}

#[test]
fn trouble_on_the_bus_does_not_end_a_measurement() {
    for faults in [
        "nack@0.5+0.9",
        "cut:3@0.5+0.9",
        "nack@0.5+1.5",
        "power@0.5+0.1",
    ] {
        let folder = hat_folder("clock-trouble");
        let words = ["--commanded-us", "1500", "--faults", faults];
        let wait = Duration::from_secs(3);
        let output = clock_after(wait, &folder, &words, "1413.36\n");
        assert!(output.status.success(), "{faults}: {}", said(&output));
        let long = faults.contains("1.5");
        assert_eq!(
            said(&output).contains("the board is lost"),
            long,
            "{faults}"
        );
    }
}

#[test]
fn a_pulse_measured_before_needs_no_emission() {
    let folder = hat_folder("clock-measured");
    let before = text(&folder);
    let words = ["--commanded-us", "1500", "--measured-us", "1413.36"];
    let output = clock(&folder, &words, "");
    assert!(output.status.success(), "{}", said(&output));
    assert!(!said(&output).contains("emits"));
    check(&before, &folder, "clock-measured");
}

#[test]
fn an_oscillator_that_no_board_has_is_saved_and_doubted() {
    let folder = folder("clock-doubted");
    let servos = include_str!("../calibration/servos.toml");
    // 22 MHz, and 23.
    for (us, doubt) in [("1702.5", Some("12 %")), ("1628.4", None)] {
        fs::write(folder.join("servos.toml"), servos).unwrap();
        let words = ["--commanded-us", "1500", "--measured-us", us];
        let output = clock(&folder, &words, "");
        assert!(output.status.success(), "{}", said(&output));
        let told = said(&output);
        let off = told.split_once(" off the nominal 25 MHz");
        let off = off.map(|(before, _)| before.rsplit("That is ").next().unwrap());
        assert_eq!(off, doubt, "{told}");
    }
    assert!(text(&folder).contains("oscillator-hz = 23_00"));
}

#[test]
fn a_jumpered_pin_tells_the_real_oscillator() {
    let folder = hat_folder("clock-gpio");
    let before = text(&folder);
    let output = clock(&folder, &["--gpio", "17"], "");
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("VCC must be 3.3 V"),
        "{}",
        said(&output)
    );
    assert!(
        said(&output).contains("channel 8 to GPIO 17"),
        "{}",
        said(&output)
    );
    check(&before, &folder, "clock-gpio");
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let folder = hat_folder("clock-refused");
    let wired = text(&folder)
        .replace("# oe-gpio", "oe-gpio")
        .replace("# [button]\n# gpio", "[button]\ngpio");
    fs::write(folder.join("servos.toml"), wired).unwrap();
    let before = text(&folder);
    for (words, code, reason) in [
        // 19.9 and 30.1 MHz.
        (
            "--commanded-us 1500 --measured-us 1882.1",
            1,
            "outside of 20 to 30",
        ),
        (
            "--commanded-us 1500 --measured-us 1244.3",
            1,
            "outside of 20 to 30",
        ),
        ("--commanded-us 1500 --measured-us -5", 2, ""),
        ("--commanded-us 1500 --measured-us nan", 2, "more than 0"),
        ("--commanded-us 2600 --measured-us 1500", 2, "500 to 2500"),
        ("--measured-us 1500", 2, "--commanded-us"),
        ("--channel 9", 2, "--gpio <PIN>"),
        ("--commanded-us 1500 --gpio 17", 2, "cannot be used with"),
        (
            "--commanded-us 1500 --channel 3",
            1,
            "front-right.y's, which would jump",
        ),
        ("--commanded-us 1500 --channel 16", 2, "16"),
        ("--gpio 28", 2, "28"),
        ("--gpio 2", 1, "GPIO 2 is a line of I2C bus 1"),
        ("--gpio 3", 1, "GPIO 3 is a line of I2C bus 1"),
        ("--gpio 17", 1, "GPIO 17 is the board's oe-gpio"),
        ("--gpio 23", 1, "GPIO 23 is the button's"),
        // 2450 µs would have to become 2552.
        (
            "--commanded-us 1500 --measured-us 1560.6",
            1,
            "front-left.y: its positive end",
        ),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let output = clock(&folder, &words, "1500\n");
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words:?}: {}",
            said(&output)
        );
        assert!(
            said(&output).contains(reason),
            "{words:?}: {}",
            said(&output)
        );
        assert_eq!(text(&folder), before, "{words:?}");
    }
    assert!(!folder.join("servos.toml.bak.1").exists());
}

#[test]
fn after_the_measurement_the_channel_is_off() {
    let folder = hat_folder("clock-off");
    let chip = folder.join("chip");
    let words = ["--commanded-us", "1500", "--chip", chip.to_str().unwrap()];
    let output = clock(&folder, &words, "1413.36\n");
    assert!(output.status.success(), "{}", said(&output));
    let registers = fs::read(chip).unwrap();
    let off = |channel: usize| registers[6 + 4 * channel + 3] & 0x10 != 0;
    assert!((0..16).all(off));
}
