//! How the tentacles move: pure functions from time to [`Pose`], and the one
//! place where movements blend.

mod performance;
mod show;
pub mod wave;

use crate::calibration::{MAX_TENTACLES, Rig};
use crate::units::Bend;
pub use performance::Performance;
pub use show::Show;
pub use wave::Wave;

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
}

/// What the hat plays.
#[derive(Clone, Debug, PartialEq)]
pub enum Motion {
    /// The seed of it all: phase-offset sine waves.
    Wave(Wave),
    /// The demo: scene after scene.
    Show(Show),
}

/// What both files say: the hat, and how it moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Hat {
    /// The servos and their board.
    pub rig: Rig,
    /// What is played on it.
    pub motion: Motion,
}

impl Motion {
    /// Where `tentacles` tentacles lean `t_us` after the start.
    #[inline]
    pub fn pose_at(&self, t_us: u64, tentacles: usize) -> Pose {
        match self {
            Self::Wave(wave) => wave.pose_at(t_us, tentacles),
            Self::Show(show) => show.pose_at(t_us, tentacles),
        }
    }

    /// What is played at `t_us`, in a word or two.
    pub fn scene_at(&self, t_us: u64) -> &'static str {
        match self {
            Self::Wave(_) => "wave",
            Self::Show(show) => show.scene_at(t_us),
        }
    }
}

/// How far a smooth change has come, 0..1, `elapsed_us` into `length_us`: it
/// starts and ends at rest (3s² − 2s³).
#[inline]
pub fn ease(elapsed_us: u64, length_us: u64) -> f32 {
    if elapsed_us >= length_us {
        return 1.0;
    }
    let s = elapsed_us as f32 / length_us as f32;
    s * s * (3.0 - 2.0 * s)
}
