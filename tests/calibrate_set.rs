//! `calibrate set` and `trim`: what they change, what they refuse, and that a
//! refusal leaves the file as it was.

mod common;

use common::calibration::{SERVOS, calibrate, shipped, text, with_compass};
use std::fs;

#[test]
fn only_the_points_that_were_set_change() {
    let folder = shipped("set-points");
    let (code, said) = calibrate(&folder, "set front-left.x --negative 1350.5 --neutral 1490");
    assert_eq!(code, 0, "{said}");
    let expected = SERVOS.replacen(
        "table = [[-1, 1400], [1, 1600]]",
        "table = [[-1, 1350.5], [0, 1490], [1, 1600]]",
        1,
    );
    assert_eq!(text(&folder), expected);
    assert!(
        said.contains("negative end was 1400, is 1350.5 µs"),
        "{said}"
    );
    // Neutral was set, and nothing here is far or turned.
    for untold in ["the middle of both ends", "other way", "moved by"] {
        assert!(!said.contains(untold), "{said}");
    }
    assert!(
        // The service reads another file.
        !said.contains("systemctl"),
        "{said}"
    );
    let backup = fs::read_to_string(folder.join("servos.toml.bak.1")).unwrap();
    assert_eq!(backup, SERVOS);
    let names = fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().file_name());
    assert!(
        !names
            .into_iter()
            .any(|name| name.to_string_lossy().ends_with(".new"))
    );
}

#[test]
fn a_neutral_that_moves_with_an_end_is_told() {
    let folder = shipped("set-neutral");
    let (code, said) = calibrate(&folder, "set front-left.x --positive 1800");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("neutral, the middle of both ends, was 1500, is 1600 µs"),
        "{said}"
    );
    assert!(!said.contains("moved by"), "{said}");
}

#[test]
fn a_far_end_and_another_direction_are_saved_and_told() {
    let folder = shipped("set-far");
    let (code, said) = calibrate(&folder, "set front-left.x --negative 2255");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the servo now turns the other way"), "{said}");
    assert!(
        said.contains("negative end moved by 855 µs: check with `tentacle-hat calibrate`"),
        "{said}"
    );
    assert!(text(&folder).contains("[[-1, 2255], [1, 1600]]"));
}

#[test]
fn trims_add_up() {
    let folder = shipped("trim");
    assert_eq!(calibrate(&folder, "trim back-right.y -30").0, 0);
    let (code, said) = calibrate(&folder, "trim back-right.y 12.5");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("trim-us was -30, is -17.5"), "{said}");
    let (before, after) = (SERVOS.lines(), text(&folder));
    let changed: Vec<_> = before.zip(after.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(changed, [("trim-us = 0", "trim-us = -17.5")]);
    let section = after.split("channel = 5").nth(1).unwrap();
    let section = section.split("[[tentacle]]").next().unwrap();
    assert!(section.contains("trim-us = -17.5"), "{section}");
}

#[test]
fn what_is_wrong_is_refused_and_changes_nothing() {
    let folder = shipped("set-refused");
    let narrow = SERVOS.replacen("[1, 1600]]", "[1, 2450]]", 1);
    fs::write(folder.join("servos.toml"), &narrow).unwrap();
    for (words, code, reason) in [
        // Ends that cross neutral, and a table that turns round.
        (
            "set front-left.y --neutral 1650",
            1,
            "only rise or only fall",
        ),
        ("set front-left.y --negative 1600", 1, "1600 (negative end)"),
        (
            "set front-left.y --negative 1585",
            1,
            "the ends would be 15 µs apart",
        ),
        (
            "set front-left.y --negative 499",
            2,
            "must be 500 to 2500 µs",
        ),
        (
            "set front-left.y --positive 2501",
            2,
            "must be 500 to 2500 µs",
        ),
        (
            "set front-left.y --positive -1600",
            2,
            "must be 500 to 2500 µs",
        ),
        (
            "set front-left.y --positive NaN",
            2,
            "must be 500 to 2500 µs",
        ),
        ("set front-left.y --positive wide", 2, "must be a number"),
        (
            "set front-left.y",
            2,
            "<--negative <US>|--neutral <US>|--positive <US>>",
        ),
        (
            "set front-left.z --neutral 1500",
            2,
            "did you mean front-left.",
        ),
        (
            "set nose --neutral 1500",
            2,
            "the servos are front-left.x, front-left.y",
        ),
        ("trim front-left.y 101", 1, "-100 to 100"),
        ("trim front-left.y -100.5", 1, "-100 to 100"),
        ("trim front-left.y 1000", 2, "-200 to 200"),
        ("trim front-left.y inf", 2, "within ±100 µs"),
        ("trim front-left.x 60", 1, "500 to 2500"),
        ("trim back-lift.x 5", 2, "did you mean back-left.x"),
    ] {
        let (exit, said) = calibrate(&folder, words);
        assert_eq!(exit, code, "{words}: {said}");
        assert!(said.contains(reason), "{words}: {said}");
        assert_eq!(text(&folder), narrow, "{words}");
    }
    assert!(!folder.join("servos.toml.bak.1").exists());
}

#[test]
fn a_broken_file_is_told_by_line_and_left_alone() {
    let folder = shipped("set-broken");
    let broken = SERVOS.replacen("channel = 3", "channel = 33", 1);
    fs::write(folder.join("servos.toml"), &broken).unwrap();
    let line = 1 + broken.lines().position(|l| l == "channel = 33").unwrap();
    let place = format!("servos.toml:{line}: front-right.y.channel = 33");
    for words in [
        "set front-left.x --neutral 1500",
        "trim front-left.x 5",
        "clock --commanded-us 1500 --measured-us 1500",
    ] {
        let (code, said) = calibrate(&folder, words);
        assert_eq!(code, 78, "{said}");
        assert!(said.contains(&place), "{said}");
        assert_eq!(text(&folder), broken);
    }
}

#[test]
fn a_compass_that_was_measured_before_is_kept_and_told() {
    let folder = shipped("set-compass");
    fs::write(folder.join("servos.toml"), with_compass(SERVOS, 0.0)).unwrap();
    let line = |text: &str| {
        text.lines()
            .find(|l| l.starts_with("compass"))
            .map(String::from)
    };
    let before = line(&text(&folder));
    let stale = "front-left: its compass was measured before that; `tentacle-hat calibrate \
                 compass front-left --config ";
    for (words, is_told) in [
        ("set front-left.x --positive 1620", true),
        ("set front-left.x --positive 1620", false),
        ("trim front-left.y 10", true),
        ("trim front-right.y 10", false),
    ] {
        let (code, said) = calibrate(&folder, words);
        assert_eq!(code, 0, "{said}");
        assert_eq!(said.contains(stale), is_told, "{words}: {said}");
        assert!(
            before.is_some() && line(&text(&folder)) == before,
            "{words}"
        );
    }
}
