//! The world around the library: clock, signals, files, the bus.

pub(crate) mod bus;
pub(crate) mod chip;
pub(crate) mod clock;
pub(crate) mod faults;
mod lock;
mod log;
pub(crate) mod oe;
mod pi;
mod service;
pub(crate) mod shell;
pub(crate) mod signals;
mod trace;

use crate::cli::{BoardKind, Global, Run};
use crate::failure::{Exit, Failure};
use crate::files::Source;
use bus::HostBus;
use chip::KeptChip;
use lock::Lock;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tentacle_hat::board::BusError;
use tentacle_hat::calibration::BoardPlan;
use tentacle_hat::drive::Plan;
use tentacle_hat::motion::{Motion, Show};

/// Where the calibration comes from if nobody says.
pub(crate) const CONFIG_FOLDER: &str = "/etc/tentacle-hat";

/// The calibration files that the options name.
pub(crate) fn source(global: &Global) -> Source {
    match (&global.config, global.board) {
        (Some(folder), _) => Source::Folder(folder.clone()),
        (None, BoardKind::Pi) => Source::Folder(PathBuf::from(CONFIG_FOLDER)),
        (None, BoardKind::Virtual) => Source::Shipped,
    }
}

/// What the files and the options say to play.
///
/// # Errors
/// The files' faults.
pub(crate) fn plan(global: &Global, options: &Run) -> Result<Plan, Failure> {
    let mut plan = source(global).load()?;
    if options.demo {
        plan.motion = Motion::Show(Show::new(plan.rig.tentacles()));
    }
    Ok(plan)
}

/// Prints a line of what was asked for; a full disk behind it or a reader that
/// left is no reason to panic.
pub(crate) fn tell(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line for the user; a terminal that is gone is no reason to fail.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Keeps every other process from driving the same board.
///
/// # Errors
/// Another process drives it.
pub(crate) fn lock(global: &Global, board: &BoardPlan) -> Result<Option<Lock>, Failure> {
    match (global.board, &global.chip) {
        (BoardKind::Pi, _) => Lock::take(Path::new(&device(board.bus))),
        (BoardKind::Virtual, Some(path)) => {
            chip::create(path);
            Lock::take(path)
        }
        // A virtual board in memory is nobody else's.
        (BoardKind::Virtual, None) => Ok(None),
    }
}

/// Opens the bus to the board for a command that needs no clock.
///
/// # Errors
/// The bus's.
pub(crate) fn open<'c>(
    global: &Global,
    board: &BoardPlan,
    chip: &'c KeptChip,
) -> Result<HostBus<'c>, BusError> {
    match global.board {
        BoardKind::Pi => HostBus::pi(board.bus, None),
        BoardKind::Virtual => {
            let faults = global.faults.as_deref().unwrap_or_default();
            // A test's option: a typing error shows in the test.
            let schedule = faults.parse().unwrap_or_default();
            Ok(HostBus::faulty(chip, Rc::new(schedule)))
        }
    }
}

/// The bus's device file.
fn device(bus: u8) -> String {
    format!("/dev/i2c-{bus}")
}

/// What failed, where, and what to do about it.
pub(crate) fn explain(error: BusError, board: &BoardPlan) -> Failure {
    let BoardPlan { bus, address, .. } = board;
    let (device, address) = (device(*bus), format!("{:#04x}", address.get()));
    let (exit, remedy) = match error {
        BusError::NO_ANSWER | BusError::NO_ANSWER_EITHER => (
            Exit::NoBoard,
            "check the board's 3.3 V and ground, SDA and SCL, and its address jumpers; \
             `tentacle-hat check` looks for it at every address",
        ),
        BusError::TIMED_OUT => (
            Exit::NoBoard,
            "SDA or SCL is held low: look for a short, or a board without power",
        ),
        BusError::CUT_SHORT => (
            Exit::NoBoard,
            "a loose or long wire, or a sagging supply, disturbs the bus",
        ),
        BusError::BUSY => (
            Exit::NoBoard,
            "remove the dtoverlay that claims it from /boot/firmware/config.txt",
        ),
        BusError::NO_BUS => (
            Exit::NoBoard,
            "turn I2C on with `sudo raspi-config nonint do_i2c 0`, or correct `i2c-bus` in \
             servos.toml; without a Raspberry Pi, try `--board virtual`",
        ),
        BusError::NO_PERMISSION => (
            Exit::Permission,
            "join the group with `sudo usermod -aG i2c $USER` and log in again",
        ),
        BusError::RESERVED => (
            Exit::NoBoard,
            "I2C keeps 0x78 to 0x7f for itself: choose another address with the board's jumpers",
        ),
        _ => (Exit::NoBoard, "`dmesg | tail` may tell more"),
    };
    Failure {
        exit,
        message: format!("{device}, address {address}: {error}; {remedy}"),
    }
}
