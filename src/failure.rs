//! Errors that carry the exit code they end the program with.

use std::fmt;

/// Exit codes; those from 64 on are sysexits.h's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Anything without a code of its own.
    Other = 1,
    /// Options that do not go together; clap's own code for a bad command line.
    Usage = 2,
    /// The board is absent or lost, or no hat listens.
    NoBoard = 69,
    /// Another process drives the board, or listens at the socket.
    Driven = 75,
    /// This user may not use the bus, the files or the socket.
    Permission = 77,
    /// A calibration file is bad or missing.
    Config = 78,
}

/// A message for the user and the code to exit with.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn other(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Other,
            message: message.to_string(),
        }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.to_string(),
        }
    }

    pub(crate) fn config(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Config,
            message: message.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
