//! `calibrate test` wiggles one servo within its table, and no other.

mod common;

use common::bench::{Bench, signal, text};
use std::fs;

/// Which channels are not full-off, and their pulses in ticks.
fn pulses(bench: &Bench) -> Vec<(usize, u16)> {
    let Ok(registers) = fs::read(&bench.chip) else {
        return Vec::new();
    };
    let pair = |at: usize| {
        Some(u16::from_le_bytes([
            *registers.get(at)?,
            *registers.get(at + 1)?,
        ]))
    };
    let pulse = |channel| {
        let (on, off) = (pair(6 + 4 * channel)?, pair(8 + 4 * channel)?);
        (off & 0x1000 == 0).then(|| (channel, off - on))
    };
    (0..16).filter_map(pulse).collect()
}

#[test]
fn one_servo_wiggles_and_no_other() {
    let bench = Bench::new("calibrate-test");
    let servos = bench.folder.join("servos.toml");
    let table = "table = [[-1, 1400], [1, 1600]]\n";
    let bare = fs::read_to_string(&servos).unwrap().replacen(table, "", 1);
    fs::write(&servos, bare).unwrap();
    // 200 µs, of which it uses a third; and a servo that is not measured.
    for (servo, channel, said) in [
        (
            "back-left.x",
            6,
            "back-left.x, channel 6, wiggles for 4 seconds;",
        ),
        (
            "front-left.x",
            0,
            "seconds around 1500 µs, since nobody has measured it;",
        ),
    ] {
        let mut child = bench
            .command(&["calibrate", "test", servo])
            .spawn()
            .unwrap();
        let mut seen = Vec::new();
        bench.wait("it ends", || {
            seen.extend(pulses(&bench));
            child.try_wait().unwrap().is_some()
        });
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(
            text(&output.stdout).contains(said),
            "{}",
            text(&output.stdout)
        );
        assert!(seen.iter().all(|(seen, _)| *seen == channel), "{seen:?}");
        let ticks = || seen.iter().map(|(_, ticks)| *ticks);
        // Neutral is 307 ticks; 0.3 of 100 µs are 6 of them.
        let (low, high) = (ticks().min().unwrap(), ticks().max().unwrap());
        assert!(
            (300..=303).contains(&low) && (311..=314).contains(&high),
            "{low} {high}"
        );
        assert_eq!(bench.pulsing(), 0);
    }
}

#[test]
fn a_signal_ends_it_limp() {
    let bench = Bench::new("calibrate-test-stop");
    let child = bench
        .command(&["calibrate", "test", "back-left.x"])
        .spawn()
        .unwrap();
    bench.wait("it pulses", || bench.pulsing() == 1);
    signal(&child, "-INT");
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(bench.pulsing(), 0);
}
