//! The hat as its builder measured it: files become plans, plans a [`Rig`],
//! which is valid by construction.

mod compass;
mod plan;
mod rig;
mod sense;
mod table;

pub use compass::{Aim, Compass, CompassError, EYE_DEG, MAX_MARKS, MIN_MARKS, Mark, MarkError};
pub use plan::{Address, BadAddress, BoardPlan, Channel, ServoPlan, TentaclePlan};
pub use rig::{Calibration, Rig, RigFault, Servo, ServoName, Tentacle};
pub use sense::{Device, MAX_SENSES, SenseKind, SensePlan, Senses};
pub use table::{MAX_POINTS, Point, Table, TableError};

use arrayvec::ArrayString;
use core::fmt;

/// The most tentacles: two servos each on sixteen channels.
pub const MAX_TENTACLES: usize = 8;
/// The most servos.
pub const MAX_SERVOS: usize = 2 * MAX_TENTACLES;
/// The chip's channels.
pub const CHANNELS: usize = 16;

/// A tentacle's name, up to 24 bytes.
pub type Name = ArrayString<24>;

/// The two ways a tentacle leans; each has a servo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// To the tentacle's right.
    X,
    /// Toward the tentacle's facing.
    Y,
}

impl Axis {
    /// Both, in the order of the servos.
    pub const BOTH: [Self; 2] = [Self::X, Self::Y];
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X => "x",
            Self::Y => "y",
        })
    }
}
