//! `calibrate init` makes the files, and `calibrate restore` brings earlier ones back.

mod common;

use common::{folder, hat};
use std::fs;
use std::path::Path;
use std::process::Output;

fn calibrate(folder: &Path, words: &str) -> Output {
    let words: Vec<&str> = words.split(' ').collect();
    let mut command = hat(&["calibrate", "--config"]);
    command.arg(folder).args(words).output().unwrap()
}

/// What a command prints, which must succeed.
fn said(folder: &Path, words: &str) -> String {
    let output = calibrate(folder, words);
    assert!(output.status.success(), "{words}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn servos(folder: &Path) -> String {
    fs::read_to_string(folder.join("servos.toml")).unwrap()
}

#[test]
fn init_makes_both_files_and_moves_nothing() {
    let folder = folder("restore-init").join("hat");
    let created = said(&folder, "init");
    assert!(
        created.contains("servos.toml") && created.contains("motion.toml"),
        "{created}"
    );
    assert!(!servos(&folder).contains("\ntable"));
    let (_, trace) = common::Trace::of(
        "restore-init-trace",
        &["--seconds", "3", "--config", folder.to_str().unwrap()],
    );
    assert!(
        trace
            .rows
            .iter()
            .all(|(_, pulses)| pulses.iter().all(Option::is_none))
    );
    // What is there is never made anew.
    let before = servos(&folder) + "# mine\n";
    fs::write(folder.join("servos.toml"), &before).unwrap();
    let refused = calibrate(&folder, "init");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(servos(&folder), before);
}

#[test]
fn an_earlier_state_is_listed_and_comes_back() {
    let folder = folder("restore");
    let listed = said(&folder, "restore");
    assert!(listed.starts_with("There are no backups yet"), "{listed}");
    said(&folder, "init");
    said(&folder, "set front-left.x --negative 1400 --positive 1600");
    let good = servos(&folder);
    said(&folder, "trim front-left.x 7");
    said(&folder, "trim front-left.x 5");

    let listed = said(&folder, "restore");
    let back = format!("calibrate restore 3 --config {}`", folder.display());
    assert!(listed.contains(&back), "{listed}");
    let lines: Vec<_> = listed.lines().collect();
    assert!(
        lines[0].starts_with("  3  until 20") && lines[0].ends_with(" UTC"),
        "{listed}"
    );
    assert_eq!(lines[1], "     front-left.x.trim-us: 12 → 7");
    let first = "     front-left.x.table: [[-1, 1400], [1, 1600]] → nothing";
    assert!(lines.contains(&first), "{listed}");

    // Also where the file is beyond reading.
    fs::write(folder.join("servos.toml"), [0xff, 0xfe]).unwrap();
    let told = said(&folder, "restore 2");
    assert!(
        told.contains("is backup 2 again; what was there is backup 4"),
        "{told}"
    );
    assert_eq!(servos(&folder), good);
    assert_eq!(
        fs::read(folder.join("servos.toml.bak.4")).unwrap(),
        [0xff, 0xfe]
    );
    assert!(said(&folder, "restore").contains("  4  until "));
    // But what has faults itself does not.
    for (number, why) in [(4, "UTF-8"), (5, "there is no backup 5")] {
        let refused = calibrate(&folder, &format!("restore {number}"));
        assert!(!refused.status.success());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(why), "{said}");
        assert_eq!(servos(&folder), good);
    }
}

#[test]
fn the_last_ten_stay() {
    let folder = folder("restore-ten");
    said(&folder, "init");
    said(&folder, "set front-left.x --negative 1400 --positive 1600");
    for _ in 0..13 {
        said(&folder, "trim front-left.x 1");
    }
    let names = fs::read_dir(&folder).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    let prefix = "servos.toml.bak.";
    let mut numbers: Vec<u32> = names
        .filter_map(|name| Some(name.strip_prefix(prefix)?.parse().unwrap()))
        .collect();
    numbers.sort();
    assert_eq!(numbers, (5..=14).collect::<Vec<_>>());
}
