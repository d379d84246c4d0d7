//! What motion.toml says, and its numbers by their keys.

use super::wave::{AxisWave, Field};
use super::{Refusal, Wave};
use crate::calibration::Axis;
use crate::units::within;
use core::fmt;

/// How a hat moves when nothing else is asked of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Motion {
    /// The seed of it all.
    pub wave: Wave,
    /// How much it is alive: 0 is the plain wave, at 1 each tentacle wanders by itself.
    pub depth: f32,
}

/// A key of motion.toml, which can be turned while the hat moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A number of one of the two waves.
    Wave(Axis, Field),
    /// How much the wave is alive, 0..1.
    Depth,
}

impl Key {
    /// How many there are.
    pub const COUNT: usize = 2 * Field::ALL.len() + 1;

    /// All of them, in the file's order.
    pub fn all() -> impl Iterator<Item = Self> {
        let of = |axis| Field::ALL.map(|field| Self::Wave(axis, field));
        let waves = Axis::BOTH.into_iter().flat_map(of);
        waves.chain([Self::Depth])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wave(axis, field) => write!(f, "wave.{axis}.{}", field.name()),
            Self::Depth => f.write_str("life.depth"),
        }
    }
}

impl Motion {
    /// A plain wave.
    pub fn plain(wave: Wave) -> Self {
        Self { wave, depth: 0.0 }
    }

    /// A key's number, in its unit.
    pub fn get(&self, key: Key) -> f64 {
        match key {
            Key::Wave(axis, field) => self.wave.along(axis).get(field),
            // What a float holds of a decimal number, and no more.
            Key::Depth => libm::round(f64::from(self.depth) * 1e6) / 1e6,
        }
    }

    /// The motion with these numbers, for `tentacles` tentacles.
    ///
    /// # Errors
    /// A number is outside of its key's range, or they lead a tentacle too far.
    pub fn of(
        numbers: impl IntoIterator<Item = (Key, f64)>,
        tentacles: usize,
    ) -> Result<Self, Refusal> {
        let (mut axes, mut depth) = ([AxisWave::STILL; 2], 0.0);
        for (key, number) in numbers {
            let set = match key {
                Key::Wave(axis, field) => axes[axis as usize].set(field, number),
                Key::Depth => within(number, 0.0, 1.0, "").map(|number| depth = number as f32),
            };
            set.map_err(|error| Refusal::OutOfRange { key, number, error })?;
        }
        let wave = Wave::new(axes[0], axes[1], tentacles)?;
        Ok(Self { wave, depth })
    }

    /// The motion with another number, for `tentacles` tentacles.
    ///
    /// # Errors
    /// As of [`Self::of`].
    pub fn with(&self, key: Key, number: f64, tentacles: usize) -> Result<Self, Refusal> {
        let other = |other| {
            if other == key {
                number
            } else {
                self.get(other)
            }
        };
        Self::of(Key::all().map(|key| (key, other(key))), tentacles)
    }
}
