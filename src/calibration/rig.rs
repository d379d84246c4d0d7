//! The whole hat, checked as a whole.

use super::{
    Axis, BoardPlan, Channel, Compass, MAX_SERVOS, MAX_TENTACLES, Name, ServoPlan, Table,
    TableError, TentaclePlan,
};
use crate::units::{Bend, Microseconds, Ticks, Timebase, Turns};
use arrayvec::ArrayVec;
use core::fmt;

/// One tentacle of a valid hat.
#[derive(Clone, Debug, PartialEq)]
pub struct Tentacle {
    /// Unique in the hat.
    pub name: Name,
    /// Clockwise from the wearer's front, seen from above.
    pub facing: Turns,
    /// None: its tables alone say where it points.
    pub compass: Option<Compass>,
}

impl Tentacle {
    /// What its servos are bent to, for it to lean as is wished.
    #[must_use]
    #[inline]
    pub fn bend(&self, wish: Bend) -> Bend {
        match &self.compass {
            Some(compass) => compass.aim().bend(wish),
            None => wish,
        }
    }

    /// Where it leans when its servos are bent so: the way back.
    #[must_use]
    pub fn tip(&self, bend: Bend) -> Bend {
        match &self.compass {
            Some(compass) => compass.aim().tip(bend),
            None => bend,
        }
    }
}

/// One servo of a valid hat.
#[derive(Clone, Debug, PartialEq)]
pub struct Servo {
    /// Its output of the board.
    pub channel: Channel,
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
    /// The pulse at which the tentacle stands straight.
    pub neutral: Microseconds,
}

impl Calibration {
    /// None where no whole tick lies within the table; at the bend `straight` the tentacle
    /// stands so.
    fn new(table: Table, straight: f32, timebase: &Timebase) -> Option<Self> {
        let tick = timebase.tick_us();
        let (low, high) = table.range_us();
        let limits_us = (
            libm::ceilf(low / tick) * tick,
            libm::floorf(high / tick) * tick,
        );
        (limits_us.0 <= limits_us.1).then(|| Self {
            neutral: Microseconds::limited(table.us_at(straight).clamp(limits_us.0, limits_us.1)),
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
    is_aimed: bool,
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
            is_aimed: tentacles.iter().any(|plan| plan.compass.is_some()),
            board,
        };
        for plan in tentacles {
            if rig.tentacles.iter().any(|t| t.name == plan.name) {
                fault(RigFault::NameTaken {
                    tentacle: rig.tentacles.len(),
                });
            }
            let tentacle = Tentacle {
                name: plan.name,
                facing: plan.facing,
                compass: plan.compass.clone(),
            };
            let straight = tentacle.bend(Bend::STRAIGHT);
            rig.tentacles.push(tentacle);
            for (plan, straight) in plan.servos.iter().zip([straight.x, straight.y]) {
                let servo = rig.servos.len();
                if rig.servos.iter().any(|s| s.channel == plan.channel) {
                    fault(RigFault::ChannelTaken { servo });
                }
                let calibration = plan.table.as_ref().and_then(|table| {
                    let table = table
                        .trimmed(plan.trim_us)
                        .map_err(|error| fault(RigFault::Trim { servo, error }))
                        .ok()?;
                    let calibration = Calibration::new(table, straight, &rig.board.timebase);
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

    /// Whether a tentacle has a compass.
    #[inline]
    pub fn is_aimed(&self) -> bool {
        self.is_aimed
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
