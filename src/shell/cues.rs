//! Where cues come from while the hat performs, and who hears what became of them.

use crate::host::Press;
use crate::inlet::Inlet;
use crate::sheet::Entry;
use crate::socket::{Client, Server};
use std::collections::VecDeque;
use std::sync::Arc;
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::{Mood, Refusal};

/// The cues that wait.
#[derive(Debug)]
pub(super) struct Cues {
    /// The command line's own.
    own: VecDeque<Cue>,
    sheet: VecDeque<Entry>,
    keyed: Arc<Inlet<Cue>>,
    pub(super) socket: Option<Server>,
    /// Where the cue that is being taken came from.
    from: Origin,
    /// What the hat is by the cues up to now, also while there is no board: a press goes
    /// on from there.
    pub(super) mood: Mood,
    pub(super) folded: bool,
    relaxed: bool,
}

/// Who said a cue.
#[derive(Debug)]
enum Origin {
    /// The command line, a press, a sense: nobody who hears what became of it.
    Own,
    /// A line of the sheet.
    Sheet(String),
    /// A key of the view.
    Keys,
    Socket(Client),
}

impl Cues {
    /// Those of a `run`, with or without `--demo`.
    pub(super) fn new(
        demo: bool,
        sheet: VecDeque<Entry>,
        keyed: Arc<Inlet<Cue>>,
        socket: Option<Server>,
    ) -> Self {
        Self {
            own: demo.then_some(Cue::Demo(true)).into_iter().collect(),
            sheet,
            keyed,
            socket,
            from: Origin::Own,
            mood: Mood::default(),
            folded: false,
            relaxed: false,
        }
    }

    /// The next one that is due at `t_us`.
    pub(super) fn next(&mut self, t_us: u64) -> Option<Cue> {
        if let Some(cue) = self.own.pop_front() {
            self.from = Origin::Own;
            return Some(cue);
        }
        if self.sheet.front().is_some_and(|entry| entry.t_us <= t_us) {
            let entry = self.sheet.pop_front()?;
            self.from = Origin::Sheet(entry.place);
            return Some(entry.cue);
        }
        if let Some(cue) = self.keyed.next() {
            self.from = Origin::Keys;
            return Some(cue);
        }
        let (client, cue) = self.socket.as_mut()?.next()?;
        self.from = Origin::Socket(client);
        Some(cue)
    }

    /// A sense's.
    pub(super) fn sensed(&mut self, cue: Cue) -> Cue {
        self.from = Origin::Own;
        cue
    }

    /// What a press of the button asks for: of a hat that a cue relaxed, to engage; else a
    /// short one the next mood, a long one to fold or unfold.
    pub(super) fn pressed(&mut self, press: Press) -> Cue {
        self.from = Origin::Own;
        match press {
            _ if self.relaxed => Cue::Engage(true),
            Press::Short => Cue::Mood(self.mood.next()),
            Press::Long => Cue::Fold(!self.folded),
        }
    }

    /// Hears what became of it; what the user is to be told about that.
    pub(super) fn answer(&mut self, cue: &Cue, taken: Result<(), Refusal>) -> Option<String> {
        match *cue {
            Cue::Mood(mood) if taken.is_ok() => self.mood = mood,
            Cue::Fold(folded) if taken.is_ok() => self.folded = folded,
            Cue::Engage(engaged) => self.relaxed = !engaged,
            _ => {}
        }
        match (&self.from, taken) {
            (Origin::Sheet(place), Err(why)) => Some(format!("{place}: not done: {why}")),
            (Origin::Socket(client), taken) => {
                let socket = self.socket.as_mut()?;
                socket.answer(*client, taken);
                None
            }
            (Origin::Keys, Err(why)) => Some(format!("not done: {why}")),
            _ => None,
        }
    }
}
