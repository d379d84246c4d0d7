//! `watch`: the running hat, drawn in a terminal, or line by line.

use crate::failure::{Exit, Failure};
use crate::files::Files;
use crate::fingerprint::fingerprint;
use crate::pause::Pause;
use crate::signals::Signals;
use crate::socket::{Call, HEAD, Heard};
use crate::state::State;
use crate::view::{self, Act, View};
use anyhow::Result;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often a key is seen while no state comes.
const LOOK: Duration = Duration::from_millis(100);
/// How often a hat that is gone is looked for.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) fn watch(socket: &Path, files: &Files, hz: Option<&str>) -> Result<()> {
    let mut call = Call::open(socket)?;
    call.watch(hz)?;
    match view::wanted(None, false)? {
        true => draw(call, socket, files, hz),
        false => print(call, socket),
    }
}

/// Prints what the hat tells, for as long as somebody reads it.
fn print(mut call: Call, socket: &Path) -> Result<()> {
    let mut line = HEAD.to_owned();
    loop {
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
        line = loop {
            match call.hear(RETRY) {
                Heard::Line(line) => break line,
                Heard::Nothing => {}
                Heard::End => return Err(gone(socket).into()),
            }
        };
    }
}

fn gone(socket: &Path) -> Failure {
    Failure {
        exit: Exit::NoBoard,
        message: format!("{}: the hat is gone", socket.display()),
    }
}

/// Draws the hat until somebody leaves.
fn draw(call: Call, socket: &Path, files: &Files, hz: Option<&str>) -> Result<()> {
    let rig = files.load_rig()?;
    let mut ours = fingerprint(&rig);
    let signals = Signals::catch()?;
    let pause = Pause::new(signals.clone());
    let mut view = View::show(
        rig,
        keys(signals.clone(), socket.to_owned(), files.clone()),
        false,
        None,
    )?;
    let mut call = Some(call);
    let mut tried = Instant::now();
    let mut state = State::default();
    loop {
        // No board is ours, so that it is stopped here, if it is to be.
        pause.wants_relaxing();
        if signals.take_stop() || signals.take_hangup() {
            return view.close();
        }
        let heard = match &mut call {
            Some(call) => call.hear(LOOK),
            None => {
                std::thread::sleep(LOOK);
                Heard::Nothing
            }
        };
        match heard {
            Heard::Nothing if call.is_none() && tried.elapsed() >= RETRY => {
                tried = Instant::now();
                let again = Call::open(socket);
                call = again
                    .and_then(|mut call| call.watch(hz).map(|()| call))
                    .ok();
            }
            Heard::Nothing => {}
            Heard::End => {
                call = None;
                view.note(Some("the hat is gone; looking for it".to_owned()));
            }
            Heard::Line(line) => {
                let before = state.servos;
                state = match line.parse() {
                    Ok(state) => state,
                    Err(why) => {
                        view.note(Some(format!("{why}: is the hat of another version?")));
                        continue;
                    }
                };
                if state.servos != before
                    && state.servos != ours
                    && let Ok(rig) = files.load_rig()
                {
                    ours = fingerprint(&rig);
                    view.change(rig);
                }
                // The keys of this process do not hurry the hat.
                let stopping = std::mem::take(&mut state.stopping);
                view.note(if state.servos != ours {
                    Some(format!(
                        "the hat does not move by the servos.toml of {files}"
                    ))
                } else {
                    stopping.then(|| "the hat eases to neutral".to_owned())
                });
            }
        }
        if !view.draw(&state) {
            return view.close();
        }
    }
}

/// What keys do to a hat that another process moves.
fn keys(signals: Signals, socket: PathBuf, files: Files) -> impl FnMut(Act) -> Option<String> {
    move |act| {
        match act {
            Act::Leave => signals.ask_stop(),
            Act::Pause => signals.ask_pause(),
            // Nobody here is virtual.
            Act::Step(_) => return None,
            Act::Keep(numbers) => return Some(files.keep(&numbers)),
            // On a connection of its own: the other one streams.
            Act::Cue(cue) => {
                let said = Call::open(&socket).and_then(|mut call| call.cue(&cue.to_string()));
                return said.err().map(|why| why.message);
            }
        }
        None
    }
}
