//! The terminal: keys come from one thread and pictures go to another, because
//! a terminal at the end of a dead Wi-Fi link blocks whoever writes to it, and
//! the board must not wait for that.

use super::draw::{draw, smallest};
use super::key::Key;
use super::session::Session;
use crate::screen;
use anyhow::{Context, Result, bail};
use ratatui::crossterm::{event, terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{IsTerminal, stdin, stdout};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

/// How long a picture may take to leave when the session ends.
const LAST_PICTURE: Duration = Duration::from_secs(1);

/// What the terminal says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input {
    Key(Key),
    Resized,
}

/// The terminal, taken over until this is dropped.
pub(crate) struct Screen {
    pictures: Option<SyncSender<Box<Session>>>,
    input: Receiver<Input>,
    drawn: Receiver<()>,
}

impl Screen {
    /// Whether there is a terminal that a session with so many servos fits into.
    ///
    /// # Errors
    /// None, or too small.
    pub(crate) fn check(servos: usize) -> Result<()> {
        if !(stdin().is_terminal() && stdout().is_terminal()) {
            bail!(
                "`tentacle-hat calibrate` is a session in a terminal, and this is none; scripts \
                 use `tentacle-hat calibrate set`, over ssh use `ssh -t`"
            );
        }
        let (width, height) = terminal::size().context("the terminal does not tell its size")?;
        let (columns, lines) = smallest(servos);
        if width < columns || height < lines {
            bail!(
                "this terminal is {width}x{height} and the session needs {columns}x{lines}: enlarge \
                 the window, or use `tentacle-hat calibrate set`"
            );
        }
        Ok(())
    }

    pub(crate) fn open() -> Result<Self> {
        let taken_over = screen::Screen::enter().context("the terminal cannot be taken over")?;
        let (pictures, to_draw) = mpsc::sync_channel(1);
        let (done, drawn) = mpsc::channel();
        thread::spawn(move || {
            show(taken_over, &to_draw);
            // Nobody waits for it any more if this fails.
            let _ = done.send(());
        });
        let (sender, input) = mpsc::channel();
        // Ends with the process: nothing can wake it from its read.
        thread::spawn(move || {
            while let Ok(event) = event::read() {
                let input = match event {
                    event::Event::Key(key) => Key::of(key).map(Input::Key),
                    event::Event::Resize(..) => Some(Input::Resized),
                    _ => None,
                };
                if input.is_some_and(|input| sender.send(input).is_err()) {
                    return;
                }
            }
        });
        Ok(Self {
            pictures: Some(pictures),
            input,
            drawn,
        })
    }

    /// What the user did, waited for at most so long; `Err` if the terminal is
    /// gone.
    pub(crate) fn input(&self, wait: Duration) -> Result<Option<Input>, Gone> {
        match self.input.recv_timeout(wait) {
            Ok(input) => Ok(Some(input)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Gone),
        }
    }

    /// Shows the session, unless the terminal is still busy with the last
    /// picture.
    pub(crate) fn show(&self, session: &Session) -> Result<(), Gone> {
        match self
            .pictures
            .as_ref()
            .map(|p| p.try_send(Box::new(session.clone())))
        {
            Some(Err(TrySendError::Disconnected(_))) => Err(Gone),
            _ if hung_up() => Err(Gone),
            _ => Ok(()),
        }
    }
}

/// The terminal is no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone;

fn show(mut terminal: screen::Screen, pictures: &Receiver<Box<Session>>) {
    while let Ok(session) = pictures.recv() {
        if terminal.draw(|frame| draw(frame, &session)).is_err() {
            return;
        }
    }
}

/// Whether the other end of the terminal was closed. (crossterm's reader does
/// not tell: it would try again forever.)
fn hung_up() -> bool {
    let stdin = stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
    let asked = poll(&mut fds, Some(&Timespec::default()));
    asked.is_ok() && fds[0].revents().contains(PollFlags::HUP)
}

impl Screen {
    /// Gives the terminal back.
    ///
    /// # Errors
    /// It takes nothing more: who writes to it would wait for ever.
    pub(crate) fn close(&mut self) -> Result<(), Gone> {
        if self.pictures.take().is_none() {
            return Ok(());
        }
        match self.drawn.recv_timeout(LAST_PICTURE) {
            Err(RecvTimeoutError::Timeout) => {
                // Takes no writing.
                let _ = terminal::disable_raw_mode();
                Err(Gone)
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody can be told.
        let _ = self.close();
    }
}
