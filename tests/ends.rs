//! However the program ends, no servo is left under power: signals, a panic,
//! and `relax` after SIGKILL.

mod common;

use common::bench::{Bench, goes_home, signal, text};
use std::fs;
use std::process::{Command, Stdio};

#[test]
fn sigterm_and_friends_relax_and_exit_0() {
    for name in ["-TERM", "-INT", "-HUP", "-QUIT", "-USR1", "-USR2", "-ALRM"] {
        let bench = Bench::new(&format!("ends{name}"));
        let child = bench.running();
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(bench.pulsing(), 0);
    }
}

#[test]
fn a_hangup_that_was_ignored_stays_ignored_and_none_hurries_a_stop() {
    let bench = Bench::new("ends-nohup");
    let arguments = ["--board", "virtual", "--chip", &bench.chip, "run"];
    let mut child = Command::new("sh")
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_tentacle-hat"))
        .args(arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    bench.wait("all servos pulse", || bench.pulsing() == 8);
    signal(&child, "-HUP");
    let before = fs::read(&bench.chip).unwrap();
    bench.wait("it goes on", || fs::read(&bench.chip).unwrap() != before);
    assert_eq!(child.try_wait().unwrap(), None);
    signal(&child, "-TERM");
    assert!(child.wait().unwrap().success());

    // A hang-up behind a stop does not cut the way to neutral short.
    let mut child = bench.running();
    signal(&child, "-TERM");
    signal(&child, "-HUP");
    signal(&child, "-HUP");
    goes_home(&mut child, bench.chip.as_ref());
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn relax_reads_of_a_broken_file_what_it_can() {
    let bench = Bench::new("ends-legible");
    let servos = bench.folder.join("servos.toml");
    let text_of = fs::read_to_string(&servos).unwrap();
    let moved = text_of.replace("address = 0x40", "address = 0x41");
    fs::write(&servos, &moved).unwrap();
    let mut child = bench.running();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(bench.pulsing(), 8);
    let running = fs::read(&bench.chip).unwrap();
    // Another fault, and no TOML at all.
    for broken in ["channel = 99", "channel = [[ 7"] {
        fs::write(&bench.chip, &running).unwrap();
        fs::write(&servos, moved.replacen("channel = 7", broken, 1)).unwrap();
        let output = bench.output(&["relax"]);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("trying bus 1, address 0x41"), "{said}");
        assert_eq!(bench.pulsing(), 0);
    }
}

#[test]
fn a_stopped_program_has_relaxed_and_engages_softly_again() {
    let bench = Bench::new("ends-tstp");
    let child = bench.running();
    let state = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        stat.rsplit_once(") ").unwrap().1.chars().next()
    };
    for _ in 0..2 {
        signal(&child, "-TSTP");
        bench.wait("it is stopped", || state() == Some('T'));
        assert_eq!(bench.pulsing(), 0);
        signal(&child, "-CONT");
        let mut seen = Vec::new();
        bench.wait("all servos pulse", || {
            seen.push(bench.pulsing());
            seen.last() == Some(&8)
        });
        assert!(
            seen.iter().any(|n| (1..8).contains(n)),
            "one by one: {seen:?}"
        );
    }
    signal(&child, "-TERM");
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn a_panic_relaxes() {
    let bench = Bench::new("ends-panic");
    let output = bench.output(&["run", "--faults", "panic@1.5"]);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("a fault on schedule"));
    assert_eq!(bench.pulsing(), 0);
    assert_eq!(
        fs::read(&bench.chip).unwrap()[0],
        0x21,
        "the chip was running"
    );
}

#[test]
fn after_sigkill_relax_stops_the_pulses_and_is_safe_to_repeat() {
    let bench = Bench::new("ends-kill");
    let mut child = bench.running();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(bench.pulsing(), 8, "nobody was left to stop them");
    for _ in 0..2 {
        let output = bench.output(&["relax"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(bench.pulsing(), 0);
    }
}

#[test]
fn relax_works_with_a_broken_calibration() {
    let bench = Bench::new("ends-broken");
    let mut child = bench.running();
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(bench.folder.join("servos.toml"), "address = nonsense").unwrap();
    let output = bench.output(&["relax"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("trying bus 1, address 0x40"));
    assert_eq!(bench.pulsing(), 0);
}
