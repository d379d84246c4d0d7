//! The hat as its builder measured it: a [`Rig`] is valid by construction.

mod table;

pub use table::{MAX_POINTS, Point, Table, TableError};

use crate::units::{Microseconds, OutOfRange, Ticks, Timebase, Turns, within};
use arrayvec::{ArrayString, ArrayVec};
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

/// Where the board is and how fast it pulses.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardPlan {
    /// `/dev/i2c-N`.
    pub bus: u8,
    /// The board on that bus.
    pub address: Address,
    /// Pulse rate and oscillator.
    pub timebase: Timebase,
    /// The BCM pin at the board's OE, if one is wired.
    pub oe_gpio: Option<u8>,
}

/// What a file says about one servo.
#[derive(Clone, Debug, PartialEq)]
pub struct ServoPlan {
    /// 0..15.
    pub channel: u8,
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

    /// Checks a channel.
    ///
    /// # Errors
    /// Outside 0..15.
    pub fn channel(channel: i64) -> Result<u8, OutOfRange> {
        within(channel as f64, 0.0, (CHANNELS - 1) as f64, "").map(|c| c as u8)
    }

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
    /// The x and the y servo.
    pub servos: [ServoPlan; 2],
}

/// One tentacle of a valid hat.
#[derive(Clone, Debug, PartialEq)]
pub struct Tentacle {
    /// Unique in the hat.
    pub name: Name,
    /// Clockwise from the wearer's front, seen from above.
    pub facing: Turns,
}

/// One servo of a valid hat.
#[derive(Clone, Debug, PartialEq)]
pub struct Servo {
    /// Its channel on the board, 0..15.
    pub channel: u8,
    /// None: not calibrated yet, so it stays limp.
    pub calibration: Option<Calibration>,
    /// The furthest its pulse may move from one frame to the next, µs.
    pub max_step_us: f32,
}

/// A servo's trimmed table and the whole ticks inside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Bend → pulse width, trim included.
    pub table: Table,
    /// The shortest and the longest legal pulse: the table's range, rounded
    /// inward to whole ticks, µs.
    pub limits_us: (f32, f32),
    /// The pulse at bend 0.
    pub neutral: Microseconds,
}

impl Calibration {
    /// None where no whole tick lies within the table.
    fn new(table: Table, timebase: &Timebase) -> Option<Self> {
        let tick = timebase.tick_us();
        let (low, high) = table.range_us();
        let limits_us = (
            libm::ceilf(low / tick) * tick,
            libm::floorf(high / tick) * tick,
        );
        (limits_us.0 <= limits_us.1).then(|| Self {
            neutral: Microseconds::limited(table.us_at(0.0).clamp(limits_us.0, limits_us.1)),
            table,
            limits_us,
        })
    }

    /// The pulse at `bend`, µs, within the limits.
    #[inline]
    pub fn us_at(&self, bend: f32) -> f32 {
        self.table
            .us_at(bend)
            .clamp(self.limits_us.0, self.limits_us.1)
    }

    /// Whether the chip may go on with this pulse.
    pub fn holds(&self, ticks: Ticks, timebase: &Timebase) -> bool {
        let us = timebase.width(ticks).get();
        let half = timebase.tick_us() / 2.0;
        us > self.limits_us.0 - half && us < self.limits_us.1 + half
    }
}

/// The hat: tentacles, servos, channels, tables and limits; valid by construction.
#[derive(Clone, Debug, PartialEq)]
pub struct Rig {
    board: BoardPlan,
    tentacles: ArrayVec<Tentacle, MAX_TENTACLES>,
    servos: ArrayVec<Servo, MAX_SERVOS>,
    max_total_step_us: f32,
}

