//! The push button: what its presses do to pulses, and a hat that cannot read it.

mod common;

use common::bench::{Bench, Manager, signal, text};
use common::sim::{SECOND, Sim, ch, for_seconds, fresh, hat};
use common::{Trace, folder, hat as program};
use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::Mood;

/// A hat of which each pulse is known: the plain wave.
const WAVE: &str = "tests/releases/0.1.0";

/// The pulses of a run in which the button is pressed so.
fn pressed(name: &str, seconds: &str, presses: &str) -> Trace {
    let arguments = ["--config", WAVE, "--seconds", seconds, "--faults", presses];
    Trace::of(name, &arguments).1
}

/// How far pulses are from neutral, at most, in a span of seconds.
fn widest(trace: &Trace, servo: usize, from_s: f64, until_s: f64) -> f64 {
    let is_in = |t: u64| (from_s..until_s).contains(&(t as f64 / 1e6));
    let pulses = trace.pulses(servo).filter(|(t, _)| is_in(*t));
    pulses
        .map(|(_, us)| (us - 1500.0).abs())
        .fold(0.0, f64::max)
}

#[test]
fn a_short_press_calms_and_a_long_one_folds_until_the_next() {
    let name = "button-calm";
    let trace = pressed(name, "20", "press@3+0.1,press@10+1.2,press@15+0.9");
    for servo in 0..8 {
        // 0.7 or 0.35 of 100 µs, before and after it has calmed down.
        let lively = widest(&trace, servo, 2.0, 3.1);
        let calm = widest(&trace, servo, 4.0, 10.0);
        assert!(calm < 41.0, "{servo}: {lively}, then {calm}");
    }
    let before = (0..8).map(|servo| widest(&trace, servo, 2.0, 3.1));
    assert!(before.fold(0.0, f64::max) > 60.0);

    // Held for 0.8 s it folds, 0.95 inward along y; letting go does nothing more.
    for &(t, ref pulses) in &trace.rows {
        let folded = pulses.iter().enumerate().all(|(servo, us)| {
            let wanted = if servo % 2 == 0 { 1500.0 } else { 1405.0 };
            us.is_some_and(|us| (us - wanted).abs() < 5.0)
        });
        match t {
            10_000_000..11_000_000 | 16_700_000.. => assert!(!folded, "{t}"),
            11_700_000..15_800_000 => assert!(folded, "{t}: {pulses:?}"),
            _ => {}
        }
    }
    // And calm it still is.
    let calm = (0..8).map(|servo| widest(&trace, servo, 17.0, 20.0));
    assert!(calm.fold(0.0, f64::max) < 41.0);
}

#[test]
fn still_goes_limp_and_the_next_press_engages_one_by_one() {
    let trace = pressed("button-still", "18", "press@3+0.1,press@4+0.1,press@12+0.1");
    let at = |s: f64| {
        let row = trace.rows.iter().find(|(t, _)| *t as f64 >= s * 1e6);
        row.unwrap().1.clone()
    };
    // Pressed at 4 s, believed at 4.13, straight 0.8 s later, limp after 5 s more.
    assert!(at(9.8).iter().all(|us| (us.unwrap() - 1500.0).abs() < 5.0));
    assert!(at(10.1).iter().all(Option::is_none));
    assert!(at(12.1).iter().all(Option::is_none));
    let wakes = (0..8).map(|servo| {
        let mut awake = trace.pulses(servo).filter(|(t, _)| *t > 12_000_000);
        let (t, us) = awake.next().unwrap();
        assert!((us - 1500.0).abs() < 5.0, "{servo}: {us}");
        t
    });
    let mut wakes: Vec<u64> = wakes.collect();
    wakes.sort_unstable();
    assert!((12_130_000..12_200_000).contains(&wakes[0]), "{wakes:?}");
    assert!(
        wakes.windows(2).all(|w| w[1] - w[0] >= 100_000),
        "{wakes:?}"
    );
    // Softly: growing begins with the last of them. Then it is lively again.
    let first = (0..8).map(|servo| widest(&trace, servo, 12.0, 13.0));
    assert!(first.fold(0.0, f64::max) < 8.0);
    let most = (0..8).map(|servo| widest(&trace, servo, 15.0, 18.0));
    assert!(most.fold(0.0, f64::max) > 60.0);
}

#[test]
fn the_cues_of_presses_keep_within_the_invariants() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    let mood = |s: u64, mood| (s * SECOND, Cue::Mood(mood));
    let fold = |s: u64, folded| (s * SECOND, Cue::Fold(folded));
    sim.cues.extend([
        mood(3, Mood::Calm),
        mood(4, Mood::Still),
        // Folded, it is not limp; let go, it is still again.
        fold(12, true),
        fold(14, false),
        mood(22, Mood::Lively),
        // Faster than anything blends.
        (25 * SECOND, Cue::Mood(Mood::Calm)),
        (25 * SECOND + 60_000, Cue::Mood(Mood::Still)),
        (25 * SECOND + 120_000, Cue::Mood(Mood::Lively)),
        (25 * SECOND + 180_000, Cue::Fold(true)),
        (25 * SECOND + 240_000, Cue::Fold(false)),
    ]);
    let limp = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&limp);
    sim.watch(move |t, chip| {
        if t.is_multiple_of(SECOND) {
            let is_limp = |c| chip.emitted(ch(c)) == Emitted::Limp;
            seen.borrow_mut()
                .push((0..8).filter(|c| is_limp(*c)).count());
        }
    });
    let (_, watcher) = sim.play(&hat, for_seconds(30));
    watcher.assert_unbroken();
    let limp = limp.borrow();
    // At the end of each second from the first.
    assert_eq!(limp[8], 0, "{limp:?}");
    assert_eq!(limp[9..12], [8; 3], "{limp:?}");
    assert_eq!(limp[12..19], [0; 7], "{limp:?}");
    assert_eq!(limp[19..22], [8; 3], "{limp:?}");
    assert_eq!(limp[22..29], [0; 7], "{limp:?}");
}

