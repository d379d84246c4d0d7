//! Phase-offset sine waves, one along x and one along y.

use super::Pose;
use crate::units::{Frequency, OutOfRange, Turns, within};

/// The wave along one axis. Tentacle i leans
/// amplitude · sin(2π(frequency · t + i · tentacle phase + phase)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisWave {
    /// How often it swings.
    pub frequency: Frequency,
    /// How far, 0..1 of the full bend.
    pub amplitude: f32,
    /// Where the first tentacle starts.
    pub phase: Turns,
    /// How far each tentacle is ahead of the one before.
    pub tentacle_phase: Turns,
}

/// The amplitudes lead the named tentacle out of its safe bend.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "x and y together bend tentacle {} to {reach:.2} of its full bend; at most 1 is safe",
    tentacle + 1
)]
pub struct TooFar {
    /// Which tentacle, counted from 0.
    pub tentacle: usize,
    /// How far it would bend; 1 is its full safe bend.
    pub reach: f32,
}

/// The wave of the whole hat; its path stays inside the unit circle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wave {
    x: AxisWave,
    y: AxisWave,
}

impl Wave {
    /// A wave for `tentacles` tentacles.
    ///
    /// # Errors
    /// The first tentacle whose path leaves the unit circle.
    pub fn new(x: AxisWave, y: AxisWave, tentacles: usize) -> Result<Self, TooFar> {
        for tentacle in 0..tentacles {
            let reach = reach(&x, &y, tentacle);
            // Room for the roundings of two float sines.
            if reach > 1.0 + 1e-6 {
                return Err(TooFar { tentacle, reach });
            }
        }
        Ok(Self { x, y })
    }

    /// Checks an amplitude.
    ///
    /// # Errors
    /// Outside 0..1.
    pub fn amplitude(amplitude: f64) -> Result<f32, OutOfRange> {
        within(amplitude, 0.0, 1.0, "").map(|a| a as f32)
    }

    /// Where each tentacle leans `t_us` after the start.
    #[inline]
    pub fn pose_at(&self, t_us: u64, tentacles: usize) -> Pose {
        let mut x = self.x.phase.plus(self.x.frequency.phase_at(t_us));
        let mut y = self.y.phase.plus(self.y.frequency.phase_at(t_us));
        let mut pose = Pose::STRAIGHT;
        for bend in &mut pose.0[..tentacles] {
            bend.x = self.x.amplitude * x.sin();
            bend.y = self.y.amplitude * y.sin();
            x = x.plus(self.x.tentacle_phase);
            y = y.plus(self.y.tentacle_phase);
        }
        pose
    }
}

/// The furthest a tentacle's tip comes from the middle.
fn reach(x: &AxisWave, y: &AxisWave, tentacle: usize) -> f32 {
    let (a, b) = (x.amplitude * x.amplitude, y.amplitude * y.amplitude);
    if x.frequency != y.frequency {
        // Two frequencies sooner or later meet at both crests.
        return libm::sqrtf(a + b);
    }
    // An ellipse: a sin²θ + b sin²(θ + δ) = (a + b − a cos 2θ − b cos 2(θ + δ)) / 2,
    // whose two cosines add up to one of amplitude √(a² + b² + 2ab cos 2δ).
    let lead = y.phase.minus(x.phase);
    let delta = y
        .tentacle_phase
        .minus(x.tentacle_phase)
        .times(tentacle)
        .plus(lead);
    let swing = libm::sqrtf((a * a + b * b + 2.0 * a * b * delta.times(2).cos()).max(0.0));
    libm::sqrtf((a + b + swing) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn axis(max_amplitude: f32)(
            hz in 100_000u32..1_000_000,
            amplitude in 0f32..max_amplitude,
            phase in any::<u32>(),
            tentacle_phase in any::<u32>(),
        ) -> AxisWave {
            AxisWave {
                frequency: Frequency::from_micro_hz(hz),
                amplitude,
                phase: Turns(phase),
                tentacle_phase: Turns(tentacle_phase),
            }
        }
    }

    proptest! {
        #[test]
        fn a_path_never_leaves_the_unit_circle(
            x in axis(1.0), y in axis(1.0), same in any::<bool>(), t in any::<u64>()
        ) {
            let y = AxisWave { frequency: if same { x.frequency } else { y.frequency }, ..y };
            if let Ok(wave) = Wave::new(x, y, 8) {
                for bend in wave.pose_at(t, 8).0 {
                    prop_assert!(bend.lean() <= 1.0 + 2e-6);
                }
            }
        }

        #[test]
        fn the_reach_is_reached(x in axis(1.0), y in axis(1.0), tentacle in 0usize..8) {
            let y = AxisWave { frequency: x.frequency, ..y };
            let furthest = (0..2000u32)
                .map(|i| {
                    let theta = Turns(i * (u32::MAX / 2000));
                    let sine = |w: &AxisWave| {
                        w.amplitude * theta.plus(w.phase).plus(w.tentacle_phase.times(tentacle)).sin()
                    };
                    libm::hypotf(sine(&x), sine(&y))
                })
                .fold(0.0, f32::max);
            prop_assert!((furthest - reach(&x, &y, tentacle)).abs() < 2e-3);
        }

        #[test]
        fn a_tentacle_phase_is_a_shift_in_time(x in axis(0.7), t in 0u64..1 << 50) {
            // A frequency of 0.25 Hz comes round in 4 s: ¼ turn is a second.
            let x = AxisWave {
                frequency: Frequency::from_micro_hz(250_000),
                tentacle_phase: Turns::new(0.25),
                ..x
            };
            let wave = Wave::new(x, x, 8).unwrap();
            let (now, later) = (wave.pose_at(t, 8), wave.pose_at(t + 1_000_000, 8));
            prop_assert_eq!(now.0[1..].to_vec(), later.0[..7].to_vec());
        }
    }
}
