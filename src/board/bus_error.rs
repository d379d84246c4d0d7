//! How a transfer fails, in the kernel's own words.

use core::fmt;
use embedded_hal::i2c::{self, ErrorKind, NoAcknowledgeSource};

/// An errno of the Pi's I2C driver (i2c-bcm2835); the virtual board uses the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusError(pub i32);

impl BusError {
    /// EREMOTEIO: no chip answers at that address.
    pub const NO_ANSWER: Self = Self(121);
    /// ENXIO: the same, as some drivers say it.
    pub const NO_ANSWER_EITHER: Self = Self(6);
    /// ETIMEDOUT: a line is held, the bus hangs.
    pub const TIMED_OUT: Self = Self(110);
    /// EIO: the transfer was cut short.
    pub const CUT_SHORT: Self = Self(5);
    /// EBUSY: a kernel driver holds the address.
    pub const BUSY: Self = Self(16);
    /// ENOENT: there is no such bus.
    pub const NO_BUS: Self = Self(2);
    /// EACCES: this user may not use the bus.
    pub const NO_PERMISSION: Self = Self(13);
    /// EAGAIN: another process holds our lock on the bus.
    pub const DRIVEN: Self = Self(11);
    /// EINVAL: the bus cannot send to that address.
    pub const RESERVED: Self = Self(22);
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match *self {
            Self::NO_ANSWER | Self::NO_ANSWER_EITHER => "nobody answers",
            Self::TIMED_OUT => "the bus is stuck",
            Self::CUT_SHORT => "the transfer was cut short",
            Self::BUSY => "a kernel driver holds the address",
            Self::NO_BUS => "there is no such bus",
            Self::NO_PERMISSION => "permission denied",
            Self::DRIVEN => "another process drives the board",
            Self::RESERVED => "the address is reserved",
            _ => "the bus failed",
        };
        write!(f, "{what} (errno {})", self.0)
    }
}

impl core::error::Error for BusError {}

impl i2c::Error for BusError {
    fn kind(&self) -> ErrorKind {
        match *self {
            Self::NO_ANSWER | Self::NO_ANSWER_EITHER => {
                ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address)
            }
            Self::CUT_SHORT => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data),
            _ => ErrorKind::Other,
        }
    }
}
