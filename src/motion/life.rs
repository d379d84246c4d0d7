//! The wave, made alive: each tentacle wanders by itself, rests, and now and then
//! makes a gesture.
//!
//! Movements that people made to look lifeless were periodic; those that look alive
//! have a spectrum between 1/f and 1/f² and no clear period (Fukai 2018). Neighbours
//! in step weaken the impression (Takahashi and Watanabe 2015), and speed and
//! direction that change together raise it (Tremoulet and Feldman 2000).
//!
//! All is a pure function of time: a day later nothing has drifted.

use super::gesture;
use super::noise::Chance;
use super::{Facings, Mood, Motion, Pose, Wave, ease};
use crate::calibration::Axis;
use crate::units::{Bend, Turns};

/// The wave of a hat as it lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Life {
    wave: Wave,
    /// From the plain wave, 0, to a hat that only wanders, 1.
    depth: f32,
    chance: Chance,
    temper: Temper,
    /// How far the phases of x and y drift, in units of a turn's 2³²th.
    drift: [f32; 2],
}

/// What a mood makes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Temper {
    /// Time goes slower by 2 to this.
    slower: u32,
    /// How far it wanders.
    gain: f32,
    /// Of 256 cells of time, so many have a rest, and a gesture.
    rests: u32,
    gestures: u32,
    /// The longest rest, µs.
    longest_us: u32,
}

const LIVELY: Temper = Temper {
    slower: 0,
    gain: 2.6,
    rests: 110,
    gestures: 150,
    longest_us: 3_000_000,
};
const CALM: Temper = Temper {
    slower: 1,
    gain: 1.8,
    rests: 190,
    gestures: 60,
    longest_us: 5_000_000,
};

/// Names of chances.
const WANDER: u32 = 1;
const DRIFT: u32 = 2;
const SWELL: u32 = 3;
const REST: u32 = 4;
const PAIR: u32 = 5;
const GESTURE: u32 = 6;

/// The octaves of the way it wanders, and their weights, which add up to 1: half the
/// time to the next place, 2^−0.75 of the way there. So the power falls with f^−1.5.
const OCTAVES: [(u32, f32); 6] = [
    (23, 0.224),
    (22, 0.197),
    (21, 0.174),
    (20, 0.153),
    (19, 0.134),
    (18, 0.118),
];

/// How long a phase takes to drift from one place to the next: 34 s.
const DRIFT_LOG_US: u32 = 25;
/// How far it drifts, of what the wave does in a second: its tempo then changes by
/// 2 · 1.875 / 33.6 s · 0.89 < 10 %.
const DRIFT_OF_A_SECOND: f64 = 0.89;
/// How much of the wave's size comes and goes.
const SWELLING: f32 = 0.4;

/// A cell of rests: 8.4 s, in which there is one or none.
const REST_LOG_US: u32 = 23;
const SHORTEST_US: u32 = 1_000_000;
/// How long a tentacle takes to come to rest, and to set off.
const SETTLE_US: u64 = 600_000;
const SET_OFF_US: u64 = 900_000;

impl Life {
    pub(super) fn new(motion: &Motion, seed: u32, mood: Mood) -> Self {
        let Motion { wave, depth } = *motion;
        let (wave, temper) = match mood {
            Mood::Calm => (wave.calmed(), CALM),
            _ => (wave, LIVELY),
        };
        Self {
            wave,
            depth,
            chance: Chance::new(seed, 0),
            temper,
            drift: Axis::BOTH.map(|axis| {
                let hz = wave.along(axis).frequency.hz();
                (hz * DRIFT_OF_A_SECOND * 4_294_967_296.0) as f32
            }),
        }
    }

    pub(super) fn pose_at(&self, t_us: u64, facings: &Facings) -> Pose {
        let mut pose = Pose::STRAIGHT;
        let phases = self.wave.phases_at(t_us);
        let gesture = gesture::at(self.chance.of(GESTURE), t_us, self.temper.gestures);
        for (i, facing) in facings.iter().enumerate() {
            let mut bend = self.moving(i, t_us, phases);
            if let Some((since_us, weight)) = self.rest(i, t_us) {
                let rests = self.moving(i, since_us, self.wave.phases_at(since_us));
                bend = bend.toward(rests, weight);
            }
            if let Some(gesture) = &gesture
                && let Some((posed, weight)) = gesture.bend_at(t_us, i, facings.len(), *facing)
            {
                bend = bend.toward(posed, weight * self.depth.min(0.5) * 2.0);
            }
            pose.0[i] = bend;
        }
        pose
    }

