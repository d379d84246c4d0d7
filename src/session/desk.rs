//! The terminal: keys come from one thread and pictures go to another, because
//! a terminal at the end of a dead Wi-Fi link blocks whoever writes to it, and
//! the board must not wait for that.

use super::Session;
use super::draw::{draw, smallest};
use super::evening::Event;
use super::key::Key;
use crate::screen::Screen;
use anyhow::{Context, Result, bail};
use ratatui::crossterm::{event, terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{IsTerminal, stdin, stdout};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

/// How long a picture may take to leave when the session ends.
const LAST_PICTURE: Duration = Duration::from_secs(1);

/// The terminal, taken over until this is dropped.
pub(super) struct Desk {
    pictures: Option<SyncSender<Box<Session>>>,
    drawn: Receiver<()>,
}

impl Desk {
    /// Whether there is a terminal that a session with so many servos fits into.
    ///
    /// # Errors
    /// None, or too small.
    pub(super) fn check(servos: usize) -> Result<()> {
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

    /// Takes the terminal over; what happens there goes to `events`.
    pub(super) fn open(events: Sender<Event>) -> Result<Self> {
        let taken_over = Screen::enter().context("the terminal cannot be taken over")?;
        let (pictures, to_draw) = mpsc::sync_channel(1);
        let (done, drawn) = mpsc::channel();
        thread::spawn(move || {
            show(taken_over, &to_draw);
            // Nobody waits for it any more if this fails.
            let _ = done.send(());
        });
        // Ends with the process: nothing can wake it from its read.
        thread::spawn(move || {
            while let Ok(event) = event::read() {
                let event = match event {
                    event::Event::Key(key) => Key::of(key).map(Event::Key),
                    event::Event::Resize(..) => Some(Event::Resized),
                    _ => None,
                };
                if event.is_some_and(|event| events.send(event).is_err()) {
                    return;
                }
            }
            // Nobody may be left to hear it.
            let _ = events.send(Event::Gone);
        });
        Ok(Self {
            pictures: Some(pictures),
            drawn,
        })
    }

    /// Shows the session, unless the terminal is still busy with the last
    /// picture.
    pub(super) fn show(&self, session: &Session) -> Result<(), Gone> {
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

    /// Gives the terminal back.
    ///
    /// # Errors
    /// It takes nothing more: who writes to it would wait for ever.
    pub(super) fn close(&mut self) -> Result<(), Gone> {
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

impl Drop for Desk {
    fn drop(&mut self) {
        // Nobody can be told.
        let _ = self.close();
    }
}

/// The terminal is no more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

fn show(mut terminal: Screen, pictures: &Receiver<Box<Session>>) {
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
