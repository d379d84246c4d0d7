//! The cue socket: a Unix socket on which anybody who may can say cues to a moving hat,
//! and watch it. docs/cues.md has its language.
//!
//! A thread of its own serves it. What the frame thread and this one have for each
//! other lies under a lock that the frame thread only tries, so it waits for nobody;
//! while nobody is connected a slot costs it the look at two flags.

mod caller;
mod clients;
mod server;
mod text;

pub(crate) use caller::{Call, Heard};
pub(crate) use server::{Client, Server};
pub(crate) use text::HEAD;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// The service's socket.
pub(crate) const SERVICES: &str = "/run/tentacle-hat/cue";
/// As many as a slot takes cues, so that each has its turn in each.
const CLIENTS: usize = tentacle_hat::drive::CUES_A_SLOT;

/// Where the service that this process is has its socket: in the folder that systemd
/// made for it.
pub(crate) fn of_service() -> Option<PathBuf> {
    let folder = std::env::var_os("RUNTIME_DIRECTORY")?;
    Some(Path::new(&folder).join("cue"))
}

/// A connection to whoever listens at `path`, who may be too busy for it; not even that
/// is waited for.
fn reach(path: &Path) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &address)?;
    Ok(socket.into())
}
