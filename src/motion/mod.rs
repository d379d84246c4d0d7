//! How the tentacles move: pure functions from time to [`Pose`], and the one
//! place where movements blend.

mod attention;
mod gesture;
mod heading;
mod life;
mod noise;
mod numbers;
mod people;
mod performance;
mod reach;
mod show;
mod startle;
#[cfg(test)]
mod tests;
pub mod wave;
mod wishes;

use crate::calibration::{MAX_TENTACLES, Rig, Senses, Tentacle};
use crate::units::{Bend, OutOfRange, Turns};
use arrayvec::ArrayVec;
pub use numbers::{Key, Motion};
pub use people::{Id, People, Sighting};
use performance::Movement;
pub use performance::Performance;
pub use show::{SHOW_US, Scene};
use wave::TooFar;
pub use wave::Wave;
pub use wishes::{Mood, Wishes};

/// The bends of all tentacles at one instant, in file order; those beyond the
/// hat's number stand straight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose(pub [Bend; MAX_TENTACLES]);

impl Pose {
    /// Every tentacle standing straight.
    pub const STRAIGHT: Self = Self([Bend::STRAIGHT; MAX_TENTACLES]);

    /// From this pose (`weight` 0) to `other` (`weight` 1).
    #[must_use]
    #[inline]
    pub fn toward(&self, other: &Self, weight: f32) -> Self {
        let mut pose = *self;
        for (bend, other) in pose.0.iter_mut().zip(&other.0) {
            *bend = bend.toward(*other, weight);
        }
        pose
    }

    /// Each tentacle bent as `bend` says, by where it faces.
    fn each(facings: &Facings, bend: impl Fn(Turns) -> Bend) -> Self {
        let mut pose = Self::STRAIGHT;
        for (place, facing) in pose.0.iter_mut().zip(facings) {
            *place = bend(*facing);
        }
        pose
    }
}

/// Where each tentacle faces, clockwise from the wearer's front.
pub(crate) type Facings = ArrayVec<Turns, MAX_TENTACLES>;

pub(crate) fn facings(tentacles: &[Tentacle]) -> Facings {
    tentacles.iter().map(|tentacle| tentacle.facing).collect()
}

/// What both files say: the hat, how it moves, and what it sees with.
#[derive(Clone, Debug, PartialEq)]
pub struct Hat {
    /// The servos and their board.
    pub rig: Rig,
    /// What it does when nothing else is asked of it.
    pub motion: Motion,
    /// What watches the world for it.
    pub senses: Senses,
}

/// Why the hat does not do what a cue asks for.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A number.
    #[error("{key} = {number}: {error}")]
    OutOfRange {
        /// Of which key.
        key: Key,
        /// What it was to be.
        number: f64,
        /// What it may be.
        error: OutOfRange,
    },
    /// The wave would be too wide.
    #[error(transparent)]
    TooFar(#[from] TooFar),
    /// There is no room for another person.
    #[error(
        "{} people are there already from this source, or {} in all",
        People::OF_A_SOURCE,
        People::MOST
    )]
    Crowded,
}

/// How far a smooth change has come, 0..1, `elapsed_us` into `length_us` (which is
/// below an hour): by the minimum jerk, as a hand reaches (10s³ − 15s⁴ + 6s⁵; Flash and
/// Hogan 1985). It starts and ends without speed or acceleration; halfway it is 1.875
/// times as fast as in the mean.
#[inline]
pub fn ease(elapsed_us: u64, length_us: u64) -> f32 {
    if elapsed_us >= length_us {
        return 1.0;
    }
    // Numbers of 32 bits become floats in one instruction, those of 64 in thirty.
    jerk(elapsed_us as u32 as f32 / length_us as u32 as f32)
}

#[inline]
fn jerk(s: f32) -> f32 {
    s * s * s * (10.0 + s * (6.0 * s - 15.0))
}
