//! What a file says of a sense: where it is, and which way it looks.

use super::Name;
use crate::units::Turns;
use arrayvec::{ArrayString, ArrayVec};
use core::fmt;

/// The most senses of a hat: each may tell of four people, and a hat knows eight.
pub const MAX_SENSES: usize = 4;

/// A hat's senses, in the order of the file.
pub type Senses = ArrayVec<SensePlan, MAX_SENSES>;

/// The path of a device, as in `/dev/serial0`; those of adapters by their names are long.
pub type Device = ArrayString<128>;

/// One sense.
#[derive(Clone, Debug, PartialEq)]
pub struct SensePlan {
    /// Unique in the hat: what stands before the dot in what it calls people.
    pub name: Name,
    /// Where its middle looks, clockwise from the wearer's front.
    pub facing: Turns,
    /// What it is, and where it is wired.
    pub kind: SenseKind,
}

/// What a sense is, and where it is wired.
#[derive(Clone, Debug, PartialEq)]
pub enum SenseKind {
    /// A PIR, or whatever else says at a pin that somebody is there.
    Gpio {
        /// The BCM pin.
        pin: u8,
        /// High means that somebody is there, not low.
        active_high: bool,
    },
    /// The radar HLK-LD2450 at a serial port.
    Ld2450 {
        /// The port.
        tty: Device,
        /// Its x counts to the left as it looks out, not to the right; `None`: nobody has
        /// tried yet.
        mirrored: Option<bool>,
    },
}

impl SenseKind {
    /// Its word in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gpio { .. } => "gpio",
            Self::Ld2450 { .. } => "ld2450",
        }
    }
}

/// Where it is wired, for who looks for it.
impl fmt::Display for SenseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gpio { pin, .. } => write!(f, "GPIO {pin}"),
            Self::Ld2450 { tty, .. } => f.write_str(tty),
        }
    }
}
