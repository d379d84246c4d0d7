//! Whether the hat looks alive, by what has been measured of things that do.

mod common;

use common::sim::hat_with;
use std::f64::consts::TAU;
use std::ops::Range;
use tentacle_hat::calibration::Axis;
use tentacle_hat::motion::wave::Field;
use tentacle_hat::motion::{Hat, Key, Mood, Performance};
use tentacle_hat::pulse::{self, Pulses};
use tentacle_hat::units::{Bend, Turns};

/// What calibration/motion.toml has.
const SHIPPED: f32 = 0.4;
const SEEDS: Range<u32> = 1..4;
/// Ten minutes, five samples a second.
const SECONDS: usize = 600;
const A_SECOND: usize = 5;
/// 20 s.
const WINDOW: usize = 20 * A_SECOND;
/// The shipped wave, Hz.
const WAVE: [f64; 2] = [0.2, 0.3];

fn hat(depth: f32) -> Hat {
    // ±400 µs.
    let mut hat = hat_with(50, 1100.0, 1900.0, 2000.0);
    hat.motion.depth = depth;
    hat
}

/// The eight axes, so often a second, from where the first growth is over.
fn axes(depth: f32, seed: u32, mood: Mood, a_second: usize) -> Vec<Vec<f64>> {
    let mut performance = Performance::new(&hat(depth), seed);
    performance.ask().set_mood(mood);
    performance.advance(0);
    let mut axes = vec![Vec::new(); 8];
    for k in 0..(SECONDS * a_second) as u64 {
        let t_us = 10_000_000 + k * 1_000_000 / a_second as u64;
        performance.advance(t_us);
        for (i, bend) in performance.pose_at(t_us).0.iter().take(4).enumerate() {
            axes[2 * i].push(f64::from(bend.x));
            axes[2 * i + 1].push(f64::from(bend.y));
        }
    }
    axes
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Less its mean.
fn centred(x: &[f64]) -> Vec<f64> {
    let mean = mean(x);
    x.iter().map(|x| x - mean).collect()
}

/// The power of a signal at a frequency, in cycles a sample.
fn power(x: &[f64], frequency: f64) -> f64 {
    let angles = (0..x.len()).map(|k| (TAU * frequency * k as f64).sin_cos());
    let (mut re, mut im) = (0.0, 0.0);
    for (x, (sin, cos)) in x.iter().zip(angles) {
        re += x * cos;
        im += x * sin;
    }
    re * re + im * im
}

/// The exponent by which the power falls with the frequency, 0.05 to 1 Hz: a line
/// through Welch's estimate from minutes that overlap by half.
fn slope(x: &[f64]) -> f64 {
    let length = 60 * A_SECOND;
    let hann = |k: usize| 0.5 - 0.5 * (TAU * k as f64 / length as f64).cos();
    let minutes: Vec<Vec<f64>> = (0..=x.len() - length)
        .step_by(length / 2)
        .map(|at| {
            let minute = centred(&x[at..at + length]);
            minute
                .iter()
                .enumerate()
                .map(|(k, x)| x * hann(k))
                .collect()
        })
        .collect();
    let points = (3..=60).map(|k| {
        let frequency = f64::from(k) / length as f64;
        let powers: f64 = minutes.iter().map(|minute| power(minute, frequency)).sum();
        (frequency.ln(), powers.ln())
    });
    let (x, y): (Vec<_>, Vec<_>) = points.unzip();
    let (x, y) = (centred(&x), centred(&y));
    dot(&x, &y) / dot(&x, &x)
}

#[test]
fn wandering_is_between_pink_and_brown() {
    for seed in SEEDS {
        let axes = axes(1.0, seed, Mood::Lively, A_SECOND);
        let slopes: Vec<_> = axes.iter().map(|axis| slope(axis)).collect();
        println!("seed {seed}: {slopes:.2?}");
        assert!(
            slopes.iter().all(|slope| (-2.0..-1.0).contains(slope)),
            "{slopes:?}"
        );
    }
}

#[test]
fn wandering_has_no_period() {
    for seed in SEEDS {
        let axes = axes(1.0, seed, Mood::Lively, A_SECOND);
        // The mean autocorrelation of the axes, up to two minutes.
        let mut correlation = vec![0.0; 120 * A_SECOND];
        for axis in axes.iter().map(|axis| centred(axis)) {
            for (lag, sum) in correlation.iter_mut().enumerate() {
                *sum += dot(&axis, &axis[lag..]) / dot(&axis, &axis) / 8.0;
            }
        }
        let peaks = correlation
            .windows(3)
            .filter(|w| w[1] > w[0] && w[1] >= w[2]);
        let second = peaks.map(|w| w[1]).fold(0.0, f64::max);
        println!("seed {seed}: {second:.3}");
        assert!(second < 0.2, "{second}");
    }
}

/// How much alike two signals are.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (centred(a), centred(b));
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt().max(1e-12)
}

