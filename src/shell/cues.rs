//! Where cues come from while the hat performs, and who is told what became of them.

use crate::host::Press;
use std::collections::VecDeque;
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::{Mood, Refusal};

/// The cues that wait.
#[derive(Debug)]
pub(super) struct Cues {
    /// The command line's own.
    own: VecDeque<Cue>,
    /// What the hat is by the cues up to now, also while there is no board: a press goes
    /// on from there.
    mood: Mood,
    folded: bool,
}

impl Cues {
    /// Those of a `run`, with or without `--demo`.
    pub(super) fn new(demo: bool) -> Self {
        Self {
            own: demo.then_some(Cue::Demo(true)).into_iter().collect(),
            mood: Mood::default(),
            folded: false,
        }
    }

    /// The next one that is due at `t_us`.
    pub(super) fn next(&mut self, _t_us: u64) -> Option<Cue> {
        self.own.pop_front()
    }

    /// What a press of the button asks for: a short one the next mood, a long one to fold
    /// or unfold.
    pub(super) fn pressed(&self, press: Press) -> Cue {
        match press {
            Press::Short => Cue::Mood(self.mood.next()),
            Press::Long => Cue::Fold(!self.folded),
        }
    }

    /// Hears what became of it.
    pub(super) fn answer(&mut self, cue: &Cue, _t_us: u64, taken: Result<(), Refusal>) {
        match *cue {
            Cue::Mood(mood) if taken.is_ok() => self.mood = mood,
            Cue::Fold(folded) if taken.is_ok() => self.folded = folded,
            _ => {}
        }
    }
}
