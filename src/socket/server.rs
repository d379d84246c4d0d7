//! The frame thread's side of the cue socket.

use super::clients::Clients;
use super::{CLIENTS, reach};
use crate::failure::{Exit, Failure};
use crate::state::State;
use arrayvec::ArrayVec;
use rustix::event::{EventfdFlags, eventfd};
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::Refusal;

/// Who may speak to a hat: its user and its group.
const MODE: u32 = 0o660;

/// One who is connected, by the place that he keeps until his cue is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client(pub(super) usize);

/// What a client and the frame thread have for each other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Request {
    #[default]
    None,
    Said(Cue),
    /// The frame thread has it.
    Taken,
    Done(Result<(), Refusal>),
}

/// What lies between both threads.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) papers: Mutex<Papers>,
    /// There may be a cue.
    pub(super) asked: AtomicBool,
    pub(super) watched: AtomicBool,
    /// The most states a second that there are.
    pub(super) rate_hz: AtomicU32,
    pub(super) over: AtomicBool,
    /// Wakes the server's thread.
    pub(super) bell: OwnedFd,
}

#[derive(Debug, Default)]
pub(super) struct Papers {
    pub(super) requests: [Request; CLIENTS],
    /// A state that nobody was sent yet.
    pub(super) state: Option<State>,
}

/// The cue socket as the frame thread has it; dropping it takes it away.
#[derive(Debug)]
pub(crate) struct Server {
    shared: Arc<Shared>,
    /// Answers that met a lock in use.
    held: ArrayVec<(Client, Result<(), Refusal>), CLIENTS>,
    path: PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens at `path`, where what a dead hat left behind is replaced.
    ///
    /// # Errors
    /// A living hat listens there; there can be no socket.
    pub(crate) fn open(path: &Path, rate_hz: u16) -> Result<Self, Failure> {
        let place = path.display();
        if is_left_behind(path)? {
            // If that fails, so does what follows.
            let _ = fs::remove_file(path);
        }
        let open = || -> io::Result<Self> {
            let listener = UnixListener::bind(path)?;
            fs::set_permissions(path, Permissions::from_mode(MODE))?;
            listener.set_nonblocking(true)?;
            let shared = Arc::new(Shared {
                papers: Mutex::default(),
                asked: AtomicBool::new(false),
                watched: AtomicBool::new(false),
                rate_hz: AtomicU32::new(rate_hz.into()),
                over: AtomicBool::new(false),
                bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            });
            let clients = Clients::new(listener, Arc::clone(&shared));
            let thread = thread::Builder::new().name("socket".into());
            Ok(Self {
                shared,
                held: ArrayVec::new(),
                path: path.to_owned(),
                thread: Some(thread.spawn(|| clients.serve())?),
            })
        };
        open().map_err(|error| Failure::other(format_args!("{place}: no cue socket: {error}")))
    }

    /// States come as often as another board's slots.
    pub(crate) fn set_rate(&self, rate_hz: u16) {
        self.shared.rate_hz.store(rate_hz.into(), Ordering::Relaxed);
    }

    /// The next cue, and who says it.
    pub(crate) fn next(&mut self) -> Option<(Client, Cue)> {
        self.pass_on();
        if !self.shared.asked.load(Ordering::Relaxed) {
            return None;
        }
        // If it is in use just now, in the next slot.
        let mut papers = self.shared.papers.try_lock().ok()?;
        for (place, request) in papers.requests.iter_mut().enumerate() {
            if let Request::Said(cue) = *request {
                *request = Request::Taken;
                return Some((Client(place), cue));
            }
        }
        self.shared.asked.store(false, Ordering::Relaxed);
        None
    }

    /// Answers the cue that `client` said.
    pub(crate) fn answer(&mut self, client: Client, taken: Result<(), Refusal>) {
        self.held.push((client, taken));
        self.pass_on();
    }

    fn pass_on(&mut self) {
        if self.held.is_empty() {
            return;
        }
        if let Ok(mut papers) = self.shared.papers.try_lock() {
            for (Client(place), taken) in self.held.drain(..) {
                papers.requests[place] = Request::Done(taken);
            }
            drop(papers);
            self.shared.ring();
        }
    }

    /// Whether anybody watches.
    pub(crate) fn is_watched(&self) -> bool {
        self.shared.watched.load(Ordering::Relaxed)
    }

    /// Leaves a state for those who watch.
    pub(crate) fn publish(&self, state: &State) {
        if self.is_watched()
            && let Ok(mut papers) = self.shared.papers.try_lock()
        {
            papers.state = Some(state.clone());
            drop(papers);
            self.shared.ring();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The last answer is still delivered.
        self.pass_on();
        self.shared.over.store(true, Ordering::Relaxed);
        self.shared.ring();
        if let Some(thread) = self.thread.take() {
            // It waits for nobody; a panic of its own was told.
            let _ = thread.join();
        }
        // systemd may have taken the folder away.
        let _ = fs::remove_file(&self.path);
    }
}

impl Shared {
    fn ring(&self) {
        // One that rings already is enough.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }
}

/// Whether `path` is the socket of a hat that is no more.
///
/// # Errors
/// A living hat listens there.
fn is_left_behind(path: &Path) -> Result<bool, Failure> {
    // What else stands there is in the way, as binding tells.
    if !fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
        return Ok(false);
    }
    match reach(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(true),
        Err(error) if error.kind() != ErrorKind::WouldBlock => Ok(false),
        // It may be too busy to take a connection.
        _ => Err(Failure {
            exit: Exit::Driven,
            message: format!("{}: another hat listens there", path.display()),
        }),
    }
}