#[test]
fn tentacles_wander_apart() {
    for seed in SEEDS {
        let axes = axes(1.0, seed, Mood::Lively, A_SECOND);
        // Each axis with the same of another tentacle, up to 10 s before and after.
        let mut most = 0f64;
        for (a, b) in (0..8).flat_map(|a| (a + 2..8).step_by(2).map(move |b| (a, b))) {
            let windows = (WINDOW..axes[a].len() - 2 * WINDOW).step_by(WINDOW);
            let best = windows.map(|at| {
                let lags = at - WINDOW / 2..=at + WINDOW / 2;
                let alike =
                    |other| correlation(&axes[a][at..at + WINDOW], &axes[b][other..other + WINDOW]);
                lags.map(alike).fold(0.0, f64::max)
            });
            most = most.max(mean(&best.collect::<Vec<_>>()));
        }
        println!("seed {seed}: {most:.3}");
        assert!(most <= 0.68, "{most}");
    }
}

#[test]
fn nobody_sees_it_repeat() {
    for seed in SEEDS {
        let axes = axes(SHIPPED, seed, Mood::Lively, A_SECOND);
        // Eight axes of a window as one signal of length 1.
        let window = |at: usize| {
            let all: Vec<f64> = axes
                .iter()
                .flat_map(|x| centred(&x[at..at + WINDOW]))
                .collect();
            let length = dot(&all, &all).sqrt();
            all.iter().map(|x| (x / length) as f32).collect::<Vec<_>>()
        };
        let windows: Vec<_> = (0..axes[0].len() - WINDOW).map(window).collect();
        let mut most = 0f32;
        for (i, window) in windows.iter().enumerate() {
            for other in windows.iter().skip(i + 30 * A_SECOND) {
                let alike: f32 = window.iter().zip(other).map(|(a, b)| a * b).sum();
                most = most.max(alike);
            }
        }
        println!("seed {seed}: {most:.3}");
        assert!(most < 0.9, "{most}");
    }
}

#[test]
fn the_wave_is_still_to_be_seen() {
    for seed in SEEDS {
        let axes = axes(SHIPPED, seed, Mood::Lively, A_SECOND);
        let shares = axes.iter().enumerate().map(|(i, axis)| {
            let axis = centred(axis);
            // By Parseval's theorem; each frequency stands for its negative as well.
            let all = dot(&axis, &axis) * axis.len() as f64 / 2.0;
            let bin = |hz: f64| (hz * SECONDS as f64).round() as usize;
            let bins = bin(WAVE[i % 2] - 0.04)..=bin(WAVE[i % 2] + 0.04);
            bins.map(|k| power(&axis, k as f64 / axis.len() as f64))
                .sum::<f64>()
                / all
        });
        let shares: Vec<_> = shares.collect();
        println!("seed {seed}: {shares:.2?}");
        assert!(shares.iter().all(|share| *share > 0.34), "{shares:?}");
    }
}

/// The velocity of each tentacle, bends a second, slot by slot at 50 Hz.
fn velocities(depth: f32, seed: u32, mood: Mood) -> Vec<Vec<[f64; 2]>> {
    let axes = axes(depth, seed, mood, 50);
    let velocity = |axis: &[f64], k: usize| (axis[k] - axis[k - 1]) * 50.0;
    let tentacle = |pair: &[Vec<f64>]| {
        let at = |k| [velocity(&pair[0], k), velocity(&pair[1], k)];
        (1..pair[0].len()).map(at).collect()
    };
    axes.chunks(2).map(tentacle).collect()
}

