//! `check`: a line for each thing, what to do about it, and the first ✗'s exit.

mod common;

use common::calibration::with_compass;
use common::{folder, hat};
use std::fs;
use std::path::PathBuf;

const SERVOS: &str = include_str!("../calibration/servos.toml");
const MOTION: &str = include_str!("releases/0.1.0/motion.toml");

fn config(name: &str, servos: &str, motion: &str) -> PathBuf {
    let folder = folder(&format!("check-{name}"));
    fs::write(folder.join("servos.toml"), servos).unwrap();
    fs::write(folder.join("motion.toml"), motion).unwrap();
    folder
}

/// What `check` prints for these files, and its exit code.
fn check(name: &str, servos: &str, motion: &str, more: &[&str]) -> (String, Option<i32>) {
    let folder = config(name, servos, motion);
    let output = hat(&["check", "--config"])
        .arg(folder)
        .args(more)
        .output()
        .unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        output.status.code(),
    )
}

#[test]
fn all_is_well() {
    let (said, exit) = check("well", SERVOS, MOTION, &[]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.lines().all(|line| line.starts_with('✓')), "{said}");
    assert!(
        said.contains("pulses: 50.0 a second, in steps of 4.88 µs"),
        "{said}"
    );
    assert!(
        said.contains("front-left.x: channel 0, from 1401 to 1596 µs, neutral 1500\n"),
        "{said}"
    );
    assert!(
        said.contains("the board at 0x40 answers, fresh from power-on"),
        "{said}"
    );
}

