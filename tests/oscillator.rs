//! A board whose oscillator is not the one the files believe in.

mod common;

use common::Trace;

#[test]
fn pulses_err_as_the_arithmetic_says() {
    let (_, believed) = Trace::of("oscillator-25", &["--seconds", "4"]);
    let (_, real) = Trace::of(
        "oscillator-265",
        &["--seconds", "4", "--chip-oscillator-hz", "26500000"],
    );
    // The same counts, each 25/26.5 as long: 1500 µs become 1415.
    for servo in 0..8 {
        let (a, b) = (believed.pulses(servo), real.pulses(servo));
        let mut pairs = 0;
        for ((_, believed), (_, real)) in a.zip(b) {
            assert!(
                (real - believed * 25.0 / 26.5).abs() < 0.011,
                "{believed} {real}"
            );
            pairs += 1;
        }
        assert!(pairs > 100);
    }
}

#[test]
fn a_known_oscillator_gives_the_wished_pulses() {
    let shipped = include_str!("../calibration/servos.toml");
    let known = shipped.replace("oscillator-hz = 25_000_000", "oscillator-hz = 26_500_000");
    assert_ne!(shipped, known);
    let folder = common::folder("oscillator-known");
    std::fs::write(folder.join("servos.toml"), known).unwrap();
    std::fs::write(
        folder.join("motion.toml"),
        include_str!("../calibration/motion.toml"),
    )
    .unwrap();
    let (_, trace) = Trace::of(
        "oscillator-known-run",
        &[
            "--seconds",
            "1",
            "--chip-oscillator-hz",
            "26500000",
            "--config",
            folder.to_str().unwrap(),
        ],
    );
    let (_, us) = trace.pulses(0).next().unwrap();
    // Half a tick of 130/26.5 MHz.
    assert!((us - 1500.0).abs() <= 2.46, "{us}");
}