fn speed([x, y]: [f64; 2]) -> f64 {
    x.hypot(y)
}

#[test]
fn speed_and_direction_change_together() {
    for (seed, mood) in SEEDS.flat_map(|seed| [(seed, Mood::Lively), (seed, Mood::Calm)]) {
        // Within 0.4 s a tentacle becomes twice as fast or half as fast, and turns by
        // more than an eighth of a turn; one in a second.
        let mut minutes = [0; SECONDS / 60];
        for tentacle in velocities(SHIPPED, seed, mood) {
            let mut next = 0;
            for k in 0..tentacle.len() - 20 {
                let (a, b) = (tentacle[k], tentacle[k + 20]);
                let turn = (a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1]);
                let (slow, fast) = (speed(a).min(speed(b)), speed(a).max(speed(b)));
                if k >= next && fast > 0.2 && fast > 2.0 * slow && turn.abs() > TAU / 8.0 {
                    minutes[k / 3000] += 1;
                    next = k + 50;
                }
            }
        }
        println!("seed {seed}, {mood:?}: {minutes:?}");
        assert!(minutes.iter().all(|moments| *moments >= 6), "{minutes:?}");
    }
}

#[test]
fn in_calm_each_tentacle_rests_now_and_then() {
    for seed in SEEDS {
        let tentacles = velocities(SHIPPED, seed, Mood::Calm);
        let shares = tentacles.iter().map(|tentacle| {
            let (mut rest, mut run) = (0, 0);
            for velocity in tentacle.iter().copied().chain([[9.0, 9.0]]) {
                if speed(velocity) < 0.05 {
                    run += 1;
                } else {
                    rest += if run >= 25 { run } else { 0 };
                    run = 0;
                }
            }
            f64::from(rest) / tentacle.len() as f64
        });
        let shares: Vec<_> = shares.collect();
        println!("seed {seed}: {shares:.2?}");
        assert!(
            shares.iter().all(|share| (0.05..0.4).contains(share)),
            "{shares:?}"
        );
    }
}

#[test]
fn limits_hardly_ever_flatten_it() {
    for (seed, depth) in SEEDS.flat_map(|seed| [(seed, SHIPPED), (seed, 1.0)]) {
        let hat = hat(depth);
        let mut performance = Performance::new(&hat, seed);
        let mut pulses = Pulses::LIMP;
        let (mut flat, mut all) = (0, 0);
        for k in 0..50 * SECONDS as u64 {
            let t_us = hat.rig.timebase().slot_us(k);
            performance.advance(t_us);
            let pose = performance.pose_at(t_us);
            pulses = pulse::next(&hat.rig, &pose, &pulses);
            for (i, servo) in hat.rig.servos().iter().enumerate() {
                let wish = servo.calibration.as_ref().unwrap();
                let wish = wish.us_at(pulse::along(pose.0[i / 2], i));
                flat += u32::from((pulses.0[i].unwrap().get() - wish).abs() > 1.0);
                all += 1;
            }
        }
        let share = f64::from(flat) / f64::from(all);
        println!("seed {seed}, depth {depth}: {share:.5}");
        assert!(share <= 0.01, "{share}");
    }
}

/// The bounds that src/motion/life.rs derives for a depth: bends a second and a second².
const BOUNDS: [(f32, f64, f64); 2] = [(SHIPPED, 13.5, 181.0), (1.0, 18.7, 345.0)];

#[test]
fn speed_and_acceleration_keep_below_their_bounds() {
    for (depth, speed_bound, acceleration_bound) in BOUNDS {
        for (seed, mood) in SEEDS.flat_map(|seed| [(seed, Mood::Lively), (seed, Mood::Calm)]) {
            let (mut fastest, mut sharpest) = (0f64, 0f64);
            for tentacle in velocities(depth, seed, mood) {
                fastest = tentacle.iter().copied().map(speed).fold(fastest, f64::max);
                let changes = tentacle.windows(2);
                let changes = changes.map(|v| [v[1][0] - v[0][0], v[1][1] - v[0][1]]);
                sharpest = changes.map(|v| speed(v) * 50.0).fold(sharpest, f64::max);
            }
            println!(
                "depth {depth}, seed {seed}, {mood:?}: {fastest:.2} of {speed_bound}, \
                 {sharpest:.1} of {acceleration_bound}"
            );
            assert!(fastest < speed_bound && sharpest < acceleration_bound);
            // A bound that is ten times too high would say nothing.
            assert!(mood == Mood::Calm || fastest > speed_bound / 10.0);
        }
    }
}

