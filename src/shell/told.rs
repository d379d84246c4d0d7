//! What the frame thread tells those who may block: the log and systemd.

use tentacle_hat::board::BusError;
use tentacle_hat::calibration::BoardPlan;
use tentacle_hat::drive::{Loss, Slot};

/// How much is kept for a log, or a service manager, that takes nothing.
pub(super) const ROOM: usize = 64;

/// What happened.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// A transfer to that board failed.
    Fault(BusError, BoardPlan),
    /// That board is lost, and was so a quarter of a second ago if it was told then.
    Lost(Loss<BusError>, BoardPlan),
    Disturbed,
    Armed,
    /// A slot: once a second, and where one differs from the one before.
    Slot(Slot),
    Stopping,
    /// The files are read again.
    Reading,
    /// They are in force.
    Read,
    /// They were refused, and why.
    Refused(String),
    /// No pulse leaves the board, and why.
    Shut(String),
    /// Anything else that the user should know.
    Words(String),
}
