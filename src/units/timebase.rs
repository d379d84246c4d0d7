//! How long a board's ticks really are, and when its frames are due.

use super::{Microseconds, OutOfRange, Ticks, within};

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

    /// 50 Hz from the oscillator of the data sheet.
    pub const NOMINAL: Self = Self {
        rate_hz: 50,
        oscillator_hz: 25_000_000,
        prescale: Prescale(121),
        tick_us: 4.88,
    };

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

    #[test]
    fn nominal_is_what_its_figures_make() {
        assert_eq!(Timebase::new(50, 25_000_000), Ok(Timebase::NOMINAL));
    }

    proptest! {
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
}
