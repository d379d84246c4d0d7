//! The manual tells what the program does: its keys, their bounds, its exit codes.

mod common;

#[path = "../examples/manual/keys.rs"]
#[allow(dead_code)]
mod keys;

use common::{folder, hat};
use std::fs;
use toml_edit::Document;

const SERVOS: &str = include_str!("../calibration/servos.toml");

/// The shipped servos.toml, with all that it has as an example: comments that are TOML.
fn servos() -> String {
    let line = |line| match str::strip_prefix(line, "# ") {
        Some(example) if Document::parse(example).is_ok() => format!("{example}\n"),
        _ => format!("{line}\n"),
    };
    SERVOS.lines().map(line).collect()
}

const MOTION: &str = include_str!("../calibration/motion.toml");

/// What `check --files` says of these files.
fn check(name: &str, servos: &str, motion: &str) -> String {
    let folder = folder(&format!("manual-{name}"));
    fs::write(folder.join("servos.toml"), servos).unwrap();
    fs::write(folder.join("motion.toml"), motion).unwrap();
    let mut command = hat(&["check", "--files", "--config"]);
    let output = command.arg(&folder).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_examples_in_servos_toml_are_accepted_together() {
    let servos = servos();
    for example in [
        "\noe-gpio = 17 ",
        "\n[button]\ngpio = 23\n",
        "\n[[sense]]\nname = \"front\"\nkind = \"ld2450\" ",
        "\n[[sense]]\nname = \"door\"\nkind = \"gpio\" ",
        "\ngpio = 24 ",
        "\nactive-high = true ",
    ] {
        assert!(servos.contains(example), "{example}: {servos}");
    }
    let said = check("examples", &servos, MOTION);
    assert!(!said.is_empty() && !said.contains('✗'), "{said}");
}

#[test]
fn every_key_that_the_program_knows_is_in_the_manual() {
    // A key that is none, in each table: the program tells those that it knows.
    let stray = "wobble = 1\n";
    let servos = stray.to_owned()
        + &servos()
            .replacen("[button]\n", &format!("[button]\n{stray}"), 1)
            .replace("[[sense]]\n", &format!("[[sense]]\n{stray}"))
            .replacen("[[tentacle]]\n", &format!("[[tentacle]]\n{stray}"), 1)
            .replacen("[tentacle.x]\n", &format!("[tentacle.x]\n{stray}"), 1);
    let motion = stray.to_owned()
        + &MOTION
            .replacen("[wave.x]\n", &format!("[wave.x]\n{stray}"), 1)
            .replacen("[life]\n", &format!("[life]\n{stray}"), 1);
    let said = check("keys", &servos, &motion);
    let known: Vec<Vec<&str>> = said
        .lines()
        .filter_map(|line| Some(line.split_once("keys here: ")?.1.split(", ").collect()))
        .collect();
    let sections = keys::sections();
    let keys =
        |section: &keys::Section| -> Vec<_> { section.keys.iter().map(|(key, _)| *key).collect() };
    // A sense has the keys of all senses and those of its kind.
    let of_all = sections.iter().find(|s| s.heading == "[[sense]]").unwrap();
    let mut told = Vec::new();
    for section in &sections {
        match section.heading.strip_prefix("[[sense]]") {
            Some("") => {}
            Some(_) => told.push([keys(of_all), keys(section)].concat()),
            None => told.push(keys(section)),
        }
    }
    assert_eq!(known, told, "{said}");
}

#[test]
fn bounds_in_the_manual_are_those_of_the_program() {
    for (key, value) in [
        ("pulse-rate-hz", "39"),
        ("oscillator-hz", "30_000_001"),
        ("gpio", "28"),
        ("max-total-speed-us-per-s", "9"),
        ("trim-us", "101"),
        ("max-speed-us-per-s", "20_001"),
        ("channel", "16"),
        ("facing-deg", "361"),
        ("frequency-hz", "5.1"),
        ("amplitude", "1.1"),
        ("phase-turns", "-1.1"),
        ("tentacle-phase-turns", "1.1"),
        ("depth", "1.1"),
    ] {
        let set = |text: &str| -> String {
            let is_it = |line: &str| line.split(" = ").next() == Some(key);
            let line = |line| match is_it(line) {
                true => format!("{key} = {value}\n"),
                false => format!("{line}\n"),
            };
            text.lines().map(line).collect()
        };
        let said = check("bounds", &set(&servos()), &set(MOTION));
        let fault = said
            .lines()
            .find(|line| line.contains(&format!("{key} = ")));
        let bound = fault.and_then(|line| line.split("must be ").nth(1));
        let bound = bound.unwrap_or_else(|| panic!("{key} = {value} is no fault: {said}"));
        let figures = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
            let words = words.map(|word| word.trim_matches('.').to_owned());
            words
                .filter(|word| word.chars().any(|c| c.is_ascii_digit()))
                .collect()
        };
        let sections = keys::sections();
        let mut told = sections.iter().flat_map(|section| &section.keys);
        let (_, told) = told.find(|(name, _)| *name == key).unwrap();
        let told = figures(told);
        let high = figures(bound).last().cloned().unwrap();
        assert!(told.contains(&high), "{key}: {bound}: {told:?}");
    }
}

#[test]
fn every_exit_code_is_told() {
    let help = hat(&["--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let codes = include_str!("../src/failure.rs");
    let codes = codes
        .lines()
        .filter_map(|line| line.split_once(" = ")?.1.strip_suffix(','));
    let codes: Vec<_> = codes.collect();
    assert_eq!(codes.len(), 6);
    for code in codes {
        assert!(help.contains(&format!("\n  {code} ")), "{code}: {help}");
    }
}
