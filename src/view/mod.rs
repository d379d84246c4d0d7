//! The view: what the board emits, drawn in the terminal while the loop runs.
//!
//! A thread of its own draws, so the loop only leaves a state for it. Lines that
//! come up meanwhile are printed once the terminal is given back.

mod above;
mod bars;
mod crowd_above;
mod desk;
mod dots;
mod eye;
mod hat;
mod history;
mod leaning;
mod palette;
mod picture;
mod tentacle;
#[cfg(test)]
mod tests;

use crate::failure::Failure;
use crate::host::Crooked;
use crate::say::last;
use crate::screen::Stage;
use crate::state::State;
use anyhow::Result;
pub(crate) use desk::Act;
use desk::{Desk, Heard};
use history::History;
use palette::Palette;
use picture::Foot;
use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tentacle_hat::calibration::Rig;

/// As often as films.
const PICTURE_EVERY_US: u64 = 40_000;
/// How long the keys are shown to who tried another.
const HINT: Duration = Duration::from_secs(3);
/// How long it is shown what came of a key.
const REPLY: Duration = Duration::from_secs(6);

/// Whether the view is to be shown: as asked for, or else where somebody is
/// likely to watch.
///
/// # Errors
/// It is asked for where it cannot be.
pub(crate) fn wanted(asked: Option<bool>, unpaced: bool) -> Result<bool, Failure> {
    let terminal = io::stdout().is_terminal()
        && io::stdin().is_terminal()
        && std::env::var_os("TERM").is_some_and(|term| term != "dumb");
    match asked {
        Some(false) => Ok(false),
        None => Ok(terminal && in_foreground() && !unpaced),
        Some(true) if unpaced => Err(Failure::usage(
            "--view on and --unpaced do not go together: without pauses nobody could watch",
        )),
        Some(true) if !terminal => Err(Failure::usage(
            "--view on needs a terminal for input and output, and TERM to name it",
        )),
        Some(true) => Ok(true),
    }
}

/// Whether the terminal is ours at the moment: a shell's background job that
/// touched it would be stopped, before its board is armed or after. Who has no
/// say over jobs (no controlling terminal) is stopped by none.
fn in_foreground() -> bool {
    let foreground = rustix::termios::tcgetpgrp(io::stdin());
    foreground.map_or(true, |group| group == rustix::process::getpgrp())
}

/// The view while it is shown; dropping it gives the terminal back.
#[derive(Debug)]
pub(crate) struct View {
    stage: Stage<State>,
    shared: Arc<Shared>,
    drawn_us: u64,
}

