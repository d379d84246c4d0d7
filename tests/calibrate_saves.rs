//! How `calibrate set` and `trim` save: beside other saves, and whatever the
//! file and its folder are.

mod common;

use common::bench::PATIENCE;
use common::calibration::{SERVOS, calibrate, command, shipped, text};
use common::{folder, hat};
use rustix::fs::{FlockOperation, flock};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread::spawn;

/// Starts them all before it waits for any, and wants all to succeed.
fn at_once(folder: &Path, changes: &[String]) {
    let start = |words: &String| command(folder, words).spawn().unwrap();
    let started: Vec<_> = changes.iter().map(start).collect();
    for (child, words) in started.into_iter().zip(changes) {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words}: {output:?}");
    }
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    let places = ["front-left", "front-right", "back-right", "back-left"];
    let servos = places
        .iter()
        .flat_map(|t| ["x", "y"].map(|a| format!("{t}.{a}")));
    let servos: Vec<_> = servos.collect();
    let each = |words: &dyn Fn(usize) -> String| -> Vec<String> {
        let change = |(i, servo): (usize, &String)| words(i).replace("SERVO", servo);
        servos.iter().enumerate().map(change).collect()
    };
    for round in 0..5 {
        let folder = shipped("set-at-once");
        let mut changes = each(&|i| format!("set SERVO --negative {}", 1380 + i));
        changes.extend(each(&|i| format!("trim SERVO {}", i + 1)));
        at_once(&folder, &changes);
        let text = text(&folder);
        for i in 0..8 {
            for kept in [
                format!("[-1, {}]", 1380 + i),
                format!("trim-us = {}\n", i + 1),
            ] {
                assert!(text.contains(&kept), "round {round}, {kept}: {text}");
            }
        }
        // The first save of all makes the folder.
        let folder = common::folder("set-at-once-first").join("etc/tentacle-hat");
        let changes = each(&|i| format!("set SERVO --negative {} --positive 1600", 1380 + i));
        at_once(&folder, &changes);
        let text = self::text(&folder);
        for i in 0..8 {
            let table = format!("table = [[-1, {}], [1, 1600]]", 1380 + i);
            assert!(text.contains(&table), "round {round}, {table}: {text}");
        }
    }
}

#[test]
fn a_wait_for_another_save_is_told() {
    for (name, words, change) in [
        ("set-waits", "trim front-left.x 5", "trim-us = 5"),
        (
            "set-waits-clock",
            "clock --commanded-us 1500 --measured-us 1500",
            "oscillator-hz = 24_969_333",
        ),
        (
            "set-waits-in-vain",
            "set front-left.x --negative 1410 --positive 1600",
            "[-1, 1410]",
        ),
    ] {
        let folder = shipped(name);
        let other = fs::File::open(&folder).unwrap();
        flock(&other, FlockOperation::LockExclusive).unwrap();
        let mut child = command(&folder, words).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let (told, hears) = channel();
        spawn(move || {
            let mut said = String::new();
            stderr.read_line(&mut said).unwrap();
            told.send(said).unwrap();
        });
        let said = hears.recv_timeout(PATIENCE).unwrap();
        let expected = format!("{}: waiting for another `tentacle-hat", folder.display());
        assert!(said.starts_with(&expected), "{said}");
        assert_eq!(text(&folder), SERVOS);
        if name == "set-waits-in-vain" {
            // As a refused first save does with the folder that it made.
            fs::remove_dir_all(&folder).unwrap();
        }
        drop(other);
        assert!(child.wait().unwrap().success());
        assert!(text(&folder).contains(change), "{}", text(&folder));
    }
}

#[test]
fn what_is_so_already_is_not_written() {
    let folder = shipped("set-nothing");
    let before = SERVOS
        .replacen("[-1, 1400]", "[-1.0, 1_400.0]", 1)
        .replacen("trim-us = 0\n", "", 1)
        .replacen("trim-us = 0\n", "trim-us = 0.0\n", 1)
        .replacen("25_000_000", "25000000", 1);
    fs::write(folder.join("servos.toml"), &before).unwrap();
    fs::write(folder.join("servos.toml.bak.1"), "the one before").unwrap();
    let inode = |name: &str| fs::metadata(folder.join(name)).unwrap().ino();
    let inodes = [inode("servos.toml"), inode("servos.toml.bak.1")];
    for words in [
        "set front-left.x --negative 1400",
        "trim front-left.x 0",
        "trim front-left.y 0",
        // A pulse of 307 ticks, as the nominal oscillator makes it.
        "clock --commanded-us 1500 --measured-us 1498.16",
    ] {
        let (code, said) = calibrate(&folder, words);
        assert_eq!(code, 0, "{words}: {said}");
        assert!(said.contains("says so already"), "{words}: {said}");
        assert!(!said.contains("saved"), "{words}: {said}");
        assert_eq!(text(&folder), before, "{words}");
        assert_eq!([inode("servos.toml"), inode("servos.toml.bak.1")], inodes);
    }
}

