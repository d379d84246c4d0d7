//! The show as it leaves the board.

mod common;

use common::{Trace, golden};

/// The loop of the shipped hat: 54 s.
#[test]
fn golden_trace_of_a_whole_loop() {
    let (text, trace) = Trace::of("show-loop", &["--demo", "--seconds", "55"]);
    golden("show.csv", &text);
    // All eight servos are used, to both sides and well.
    for servo in 0..8 {
        let pulses: Vec<f64> = trace.pulses(servo).map(|p| p.1).collect();
        let low = pulses.iter().copied().fold(f64::MAX, f64::min);
        let high = pulses.iter().copied().fold(0.0, f64::max);
        assert!(
            low < 1425.0 && high > 1575.0,
            "{}: {low}..{high}",
            trace.servos[servo]
        );
        assert!(low >= 1400.0 && high <= 1600.0);
    }
}

/// No kink at any seam, the one from the last scene to the first included: the
/// pulses' second differences stay as small as the motion's own, in ticks.
#[test]
fn no_seam_can_be_seen() {
    let (_, trace) = Trace::of("show-seams", &["--demo", "--seconds", "100"]);
    for servo in 0..8 {
        let pulses: Vec<f64> = trace.pulses(servo).map(|p| p.1 / 4.88).collect();
        for triple in pulses.windows(3) {
            // Half a tick of rounding at each of three points, and the acceleration.
            let change = (triple[2] - 2.0 * triple[1] + triple[0]).abs();
            assert!(change <= 2.5, "{triple:?}");
        }
    }
}
