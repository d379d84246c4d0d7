//! The world around the library: clock, signals, files, the bus.

pub(crate) mod chip;
pub(crate) mod faults;
pub(crate) mod shell;
mod signals;
mod trace;

use crate::cli::{BoardKind, Global};
use crate::files::Source;
use std::path::PathBuf;

/// Where the calibration comes from if nobody says.
const CONFIG_FOLDER: &str = "/etc/tentacle-hat";

/// The calibration files that the options name.
pub(crate) fn source(global: &Global) -> Source {
    match (&global.config, global.board) {
        (Some(folder), _) => Source::Folder(folder.clone()),
        (None, BoardKind::Pi) => Source::Folder(PathBuf::from(CONFIG_FOLDER)),
        (None, BoardKind::Virtual) => Source::Shipped,
    }
}