#[test]
fn the_marks_of_another_editor_stay() {
    let folder = shipped("set-windows");
    let rows = SERVOS.replacen(
        "[[-1, 1400], [1, 1600]]",
        "[\n    [-1, 1400], # slack\n    [1, 1600],\n]",
        1,
    );
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    fs::write(folder.join("servos.toml"), windows(&rows)).unwrap();
    let config = folder.to_str().unwrap();
    for words in [&["check"][..], &["check", "--files"], &["relax"]] {
        common::run(&[words, &["--config", config]].concat());
    }
    assert_eq!(calibrate(&folder, "set front-left.x --neutral 1490").0, 0);
    assert_eq!(calibrate(&folder, "trim front-left.x 7").0, 0);
    let expected = rows
        .replacen("# slack\n", "# slack\n    [0, 1490],\n", 1)
        .replacen("trim-us = 0", "trim-us = 7", 1);
    assert_eq!(text(&folder), windows(&expected));
    // Another clock writes every table, and a trim that was not there a line.
    let clock = "clock --commanded-us 1500 --measured-us 1500";
    for (folder, text) in [
        (shipped("set-unix"), expected.clone()),
        (folder.clone(), windows(&expected)),
    ] {
        let text = text.replacen("trim-us = 0", "# no trim", 1);
        fs::write(folder.join("servos.toml"), text).unwrap();
        assert_eq!(calibrate(&folder, clock).0, 0);
        assert_eq!(calibrate(&folder, "trim front-left.y 7").0, 0);
    }
    let unix = text(&folder.with_file_name("set-unix"));
    assert!(unix.matches("trim-us = 7").count() == 2 && !unix.contains('\r'));
    assert_eq!(text(&folder), windows(&unix));
    // The lines are counted as in any editor.
    let broken = text(&folder).replacen("channel = 3", "channel = 33", 1);
    let line = 1 + broken.lines().position(|l| l == "channel = 33").unwrap();
    fs::write(folder.join("servos.toml"), broken).unwrap();
    let said = calibrate(&folder, clock).1;
    assert!(
        said.contains(&format!("servos.toml:{line}: front-right.y.channel")),
        "{said}"
    );
}

#[test]
fn an_overlay_forgets_what_is_saved() {
    // A file system of its own over /etc, as `raspi-config` lays one over all.
    let script = "mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work && \
                  mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work none /etc \
                  && echo mounted || exit; set -- calibrate set front-left.x --negative 1400 --positive 1600; \
                  \"$0\" \"$@\" && \"$0\" --config /etc/other \"$@\"";
    let program = env!("CARGO_BIN_EXE_tentacle-hat");
    let mut command = Command::new("unshare");
    let output = command.args(["-m", "sh", "-c", script, program]).output();
    let said = output.map(|o| String::from_utf8([o.stdout, o.stderr].concat()).unwrap());
    let Some(said) = said.ok().filter(|said| said.starts_with("mounted")) else {
        eprintln!("SKIPPED: this needs root, unshare and overlay file systems");
        return;
    };
    let warning = "/etc/tentacle-hat/servos.toml: is on an overlay file system, which forgets it";
    assert!(said.contains(warning), "{said}");
    // Of no other folder: to a container, an overlay is what a card is to a Pi.
    assert!(said.contains("created /etc/other/servos.toml"), "{said}");
    assert_eq!(said.matches("forgets it").count(), 1, "{said}");
    assert!(
        said.contains("`sudo raspi-config nonint do_overlayfs 1`"),
        "{said}"
    );
}

#[test]
fn a_full_disk_behind_what_is_printed_fails_nothing() {
    let folder = shipped("set-full");
    let config = folder.to_str().unwrap();
    for words in ["set front-left.x --positive 1640", "trim front-left.y 5"] {
        let mut command = common::hat(&["--config", config, "calibrate"]);
        command.args(words.split(' '));
        command.stdout(fs::File::options().write(true).open("/dev/full").unwrap());
        assert!(command.status().unwrap().success(), "{words}");
    }
    let text = fs::read_to_string(folder.join("servos.toml")).unwrap();
    assert!(
        text.contains("1640") && text.contains("trim-us = 5"),
        "{text}"
    );
}