impl View {
    /// Shows the view of `rig`; `act` does what keys ask for, and says what came of it
    /// if that is worth a word; whether they move virtual people too; and tentacles that
    /// lean elsewhere than the rig knows.
    pub(crate) fn show(
        mut rig: Rig,
        mut act: impl FnMut(Act) -> Option<String> + Send + 'static,
        moves_people: bool,
        crooked: Option<Crooked>,
    ) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        locked(&shared.desk).moves_people = moves_people;
        let (known, heard) = (Arc::clone(&shared), Arc::clone(&shared));
        let palette = Palette::of_environment();
        let mut history = History::new(&rig, State::default(), crooked.clone());
        let mut asked = None;
        let draw = move |frame: &mut Frame<'_>, state: State| {
            let broken = known.break_down.load(Ordering::Relaxed);
            assert!(!broken, "a fault on schedule");
            if let Some(new) = locked(&known.rig).take() {
                rig = new;
                history = History::new(&rig, state.clone(), crooked.clone());
            }
            if known.asked.swap(false, Ordering::Relaxed) {
                asked = Some(Instant::now());
            }
            let reply = locked(&known.reply).clone();
            let reply = reply.filter(|(_, since)| since.elapsed() < REPLY);
            let notice = reply.map(|(reply, _)| reply);
            let notice = notice.or_else(|| locked(&known.notice).clone());
            let notice = notice.or_else(|| locked(&known.lines).last().cloned());
            let foot = Foot {
                notice: notice.as_deref(),
                asked: asked.is_some_and(|since: Instant| since.elapsed() < HINT),
                chosen: locked(&known.desk).chosen(&state),
                moves_people,
            };
            locked(&known.now).clone_from(&state);
            history.push(&rig, state);
            picture::draw(frame, &rig, &history, &foot, palette);
        };
        // Without its terminal, SIGHUP tells the loop, or else it is to go on alone.
        let hear = move |pressed: Option<KeyEvent>| {
            let Some(pressed) = pressed else { return };
            let now = locked(&heard.now).clone();
            let meant = locked(&heard.desk).hear(pressed, &now);
            let reply = match meant {
                Heard::Act(wish) => act(wish),
                Heard::Refused(why) => Some(format!("no: {why}")),
                Heard::Chosen => None,
                Heard::Nothing => {
                    heard.asked.store(true, Ordering::Relaxed);
                    None
                }
            };
            *locked(&heard.reply) = reply.map(|reply| (reply, Instant::now()));
        };
        Ok(Self {
            stage: Stage::open(draw, hear)?,
            shared,
            drawn_us: 0,
        })
    }

    /// Leaves a state for the next picture, if it is time for one; whether
    /// anybody is there to draw it. The loop does not wait.
    pub(crate) fn publish(&mut self, state: &State) -> bool {
        if state.t_us < self.drawn_us + PICTURE_EVERY_US {
            return true;
        }
        self.drawn_us = state.t_us;
        self.draw(state)
    }

    /// Leaves a state for the next picture; whether anybody is there to draw it.
    pub(crate) fn draw(&mut self, state: &State) -> bool {
        self.stage.show(state.clone())
    }

    /// Shows a notice until there is another, or none.
    pub(crate) fn note(&self, notice: Option<String>) {
        *locked(&self.shared.notice) = notice;
    }

    /// Goes over to another hat.
    pub(crate) fn change(&self, rig: Rig) {
        *locked(&self.shared.rig) = Some(rig);
    }

    /// Lets the next picture panic, for tests.
    pub(crate) fn break_down(&self) {
        self.shared.break_down.store(true, Ordering::Relaxed);
    }

    /// Who takes lines: for the view, and again after it.
    pub(crate) fn lines(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Gives the terminal back and prints the lines that came up.
    pub(crate) fn close(&mut self) -> Result<()> {
        let closed = self.stage.close();
        let lines: Vec<_> = locked(&self.shared.lines).drain(..).collect();
        if !lines.is_empty() {
            last(lines.join("\n"));
        }
        closed
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            last(format_args!("{error:#}"));
        }
    }
}

/// The most lines that are kept for afterwards.
const LINES: usize = 100;

/// What the view's threads know.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// A hat that was read again, for the view to take.
    rig: Mutex<Option<Rig>>,
    /// What was drawn last, for the keys to go on from.
    now: Mutex<State>,
    desk: Mutex<Desk>,
    /// What came of the last key, and when.
    reply: Mutex<Option<(String, Instant)>>,
    /// What is to be noticed now.
    notice: Mutex<Option<String>>,
    /// Lines for the user, to be printed once the terminal is back.
    lines: Mutex<Vec<String>>,
    /// A key was tried that does nothing, so the keys are asked for.
    asked: AtomicBool,
    /// For tests: the next picture is to panic.
    break_down: AtomicBool,
}

impl Shared {
    /// Keeps a line; what is said over and over is kept once, and of days of
    /// trouble the end.
    pub(crate) fn say(&self, line: &str) {
        let mut lines = locked(&self.lines);
        if lines.last().is_none_or(|last| last != line) {
            if lines.len() == LINES {
                lines.remove(0);
            }
            lines.push(line.to_owned());
        }
    }
}

/// A lock that outlives a panic of the other thread.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