#[test]
fn without_depth_it_is_the_wave_to_the_bit() {
    let (hat, mut performance) = (hat(0.0), Performance::new(&hat(0.0), 5));
    performance.advance(0);
    for k in 0..1000 {
        let t_us = 10_000_000 + 20_000 * k;
        performance.advance(t_us);
        assert_eq!(performance.pose_at(t_us), hat.motion.wave.pose_at(t_us, 4));
    }
}

#[test]
fn day_3_needs_no_days_before() {
    let hat = hat(SHIPPED);
    let mut played = Performance::new(&hat, 9);
    let mut direct = Performance::new(&hat, 9);
    let hour_us = 3_600_000_000;
    // Played all the way, a second at a time, and slot by slot in the hour.
    for second in 0..48 * 3600 {
        played.advance(second * 1_000_000);
    }
    for k in 0..180_000 {
        let t_us = 48 * hour_us + 20_000 * k;
        played.advance(t_us);
        direct.advance(t_us);
        if t_us > 48 * hour_us + 10_000_000 {
            assert_eq!(played.pose_at(t_us), direct.pose_at(t_us));
        }
    }
}

#[test]
fn seeds_have_nothing_in_common() {
    let [a, b] = [1, 2].map(|seed| axes(1.0, seed, Mood::Lively, A_SECOND));
    for axis in 0..8 {
        let alike = correlation(&a[axis], &b[axis]);
        assert!(alike.abs() < 0.3, "{alike}");
    }
}

#[test]
fn a_startle_is_away_from_its_bearing_within_two_frames() {
    let hat = hat(SHIPPED);
    for (k, bearing_deg) in (0..16).map(|k| (k, 22.5 * k as f32)) {
        let [mut startled, mut calm] = [0; 2].map(|_| Performance::new(&hat, 3));
        let at_us = 20_000_000 + 7_000_000 * k;
        let bearing = Turns::from_deg(bearing_deg);
        for t_us in (0..at_us + 40_001).step_by(20_000) {
            if t_us == at_us {
                startled.ask().startle(Some(bearing), t_us);
            }
            startled.advance(t_us);
            calm.advance(t_us);
        }
        let poses = [&startled, &calm].map(|it| it.pose_at(at_us + 40_000).0);
        for (i, tentacle) in hat.rig.tentacles().iter().enumerate() {
            let toward = Bend::toward_bearing(bearing, tentacle.facing, 1.0);
            let along = poses.map(|pose| pose[i].x * toward.x + pose[i].y * toward.y);
            // More than a tick of ±400 µs.
            assert!(along[0] < along[1] - 0.0125, "{bearing_deg}: {along:?}");
        }
    }
}

/// A fast wave drifts by more than half a turn.
#[test]
fn a_fast_wave_drifts_without_a_kink() {
    let mut hat = hat(1e-6);
    let (x, y) = (
        Key::Wave(Axis::X, Field::Frequency),
        Key::Wave(Axis::Y, Field::Frequency),
    );
    for key in [x, y] {
        hat.motion = hat.motion.with(key, 2.0, 1).unwrap();
    }
    let mut performance = Performance::new(&hat, 1);
    performance.advance(0);
    let x = |t_us| f64::from(performance.pose_at(t_us).0[0].x);
    // What a millisecond does to the speed, of ten minutes.
    let kink = |ms: u64| {
        let t_us = 10_000_000 + 1000 * ms;
        (x(t_us) - 2.0 * x(t_us + 1000) + x(t_us + 2000)).abs()
    };
    let most = (0..600_000).map(kink).fold(0.0, f64::max);
    // At most a tenth faster than 2 Hz, and what coming to rest adds (src/motion/life.rs).
    let turning = 1.1 * 2.0 * TAU;
    let (v, a) = (0.7 * turning, 0.7 * turning.powi(2));
    let a = a + 2.0 * 1.875 * v / 0.6 + 5.774 * 0.3 * v / 0.36;
    assert!(most < a * 1e-6, "{most}");
}
