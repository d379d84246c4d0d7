//! A shock: away from where it comes, a freeze, then a slow look at what it was.

use super::{Facings, Pose, ease};
use crate::units::{Bend, Turns};

/// What startles, and when it did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Startle {
    /// Where from, clockwise from the wearer's front; `None` from everywhere.
    pub(super) from: Option<Turns>,
    pub(super) at_us: u64,
}

/// How long the flinch takes: as fast as a hobby servo follows.
pub(super) const FLINCH_US: u64 = 200_000;
const FREEZE_US: u64 = 1_200_000;
/// How long the tentacles take to turn to what it was.
const TURN_US: u64 = 2_400_000;
const ALL_US: u64 = 5_000_000;

/// How far they flinch, which may be said over and over: no servo is held against its
/// end. And how far they then look.
const FLINCH: f32 = 0.8;
const LOOK: f32 = 0.35;

impl Startle {
    /// When it is over.
    pub(super) fn ends_us(&self) -> u64 {
        self.at_us + ALL_US
    }

    pub(super) fn pose_at(&self, t_us: u64, facings: &Facings) -> Pose {
        let curiosity = ease(t_us.saturating_sub(self.at_us + FREEZE_US), TURN_US);
        Pose::each(facings, |facing| {
            // What comes from everywhere, each tentacle flees inward.
            let from = self.from.unwrap_or(facing);
            let lean = |lean| Bend::toward_bearing(from, facing, lean);
            lean(-FLINCH).toward(lean(LOOK), curiosity)
        })
    }
}
