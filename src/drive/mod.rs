//! The loop: sleep to the slot, ask for its pulses, write the frame; and the
//! board's lives, one after another, through every fault until it is told to
//! stop.
//!
//! Whatever moves servos is this loop with a [`Source`] of pulses: the
//! performance, the calibration session, the pulse that `calibrate clock`
//! emits. The program, the simulation and the tests are this loop in another
//! [`Shell`]. So none of them can drift from the others.

mod lives;
mod slots;

pub use lives::drive;
pub use slots::ENGAGE_EVERY_US;

use crate::calibration::{BoardPlan, Rig};
use crate::cue::Cue;
use crate::motion::{Performance, Refusal};
use crate::pulse::Pulses;
use core::fmt;
use embedded_hal::i2c::I2c;

/// So many cues a slot, 400 a second at 50 Hz: more than any sense has to say.
pub const CUES_A_SLOT: usize = 8;

/// What the loop needs from the world around it.
pub trait Shell {
    /// The bus to the board.
    type Bus: I2c<Error = Self::Error>;
    /// How the bus fails.
    type Error: embedded_hal::i2c::Error;

    /// Opens the bus that the board is on.
    ///
    /// # Errors
    /// The bus's.
    fn open(&mut self, board: &BoardPlan) -> Result<Self::Bus, Self::Error>;
    /// Monotonic time, µs since the start. Only this reads a clock.
    fn now_us(&mut self) -> u64;
    /// Returns at `t_us`, or at once if that has passed.
    fn sleep_until(&mut self, t_us: u64);
    /// What to do next; asked once a slot.
    fn order(&mut self) -> Order;
    /// A cue that came in by `t_us`; asked each slot until there is none, or
    /// [`CUES_A_SLOT`] came.
    fn cue(&mut self, _t_us: u64) -> Option<Cue> {
        None
    }
    /// Hears what happened.
    fn notice(&mut self, notice: Notice<'_, Self::Error>);
}

/// What the shell wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Go on.
    Play,
    /// Come to rest, relax, return.
    Stop,
    /// Relax at once, and arm the board anew.
    Rearm,
    /// Relax at once and return.
    Quit,
}

/// Where pulses come from.
pub trait Source {
    /// The hat that is driven; its board and channels stay until
    /// [`Course::Rearm`].
    fn rig(&self) -> &Rig;
    /// The board was armed, again or for the first time: a beginning.
    fn begin(&mut self, t_us: u64);
    /// Whether to go on; asked once a slot, and also while there is no board.
    /// Servos emit `pulses`, or will once a frame that failed is out; they are to
    /// come to rest once it is `stopping`.
    fn course(&mut self, stopping: bool, t_us: u64, pulses: &Pulses) -> Course;
    /// The pulses that follow `before`, which are on the board for certain. They
    /// keep within the rig's limits; a limp servo may have to wait until it is woken.
    fn pulses(&mut self, t_us: u64, before: &Pulses) -> Pulses;
    /// Something is asked for.
    ///
    /// # Errors
    /// Why it is not done.
    fn cue(&mut self, _cue: &Cue, _t_us: u64) -> Result<(), Refusal> {
        Ok(())
    }
    /// What is played, in a word or two.
    fn scene(&self) -> &'static str;
    /// What plays, where a performance does.
    fn performance(&self) -> Option<&Performance> {
        None
    }
}

/// How a source goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// With the next pulses.
    On,
    /// With another rig, for which the board must be armed anew.
    Rearm,
    /// Not at all: relax the board.
    End,
}

/// How long to play, and how stubbornly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// End after this time, µs; `None` plays until told to stop.
    pub length_us: Option<u64>,
    /// Wait for a board that is absent at the start.
    pub patient: bool,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a, E> {
    /// The board emits our pulses; so many servos go on from where a previous
    /// process left them.
    Armed(usize),
    /// A transfer failed; said of every one.
    Fault(&'a E),
    /// No good slot for a second, or the board does not come up.
    Lost(&'a Loss<E>),
    /// The chip does not hold what was written: it lost power, or another hand
    /// wrote to it.
    Disturbed,
    /// The cue given last was taken, at that moment, or why it was not.
    Cue(&'a Cue, u64, Result<(), Refusal>),
    /// A slot is over.
    Slot(&'a Slot, Sight<'a>),
    /// On the way to rest for good.
    Stopping,
    /// All channels are off.
    Relaxed,
}

/// What there is to see at the end of a slot.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The hat that is driven.
    pub rig: &'a Rig,
    /// The pulses that are on the board.
    pub pulses: &'a Pulses,
    /// What plays, where a performance does.
    pub performance: Option<&'a Performance>,
}

/// Why a board is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss<E> {
    /// Transfers fail.
    Bus(E),
    /// They pass, but the chip does not even hold its set-up.
    Unheld,
}

impl<E> From<E> for Loss<E> {
    fn from(error: E) -> Self {
        Self::Bus(error)
    }
}

/// One slot, as it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Its moment, µs after the start.
    pub t_us: u64,
    /// What is played.
    pub scene: &'static str,
    /// Bytes on the wire; 0 if nothing changed.
    pub bytes: usize,
    /// Whether the frame is out, on a chip that lately held what it was told.
    pub good: bool,
    /// What happened since the start.
    pub tally: Tally,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Slots played.
    pub frames: u64,
    /// Slots that had passed when the loop woke.
    pub late: u64,
    /// Slots whose frame did not reach the board.
    pub skipped: u64,
    /// Lives of the board after the first.
    pub recoveries: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} frames, {} late, ", self.frames, self.late)?;
        write!(
            f,
            "{} skipped, {} recoveries",
            self.skipped, self.recoveries
        )
    }
}