#[test]
fn the_first_save_makes_folder_and_files_and_calibrates_nothing_else() {
    let folder = folder("set-first").join("etc/tentacle-hat");
    let (code, said) = calibrate(&folder, "set front-left.x --neutral 1500");
    assert_eq!(code, 1);
    assert!(said.contains("needs both its ends"), "{said}");
    assert!(!folder.exists());
    let words = "set front-left.x --negative 1400 --positive 1600";
    let (code, said) = calibrate(&folder, words);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("created "), "{said}");
    let tables: Vec<String> = text(&folder)
        .lines()
        .filter(|line| line.starts_with("table"))
        .map(str::to_owned)
        .collect();
    assert_eq!(tables, ["table = [[-1, 1400], [1, 1600]]"]);
    assert!(!text(&folder).contains("narrow on purpose"));
    let mode = |file: &str| fs::metadata(folder.join(file)).unwrap().mode() & 0o7777;
    assert_eq!((mode("servos.toml"), mode("motion.toml")), (0o644, 0o644));
    assert_eq!(mode("."), 0o755);
    // And the hat runs with it.
    let config = folder.to_str().unwrap();
    common::run(&["run", "--seconds", "1", "--unpaced", "--config", config]);
}

#[test]
fn mode_and_owner_stay() {
    let folder = shipped("set-owner");
    let file = folder.join("servos.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if root {
        std::os::unix::fs::chown(&file, Some(12_345), Some(54_321)).unwrap();
    }
    let before = fs::metadata(&file).unwrap();
    assert_eq!(calibrate(&folder, "trim front-left.x 5").0, 0);
    for name in ["servos.toml", "servos.toml.bak.1"] {
        let after = fs::metadata(folder.join(name)).unwrap();
        assert_eq!(after.mode() & 0o7777, 0o640, "{name}");
        assert_eq!(
            (after.uid(), after.gid()),
            (before.uid(), before.gid()),
            "{name}"
        );
    }
}

#[test]
fn a_link_is_kept() {
    let folder = shipped("set-link");
    let elsewhere = common::folder("set-link-elsewhere").join("mine.toml");
    fs::rename(folder.join("servos.toml"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.join("servos.toml")).unwrap();
    assert_eq!(calibrate(&folder, "trim front-left.x 5").0, 0);
    assert!(folder.join("servos.toml").is_symlink());
    assert!(
        fs::read_to_string(&elsewhere)
            .unwrap()
            .contains("trim-us = 5")
    );
    // motion.toml belongs to the link, not to where it leads.
    assert!(!elsewhere.with_file_name("motion.toml").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before() {
    let folder = shipped("set-read-only");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = hat(&["--config", folder.to_str().unwrap()]);
    command.args(["calibrate", "trim", "front-left.x", "5"]);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        // Root may write everywhere.
        let file = folder.join("servos.toml");
        std::os::unix::fs::chown(file, Some(65_534), None).unwrap();
        command.uid(65_534);
    }
    let Ok(output) = command.output() else {
        eprintln!("skipped: nobody else may run programs from the build folder");
        return;
    };
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(77), "{said}");
    assert!(said.contains("run this with sudo"), "{said}");
    assert_eq!(text(&folder), SERVOS);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn without_a_folder_it_is_a_rehearsal_in_a_folder_of_its_own() {
    let folder = common::folder("set-rehearsal");
    let mut command = hat(&["calibrate", "set", "front-left.x"]);
    command.args(["--negative", "1450", "--positive", "1550"]);
    let output = command.current_dir(&folder).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("created rehearsal/servos.toml"), "{said}");
    let rehearsal = folder.join("rehearsal");
    let text = text(&rehearsal);
    assert_eq!(text.matches("\ntable").count(), 1, "{text}");
    // What takes it back is not to mean the hat's own files.
    let back = "`tentacle-hat calibrate restore 1 --board virtual`";
    let rehearsed = |words: &[&str]| {
        let mut command = hat(&["calibrate"]);
        let output = command.args(words).current_dir(&folder).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let said = rehearsed(&["trim", "front-left.x", "5"]);
    assert!(said.contains(&format!("{back} takes it back")), "{said}");
    let said = rehearsed(&["restore"]);
    assert!(
        said.contains(&format!("{back} brings the youngest")),
        "{said}"
    );
    // What is wrong there is told of it, and not of the files that came with the program.
    let broken = text.replacen("channel = 3", "channel = 33", 1);
    for (file, words) in [
        ("servos.toml.bak.1", ["restore", "1"].as_slice()),
        ("servos.toml", &["trim", "front-left.x", "5"]),
    ] {
        fs::write(rehearsal.join(file), &broken).unwrap();
        let mut command = hat(&["calibrate"]);
        let output = command.args(words).current_dir(&folder).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("rehearsal/servos.toml:"), "{said}");
        assert!(said.contains("channel = 33"), "{said}");
    }
}