#[test]
fn a_record_holds_what_presses_asked_for() {
    let record = folder("button-record").join("record.cues");
    let record = record.to_str().unwrap();
    let presses = "press@3+0.1,press@6+1.2";
    let arguments = ["--seconds", "12", "--faults", presses, "--record", record];
    let (pressed, _) = Trace::of("button-recorded", &arguments);
    let text = fs::read_to_string(record).unwrap();
    assert!(
        text.contains(" mood calm\n") && text.contains(" fold\n"),
        "{text}"
    );
    let arguments = ["--seconds", "12", "--cues", record];
    let (played, _) = Trace::of("button-played", &arguments);
    assert_eq!(played, pressed);
}

#[test]
fn a_press_engages_a_hat_that_a_cue_relaxed() {
    let sheet = folder("button-relaxed").join("sheet.cues");
    fs::write(&sheet, "3 relax\n").unwrap();
    let sheet = sheet.to_str().unwrap();
    let arguments = ["--seconds", "10", "--config", WAVE, "--cues", sheet];
    let presses = ["--faults", "press@6+0.1"];
    let trace = Trace::of("button-engages", &[&arguments[..], &presses].concat()).1;
    let pulsing = |s: u64| {
        let row = trace.rows.iter().find(|(t, _)| *t == s * SECOND).unwrap();
        row.1.iter().flatten().count()
    };
    assert_eq!([2, 4, 6, 8].map(pulsing), [8, 0, 0, 8]);
    // As lively as before.
    let most = (0..8).map(|servo| widest(&trace, servo, 8.0, 10.0));
    assert!(most.fold(0.0, f64::max) > 60.0);
}

#[test]
fn presses_while_the_board_is_lost_count_too() {
    let faults = "nack@3+4,press@5+0.1,press@6+0.1";
    let trace = pressed("button-lost", "16", faults);
    // Two moods on, still: straight and then limp.
    let (_, last) = trace.rows.last().unwrap();
    assert!(last.iter().all(Option::is_none), "{last:?}");
}

#[test]
fn no_servo_notices_that_the_button_moves_to_another_pin() {
    let bench = Bench::new("button-moves");
    let motion = Path::new(WAVE).join("motion.toml");
    fs::copy(motion, bench.folder.join("motion.toml")).unwrap();
    let child = bench.command(&["run", "--reload"]).spawn().unwrap();
    bench.wait("all servos pulse", || bench.pulsing() == 8);
    let servos = bench.folder.join("servos.toml");
    let shipped = fs::read_to_string(&servos).unwrap();
    // With another table too, so that it is seen when the files are in force.
    let text = shipped
        .replace("# [button]\n# gpio", "[button]\ngpio")
        .replacen("[[-1, 1400], [1, 1600]]", "[[-1, 1380], [1, 1620]]", 1);
    fs::write(&servos, text).unwrap();
    let mut least = 8;
    bench.wait("a pulse of the new table", || {
        least = least.min(bench.pulsing());
        let registers = fs::read(&bench.chip).unwrap();
        // Above 1580 µs; the first channel starts at 0.
        u16::from_le_bytes([registers[8], registers[9]]) > 324
    });
    assert_eq!(least, 8);
    signal(&child, "-TERM");
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn a_button_that_cannot_be_read_is_told_once_and_the_hat_goes_on() {
    if Path::new("/dev/gpiomem").exists() {
        eprintln!("SKIPPED: this machine may have a button");
        return;
    }
    let bench = Bench::new("button-absent");
    let servos = bench.folder.join("servos.toml");
    let shipped = fs::read_to_string(&servos).unwrap();
    // A bus that no machine has: nothing real is driven.
    let servos_with = |button: &str| {
        let text = shipped
            .replace("i2c-bus = 1 ", "i2c-bus = 250 ")
            .replace("# [button]\n# gpio = 23", button);
        fs::write(&servos, text).unwrap();
    };
    servos_with("[button]\ngpio = 23");
    let mut manager = Manager::new(&bench);
    let mut command = program(&["run", "--board", "pi", "--config"]);
    command
        .arg(&bench.folder)
        .env("NOTIFY_SOCKET", &manager.path);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    manager.hear("its button on GPIO 23: ");
    manager.hear("STATUS=the board is lost");
    manager.hear("WATCHDOG=1");
    manager.hear("WATCHDOG=1");
    // Another pin, and none.
    servos_with("[button]\ngpio = 24");
    signal(&child, "-HUP");
    manager.hear("its button on GPIO 24: ");
    servos_with("");
    signal(&child, "-HUP");
    manager.hear("the calibration was read again");
    signal(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = text(&output.stderr);
    assert_eq!(said.matches("its button").count(), 2, "{said}");
    assert_eq!(said.matches("GPIO 23").count(), 1, "{said}");
}
