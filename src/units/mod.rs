//! Units as types, with one legal way through them:
//! [`Turns`] → [`Bend`] → [`Microseconds`] → [`Ticks`].
//!
//! The last step demands a [`Timebase`], so there is no hidden 50 Hz anywhere.

mod timebase;

pub use timebase::{Prescale, Slots, Timebase};

use core::f32::consts::TAU;
use core::fmt;
use core::num::NonZeroU32;

/// A number that lies outside the range it must keep to.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("must be {low} to {high}{}{unit}", if unit.is_empty() { "" } else { " " })]
pub struct OutOfRange {
    /// The smallest legal value.
    pub low: f64,
    /// The largest legal value.
    pub high: f64,
    /// The unit of both; empty for a bare number.
    pub unit: &'static str,
}

/// Checks `low <= value <= high`; NaN is outside of every range.
///
/// # Errors
/// [`OutOfRange`], which names the bounds.
pub fn within(value: f64, low: f64, high: f64, unit: &'static str) -> Result<f64, OutOfRange> {
    if value >= low && value <= high {
        Ok(value)
    } else {
        Err(OutOfRange { low, high, unit })
    }
}

/// A phase; one turn is 2³², so that it wraps exactly and never loses precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turns(pub u32);

impl Turns {
    /// No turn.
    pub const ZERO: Self = Self(0);
    /// Half a turn.
    pub const HALF: Self = Self(1 << 31);

    /// The nearest phase to `turns`; whole turns fall away.
    pub fn new(turns: f64) -> Self {
        const ONE: f64 = 4_294_967_296.0;
        let fraction = turns - libm::floor(turns);
        Self(libm::round(fraction * ONE) as u64 as u32)
    }

    /// A bearing or another angle in degrees.
    pub fn from_deg(deg: f32) -> Self {
        Self::new(f64::from(deg) / 360.0)
    }

    /// The bare number, −½..½ turn.
    pub fn get(self) -> f64 {
        f64::from(self.0 as i32) / 4_294_967_296.0
    }

    /// This phase further on by `other`.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// This phase `count` times over: tentacle `count`'s offset.
    #[must_use]
    pub fn times(self, count: usize) -> Self {
        Self(self.0.wrapping_mul(count as u32))
    }

    /// This phase less `other`.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }

    /// The sine of this phase, −1..1; the same bits on every processor.
    pub fn sin(self) -> f32 {
        // As a signed number the phase is −½..½ turn, where a float is finest.
        libm::sinf(self.0 as i32 as f32 * (TAU / 4_294_967_296.0))
    }

    /// The cosine of this phase.
    pub fn cos(self) -> f32 {
        Self(self.0.wrapping_add(1 << 30)).sin()
    }
}

/// A frequency in whole µHz, kept as the phase that one µs adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frequency {
    /// Phase per µs in units of 2⁻¹²⁸ turn, rounded up.
    step: u128,
}

impl Frequency {
    /// The slowest and the fastest wave, Hz: a swing in a quarter of an hour
    /// still moves; at 5 Hz a hobby servo only hums.
    pub const RANGE_HZ: (f64, f64) = (0.001, 5.0);

    /// A frequency in Hz, rounded to a whole µHz.
    ///
    /// # Errors
    /// Outside [`Self::RANGE_HZ`].
    pub fn from_hz(hz: f64) -> Result<Self, OutOfRange> {
        let (low, high) = Self::RANGE_HZ;
        let hz = within(hz, low, high, "Hz")?;
        Ok(Self::from_micro_hz(libm::round(hz * 1e6) as u32))
    }

    /// The bare number, Hz.
    pub fn hz(self) -> f64 {
        // step / 2¹²⁸ turns a µs are as many MHz; its upper 64 bits tell µHz with ease.
        let micro_hz = (self.step >> 64) * 1_000_000_000_000;
        ((micro_hz + (1 << 63)) >> 64) as u32 as f64 / 1e6
    }

    /// A frequency of whole µHz.
    pub const fn from_micro_hz(micro_hz: u32) -> Self {
        // f µHz is f / 10¹² turns a µs, so step = ⌈f · 2¹²⁸ / 10¹²⌉ = ⌈f · 2¹¹⁶ / 5¹²⌉,
        // divided in two strides because f · 2¹¹⁶ has up to 148 bits.
        const FIVE_12: u128 = 244_140_625;
        let upper = (micro_hz as u128) << 64;
        let lower = (upper % FIVE_12) << 52;
        Self {
            step: ((upper / FIVE_12) << 52) + lower.div_ceil(FIVE_12),
        }
    }

    /// Half of it.
    #[must_use]
    pub fn halved(self) -> Self {
        Self {
            step: self.step.div_ceil(2),
        }
    }

