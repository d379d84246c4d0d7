//! Where cues come from while the hat performs, and who is told what became of them.

use std::collections::VecDeque;
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::Refusal;

/// The cues that wait.
#[derive(Debug)]
pub(super) struct Cues {
    /// The command line's own.
    own: VecDeque<Cue>,
}

impl Cues {
    /// Those of a `run`, with or without `--demo`.
    pub(super) fn new(demo: bool) -> Self {
        Self {
            own: demo.then_some(Cue::Demo(true)).into_iter().collect(),
        }
    }

    /// The next one that is due at `t_us`.
    pub(super) fn next(&mut self, _t_us: u64) -> Option<Cue> {
        self.own.pop_front()
    }

    /// Hears what became of it.
    pub(super) fn answer(&mut self, _cue: &Cue, _t_us: u64, _taken: Result<(), Refusal>) {}
}
