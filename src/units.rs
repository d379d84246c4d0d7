//! Units as types, with one legal way through them:
//! [`Turns`] → [`Bend`] → [`Microseconds`] → [`Ticks`].
//!
//! The last step demands a [`Timebase`], so there is no hidden 50 Hz anywhere.

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

/// The chip's PRE_SCALE register, 3..255 (datasheet 7.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prescale(pub u8);

/// How long the chip's ticks really are: from the rounded prescale and the
/// oscillator, never from the wished rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timebase {
    rate_hz: u16,
    oscillator_hz: u32,
    prescale: Prescale,
    tick_us: f32,
}

impl Timebase {
    /// The legal pulse rates, Hz. Below 40 a servo lets go between pulses;
    /// above 330 a pulse of 2500 µs no longer fits its period.
    pub const RATE_HZ: (f64, f64) = (40.0, 330.0);
    /// The legal oscillators, Hz: nominal 25 MHz, boards measured 23..27.
    pub const OSCILLATOR_HZ: (f64, f64) = (20e6, 30e6);

    /// How much faster than wished pulses may come.
    const TOO_FAST: f64 = 0.005;

    /// The timebase for a wished pulse rate and the board's oscillator, both in Hz.
    ///
    /// # Errors
    /// Outside [`Self::RATE_HZ`] or [`Self::OSCILLATOR_HZ`].
    pub fn new(rate_hz: u16, oscillator_hz: u32) -> Result<Self, OutOfRange> {
        let (low, high) = Self::RATE_HZ;
        within(rate_hz.into(), low, high, "Hz")?;
        let (low, high) = Self::OSCILLATOR_HZ;
        within(oscillator_hz.into(), low, high, "Hz")?;
        // Datasheet 7.3.5: prescale = round(osc / (4096 · rate)) − 1; 14..=182 here.
        // Rounded down it would come out too fast, which at high rates is a lot:
        // 339 Hz for 330, where a servo's own limit may be 333.
        let cycle = 4096 * u32::from(rate_hz);
        let mut divider = (oscillator_hz + cycle / 2) / cycle;
        let fastest = f64::from(rate_hz) * (1.0 + Self::TOO_FAST);
        if f64::from(oscillator_hz) > f64::from(4096 * divider) * fastest {
            divider += 1;
        }
        Ok(Self {
            rate_hz,
            oscillator_hz,
            prescale: Prescale((divider - 1) as u8),
            tick_us: (f64::from(divider) * 1e6 / f64::from(oscillator_hz)) as f32,
        })
    }

    /// What PRE_SCALE is set to.
    pub fn prescale(&self) -> Prescale {
        self.prescale
    }

    /// The wished pulse rate, Hz; also the rate of frames.
    pub fn rate_hz(&self) -> u16 {
        self.rate_hz
    }

    /// The board's oscillator as the calibration knows it, Hz.
    pub fn oscillator_hz(&self) -> u32 {
        self.oscillator_hz
    }

    /// The time from one frame to the next, µs.
    pub fn period_us(&self) -> f32 {
        1e6 / f32::from(self.rate_hz)
    }

    /// One tick, µs.
    pub fn tick_us(&self) -> f32 {
        self.tick_us
    }

    /// The moment of frame `k`, µs after the start: ⌊k · 10⁶ / rate⌋.
    pub fn slot_us(&self, k: u64) -> u64 {
        k * 1_000_000 / u64::from(self.rate_hz)
    }

    /// The first slot at or after `t_us`.
    pub fn slot_from(&self, t_us: u64) -> u64 {
        // ⌊k·10⁶/rate⌋ ≥ t ⇔ k·10⁶ ≥ t·rate.
        (t_us * u64::from(self.rate_hz)).div_ceil(1_000_000)
    }

    /// The slots from `t_us` on, one after another.
    pub fn slots_from(&self, t_us: u64) -> Slots {
        let rate = u32::from(self.rate_hz);
        let from = self.slot_from(t_us) * 1_000_000;
        Slots {
            t_us: from / u64::from(rate),
            rest: (from % u64::from(rate)) as u32,
            step: (1_000_000 / rate, 1_000_000 % rate),
            rate,
        }
    }