    /// Where a tentacle leans if nothing stops it.
    fn moving(&self, tentacle: usize, t_us: u64, phases: [Turns; 2]) -> Bend {
        let chance = self.chance.of(tentacle as u32 + 16);
        let drifts = chance.of(DRIFT).bend_at(t_us, DRIFT_LOG_US);
        let drift = |axis: usize, way: f32| {
            let most = self.drift[axis] * core::f32::consts::SQRT_2;
            phases[axis].plus(Turns((way * most) as i32 as u32))
        };
        let swell = 0.5 - 0.5 * chance.of(SWELL).number_at(t_us, DRIFT_LOG_US - 1);
        let size = 1.0 - SWELLING * self.depth * swell;
        let wave = self
            .wave
            .bend(tentacle, [drift(0, drifts.x), drift(1, drifts.y)]);
        let wave = Bend::STRAIGHT.toward(wave, size);
        wave.toward(self.wander(chance.of(WANDER), t_us), self.depth)
    }

    /// A way without end or period.
    fn wander(&self, chance: Chance, t_us: u64) -> Bend {
        let t_us = t_us >> self.temper.slower;
        let (mut x, mut y) = (0.0, 0.0);
        for (log_us, weight) in OCTAVES {
            // Each octave has its own beginning: their cells never end together.
            let chance = chance.of(log_us);
            let bend = chance.bend_at(t_us + u64::from(chance.bits(0) >> 7), log_us);
            x += weight * bend.x;
            y += weight * bend.y;
        }
        // Most of a sum lies near its middle. This draws it out toward the full bend,
        // which it never reaches.
        let gain = self.temper.gain;
        let gain = gain / libm::sqrtf(1.0 + gain * gain * (x * x + y * y));
        Bend {
            x: gain * x,
            y: gain * y,
        }
    }

    /// If a tentacle rests: where in its time it stays, and how much it does.
    fn rest(&self, tentacle: usize, t_us: u64) -> Option<(u64, f32)> {
        let cell = t_us >> REST_LOG_US;
        let start_us = cell << REST_LOG_US;
        // In one cell of four, two neighbours rest together: first and second, third
        // and fourth, or the pairs between.
        let shared = self.chance.of(PAIR).bits(cell);
        let name = match shared & 3 {
            0 => 256 + ((tentacle as u32 + (shared >> 2 & 1)) >> 1),
            _ => tentacle as u32,
        };
        let bits = self.chance.of(REST + 16 * name).bits(cell);
        if bits & 255 >= self.temper.rests {
            return None;
        }
        let longer_us = u64::from(self.temper.longest_us - SHORTEST_US);
        let length_us = u64::from(SHORTEST_US) + (longer_us * u64::from(bits >> 8 & 255) >> 8);
        let all_us = SETTLE_US + length_us + SET_OFF_US;
        let room_us = (1 << REST_LOG_US) - all_us;
        let from_us = start_us + (room_us * u64::from(bits >> 16) >> 16);
        let into_us = t_us.checked_sub(from_us).filter(|into| *into < all_us)?;
        let sets_off_us = SETTLE_US + length_us;
        let weight =
            ease(into_us, SETTLE_US) - ease(into_us.saturating_sub(sets_off_us), SET_OFF_US);
        Some((from_us + SETTLE_US / 2, weight))
    }
}

#[cfg(test)]
mod proto {
    use super::*;
    use crate::motion::wave::AxisWave;
    use crate::units::Frequency;
    use std::vec::Vec;
    use std::{println, vec};

    fn life(depth: f32, seed: u32, mood: Mood) -> Life {
        let axis = |micro_hz, phase| AxisWave {
            frequency: Frequency::from_micro_hz(micro_hz),
            amplitude: 0.7,
            phase: Turns::new(phase),
            tentacle_phase: Turns::new(0.25),
        };
        let wave = Wave::new(axis(200_000, 0.0), axis(300_000, 0.25), 4).unwrap();
        Life::new(&Motion { wave, depth }, seed, mood)
    }

    /// Eight axes, sampled each dt.
    fn sample(life: &Life, n: usize, dt_us: u64) -> Vec<Vec<f64>> {
        let facings: Facings = [315.0, 45.0, 135.0, 225.0]
            .map(Turns::from_deg)
            .into_iter()
            .collect();
        let mut axes = vec![Vec::new(); 8];
        for k in 0..n as u64 {
            let pose = life.pose_at(10_000_000 + k * dt_us, &facings);
            for i in 0..4 {
                axes[2 * i].push(f64::from(pose.0[i].x));
                axes[2 * i + 1].push(f64::from(pose.0[i].y));
            }
        }
        axes
    }

    fn mean(x: &[f64]) -> f64 {
        x.iter().sum::<f64>() / x.len() as f64
    }

