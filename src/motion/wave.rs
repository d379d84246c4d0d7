//! Phase-offset sine waves, one along x and one along y.

use super::Pose;
use crate::calibration::Axis;
use crate::units::{Bend, Frequency, OutOfRange, Turns, within};

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

/// A number of a wave along one axis, as motion.toml has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Hz, see [`Frequency::RANGE_HZ`].
    Frequency,
    /// 0..1.
    Amplitude,
    /// −1..1 turn.
    Phase,
    /// −1..1 turn.
    TentaclePhase,
}

impl Field {
    /// All of them, in the file's order.
    pub const ALL: [Self; 4] = [
        Self::Frequency,
        Self::Amplitude,
        Self::Phase,
        Self::TentaclePhase,
    ];

    /// Its key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Frequency => "frequency-hz",
            Self::Amplitude => "amplitude",
            Self::Phase => "phase-turns",
            Self::TentaclePhase => "tentacle-phase-turns",
        }
    }
}

impl AxisWave {
    /// One that stands still.
    pub const STILL: Self = Self {
        frequency: Frequency::from_micro_hz(1000),
        amplitude: 0.0,
        phase: Turns::ZERO,
        tentacle_phase: Turns::ZERO,
    };

    /// A field's number, in its unit.
    pub fn get(&self, field: Field) -> f64 {
        match field {
            Field::Frequency => self.frequency.hz(),
            // What a float holds of a decimal number, and no more.
            Field::Amplitude => libm::round(f64::from(self.amplitude) * 1e6) / 1e6,
            Field::Phase => libm::round(self.phase.get() * 1e6) / 1e6,
            Field::TentaclePhase => libm::round(self.tentacle_phase.get() * 1e6) / 1e6,
        }
    }

    /// Changes a field.
    ///
    /// # Errors
    /// Outside of the field's range; nothing is changed.
    pub fn set(&mut self, field: Field, value: f64) -> Result<(), OutOfRange> {
        let turns = || within(value, -1.0, 1.0, "turns").map(Turns::new);
        match field {
            Field::Frequency => self.frequency = Frequency::from_hz(value)?,
            Field::Amplitude => self.amplitude = within(value, 0.0, 1.0, "")? as f32,
            Field::Phase => self.phase = turns()?,
            Field::TentaclePhase => self.tentacle_phase = turns()?,
        }
        Ok(())
    }
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

    /// The wave along an axis.
    pub(super) fn along(&self, axis: Axis) -> &AxisWave {
        match axis {
            Axis::X => &self.x,
            Axis::Y => &self.y,
        }
    }

    /// The wave half as fast and half as wide.
    #[must_use]
    pub fn calmed(&self) -> Self {
        let calm = |axis: AxisWave| AxisWave {
            frequency: axis.frequency.halved(),
            amplitude: axis.amplitude / 2.0,
            ..axis
        };
        Self {
            x: calm(self.x),
            y: calm(self.y),
        }
    }

    /// The phases of the first tentacle along x and y, `t_us` after the start.
    #[inline]
    pub(super) fn phases_at(&self, t_us: u64) -> [Turns; 2] {
        let phase = |wave: &AxisWave| wave.phase.plus(wave.frequency.phase_at(t_us));
        [phase(&self.x), phase(&self.y)]
    }

    /// Where a tentacle leans while the first one is at these phases.
    #[inline]
    pub(super) fn bend(&self, tentacle: usize, [x, y]: [Turns; 2]) -> Bend {
        let along = |wave: &AxisWave, phase: Turns| {
            wave.amplitude * phase.plus(wave.tentacle_phase.times(tentacle)).sin()
        };
        Bend {
            x: along(&self.x, x),
            y: along(&self.y, y),
        }
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
