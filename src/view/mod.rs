//! The view: what the board emits, drawn in the terminal while the loop runs.
//!
//! A thread of its own draws, so the loop only leaves a state for it. The
//! thread has the terminal for itself and gives it back when it ends, however
//! it ends; lines that come up meanwhile are printed after that.

mod above;
mod bars;
mod dots;
mod eye;
mod hat;
mod history;
mod leaning;
mod palette;
mod picture;
mod shared;
mod tentacle;
#[cfg(test)]
mod tests;

use crate::failure::Failure;
use crate::screen::Screen;
use crate::signals::Signals;
use crate::state::State;
use anyhow::{Context, Result, bail};
use history::History;
use palette::Palette;
use shared::{Shared, locked};
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tentacle_hat::calibration::Rig;

/// As often as films.
const PERIOD: Duration = Duration::from_millis(40);
/// A terminal that takes nothing for so long (a connection that hangs) must not
/// hold the process, and with it the bus, for ever.
const STALLED: Duration = Duration::from_secs(2);
/// How much the frame loop comes first, where there is one core for both.
const NICE: i32 = 5;

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
    shared: Arc<Shared>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl View {
    /// Shows the view of `rig`. Its keys ask `signals` to stop.
    pub(crate) fn show(rig: Rig, signals: Signals) -> Result<Self> {
        let shared = Arc::new(Shared::new());
        let screen = Screen::enter().context("the terminal")?;
        let known = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("view".into())
            .spawn(move || {
                // A view that broke down leaves nobody to say when to stop.
                let _stop = StopOnPanic(signals.clone());
                match watch(&known, rig, screen, &signals) {
                    // SIGHUP tells the loop, or else it is to go on alone.
                    Err(error) if is_gone(&error) => Ok(()),
                    Err(error) => {
                        signals.ask_stop();
                        Err(error)
                    }
                    Ok(()) => Ok(()),
                }
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Leaves a state for the next picture, unless the view is just taking
    /// the last one: the loop does not wait.
    pub(crate) fn publish(&self, state: State) {
        if let Ok(mut place) = self.shared.state.try_lock() {
            *place = state;
        }
    }

    /// Goes over to another hat.
    pub(crate) fn change(&self, rig: Rig) {
        *locked(&self.shared.rig) = Some(rig);
    }

    /// Lets the thread panic, for tests.
    pub(crate) fn break_down(&self) {
        self.shared.break_down.store(true, Ordering::Relaxed);
    }

    /// Says a line: in the view, and again after it.
    pub(crate) fn say(&self, line: &str) {
        self.shared.say(line);
    }

    /// Gives the terminal back and prints the lines that came up.
    pub(crate) fn close(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        self.shared.leave.store(true, Ordering::Relaxed);
        let since = Instant::now();
        while !thread.is_finished() {
            if since.elapsed() > STALLED {
                // Not even a last line would come through.
                std::process::exit(1);
            }
            std::thread::sleep(PERIOD / 8);
        }
        let end = thread.join();
        for line in locked(&self.shared.lines).drain(..) {
            crate::say::say(line);
        }
        match end {
            Ok(end) => end.context("the view"),
            Err(_) => bail!("the view broke down; please report the lines above"),
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            crate::say::say(format_args!("{error:#}"));
        }
    }
}

/// Whether the terminal was taken away, which is its owner's right: a window
/// was closed.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
        || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

struct StopOnPanic(Signals);

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.ask_stop();
        }
    }
}

/// The view's thread: picture after picture, and the keys between them.
fn watch(shared: &Shared, mut rig: Rig, mut screen: Screen, signals: &Signals) -> io::Result<()> {
    // Only a wish.
    let _ = rustix::process::nice(NICE);
    let palette = Palette::of_environment();
    let mut history = History::new(&rig, *locked(&shared.state));
    let mut next = Instant::now();
    while !shared.leave.load(Ordering::Relaxed) {
        assert!(
            !shared.break_down.load(Ordering::Relaxed),
            "a fault on schedule"
        );
        let state = *locked(&shared.state);
        if let Some(new) = locked(&shared.rig).take() {
            rig = new;
            history = History::new(&rig, state);
        }
        history.push(&rig, state);
        let notice = locked(&shared.lines).last().cloned();
        screen.draw(|frame| picture::draw(frame, &rig, &history, notice.as_deref(), palette))?;
        next = (next + PERIOD).max(Instant::now());
        loop {
            let left = next.saturating_duration_since(Instant::now());
            if screen.leaves(left)? {
                signals.ask_stop();
            }
            if left.is_zero() {
                break;
            }
        }
    }
    Ok(())
}