    /// The nearest whole ticks.
    #[inline]
    pub fn ticks(&self, width: Microseconds) -> Ticks {
        Ticks((width.get() / self.tick_us + 0.5) as u16)
    }

    /// The pulse width that `ticks` make.
    pub fn width(&self, ticks: Ticks) -> Microseconds {
        Microseconds::limited(f32::from(ticks.0) * self.tick_us)
    }

    /// The ticks of the longest pulse, 2500 µs, rounded up.
    pub fn longest(&self) -> Ticks {
        Ticks(libm::ceilf(Microseconds::MAX / self.tick_us) as u16)
    }
}

/// A slot, and how to get from it to the next without a division: a 64-bit one
/// takes 235 instructions on an ARM1176.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    t_us: u64,
    /// What the floor of `t_us` left over, in rate-ths of a µs.
    rest: u32,
    /// 10⁶ / rate, whole and rest.
    step: (u32, u32),
    rate: u32,
}

impl Slots {
    /// The moment of this slot, as [`Timebase::slot_us`] has it.
    #[inline]
    pub fn t_us(&self) -> u64 {
        self.t_us
    }

    /// The slot after this one.
    #[inline]
    #[must_use]
    pub fn next(self) -> Self {
        let rest = self.rest + self.step.1;
        let carry = u32::from(rest >= self.rate);
        Self {
            t_us: self.t_us + u64::from(self.step.0 + carry),
            rest: rest - carry * self.rate,
            ..self
        }
    }
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

        #[test]
        fn every_pulse_fits_every_period(rate in 40u16..=330, osc in 20_000_000u32..=30_000_000) {
            let base = Timebase::new(rate, osc).unwrap();
            // Room for the longest pulse and for the stagger that starts it later.
            prop_assert!(base.longest().0 < 4095 - 500, "{:?}", base);
        }

        #[test]
        fn slots_count_exactly(rate in 40u16..=330, k in 0u64..1 << 40) {
            let base = Timebase::new(rate, 25_000_000).unwrap();
            prop_assert_eq!(base.slot_from(base.slot_us(k)), k);
            prop_assert_eq!(base.slot_from(base.slot_us(k) + 1), k + 1);
        }

        #[test]
        fn slots_follow_one_another(rate in 40u16..=330, k in 0u64..1 << 40) {
            let base = Timebase::new(rate, 25_000_000).unwrap();
            let mut slot = base.slots_from(base.slot_us(k));
            for k in k..k + 700 {
                prop_assert_eq!(slot.t_us(), base.slot_us(k));
                slot = slot.next();
            }
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
    fn fifty_hertz_as_in_the_datasheet() {
        let base = Timebase::new(50, 25_000_000).unwrap();
        assert_eq!(base.prescale(), Prescale(121));
        assert_eq!(base.tick_us(), 4.88);
        assert_eq!(base.ticks(Microseconds::new(1500.0).unwrap()), Ticks(307));
    }

    #[test]
    fn a_rate_is_never_far_above_the_wish() {
        let prescale = |rate| Timebase::new(rate, 25_000_000).unwrap().prescale().0;
        // 339 and 321 Hz are next to 330.
        assert_eq!((prescale(330), prescale(60)), (18, 101));
        for (rate, osc) in [(40, 20_000_000), (200, 26_500_000), (333, 30_000_000)] {
            let Ok(base) = Timebase::new(rate, osc) else {
                continue;
            };
            let real = 1e6 / (4096.0 * base.tick_us());
            assert!(real <= f32::from(rate) * 1.0051, "{real} for {rate}");
            assert!(real > f32::from(rate) * 0.93, "{real} for {rate}");
        }
    }

    #[test]
    fn nan_is_out_of_range() {
        assert!(Microseconds::new(f64::NAN).is_err());
    }
}
