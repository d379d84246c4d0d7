//! Chance as a pure function of time: numbers that a seed draws for each cell of time,
//! and paths that lead smoothly from one to the next.

use super::jerk;
use crate::units::Bend;
use core::f32::consts::FRAC_1_SQRT_2;

/// A source of chance; others with another name have nothing in common with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chance(u32);

impl Chance {
    /// What `seed` draws under a name.
    pub(super) fn new(seed: u32, name: u32) -> Self {
        Self(mix(seed ^ mix(name)))
    }

    /// One of its own.
    pub(super) fn of(self, name: u32) -> Self {
        Self(mix(self.0 ^ name))
    }

    /// 32 random bits for the cell of time `cell`.
    #[inline]
    pub(super) fn bits(self, cell: u64) -> u32 {
        // A cell is never so short that its number outgrows 32 bits in a year.
        mix(self.0 ^ cell as u32)
    }

    /// A bend within the square of ±1/√2, and so within the unit circle, that wanders
    /// from one random place to the next every 2^`log_us` µs, each time as a hand does.
    #[inline]
    pub(super) fn bend_at(self, t_us: u64, log_us: u32) -> Bend {
        let (cell, way) = place(t_us, log_us);
        let bend = |cell| {
            let bits = self.bits(cell);
            let along = |half: u32| f32::from(half as i16) * (FRAC_1_SQRT_2 / 32_768.0);
            let (x, y) = (along(bits), along(bits >> 16));
            Bend { x, y }
        };
        bend(cell).toward(bend(cell + 1), way)
    }

    /// As [`Self::bend_at`], a number within ±1.
    #[inline]
    pub(super) fn number_at(self, t_us: u64, log_us: u32) -> f32 {
        let (cell, way) = place(t_us, log_us);
        let number = |cell| self.bits(cell) as i32 as f32 / 2_147_483_648.0;
        let (from, to) = (number(cell), number(cell + 1));
        from + (to - from) * way
    }
}

/// The cell of time at `t_us`, unlike those of other lengths, and how far the way
/// through it has come.
#[inline]
fn place(t_us: u64, log_us: u32) -> (u64, f32) {
    let length_us = 1u32 << log_us;
    // 2^−log, by the bits of a float: its exponent is kept 127 above.
    let share = f32::from_bits((127 - log_us) << 23);
    let s = (t_us as u32 & (length_us - 1)) as f32 * share;
    // Cells of a quarter of a second fill 26 bits in 200 days.
    ((t_us >> log_us) ^ u64::from(log_us) << 26, jerk(s))
}

/// A permutation of 32 bits in which each bit of the input turns half of the
/// output's (Chris Wellons, "lowbias32", 2018).
#[inline]
fn mix(mut bits: u32) -> u32 {
    bits ^= bits >> 16;
    bits = bits.wrapping_mul(0x7feb_352d);
    bits ^= bits >> 15;
    bits = bits.wrapping_mul(0x846c_a68b);
    bits ^ bits >> 16
}
