//! The wave as it leaves the board, held against what the files say.

mod common;

use common::{Trace, golden};
use std::f64::consts::TAU;

const PERIOD_US: u64 = 20_000;
const TICK_US: f64 = 4.88;

/// Files without a life: the wave, and nothing else.
const WAVE: [&str; 2] = ["--config", "tests/releases/0.1.0"];

fn wave(name: &str, arguments: &[&str]) -> (String, Trace) {
    Trace::of(name, &[&WAVE, arguments].concat())
}

#[test]
fn a_minute_of_it() {
    let (text, trace) = wave("wave-minute", &["--seconds", "60"]);
    assert_eq!(trace.rows.len(), 3000);
    for (k, row) in trace.rows.iter().enumerate() {
        assert_eq!(row.0, k as u64 * PERIOD_US);
    }
    assert_eq!(trace.servos[0], "front-left.x");
    assert_eq!(trace.servos.len(), 8);

    let (again, _) = wave("wave-again", &["--seconds", "60"]);
    assert!(text == again, "two runs give the same bytes");
}

#[test]
fn golden_trace() {
    let (text, _) = wave("wave-golden", &["--seconds", "10"]);
    golden("wave.csv", &text);
}

#[test]
fn golden_trace_of_the_shipped_files() {
    let (text, _) = Trace::of("life-golden", &["--seconds", "30"]);
    golden("life.csv", &text);
}

#[test]
fn every_pulse_within_its_table_and_no_step_too_long() {
    let (_, trace) = wave("wave-limits", &["--seconds", "60"]);
    // Shipped: tables of 1400..1600 µs, 2000 µs/s, so 40 µs a frame and a tick.
    let longest = 2000.0 * PERIOD_US as f64 / 1e6 + TICK_US;
    for servo in 0..8 {
        let pulses: Vec<_> = trace.pulses(servo).collect();
        assert!(pulses.len() > 2900);
        assert!(pulses.iter().all(|(_, us)| (1400.0..=1600.0).contains(us)));
        for pair in pulses.windows(2) {
            assert!((pair[1].1 - pair[0].1).abs() <= longest + 0.01);
        }
        // Moving at all, and by most of the amplitude.
        let highest = pulses.iter().map(|p| p.1).fold(0.0, f64::max);
        assert!(highest > 1560.0, "servo {servo} only reaches {highest} µs");
    }
}

#[test]
fn servos_wake_one_at_a_time_at_neutral() {
    let (_, trace) = wave("wave-start", &["--seconds", "2"]);
    let first: Vec<_> = (0..8)
        .map(|servo| trace.pulses(servo).next().unwrap())
        .collect();
    for (servo, (t_us, us)) in first.iter().enumerate() {
        assert!(
            (us - 1500.0).abs() <= TICK_US / 2.0 + 0.01,
            "servo {servo} wakes at {us} µs"
        );
        if servo > 0 {
            assert_eq!(t_us - first[servo - 1].0, 100_000);
        }
    }
}

/// The phase of a sine of `hz` in the pulses, in turns, by correlation over a
/// whole number of periods.
fn phase(trace: &Trace, servo: usize, hz: f64) -> f64 {
    // From 10 s on: after the soft start; 50 s hold whole periods of both.
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (t_us, us) in trace.pulses(servo).filter(|(t, _)| *t >= 10_000_000) {
        let angle = TAU * hz * t_us as f64 / 1e6;
        sine += us * angle.sin();
        cosine += us * angle.cos();
    }
    cosine.atan2(sine) / TAU
}

#[test]
fn phases_stand_as_motion_toml_says() {
    let (_, trace) = wave("wave-phase", &["--seconds", "60"]);
    for tentacle in 0..4 {
        for (axis, hz, start) in [(0, 0.20, 0.0), (1, 0.30, 0.25)] {
            let measured = phase(&trace, 2 * tentacle + axis, hz);
            let wanted = start + 0.25 * tentacle as f64;
            let off = (measured - wanted + 0.5).rem_euclid(1.0) - 0.5;
            assert!(
                off.abs() < 0.01,
                "tentacle {tentacle} axis {axis}: {off} turns off"
            );
        }
    }
}

#[test]
fn in_real_time_fifty_frames_a_second() {
    let path = common::folder("wave-paced").join("trace.csv");
    let output = common::run(&["run", "--seconds", "3", "--trace", path.to_str().unwrap()]);
    let trace = Trace::parse(&std::fs::read_to_string(path).unwrap());
    assert_eq!(trace.rows.len(), 150);
    // However slow the machine: from the first frame on each slot was played or
    // counted as late, up to the second that the way to neutral may take.
    let first = trace
        .rows
        .iter()
        .position(|(_, pulses)| pulses[0].is_some());
    let slots = 150 - first.unwrap() as u64;
    let said = String::from_utf8(output.stderr).unwrap();
    let numbers: Vec<u64> = said
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect();
    let [frames, late, ..] = numbers[..] else {
        panic!("{said}")
    };
    assert!((slots..=202).contains(&(frames + late)), "{slots}: {said}");
}
