//! Other hands write to the bus: no pulse leaves its table for longer than a
//! cycle of the chip.

mod common;

use common::{Trace, folder};
use std::fs;
use std::path::PathBuf;

/// Tables so far apart that a pulse on the wrong channel shows, µs.
fn ends(servo: usize) -> (f64, f64) {
    let low = 700.0 + 200.0 * servo as f64;
    (low, low + 200.0)
}

fn hat_folder(name: &str) -> PathBuf {
    let folder = folder(name);
    let mut servos = include_str!("../calibration/servos.toml").to_owned();
    for servo in 0..8 {
        let (low, high) = ends(servo);
        let table = format!("table = [[-1, {low}], [1, {high}]]\n");
        servos = servos.replacen("table = [[-1, 1400], [1, 1600]]\n", &table, 1);
    }
    fs::write(folder.join("servos.toml"), servos).unwrap();
    let motion = include_str!("../calibration/motion.toml");
    fs::write(folder.join("motion.toml"), motion).unwrap();
    folder
}

/// Plays a minute in which another hand writes something every 2.37 s: the rows
/// in which a servo was sent a pulse outside of its table, and in how many of
/// the last 2850 all servos were sent one.
fn outside(name: &str, address: &str, bytes: &str) -> (Vec<u64>, usize) {
    let hand = |i: u32| format!("write:{address}:{bytes}@{:.2}", 3.0 + 2.37 * f64::from(i));
    let hands: Vec<_> = (0..23).map(hand).collect();
    let config = hat_folder(&format!("{name}-hat"));
    let arguments = ["--seconds", "60", "--faults", &hands.join(","), "--config"];
    let (_, trace) = Trace::of(
        name,
        &[&arguments[..], &[config.to_str().unwrap()]].concat(),
    );
    assert_eq!(trace.rows.len(), 3000);
    let is_outside = |servo: usize, us: Option<f64>| {
        let (low, high) = ends(servo);
        us.is_some_and(|us| !(low - 0.01..=high + 0.01).contains(&us))
    };
    let rows = trace.rows.iter().filter(|(_, pulses)| {
        let mut servos = pulses.iter().enumerate();
        servos.any(|(servo, us)| is_outside(servo, *us))
    });
    let moving = |(_, pulses): &&(u64, Vec<Option<f64>>)| pulses.iter().flatten().count() == 8;
    let moving = trace.rows[150..].iter().filter(moving).count();
    (rows.map(|(t_us, _)| *t_us).collect(), moving)
}

/// In no two rows after one another: it lasts a cycle at most.
fn is_brief(rows: &[u64]) -> bool {
    rows.windows(2).all(|pair| pair[1] - pair[0] > 20_000)
}

#[test]
fn a_matrix_that_is_cleared_on_the_address_of_all_is_not_heard() {
    // 17 bytes of nothing at 0x70: an LED matrix goes dark, and once so did
    // MODE1, so that each frame's bytes fell into one register.
    let (rows, moving) = outside("hands-matrix", "70", &"00".repeat(17));
    assert_eq!((rows, moving), (vec![], 2850));
    // Another frame of it would have moved that address to 0x68 for ever.
    let (rows, moving) = outside("hands-address", "70", "05d0");
    assert_eq!((rows, moving), (vec![], 2850));
}

#[test]
fn another_program_that_clears_mode1_spoils_one_cycle_at_most() {
    // As servo scripts begin: MODE1 as a whole, auto-increment off; or asleep;
    // or all registers at once.
    for bytes in ["0000", "0001", "0011", "0080", "000000"] {
        let (rows, moving) = outside(&format!("hands-{bytes}"), "40", bytes);
        println!(
            "{bytes}: outside of a table in {} rows, {rows:?}",
            rows.len()
        );
        assert!(is_brief(&rows), "{bytes}: {rows:?}");
        assert!(moving > 1000, "{bytes}: {moving}");
    }
}
