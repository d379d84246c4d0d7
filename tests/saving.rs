//! A save that is killed, or fails, at every system call in turn: servos.toml is
//! always whole, the old one or the new one.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SERVOS: &str = include_str!("../calibration/servos.toml");
const MOTION: &str = include_str!("../calibration/motion.toml");
/// All that a save asks of the kernel, and the reads around it; each machine
/// has only some of these ("?").
const CALLS: [&str; 16] = [
    "openat",
    "read",
    "write",
    "fsync",
    "?rename",
    "?renameat",
    "?renameat2",
    "?unlink",
    "?unlinkat",
    "?fchmod",
    "?chmod",
    "?fchmodat",
    "?mkdir",
    "?mkdirat",
    "?statx",
    "close",
];
/// More calls of one kind than a save makes.
const MANY: usize = 500;

/// Runs a save that strace tampers with at the n-th such call.
fn tamper(folder: &Path, words: &[&str], how: &str) -> Output {
    let mut command = Command::new("strace");
    let inject = format!("inject={how}");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &inject]);
    command.arg(env!("CARGO_BIN_EXE_tentacle-hat"));
    command.args(["--config", folder.to_str().unwrap()]);
    command.args(words).output().unwrap()
}

fn strace_is_here() -> bool {
    let here = Command::new("strace").arg("-V").output().is_ok();
    assert!(here || std::env::var_os("CI").is_none(), "CI has strace");
    if !here {
        eprintln!("SKIPPED, there is no strace: apt-get install strace");
    }
    here
}

fn shipped(name: &str) -> PathBuf {
    let folder = common::folder(name);
    fs::write(folder.join("motion.toml"), MOTION).unwrap();
    folder
}

fn servos(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join("servos.toml")).ok()
}

fn loads(folder: &Path) {
    let config = folder.to_str().unwrap();
    common::run(&["run", "--seconds", "1", "--unpaced", "--config", config]);
}

/// Kills the save at each call in turn; what servos.toml held each time.
fn kill_everywhere(
    folder: &Path,
    words: &[&str],
    mut prepare: impl FnMut(),
    mut look: impl FnMut(&str),
) {
    let mut kills = 0;
    for call in CALLS {
        for n in 1..MANY {
            prepare();
            let moment = format!("{call}:signal=KILL:when={n}");
            let output = tamper(folder, words, &moment);
            look(&moment);
            if output.status.success() {
                break;
            }
            kills += 1;
            assert!(n + 1 < MANY, "{moment} should be more than there are");
        }
    }
    // Two files written, synced, renamed; two folders synced.
    assert!(kills > 30, "only {kills} kills");
}

#[test]
fn the_file_is_whole_at_every_moment_of_a_save() {
    if !strace_is_here() {
        return;
    }
    let folder = shipped("killed-save");
    let new = SERVOS.replacen("trim-us = 0", "trim-us = 7", 1);
    let (mut olds, mut news) = (0, 0);
    let reset = || {
        // The last victim's temporary file stays, as it would.
        fs::write(folder.join("servos.toml"), SERVOS).unwrap();
    };
    let words = ["calibrate", "trim", "front-left.x", "7"];
    kill_everywhere(&folder, &words, reset, |moment| {
        match servos(&folder).as_deref() {
            Some(SERVOS) => olds += 1,
            Some(text) if text == new => news += 1,
            other => panic!("{moment}: {other:?}"),
        }
        if let Ok(backup) = fs::read_to_string(folder.join("servos.toml.bak.1")) {
            assert_eq!(backup, SERVOS, "{moment}");
        }
    });
    assert!(olds > 20 && news > 3, "{olds} {news}");
    // Both are files that run.
    loads(&folder);
    fs::write(folder.join("servos.toml"), SERVOS).unwrap();
    loads(&folder);
}