/// What is wrong with plans that are each right by themselves.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum RigFault {
    /// No tentacle, or more than [`MAX_TENTACLES`].
    #[error("a hat has 1 to {MAX_TENTACLES} tentacles")]
    TentacleCount,
    /// A name stands twice.
    #[error("another tentacle has this name")]
    NameTaken {
        /// The second tentacle with it.
        tentacle: usize,
    },
    /// A channel stands twice.
    #[error("another servo is on this channel")]
    ChannelTaken {
        /// The second servo on it.
        servo: usize,
    },
    /// The table and its trim do not go together.
    #[error("{error}")]
    Trim {
        /// Whose trim.
        servo: usize,
        /// What it does to the table.
        error: TableError,
    },
    /// The table lies between two ticks.
    #[error("is narrower than the board can resolve: {tick_us:.2} µs")]
    Narrow {
        /// Whose table.
        servo: usize,
        /// The board's resolution.
        tick_us: f32,
    },
}

impl Rig {
    /// The range of the limit over all servos, µs a second: one servo at the
    /// slowest legal speed to sixteen at the fastest.
    pub const TOTAL_SPEED: (f64, f64) =
        (ServoPlan::SPEED.0, ServoPlan::SPEED.1 * MAX_SERVOS as f64);

    /// The hat that the plans describe. Every fault goes to `report`; with any
    /// there is no rig.
    pub fn new(
        board: BoardPlan,
        max_total_speed: f32,
        tentacles: &[TentaclePlan],
        mut report: impl FnMut(RigFault),
    ) -> Option<Self> {
        if !(1..=MAX_TENTACLES).contains(&tentacles.len()) {
            report(RigFault::TentacleCount);
            return None;
        }
        let mut sound = true;
        let mut fault = |f| {
            sound = false;
            report(f);
        };
        let period_s = board.timebase.period_us() / 1e6;
        let mut rig = Self {
            max_total_step_us: max_total_speed * period_s,
            tentacles: ArrayVec::new(),
            servos: ArrayVec::new(),
            board,
        };
        for plan in tentacles {
            if rig.tentacles.iter().any(|t| t.name == plan.name) {
                fault(RigFault::NameTaken {
                    tentacle: rig.tentacles.len(),
                });
            }
            rig.tentacles.push(Tentacle {
                name: plan.name,
                facing: plan.facing,
            });
            for plan in &plan.servos {
                let servo = rig.servos.len();
                if rig.servos.iter().any(|s| s.channel == plan.channel) {
                    fault(RigFault::ChannelTaken { servo });
                }
                let calibration = plan.table.as_ref().and_then(|table| {
                    let table = table
                        .trimmed(plan.trim_us)
                        .map_err(|error| fault(RigFault::Trim { servo, error }))
                        .ok()?;
                    let calibration = Calibration::new(table, &rig.board.timebase);
                    if calibration.is_none() {
                        let tick_us = rig.board.timebase.tick_us();
                        fault(RigFault::Narrow { servo, tick_us });
                    }
                    calibration
                });
                rig.servos.push(Servo {
                    channel: plan.channel,
                    calibration,
                    max_step_us: plan.max_speed * period_s,
                });
            }
        }
        sound.then_some(rig)
    }

    /// Where the board is and how fast it pulses.
    pub fn board(&self) -> &BoardPlan {
        &self.board
    }

    /// Pulse rate and oscillator.
    pub fn timebase(&self) -> &Timebase {
        &self.board.timebase
    }

    /// The tentacles, in file order.
    pub fn tentacles(&self) -> &[Tentacle] {
        &self.tentacles
    }

    /// The servos: x and y of the first tentacle, of the second, and so on.
    pub fn servos(&self) -> &[Servo] {
        &self.servos
    }

    /// The furthest all pulses together may move from one frame to the next, µs.
    pub fn max_total_step_us(&self) -> f32 {
        self.max_total_step_us
    }

    /// What users call a servo.
    pub fn servo_name(&self, servo: usize) -> ServoName {
        ServoName {
            tentacle: self.tentacles[servo / 2].name,
            axis: Axis::BOTH[servo % 2],
        }
    }
}

/// `TENTACLE.AXIS`, as users name a servo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServoName {
    /// The tentacle's name.
    pub tentacle: Name,
    /// Which of its servos.
    pub axis: Axis,
}

impl fmt::Display for ServoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.tentacle, self.axis)
    }
}