    /// The phase at `t_us`: ⌊t · f · 2³² / 10¹²⌋, wrapping, without a division.
    ///
    /// Exact for every `t_us` below 2⁶⁴: rounding the step up adds less than
    /// t · 2⁻⁹⁶ to the phase, and the true phase's fraction is a multiple of
    /// 5⁻¹², so it is never pushed over the next integer while t < 2⁹⁶ / 5¹².
    #[inline]
    pub fn phase_at(self, t_us: u64) -> Turns {
        Turns((self.step.wrapping_mul(t_us as u128) >> 96) as u32)
    }
}

/// Where a tentacle's tip leans, each axis −1..1 and inside the unit circle;
/// 1 is the tentacle's full safe bend.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bend {
    /// To the tentacle's right: clockwise of its facing, seen from above.
    pub x: f32,
    /// Toward the tentacle's own facing.
    pub y: f32,
}

impl Bend {
    /// Standing straight.
    pub const STRAIGHT: Self = Self { x: 0.0, y: 0.0 };

    /// Leaning `lean` (0..1) toward a bearing, for a tentacle that faces `facing`;
    /// both clockwise from the wearer's front.
    pub fn toward_bearing(bearing: Turns, facing: Turns, lean: f32) -> Self {
        let turn = bearing.minus(facing);
        Self {
            x: lean * turn.sin(),
            y: lean * turn.cos(),
        }
    }

    /// How far this bend leans, 0..1.
    pub fn lean(self) -> f32 {
        libm::sqrtf(self.x * self.x + self.y * self.y)
    }

    /// From this bend (`weight` 0) to `other` (`weight` 1) on a straight line,
    /// so two bends inside the unit circle never blend to one outside.
    #[must_use]
    #[inline]
    pub fn toward(self, other: Self, weight: f32) -> Self {
        Self {
            x: self.x + (other.x - self.x) * weight,
            y: self.y + (other.y - self.y) * weight,
        }
    }
}

/// A pulse width in µs: the bits of a positive float, which sort as it does, so
/// that `None`, which is limp, needs no word of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Microseconds(NonZeroU32);

impl Microseconds {
    /// The shortest pulse any hobby servo is sent, µs.
    pub const MIN: f32 = 500.0;
    /// The longest pulse any hobby servo is sent, µs.
    pub const MAX: f32 = 2500.0;

    /// A pulse width.
    ///
    /// # Errors
    /// Outside 500..2500 µs.
    pub fn new(us: f64) -> Result<Self, OutOfRange> {
        within(us, Self::MIN.into(), Self::MAX.into(), "µs").map(|us| Self::limited(us as f32))
    }

    /// The bare number, µs.
    #[inline]
    pub fn get(self) -> f32 {
        f32::from_bits(self.0.get())
    }

    /// A width that the caller has kept within a servo's limits.
    #[inline]
    pub(crate) fn limited(us: f32) -> Self {
        // Only 0 µs has no bits, and it is no pulse.
        Self(NonZeroU32::new(us.to_bits()).unwrap_or(NonZeroU32::MIN))
    }
}

impl fmt::Display for Microseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} µs", self.get())
    }
}

impl fmt::Debug for Microseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} µs", self.get())
    }
}

/// A count of the chip's 12-bit counter, 0..4095.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(pub u16);

impl Ticks {
    /// The last count of a cycle.
    pub const LAST: u16 = 4095;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn phase_is_the_floor_of_the_wide_product(t in any::<u64>(), f in 1_000u32..5_000_000) {
            // 116 bits hold t·f; reduce by whole turns first so that 2³² fits as well.
            let turns = u128::from(t) * u128::from(f) % 1_000_000_000_000;
            let exact = (turns << 32) / 1_000_000_000_000;
            prop_assert_eq!(Frequency::from_micro_hz(f).phase_at(t).0, exact as u32);
        }

    }

    #[test]
    fn phase_is_exact_where_a_turn_is_whole() {
        // Random times hardly ever meet these, and only here would a step that
        // is rounded down show: one 2³²th of a turn too little.
        let quarter = Frequency::from_micro_hz(250_000);
        for second in [0, 1, 2, 3, 4, 86_400, 10_000_000] {
            let turns = Turns((second as u32 % 4) << 30);
            assert_eq!(quarter.phase_at(second * 1_000_000), turns);
        }
    }

    #[test]
    fn a_frequency_is_what_was_asked_for() {
        for micro_hz in [
            1_000, 1_001, 199_999, 200_000, 333_333, 4_999_999, 5_000_000,
        ] {
            let hz = f64::from(micro_hz) / 1e6;
            assert_eq!(Frequency::from_micro_hz(micro_hz).hz(), hz);
        }
    }

    #[test]
    fn nan_is_out_of_range() {
        assert!(Microseconds::new(f64::NAN).is_err());
    }
}
