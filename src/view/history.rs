//! The last moments: how fast frames came, and where the tips were.

use super::leaning::{self, Leaning};
use crate::host::Crooked;
use crate::state::State;
use std::collections::VecDeque;
use tentacle_hat::calibration::Rig;

/// What rates are taken over.
const RATE_US: u64 = 1_000_000;
/// How long a tip's trail is.
const TRAIL_US: u64 = 1_600_000;

/// A state, and what it says about the tentacles.
#[derive(Clone, Debug)]
struct Moment {
    state: State,
    tentacles: Vec<Leaning>,
}

/// How frames came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// So many a second.
    pub(super) frames: f64,
    /// The share of the slots that had passed.
    pub(super) late: f64,
    /// On the wire for one.
    pub(super) bytes: f64,
}

/// States of the last moments; there is always one.
#[derive(Clone, Debug)]
pub(super) struct History {
    moments: VecDeque<Moment>,
    /// Tentacles that lean elsewhere than their rig knows.
    crooked: Option<Crooked>,
}

impl History {
    pub(super) fn new(rig: &Rig, state: State, crooked: Option<Crooked>) -> Self {
        let mut history = Self {
            moments: VecDeque::new(),
            crooked,
        };
        history.push(rig, state);
        history
    }

    /// The next state; the same one again changes nothing.
    pub(super) fn push(&mut self, rig: &Rig, state: State) {
        let t_us = state.t_us;
        if self.moments.back().is_some_and(|m| m.state.t_us > t_us) {
            // It is another hat's, or the same one's after a new start.
            self.moments.clear();
        }
        if self.moments.back().is_some_and(|m| m.state.t_us == t_us) {
            self.moments.pop_back();
        }
        self.moments.push_back(Moment {
            tentacles: leaning::tentacles(rig, &state, self.crooked.as_mut()),
            state,
        });
        while self.moments[0].state.t_us + TRAIL_US < t_us {
            self.moments.pop_front();
        }
    }

    fn last(&self) -> &Moment {
        &self.moments[self.moments.len() - 1]
    }

    pub(super) fn now(&self) -> &State {
        &self.last().state
    }

    pub(super) fn tentacles(&self) -> &[Leaning] {
        &self.last().tentacles
    }

    /// Where a tentacle was, from long ago to now.
    pub(super) fn trail(&self, tentacle: usize) -> impl Iterator<Item = Leaning> {
        self.moments.iter().map(move |m| m.tentacles[tentacle])
    }

    /// How the last second went, once there were frames in it.
    pub(super) fn rates(&self) -> Option<Rates> {
        let now = self.now();
        let then = &self
            .moments
            .iter()
            .find(|m| m.state.t_us + RATE_US >= now.t_us)?
            .state;
        let frames = now.tally.frames.checked_sub(then.tally.frames)? as f64;
        let late = now.tally.late.checked_sub(then.tally.late)? as f64;
        let seconds = (now.t_us - then.t_us) as f64 / 1e6;
        (frames > 0.0).then(|| Rates {
            frames: frames / seconds,
            late: late / (frames + late),
            bytes: now.bytes.saturating_sub(then.bytes) as f64 / frames,
        })
    }
}