#[test]
fn the_first_save_leaves_nothing_or_all() {
    if !strace_is_here() {
        return;
    }
    let parent = common::folder("killed-first");
    let folder = parent.join("tentacle-hat");
    let words = [
        "calibrate",
        "set",
        "front-left.x",
        "--negative",
        "1400",
        "--positive",
        "1600",
    ];
    let reset = || {
        let _ = fs::remove_dir_all(&folder);
    };
    let mut alls = 0;
    kill_everywhere(&folder, &words, reset, |moment| {
        if let Some(text) = servos(&folder) {
            assert!(text.contains("table = [[-1, 1400], [1, 1600]]"), "{moment}");
            // A file that is there runs: motion.toml came before it.
            assert_eq!(
                fs::read_to_string(folder.join("motion.toml")).unwrap(),
                MOTION
            );
            alls += 1;
        }
    });
    assert!(alls > 3);
    loads(&folder);
}

#[test]
fn a_full_or_failing_disk_leaves_the_old_file_and_says_so() {
    if !strace_is_here() {
        return;
    }
    let folder = shipped("failing-save");
    for (call, error, says) in [
        ("write", "ENOSPC", "No space left"),
        ("fsync", "EIO", "Input/output error"),
        (
            "?rename,?renameat,?renameat2",
            "EROFS",
            "Read-only file system",
        ),
        ("fchmod", "EPERM", "not permitted"),
    ] {
        let mut refused = 0;
        // The backup first, then the file, then what is printed.
        for n in 1..MANY {
            fs::write(folder.join("servos.toml"), SERVOS).unwrap();
            let how = format!("{call}:error={error}:when={n}");
            let words = ["calibrate", "trim", "front-left.x", "7"];
            let output = tamper(&folder, &words, &how);
            if output.status.success() {
                break;
            }
            if servos(&folder).as_deref() == Some(SERVOS) {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(said.contains(says), "{how}: {said}");
                let mut files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap());
                let is_new = |file: fs::DirEntry| file.path().extension() == Some("new".as_ref());
                assert!(!files.any(is_new), "{how}");
                refused += 1;
            } else {
                let new = servos(&folder).unwrap();
                assert!(new.contains("trim-us = 7"), "{how}: {new}");
            }
        }
        assert!(refused >= 2, "{call}: {refused}");
    }
}

#[test]
fn what_is_renamed_is_on_the_card_and_so_is_its_name() {
    if !strace_is_here() {
        return;
    }
    let folder = shipped("synced-save");
    fs::write(folder.join("servos.toml"), SERVOS).unwrap();
    let log = common::folder("synced-save-log").join("calls");
    let mut command = Command::new("strace");
    let calls = "trace=fsync,?rename,?renameat,?renameat2";
    command.args(["-f", "-qq", "-y", "-e", calls, "-o", log.to_str().unwrap()]);
    command.arg(env!("CARGO_BIN_EXE_tentacle-hat"));
    command.args(["--config", folder.to_str().unwrap()]);
    command.args(["calibrate", "trim", "front-left.x", "7"]);
    assert!(command.status().unwrap().success());
    let log = fs::read_to_string(log).unwrap();
    let calls: Vec<_> = log.lines().collect();
    let renamed: Vec<_> = (0..calls.len())
        .filter(|i| calls[*i].contains("rename"))
        .collect();
    // The backup first.
    assert_eq!(renamed.len(), 2, "{log}");
    assert!(calls[renamed[0]].contains("servos.toml.bak.1\""), "{log}");
    assert!(calls[renamed[1]].contains("servos.toml\""), "{log}");
    for i in renamed {
        let from = calls[i].split('"').nth(1).unwrap();
        let synced = |call: &str, path: &str| {
            call.contains("fsync(") && call.contains(&format!("<{path}>)")) && call.ends_with("= 0")
        };
        assert!(synced(calls[i - 1], from), "{log}");
        let folder = folder.canonicalize().unwrap();
        let after = calls.get(i + 1).unwrap_or(&"");
        assert!(synced(after, folder.to_str().unwrap()), "{log}");
    }
}