#[test]
fn the_button_is_told_where_there_is_one() {
    let servos = SERVOS.replace("# [button]\n# gpio", "[button]\ngpio");
    let (said, exit) = check("button", &servos, MOTION, &["--files"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("✓ the button is on GPIO 23\n"), "{said}");
    let (said, _) = check("bare-pins", SERVOS, MOTION, &["--files"]);
    assert!(!said.contains("the button"), "{said}");
}

#[test]
fn who_knows_the_chip_is_told_more() {
    let (said, _) = check("verbose", SERVOS, MOTION, &["--verbose"]);
    let inward = "to which ends are rounded inward, prescale 121\n";
    assert!(said.contains(inward), "{said}");
    let start =
        "front-left.y: channel 1, from 1401 to 1596 µs, neutral 1500, 2494 µs into the cycle";
    assert!(said.contains(start), "{said}");
}

#[test]
fn each_of_several_faults_has_its_mark() {
    let servos = SERVOS.replace("channel = 3", "channel = 30");
    let motion = MOTION.replace("amplitude = 0.70", "amplitude = 7");
    let (said, _) = check("faults", &servos, &motion, &[]);
    let faults: Vec<_> = said
        .lines()
        .filter(|line| line.contains("must be"))
        .collect();
    assert_eq!(faults.len(), 3, "{said}");
    assert!(faults.iter().all(|line| line.starts_with('✗')), "{said}");
}

#[test]
fn words_that_are_none_here_have_a_hint() {
    for (words, hint) in [
        (&["demo"][..], "tip: the show is `tentacle-hat run --demo`"),
        (
            &["run", "--speed", "2"],
            "tip: speed is `frequency-hz` in motion.toml",
        ),
        (&["chek"], "'check'"),
    ] {
        let output = hat(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(hint), "{said}");
        assert_eq!(said.matches("tip:").count(), 1, "{said}");
        assert!(!said.contains("--seed"), "{said}");
    }
}

#[test]
fn a_servo_without_a_table_is_named() {
    let servos = SERVOS.replacen("table = [[-1, 1400], [1, 1600]]\n", "", 1);
    let (said, exit) = check("bare", &servos, MOTION, &[]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(
        said.contains("· front-left.x: channel 0, not calibrated yet"),
        "{said}"
    );
}

#[test]
fn a_compass_is_told_how_well_it_points() {
    let (said, exit) = check("compass", &with_compass(SERVOS, 0.0), MOTION, &["--files"]);
    assert_eq!(exit, Some(0), "{said}");
    let line = "✓ front-left: by the 8 marks of its compass it points to within 0.2° in the mean, \
                0.4° at worst, and leans to 97 % of a wish\n";
    assert!(said.contains(line), "{said}");
    // Straight is where neutral is: 3 and -2 of 100 µs.
    assert!(
        said.contains("front-left.x: channel 0, from 1401 to 1596 µs, neutral 1503\n"),
        "{said}"
    );
    assert!(
        said.contains("front-left.y: channel 1, from 1401 to 1596 µs, neutral 1498\n"),
        "{said}"
    );
    assert!(said.lines().all(|line| line.starts_with('✓')), "{said}");

    let (said, exit) = check(
        "compass-off",
        &with_compass(SERVOS, 30.0),
        MOTION,
        &["--files"],
    );
    assert_eq!(exit, Some(0), "{said}");
    let line = "· front-left: the mark at 120° lies";
    assert!(said.contains(line), "{said}");
}

#[test]
fn a_wave_that_the_limits_would_flatten() {
    let motion = MOTION.replace("frequency-hz = 0.30", "frequency-hz = 5");
    let (said, exit) = check("steep", SERVOS, &motion, &[]);
    assert_eq!(exit, Some(78), "{said}");
    // 0.7 · 100 µs · 2π · 5 Hz, between frames a little less.
    assert!(
        said.contains("✗ front-left.y: the wave wants up to 21"),
        "{said}"
    );
    assert!(!said.contains("✗ front-left.x"), "{said}");
    // A compass that leaves 94 % of it wants that much less.
    let (said, _) = check("steep-aimed", &with_compass(SERVOS, 0.0), &motion, &[]);
    assert!(
        said.contains("✗ front-left.y: the wave wants up to 20"),
        "{said}"
    );
}

#[test]
fn a_supply_that_the_wave_would_overload() {
    let servos = SERVOS.replace(
        "max-total-speed-us-per-s = 8000",
        "max-total-speed-us-per-s = 500",
    );
    let (said, exit) = check("supply", &servos, MOTION, &[]);
    assert_eq!(exit, Some(78), "{said}");
    assert!(
        said.contains("✗ the wave wants up to 615 µs/s over all servos"),
        "{said}"
    );
}

#[test]
fn the_show_on_wide_tables_is_no_fault() {
    let servos = SERVOS.replace("[[-1, 1400], [1, 1600]]", "[[-1, 1000], [1, 2000]]");
    let (said, exit) = check("wide", &servos, MOTION, &[]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(
        said.contains("· front-left.x: the show (--demo) wants up to 21"),
        "{said}"
    );
    assert!(
        said.contains("✓ the wave keeps within the speed limits"),
        "{said}"
    );
}

#[test]
fn a_bad_file() {
    let servos = SERVOS.replace("channel = 3", "channel = 30");
    let (said, exit) = check("bad", &servos, MOTION, &[]);
    assert_eq!(exit, Some(78), "{said}");
    assert!(
        said.contains("front-right.y.channel = 30: must be 0 to 15"),
        "{said}"
    );
}

#[test]
fn no_board_at_any_address() {
    let (said, exit) = check("absent", SERVOS, MOTION, &["--faults", "nack@0+1000"]);
    assert_eq!(exit, Some(69), "{said}");
    assert!(
        said.contains("✗ /dev/i2c-1, address 0x40: nobody answers"),
        "{said}"
    );
    assert!(
        said.contains("no address from 0x40 to 0x77 answers"),
        "{said}"
    );
}

#[test]
fn a_board_that_another_program_set_up() {
    let chip = folder("check-stranger").join("chip");
    let mut registers = [0u8; 256];
    (registers[0x00], registers[0x01], registers[0xFE]) = (0x21, 0x04, 99);
    fs::write(&chip, registers).unwrap();
    let chip = chip.to_str().unwrap();
    let (said, exit) = check("other", SERVOS, MOTION, &["--chip", chip]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(
        said.contains("set up by another program; `run` sets it up anew\n"),
        "{said}"
    );
    // Looking changes nothing.
    assert_eq!(fs::read(chip).unwrap(), registers);

    registers[0] = 0x61;
    fs::write(chip, registers).unwrap();
    let (said, exit) = check("clock", SERVOS, MOTION, &["--chip", chip]);
    assert_eq!(exit, Some(69), "{said}");
    assert!(said.contains("listen to an external clock"), "{said}");
    assert!(said.contains("`tentacle-hat check --reset`"), "{said}");
    assert_eq!(
        fs::read(chip).unwrap(),
        registers,
        "looking changes nothing"
    );

    let mut ran = hat(&[
        "run",
        "--board",
        "virtual",
        "--unpaced",
        "--seconds",
        "1",
        "--chip",
        chip,
    ]);
    let ran = ran.output().unwrap();
    assert_eq!(ran.status.code(), Some(69), "it has moved nothing");
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("does not hold what it is told"), "{said}");

    let (said, exit) = check("reset", SERVOS, MOTION, &["--chip", chip, "--reset"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("✓ the board at 0x40 listened to an external clock, and was reset"));
    let (said, exit) = check("well-again", SERVOS, MOTION, &["--chip", chip]);
    assert_eq!(exit, Some(0), "{said}");
}
