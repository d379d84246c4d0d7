//! The program as systemd and a shell see it: signals, locks, notifications,
//! and what the chip does when the process is gone.

mod common;

use common::bench::{Bench, Manager, signal, text};
use std::fs;

#[test]
fn sigterm_and_friends_relax_and_exit_0() {
    for name in ["-TERM", "-INT", "-HUP"] {
        let bench = Bench::new(&format!("service{name}"));
        let child = bench.running();
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(bench.pulsing(), 0);
    }
}

#[test]
fn a_panic_relaxes() {
    let bench = Bench::new("service-panic");
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
    let bench = Bench::new("service-kill");
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
    let bench = Bench::new("service-broken");
    let mut child = bench.running();
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(bench.folder.join("servos.toml"), "address = nonsense").unwrap();
    let output = bench.output(&["relax"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("trying bus 1, address 0x40"));
    assert_eq!(bench.pulsing(), 0);
}

#[test]
fn one_driver_at_a_time() {
    let bench = Bench::new("service-lock");
    let mut child = bench.running();
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
    let mut command = bench.command(&["run"]);
    let child = command.env("NOTIFY_SOCKET", &manager.path).spawn().unwrap();
    manager.hear("READY=1");
    assert!(bench.pulsing() > 0, "ready comes with the first frame");
    manager.hear("STATUS=wave: ");
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
    manager.hear("STATUS=wave");
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