    /// Welch's power at the frequencies, with segments of `seg` samples.
    fn power(x: &[f64], dt: f64, seg: usize, freqs: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; freqs.len()];
        let mut count = 0.0;
        for start in (0..=x.len() - seg).step_by(seg / 2) {
            let m = mean(&x[start..start + seg]);
            for (o, f) in out.iter_mut().zip(freqs) {
                let (mut re, mut im) = (0.0, 0.0);
                for (k, v) in x[start..start + seg].iter().enumerate() {
                    let w = 0.5 - 0.5 * (std::f64::consts::TAU * k as f64 / seg as f64).cos();
                    let a = std::f64::consts::TAU * f * k as f64 * dt;
                    re += w * (v - m) * a.cos();
                    im += w * (v - m) * a.sin();
                }
                *o += re * re + im * im;
            }
            count += 1.0;
        }
        out.iter().map(|o| o / count).collect()
    }

    fn slope(x: &[f64], dt: f64) -> f64 {
        let seg = (60.0 / dt) as usize;
        let freqs: Vec<f64> = (3..=60).map(|k| k as f64 / 60.0).collect();
        let p = power(x, dt, seg, &freqs);
        let (lx, ly): (Vec<f64>, Vec<f64>) =
            freqs.iter().zip(&p).map(|(f, p)| (f.ln(), p.ln())).unzip();
        let (mx, my) = (mean(&lx), mean(&ly));
        let sxy: f64 = lx.iter().zip(&ly).map(|(a, b)| (a - mx) * (b - my)).sum();
        let sxx: f64 = lx.iter().map(|a| (a - mx) * (a - mx)).sum();
        sxy / sxx
    }

    fn corr(a: &[f64], b: &[f64]) -> f64 {
        let (ma, mb) = (mean(a), mean(b));
        let sab: f64 = a.iter().zip(b).map(|(x, y)| (x - ma) * (y - mb)).sum();
        let saa: f64 = a.iter().map(|x| (x - ma) * (x - ma)).sum();
        let sbb: f64 = b.iter().map(|x| (x - mb) * (x - mb)).sum();
        sab / (saa * sbb).sqrt().max(1e-12)
    }

    #[test]
    fn measure() {
        for seed in 1..=3u32 {
            let one = sample(&life(1.0, seed, Mood::Lively), 3000, 200_000);
            let slopes: Vec<f64> = one.iter().map(|x| slope(x, 0.2)).collect();
            // Mean autocorrelation of the axes, second peak: the highest local maximum beyond lag 0.
            let mut auto = vec![0.0; 600];
            for x in &one {
                let m = mean(x);
                let v: f64 = x.iter().map(|a| (a - m) * (a - m)).sum();
                for (lag, a) in auto.iter_mut().enumerate() {
                    let s: f64 = x
                        .iter()
                        .zip(&x[lag..])
                        .map(|(a, b)| (a - m) * (b - m))
                        .sum();
                    *a += s / v / 8.0;
                }
            }
            let peak = (1..599)
                .filter(|&k| auto[k] > auto[k - 1] && auto[k] >= auto[k + 1])
                .map(|k| auto[k])
                .fold(f64::MIN, f64::max);
            // Lagged correlation between tentacles over 20 s windows.
            let mut worst = 0.0f64;
            let mut means = Vec::new();
            let mut max1 = Vec::new();
            for a in 0..4 {
                for b in a + 1..4 {
                    let mut maxima = Vec::new();
                    for w in 0..30 {
                        let at = 100 * w;
                        let mut best = 0.0f64;
                        let mut best1 = [0.0f64; 2];
                        for lag in -50i64..=50 {
                            let from = at as i64 + lag;
                            if from < 0 || from as usize + 100 > one[0].len() {
                                continue;
                            }
                            let from = from as usize;
                            let cat = |t: usize, at: usize| -> Vec<f64> {
                                (0..2)
                                    .flat_map(|axis| {
                                        let w = &one[2 * t + axis][at..at + 100];
                                        let m = mean(w);
                                        w.iter().map(move |v| v - m).collect::<Vec<_>>()
                                    })
                                    .collect()
                            };
                            best = best.max(corr(&cat(a, at), &cat(b, from)));
                            for axis in 0..2 {
                                best1[axis] = best1[axis].max(corr(
                                    &one[2 * a + axis][at..at + 100],
                                    &one[2 * b + axis][from..from + 100],
                                ));
                            }
                        }
                        max1.push((best1[0] + best1[1]) / 2.0);
                        maxima.push(best);
                    }
                    means.push(mean(&maxima));
                    worst = worst.max(mean(&maxima));
                }
            }
            let rms: Vec<f64> = one
                .iter()
                .map(|x| {
                    let m = mean(x);
                    (x.iter().map(|a| (a - m) * (a - m)).sum::<f64>() / x.len() as f64).sqrt()
                })
                .collect();
            println!(
                "seed {seed} depth 1: slopes {slopes:.2?} peak {peak:.3} lagged {:.3} worst {worst:.3} single {:.3} rms {rms:.2?}",
                mean(&means),
                mean(&max1)
            );

            for depth in [0.4, 0.5] {
                let half = sample(&life(depth, seed, Mood::Lively), 3000, 200_000);
                // Windows.
                let window = |at: usize| -> Vec<f64> {
                    let mut all = Vec::new();
                    for x in &half {
                        let w = &x[at..at + 100];
                        let m = mean(w);
                        all.extend(w.iter().map(|a| a - m));
                    }
                    let norm = all.iter().map(|a| a * a).sum::<f64>().sqrt();
                    all.iter().map(|a| a / norm).collect()
                };
                let windows: Vec<Vec<f64>> = (0..2900).map(window).collect();
                let mut most = 0.0f64;
                for i in 0..windows.len() {
                    for j in (i + 150..windows.len()).step_by(1) {
                        let c: f64 = windows[i].iter().zip(&windows[j]).map(|(a, b)| a * b).sum();
                        most = most.max(c);
                    }
                }
                // Share of power within 0.04 Hz of the wave's frequencies, per axis.
                let seg = 3000;
                let freqs: Vec<f64> = (1..1500).map(|k| k as f64 / 600.0).collect();
                let shares: Vec<f64> = half
                    .iter()
                    .enumerate()
                    .map(|(i, x)| {
                        let p = power(x, 0.2, seg, &freqs);
                        let f0 = if i % 2 == 0 { 0.2 } else { 0.3 };
                        let inside: f64 = freqs
                            .iter()
                            .zip(&p)
                            .filter(|(f, _)| (*f - f0).abs() <= 0.04)
                            .map(|(_, p)| p)
                            .sum();
                        inside / p.iter().sum::<f64>()
                    })
                    .collect();
                println!("   depth {depth}: most alike {most:.3} in band {shares:.2?}");
            }

            // Rest and speed, in calm at depth 0.5, 50 Hz.
            for (mood, depth) in [
                (Mood::Calm, 0.5),
                (Mood::Lively, 0.5),
                (Mood::Calm, 1.0),
                (Mood::Lively, 1.0),
            ] {
                let fine = sample(&life(depth, seed, mood), 30_000, 20_000);
                let mut rests = Vec::new();
                let (mut fastest, mut hardest) = (0.0f64, 0.0f64);
                let mut moments = 0;
                for i in 0..4 {
                    let (x, y) = (&fine[2 * i], &fine[2 * i + 1]);
                    let v: Vec<(f64, f64)> = (1..x.len())
                        .map(|k| ((x[k] - x[k - 1]) * 50.0, (y[k] - y[k - 1]) * 50.0))
                        .collect();
                    let speed: Vec<f64> = v.iter().map(|(a, b)| a.hypot(*b)).collect();
                    fastest = v
                        .iter()
                        .fold(fastest, |m, v| m.max(v.0.abs()).max(v.1.abs()));
                    hardest = v.windows(2).fold(hardest, |m, w| {
                        m.max((w[1].0 - w[0].0).abs() * 50.0)
                            .max((w[1].1 - w[0].1).abs() * 50.0)
                    });
                    let mut still = 0;
                    let mut run = 0;
                    for s in speed.iter().chain([&9.9]) {
                        if *s < 0.05 {
                            run += 1;
                        } else {
                            if run >= 25 {
                                still += run;
                            }
                            run = 0;
                        }
                    }
                    rests.push(still as f64 / speed.len() as f64);
                    // Moments: within 0.4 s the speed doubles or halves and the direction turns by more than 45 degrees.
                    let mut k = 0;
                    while k + 20 < v.len() {
                        let (a, b) = (v[k], v[k + 20]);
                        let (sa, sb) = (speed[k], speed[k + 20]);
                        let turn = (a.0 * b.1 - a.1 * b.0).atan2(a.0 * b.0 + a.1 * b.1).abs();
                        if sa.max(sb) > 0.2 && sa.max(sb) > 2.0 * sa.min(sb) && turn > 0.785 {
                            moments += 1;
                            k += 25;
                        } else {
                            k += 1;
                        }
                    }
                }
                println!(
                    "   {mood:?} {depth}: rests {rests:.2?} moments/min {:.1} fastest {fastest:.2} hardest {hardest:.1}",
                    moments as f64 / 10.0
                );
            }
        }
    }
}
