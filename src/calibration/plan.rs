//! What the files say, each value checked by itself.

use super::{CHANNELS, Compass, Name, Table};
use crate::units::{OutOfRange, Timebase, Turns, within};
use core::fmt;

/// A 7-bit I2C address the chip can have: 0x40..0x7F but for its all-call 0x70
/// (datasheet 7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(u8);

/// An address that no PCA9685 has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 0x40 to 0x7f, and not 0x70, to which all PCA9685s answer together")]
pub struct BadAddress;

impl Address {
    /// What a board without solder jumpers answers to.
    pub const DEFAULT: Self = Self(0x40);

    /// A legal address.
    ///
    /// # Errors
    /// Outside 0x40..0x7F, or 0x70.
    pub fn new(address: i64) -> Result<Self, BadAddress> {
        match u8::try_from(address) {
            Ok(a @ 0x40..=0x7F) if a != 0x70 => Ok(Self(a)),
            _ => Err(BadAddress),
        }
    }

    /// The bare number.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// An output of the board, 0..15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Channel(u8);

impl Channel {
    /// A channel of the chip.
    ///
    /// # Errors
    /// Outside 0..15.
    pub fn new(channel: i64) -> Result<Self, OutOfRange> {
        within(channel as f64, 0.0, (CHANNELS - 1) as f64, "").map(|c| Self(c as u8))
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..CHANNELS as u8).map(Self)
    }

    /// Its place among the chip's outputs.
    #[inline]
    pub fn index(self) -> usize {
        // The mask tells the compiler what the constructor made sure of.
        usize::from(self.0) % CHANNELS
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the board is, how fast it pulses, and what is wired to the Pi's pins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoardPlan {
    /// `/dev/i2c-N`.
    pub bus: u8,
    /// The board on that bus.
    pub address: Address,
    /// Pulse rate and oscillator.
    pub timebase: Timebase,
    /// The BCM pin at the board's OE, if one is wired.
    pub oe_gpio: Option<u8>,
    /// The BCM pin at the hat's push button, if it has one.
    pub button_gpio: Option<u8>,
}

impl BoardPlan {
    /// What a BCM pin of the Pi is wired to, if it is not free for anything: bus 0
    /// is for the ID chip of a HAT, and on the serial port a console may talk.
    pub fn pin_user(&self, pin: u8) -> Option<&'static str> {
        match pin {
            0 | 1 => Some("a line of I2C bus 0"),
            2 | 3 => Some("a line of I2C bus 1"),
            14 | 15 => Some("a line of the serial port"),
            _ if self.oe_gpio == Some(pin) => Some("the board's oe-gpio"),
            _ if self.button_gpio == Some(pin) => Some("the button's"),
            _ => None,
        }
    }
}

/// What a file says about one servo.
#[derive(Clone, Debug, PartialEq)]
pub struct ServoPlan {
    /// Its output of the board.
    pub channel: Channel,
    /// None: not calibrated yet, so it stays limp.
    pub table: Option<Table>,
    /// Shifts the table, µs.
    pub trim_us: f32,
    /// The fastest its pulse may change, µs a second.
    pub max_speed: f32,
}

impl ServoPlan {
    /// How far a trim may shift a table, µs to either side.
    pub const TRIM_US: f64 = 100.0;
    /// The legal speed limits, µs a second: below 10 a sweep takes minutes,
    /// above 20,000 no hobby servo follows.
    pub const SPEED: (f64, f64) = (10.0, 20_000.0);

    /// Checks a trim, µs.
    ///
    /// # Errors
    /// Outside ±[`Self::TRIM_US`].
    pub fn trim(us: f64) -> Result<f32, OutOfRange> {
        within(us, -Self::TRIM_US, Self::TRIM_US, "µs").map(|us| us as f32)
    }

    /// Checks a speed limit, µs a second.
    ///
    /// # Errors
    /// Outside [`Self::SPEED`].
    pub fn speed(speed: f64) -> Result<f32, OutOfRange> {
        within(speed, Self::SPEED.0, Self::SPEED.1, "µs a second").map(|s| s as f32)
    }
}

/// What a file says about one tentacle.
#[derive(Clone, Debug, PartialEq)]
pub struct TentaclePlan {
    /// Unique in the hat.
    pub name: Name,
    /// Degrees clockwise from the wearer's front, seen from above.
    pub facing: Turns,
    /// None: its tables alone say where it points.
    pub compass: Option<Compass>,
    /// The x and the y servo.
    pub servos: [ServoPlan; 2],
}
