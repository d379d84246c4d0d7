//! The one place where movements blend: growth at the start, the change from
//! one motion to another, the way back to straight at the end.

use super::{Motion, Pose, ease};

/// How long the amplitude takes to grow from nothing.
const GROWTH_US: u64 = 2_000_000;
/// How long one motion takes to become another.
const CHANGE_US: u64 = 800_000;
/// How long the way back to straight takes; the rest of the second that a stop
/// may last is the servos' own.
const RETURN_US: u64 = 600_000;

/// A motion on its way in, over to another, or out. Every blend starts and ends
/// at rest, so position and speed are continuous.
#[derive(Clone, Debug)]
pub struct Performance {
    motion: Motion,
    /// What was played before, and since when it fades.
    before: Option<(Motion, u64)>,
    grows_from_us: u64,
    returns_from_us: Option<u64>,
}

impl Performance {
    /// `motion`, growing from straight from `grows_from_us` on.
    pub fn new(motion: Motion, grows_from_us: u64) -> Self {
        Self {
            motion,
            before: None,
            grows_from_us,
            returns_from_us: None,
        }
    }

    /// Goes over to another motion from `t_us` on.
    pub fn change(&mut self, motion: Motion, t_us: u64) {
        let before = core::mem::replace(&mut self.motion, motion);
        self.before = Some((before, t_us));
    }

    /// Whether one motion is still becoming another.
    pub fn is_changing(&self, t_us: u64) -> bool {
        self.before
            .as_ref()
            .is_some_and(|(_, from)| t_us < from + CHANGE_US)
    }

    /// Goes back to straight from `t_us` on; a second call changes nothing.
    pub fn end(&mut self, t_us: u64) {
        self.returns_from_us.get_or_insert(t_us);
    }

    /// Since when it goes back to straight.
    pub fn ends_from_us(&self) -> Option<u64> {
        self.returns_from_us
    }

    /// Whether all tentacles stand straight for good.
    pub fn has_ended(&self, t_us: u64) -> bool {
        self.returns_from_us
            .is_some_and(|from| t_us >= from + RETURN_US)
    }

    /// What is played at `t_us`.
    pub fn scene_at(&self, t_us: u64) -> &'static str {
        self.motion.scene_at(t_us)
    }

    /// Where `tentacles` tentacles lean at `t_us`.
    #[inline]
    pub fn pose_at(&self, t_us: u64, tentacles: usize) -> Pose {
        let mut pose = self.motion.pose_at(t_us, tentacles);
        if let Some((before, from)) = &self.before
            && self.is_changing(t_us)
        {
            let weight = ease(t_us.saturating_sub(*from), CHANGE_US);
            pose = before.pose_at(t_us, tentacles).toward(&pose, weight);
        }
        let mut weight = ease(t_us.saturating_sub(self.grows_from_us), GROWTH_US);
        if let Some(from) = self.returns_from_us {
            weight *= 1.0 - ease(t_us.saturating_sub(from), RETURN_US);
        }
        if weight < 1.0 {
            pose = Pose::STRAIGHT.toward(&pose, weight);
        }
        pose
    }
}
