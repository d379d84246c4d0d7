//! The terminal taken over: raw, the alternate screen, no cursor; and as it was
//! before in every case.

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, BufWriter, Stdout, stdin, stdout};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// What a frame of a large terminal takes, so that it is written at once.
const BUFFER: usize = 1 << 16;
/// Ctrl-C, which a raw terminal sends as a key.
const CTRL_C: u8 = 0x03;

/// Whether the terminal is taken over.
static SHOWN: AtomicBool = AtomicBool::new(false);
/// A panic's message, until there is a terminal to print it on.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// The terminal while it is taken over; dropping it gives it back.
pub(crate) struct Screen {
    /// Never dropped: it would finish a picture that was cut short on the screen
    /// before, and panic where the terminal is gone.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
}

impl Screen {
    pub(crate) fn enter() -> io::Result<Self> {
        let backend = CrosstermBackend::new(BufWriter::with_capacity(BUFFER, stdout()));
        static HOOK: Once = Once::new();
        HOOK.call_once(keep_panics);
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

    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// Waits for keys, at most `patience`; whether one of them leaves.
    ///
    /// The bytes are read here because crossterm's reader goes round for ever
    /// once the terminal is gone.
    pub(crate) fn leaves(&mut self, patience: Duration) -> io::Result<bool> {
        let stdin = stdin();
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        let patience = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(patience.subsec_nanos()),
        };
        match poll(&mut ready, Some(&patience)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut keys = [0; 64];
        match rustix::io::read(&stdin, &mut keys)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(keys[..count]
                .iter()
                .any(|key| matches!(*key, b'q' | b'Q' | CTRL_C))),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back, once, and prints what waited for that.
fn restore() {
    if SHOWN.swap(false, Ordering::SeqCst) {
        // A terminal that is gone needs nothing.
        let _ = execute!(stdout(), Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
        let kept = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(message) = kept {
            crate::say::say(message);
        }
    }
}

/// Keeps a panic's message until the terminal is back: the board is relaxed
/// first, by the unwinding, and a terminal that takes nothing more cannot hold
/// that up. A second panic may be the process's last moment, so it gives the
/// terminal back at once.
fn keep_panics() {
    let print = panic::take_hook();
    let kept = AtomicBool::new(false);
    panic::set_hook(Box::new(move |panic| {
        if SHOWN.load(Ordering::SeqCst) && !kept.swap(true, Ordering::SeqCst) {
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
