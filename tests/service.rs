//! The program as systemd and a shell see it: what it tells them and its log,
//! which files it takes up and overwrites, and that it drives alone.

mod common;

use common::bench::{Bench, Manager, signal, text};
use std::fs;
use std::process::Command;

#[test]
fn status_tells_why_the_board_is_lost_now() {
    let bench = Bench::new("service-lost");
    let mut manager = Manager::new(&bench);
    let mut command = bench.command(&["run", "--faults", "nack@0+2,timeout@2+3"]);
    let child = command.env("NOTIFY_SOCKET", &manager.path).spawn().unwrap();
    manager.hear("STATUS=the board is lost; trying again: /dev/i2c-1, address 0x40: nobody");
    manager.hear("STATUS=the board is lost; trying again: /dev/i2c-1, address 0x40: the bus is");
    manager.hear("STATUS=the board is back");
    signal(&child, "-TERM");
    let said = text(&child.wait_with_output().unwrap().stderr);
    assert_eq!(said.matches("is lost").count(), 1, "{said}");
}

#[test]
fn a_saved_file_is_taken_up_with_reload() {
    let bench = Bench::new("service-saved");
    let mut child = bench.command(&["run", "--reload"]);
    let child = child.spawn().unwrap();
    bench.wait("all servos pulse", || bench.pulsing() == 8);
    let servos = bench.folder.join("servos.toml");
    let good = fs::read_to_string(&servos).unwrap();
    // As some editors save, in place; a bad one is refused.
    fs::write(&servos, good.replace("channel = 0\n", "channel = 99\n")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    // And as others do.
    let other = bench.folder.join("other");
    fs::write(
        &other,
        good.replace("pulse-rate-hz = 50", "pulse-rate-hz = 60"),
    )
    .unwrap();
    fs::rename(&other, &servos).unwrap();
    bench.wait("the prescale of 60 Hz", || {
        fs::read(&bench.chip).unwrap()[0xFE] == 101
    });
    signal(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("the old one goes on:\n"), "{said}");
    assert!(said.contains("channel = 99: must be 0 to 15"), "{said}");
    assert!(said.contains("the calibration was read again"), "{said}");

    let output = Command::new(env!("CARGO_BIN_EXE_tentacle-hat"))
        .args(["--board", "virtual", "run", "--reload"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--config DIR"));
}

#[test]
fn one_disturbed_transfer_at_the_start_is_no_absent_board() {
    let bench = Bench::new("service-start");
    for command in [&["run", "--seconds", "1"][..], &["check"]] {
        let output = bench.output(&[command, &["--faults", "nack@0"]].concat());
        let said = text(&output.stderr) + &text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(!said.contains("✗"), "{said}");
    }
}

#[test]
fn a_trace_overwrites_nothing_but_a_trace() {
    let bench = Bench::new("service-trace");
    let servos = bench.folder.join("servos.toml");
    let before = fs::read_to_string(&servos).unwrap();
    let run = ["run", "--seconds", "1", "--unpaced", "--trace"];
    let output = bench.output(&[&run[..], &[servos.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("is no trace"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(fs::read_to_string(&servos).unwrap(), before);
    // A run that is refused leaves the trace of the one before.
    let trace = bench.folder.join("trace.csv");
    let arguments = [&run[..], &[trace.to_str().unwrap()]].concat();
    assert!(bench.output(&arguments).status.success());
    let rows = fs::read_to_string(&trace).unwrap();
    assert_eq!(rows.lines().count(), 51);
    let mut other = bench.running();
    assert_eq!(bench.output(&arguments).status.code(), Some(75));
    assert_eq!(fs::read_to_string(&trace).unwrap(), rows);
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn the_log_is_bounded_whatever_happens() {
    let bench = Bench::new("service-flood");
    // Every second frame one transfer fails, by turns in two ways; then the
    // supply sags again and again.
    let faults = (0..250).map(|i| {
        let at = 3.0 + 0.08 * f64::from(i);
        format!("cut:3@{at:.2},nack@{:.2}", at + 0.04)
    });
    let sags = (0..20).map(|i| format!("power@{}.1+0.05", 30 + i));
    let faults = faults.chain(sags).collect::<Vec<_>>().join(",");
    let output = bench.output(&["run", "--seconds", "70", "--unpaced", "--faults", &faults]);
    let said = text(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() <= 12, "{} lines: {said}", lines.len());
    // The first of each kind as such, the others as a sum; together they are all.
    assert!(lines[0].starts_with("a transfer failed: "), "{said}");
    let times = |kind: &str| -> usize {
        let kind = format!("{kind} ");
        let summed = said.split(&kind).filter_map(|after| {
            let (n, _) = after.split_once(" times")?;
            n.parse::<usize>().ok()
        });
        summed.sum()
    };
    let failed = lines
        .iter()
        .filter(|l| l.starts_with("a transfer failed: "))
        .count();
    // 500 by themselves, and those to a chip that sags.
    let failed = times("a transfer failed") + failed;
    assert!((500..560).contains(&failed), "{failed}: {said}");
    assert!(
        times("the board did not hold what was written") > 10,
        "{said}"
    );
}

#[test]
fn one_driver_at_a_time() {
    let bench = Bench::new("service-lock");
    let mut child = bench.running();
    let files = bench.output(&["check", "--files"]);
    assert!(files.status.success(), "{}", text(&files.stdout));
    for command in ["run", "relax", "check"] {
        let output = bench.output(&[command]);
        let said = text(&output.stderr) + &text(&output.stdout);
        assert_eq!(output.status.code(), Some(75), "{command}: {said}");
        let stop = format!("is driven by process {0}; `kill {0}` stops it", child.id());
        assert!(said.contains(&stop), "{command}: {said}");
    }
    assert!(child.try_wait().unwrap().is_none());
    assert_eq!(bench.pulsing(), 8, "left alone");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_board_that_does_not_answer() {
    let bench = Bench::new("service-absent");
    let output = bench.output(&["run", "--faults", "nack@0+1000"]);
    assert_eq!(output.status.code(), Some(69));
    let said = text(&output.stderr);
    assert!(
        said.contains("address 0x40: nobody answers (errno 121)"),
        "{said}"
    );
    assert!(said.contains("tentacle-hat check"), "{said}");
}

#[test]
fn systemd_hears_ready_status_watchdog_reload_and_stop() {
    let bench = Bench::new("service-notify");
    let mut manager = Manager::new(&bench);
    // Its first frames do not come through.
    let mut command = bench.command(&["run", "--faults", "nack@0.036+0.5"]);
    let child = command.env("NOTIFY_SOCKET", &manager.path).spawn().unwrap();
    manager.hear("READY=1");
    assert!(bench.pulsing() > 0, "ready comes with the first frame");
    manager.hear("STATUS=life: ");
    manager.hear("WATCHDOG=1");
    manager.hear("WATCHDOG=1");
    bench.wait("all servos pulse", || bench.pulsing() == 8);

    // A bad file is refused, and the old one goes on.
    let servos = bench.folder.join("servos.toml");
    let good = fs::read_to_string(&servos).unwrap();
    fs::write(&servos, good.replace("channel = 0", "channel = 99")).unwrap();
    signal(&child, "-HUP");
    manager.hear("RELOADING=1");
    manager.hear("READY=1");
    manager.hear("STATUS=the new calibration was refused");
    assert_eq!(bench.pulsing(), 8);

    // A good one moves the first servo's pulses to its new table.
    fs::write(
        &servos,
        good.replacen("[[-1, 1400], [1, 1600]]", "[[-1, 1700], [1, 1800]]", 1),
    )
    .unwrap();
    signal(&child, "-HUP");
    manager.hear("RELOADING=1");
    bench.wait("the pulses of the new table", || {
        let registers = fs::read(&bench.chip).unwrap();
        // 1700 µs are 348 ticks; the first channel starts at 0.
        u16::from_le_bytes([registers[8], registers[9]]) > 345
    });

    // Another pulse rate arms the board anew; the hat goes on, and does not
    // tell systemd that it stops.
    manager.heard.clear();
    fs::write(
        &servos,
        good.replace("pulse-rate-hz = 50", "pulse-rate-hz = 60"),
    )
    .unwrap();
    signal(&child, "-HUP");
    bench.wait("the prescale of 60 Hz", || {
        fs::read(&bench.chip).unwrap()[0xFE] == 101
    });
    bench.wait("all servos pulse", || bench.pulsing() == 8);
    manager.hear("STATUS=life");
    assert!(
        !manager.heard.iter().any(|m| m.contains("STOPPING")),
        "{:?}",
        manager.heard
    );

    signal(&child, "-TERM");
    manager.hear("STOPPING=1");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    assert!(
        said.contains("servos.toml:") && said.contains("channel = 99: must be 0 to 15"),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'), "no colour in a pipe");
    assert_eq!(bench.pulsing(), 0);
}

#[test]
fn a_service_waits_for_its_board_and_stops_while_it_waits() {
    let bench = Bench::new("service-wait");
    let mut manager = Manager::new(&bench);
    let mut command = bench.command(&["run", "--faults", "nack@0+1000"]);
    let child = command.env("NOTIFY_SOCKET", &manager.path).spawn().unwrap();
    let status = manager.hear("STATUS=the board is lost");
    assert!(status.contains("nobody answers"), "{status}");
    // Waiting is no hanging.
    manager.hear("WATCHDOG=1");
    manager.hear("WATCHDOG=1");
    assert!(!manager.heard.iter().any(|m| m.contains("READY")));
    signal(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    assert_eq!(
        said.matches("the board is lost").count(),
        1,
        "once, not every 250 ms: {said}"
    );
}

#[test]
fn the_log_has_edges_only() {
    let bench = Bench::new("service-log");
    let output = bench.output(&["run", "--seconds", "9", "--unpaced", "--faults", "nack@3+3"]);
    let said = text(&output.stderr);
    assert_eq!(
        said.lines().count(),
        4,
        "a fault, lost, back, and the sum: {said}"
    );
    assert!(said.contains("the board is back"), "{said}");
    assert!(said.contains("1 recoveries"), "{said}");
}

#[test]
fn a_service_draws_a_seed_and_says_which() {
    let play = |name: &str, more: &[&str], is_service: bool| {
        let bench = Bench::new(name);
        let manager = Manager::new(&bench);
        let trace = bench.folder.join("trace.csv");
        let run = ["run", "--unpaced", "--seconds", "20", "--trace"];
        let mut command = bench.command(&run);
        command.arg(&trace).args(more);
        if is_service {
            command.env("NOTIFY_SOCKET", &manager.path);
        }
        let output = command.output().unwrap();
        assert!(output.status.success());
        let said = text(&output.stderr);
        let seed = said.split_once("the seed is ");
        let seed = seed.map(|(_, rest)| rest.split(':').next().unwrap().to_owned());
        (seed, fs::read_to_string(trace).unwrap())
    };
    let (seed, drawn) = play("service-drawn", &[], true);
    let seed = seed.expect("the log tells the seed");
    let (said, again) = play("service-again", &["--seed", &seed], false);
    assert!(said.is_none() && drawn == again);
    let (another, _) = play("service-another", &[], true);
    assert_ne!(another, Some(seed));
    // By hand it is 0.
    let (said, by_hand) = play("service-by-hand", &[], false);
    assert!(said.is_none() && by_hand == play("service-0", &["--seed", "0"], true).1);
}
