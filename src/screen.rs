//! The terminal taken over: raw, the alternate screen, no cursor; and as it was
//! before in every case.
//!
//! Keys come from one thread and pictures go to another, because a terminal at
//! the end of a dead link blocks whoever writes to it, and neither the board
//! nor a key must wait for that.

use crate::outlet::Outlet;
use crate::say::last;
use anyhow::{Context, Result, bail};
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};
use rustix::event::{PollFd, PollFlags, poll};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, BufWriter, Stdout, stdin, stdout};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A terminal that takes nothing for so long (a connection that hangs) must not
/// hold the process, and with it the bus, for ever.
const STALLED: Duration = Duration::from_secs(1);
/// How much the loop comes before its picture, where there is one core for both.
const NICE: i32 = 5;

/// The terminal, taken over for pictures made of `P` until this is dropped.
#[derive(Debug)]
pub(crate) struct Stage<P: Send + 'static>(Option<Outlet<P, io::Result<()>>>);

impl<P: Send + 'static> Stage<P> {
    /// Takes the terminal over; `hear` gets its keys, and `None` once it is gone.
    pub(crate) fn open(
        mut draw: impl FnMut(&mut Frame<'_>, P) + Send + 'static,
        hear: impl FnMut(Option<KeyEvent>) + Send + 'static,
    ) -> Result<Self> {
        let mut screen = Screen::enter().context("the terminal cannot be taken over")?;
        let pictures = Outlet::open("pictures", 1, false, move |pictures| {
            // Only a wish.
            let _ = rustix::process::nice(NICE);
            let mut gone = false;
            for (_, picture) in pictures {
                if !gone && let Err(error) = screen.draw(|frame| draw(frame, picture)) {
                    gone = is_gone(&error);
                    if !gone {
                        return Err(error);
                    }
                }
            }
            Ok(())
        })?;
        // Ends with the process: nothing can wake it from its read.
        let keys = thread::Builder::new().name("keys".into());
        keys.spawn(move || listen(hear))?;
        Ok(Self(Some(pictures)))
    }

    /// Shows a picture, unless the terminal is still busy with the last one;
    /// whether anybody is there to draw it.
    pub(crate) fn show(&mut self, picture: P) -> bool {
        self.0
            .as_mut()
            .is_some_and(|pictures| pictures.offer(picture))
    }

    /// Gives the terminal back. One that takes nothing more ends the program
    /// here: not even a last line would come through.
    pub(crate) fn close(&mut self) -> Result<()> {
        match self.0.take().map(|pictures| pictures.close(STALLED)) {
            None => Ok(()),
            Some(Some(Ok(drawn))) => drawn.context("the terminal"),
            Some(Some(Err(_))) => bail!("the view broke down; please report the lines above"),
            Some(None) => {
                // Takes no writing.
                let _ = disable_raw_mode();
                std::process::exit(1);
            }
        }
    }
}

impl<P: Send + 'static> Drop for Stage<P> {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            last(format_args!("{error:#}"));
        }
    }
}

/// Whether the terminal was taken away, which is its owner's right: a window
/// was closed.
fn is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

/// What crossterm may take to look whether there is a key.
const LOOK: Duration = Duration::from_millis(1);

/// Key after key. (crossterm's reader alone would go round for ever once the
/// terminal is gone.)
fn listen(mut hear: impl FnMut(Option<KeyEvent>)) {
    let there = || {
        let stdin = stdin();
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        let polled = poll(&mut ready, None);
        polled == Err(rustix::io::Errno::INTR)
            || polled.is_ok() && !ready[0].revents().contains(PollFlags::HUP)
    };
    while there() {
        while let Ok(true) = event::poll(LOOK) {
            match event::read() {
                Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => hear(Some(key)),
                Ok(_) => {}
                Err(_) => return hear(None),
            }
        }
    }
    hear(None);
}

/// What a frame of a large terminal takes, so that it is written at once.
const BUFFER: usize = 1 << 16;

/// Whether the terminal is taken over.
static SHOWN: AtomicBool = AtomicBool::new(false);
/// Whether what is on the terminal is somebody else's, and is to be drawn over.
static LENT: AtomicBool = AtomicBool::new(false);
/// A panic's message, until there is a terminal to print it on.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// The terminal while it is taken over; dropping it gives it back.
struct Screen {
    /// Never dropped: it would finish a picture that was cut short on the screen
    /// before, and panic where the terminal is gone.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
}

impl Screen {
    fn enter() -> io::Result<Self> {
        let backend = CrosstermBackend::new(BufWriter::with_capacity(BUFFER, stdout()));
        enable_raw_mode()?;
        SHOWN.store(true, Ordering::SeqCst);
        // From here on there is something to give back.
        let screen = Terminal::new(backend).and_then(|terminal| {
            execute!(stdout(), EnterAlternateScreen, Hide)?;
            Ok(Self {
                terminal: ManuallyDrop::new(terminal),
            })
        });
        if screen.is_err() {
            restore();
        }
        screen
    }

    fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if LENT.swap(false, Ordering::SeqCst) {
            self.terminal.clear()?;
        }
        self.terminal.draw(draw).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Lends the terminal to whoever had it before, if it is taken over.
pub(crate) fn lend(meanwhile: impl FnOnce()) {
    let shown = SHOWN.load(Ordering::SeqCst);
    // A terminal that is gone needs nothing.
    if shown {
        let _ = execute!(stdout(), Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
    meanwhile();
    if shown {
        let _ = enable_raw_mode();
        let _ = execute!(stdout(), EnterAlternateScreen, Hide);
        LENT.store(true, Ordering::SeqCst);
    }
}

/// Gives the terminal back, once, and prints what waited for that.
fn restore() {
    if SHOWN.swap(false, Ordering::SeqCst) {
        // A terminal that is gone needs nothing.
        let _ = execute!(stdout(), Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
        tell_panic();
    }
}

/// Says what panicked, if anything did and it was not said yet.
pub(crate) fn tell_panic() {
    let kept = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(message) = kept {
        last(message);
    }
}

/// Keeps a panic's message until the terminal is back, or [`tell_panic`] is
/// called: the board is relaxed first, by the unwinding, and a terminal or pipe
/// that takes nothing more cannot hold that up. A second panic may be the
/// process's last moment, so it gives the terminal back at once.
pub(crate) fn keep_panics() {
    let print = panic::take_hook();
    let kept = AtomicBool::new(false);
    panic::set_hook(Box::new(move |panic| {
        if !kept.swap(true, Ordering::SeqCst) {
            let trace = Backtrace::capture();
            let trace = match trace.status() {
                BacktraceStatus::Captured => format!("\n{trace}"),
                _ => String::new(),
            };
            let message = format!("{panic}{trace}");
            *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
        } else {
            restore();
            print(panic);
        }
    }));
}
