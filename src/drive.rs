//! The loop: sleep to the slot, compute the frame, write it; and the board's
//! lives, one after another, through every fault until it is told to stop.
//!
//! `run`, the demo, the simulation and the tests are this loop with another
//! [`Shell`], so none of them can drift from the others.

use crate::board::{Armed, Board, relax};
use crate::calibration::{BoardPlan, Rig};
use crate::motion::{Motion, Performance};
use crate::pulse::{self, Pulses};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

/// One servo after another, so that the supply never starts two at once.
const ENGAGE_EVERY_US: u64 = 100_000;
/// How often the chip is read back.
const WATCH_EVERY_US: u64 = 250_000;
/// Without a good slot for this long, the board counts as lost.
const LOST_AFTER_US: u64 = 1_000_000;
/// How long to wait between attempts to find the board again.
const RETRY_EVERY_US: u64 = 250_000;
/// The longest way from any bend to neutral before the servos go limp anyway.
const RETURN_AT_MOST_US: u64 = 1_000_000;
/// What a second attempt at a frame takes at 100 kHz, with room to spare.
const ATTEMPT_US: u64 = 5_000;

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
    /// The plan to go over to, asked for after [`Order::Reload`].
    fn reload(&mut self) -> Plan;
    /// Hears what happened.
    fn notice(&mut self, notice: Notice<'_, Self::Error>);
}

/// What the shell wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Go on.
    Play,
    /// Go over to [`Shell::reload`]'s plan; said until it is fetched.
    Reload,
    /// Ease to neutral, relax, return.
    Stop,
    /// Relax at once and return.
    Quit,
}

/// What to play, and on what.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The hat.
    pub rig: Rig,
    /// How it moves.
    pub motion: Motion,
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Notice<'a, E> {
    /// The bus is about to be opened and the board armed.
    Trying,
    /// The board emits our pulses; `taken_over` servos already did.
    Armed {
        /// How many servos go on from where a previous process left them.
        taken_over: usize,
    },
    /// A transfer failed; said of every one.
    Fault(&'a E),
    /// No good slot for a second, or the board does not come up.
    Lost(&'a E),
    /// The chip does not hold what was written: it lost power, or another hand
    /// wrote to it.
    Disturbed,
    /// A slot is over.
    Slot(&'a Slot),
    /// On the way to neutral.
    Stopping,
    /// All channels are off.
    Relaxed,
}

/// One slot, as it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Which one.
    pub k: u64,
    /// Its moment, µs after the start.
    pub t_us: u64,
    /// What is played.
    pub scene: &'static str,
    /// Bytes on the wire; 0 if nothing changed.
    pub bytes: usize,
    /// Whether the frame is out, or the last one was found unharmed.
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

/// Why the board lives (again).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    First,
    /// After a reload that needs the board armed anew.
    Intended,
    /// After it was lost or disturbed.
    Recovered,
}

/// How one life of the board ended.
enum End<E> {
    Stopped,
    /// The plan was changed to one that needs the board armed anew.
    Rewired,
    Disturbed,
    Lost(E),
}

/// Plays `plan` until its time is up or the shell says stop.
///
/// # Errors
/// The board is absent at the start and `terms` are not patient.
pub fn drive<S: Shell>(shell: &mut S, mut plan: Plan, terms: Terms) -> Result<Tally, S::Error> {
    let mut tally = Tally::default();
    let mut life = Life::First;
    loop {
        shell.notice(Notice::Trying);
        match live(shell, &mut plan, terms, &mut tally, &mut life) {
            End::Stopped => return Ok(tally),
            End::Rewired => life = Life::Intended,
            End::Disturbed => {}
            End::Lost(error) => {
                if life == Life::First && !terms.patient {
                    return Err(error);
                }
                shell.notice(Notice::Lost(&error));
                let retry_us = shell.now_us() + RETRY_EVERY_US;
                shell.sleep_until(retry_us);
                let over = terms.length_us.is_some_and(|end| shell.now_us() >= end);
                match shell.order() {
                    Order::Reload => plan = shell.reload(),
                    Order::Play if !over => {}
                    Order::Play | Order::Stop | Order::Quit => {
                        abandon(shell, &plan);
                        return Ok(tally);
                    }
                }
            }
        }
    }
}

/// A last attempt to relax a board that was lost.
fn abandon<S: Shell>(shell: &mut S, plan: &Plan) {
    let board = plan.rig.board();
    let relaxed = shell
        .open(board)
        .and_then(|mut bus| relax(&mut bus, board.address));
    match relaxed {
        Ok(()) => shell.notice(Notice::Relaxed),
        Err(error) => shell.notice(Notice::Fault(&error)),
    }
}

/// One life of the board: from opening the bus until it is lost, disturbed,
/// rewired or stopped. Leaving drops the `Armed`, which relaxes the board.
fn live<S: Shell>(
    shell: &mut S,
    plan: &mut Plan,
    terms: Terms,
    tally: &mut Tally,
    life: &mut Life,
) -> End<S::Error> {
    let bus = match shell.open(plan.rig.board()) {
        Ok(bus) => bus,
        Err(error) => return End::Lost(error),
    };
    let mut board = Board::new(bus, &plan.rig);
    let (armed, taken_over) = match board.arm(&plan.rig, &mut Delay(shell)) {
        Ok(armed) => armed,
        Err(error) => return End::Lost(error),
    };
    tally.recoveries += u64::from(*life == Life::Recovered);
    // Whatever ends this life, unless on purpose, the next one recovers from.
    *life = Life::Recovered;
    let engaged = taken_over.0.iter().flatten().count();
    shell.notice(Notice::Armed {
        taken_over: engaged,
    });
    let end = play(shell, plan, terms, tally, armed, taken_over);
    shell.notice(Notice::Relaxed);
    end
}

/// Slot after slot on an armed board.
fn play<S: Shell>(
    shell: &mut S,
    plan: &mut Plan,
    terms: Terms,
    tally: &mut Tally,
    mut armed: Armed<'_, S::Bus>,
    taken_over: Pulses,
) -> End<S::Error> {
    let timebase = *plan.rig.timebase();
    let armed_us = shell.now_us();
    let mut k = timebase.slot_from(armed_us);
    let mut performance = Performance::new(plan.motion.clone(), armed_us + engaging_us(&plan.rig));
    // The frame on the board, and the one that is to follow it. A frame that
    // failed is sent again until it is out: only then is it sure what the
    // board emits, and how far the next one may be from it.
    let mut emitted = taken_over;
    let mut pending = None;
    let mut watch_us = 0;
    let mut matched_us = armed_us;
    let mut good_us = armed_us;
    let mut leaving: Option<(u64, Option<Plan>)> = None;
    loop {
        shell.sleep_until(timebase.slot_us(k));
        let now_us = shell.now_us();
        while now_us >= timebase.slot_us(k + 1) {
            tally.late += 1;
            k += 1;
        }
        let t_us = timebase.slot_us(k);

        let order = shell.order();
        let over = terms.length_us.is_some_and(|end| t_us >= end);
        match order {
            Order::Quit => return End::Stopped,
            Order::Stop => leave(shell, &mut leaving, &mut performance, t_us, None),
            Order::Reload if leaving.is_none() && !performance.is_changing(t_us) => {
                let new = shell.reload();
                if same_wiring(&plan.rig, &new.rig) {
                    performance.change(new.motion.clone(), t_us);
                    *plan = new;
                } else {
                    leave(shell, &mut leaving, &mut performance, t_us, Some(new));
                }
            }
            Order::Reload | Order::Play if over => {
                leave(shell, &mut leaving, &mut performance, t_us, None);
            }
            Order::Reload | Order::Play => {}
        }
        if let Some((since_us, new)) = &mut leaving {
            let there = performance.has_ended(t_us) && at_neutral(&plan.rig, &emitted);
            if there || t_us >= *since_us + RETURN_AT_MOST_US {
                let Some(new) = new.take() else {
                    return End::Stopped;
                };
                *plan = new;
                return End::Rewired;
            }
        }

        let mut fault = None;
        if now_us >= watch_us {
            match armed.verify() {
                Ok(true) => {
                    matched_us = now_us;
                    watch_us = now_us + WATCH_EVERY_US;
                }
                Ok(false) => {
                    shell.notice(Notice::Disturbed);
                    return End::Disturbed;
                }
                Err(error) => {
                    shell.notice(Notice::Fault(&error));
                    fault = Some(error);
                }
            }
        }

        let pulses = pending.take().unwrap_or_else(|| {
            let engaged = 1 + (t_us.saturating_sub(armed_us) / ENGAGE_EVERY_US) as usize;
            let pose = performance.pose_at(t_us, plan.rig.tentacles().len());
            pulse::next(&plan.rig, &pose, engaged, &emitted)
        });
        let frame = armed.limp().with(&plan.rig, &pulses);
        let mut written = armed.write(&frame);
        if let Err(error) = &written {
            shell.notice(Notice::Fault(error));
            if shell.now_us() + ATTEMPT_US < timebase.slot_us(k + 1) {
                written = armed.write(&frame);
            }
        }
        let mut slot = Slot {
            k,
            t_us,
            scene: performance.scene_at(t_us),
            ..Slot::default()
        };
        match written {
            Ok(bytes) => {
                emitted = pulses;
                slot.bytes = bytes;
                slot.good = bytes > 0 || now_us - matched_us <= WATCH_EVERY_US;
            }
            Err(error) => {
                pending = Some(pulses);
                tally.skipped += 1;
                fault = Some(error);
            }
        }
        tally.frames += 1;
        slot.tally = *tally;
        if slot.good {
            good_us = now_us;
        }
        shell.notice(Notice::Slot(&slot));
        if let Some(error) = fault
            && shell.now_us() >= good_us + LOST_AFTER_US
        {
            return End::Lost(error);
        }
        k += 1;
    }
}

/// Starts the way to neutral, once; a stop overrules a rewiring.
fn leave<S: Shell>(
    shell: &mut S,
    leaving: &mut Option<(u64, Option<Plan>)>,
    performance: &mut Performance,
    t_us: u64,
    new: Option<Plan>,
) {
    match leaving {
        None => {
            performance.end(t_us);
            shell.notice(Notice::Stopping);
            *leaving = Some((t_us, new));
        }
        Some((_, rewiring)) => *rewiring = None,
    }
}

/// From the first servo's engagement to the last's.
fn engaging_us(rig: &Rig) -> u64 {
    let calibrated = rig.servos().iter().filter(|s| s.calibration.is_some());
    ENGAGE_EVERY_US * (calibrated.count() as u64).saturating_sub(1)
}

/// Whether the board need not be armed anew to go from one rig to the other.
fn same_wiring(a: &Rig, b: &Rig) -> bool {
    let (a_servos, b_servos) = (a.servos().iter(), b.servos().iter());
    a.board() == b.board() && a_servos.map(|s| s.channel).eq(b_servos.map(|s| s.channel))
}

fn at_neutral(rig: &Rig, pulses: &Pulses) -> bool {
    let tick = rig.timebase().tick_us();
    rig.servos().iter().zip(&pulses.0).all(|(servo, pulse)| {
        let (Some(calibration), Some(pulse)) = (&servo.calibration, pulse) else {
            return true;
        };
        (pulse.get() - calibration.neutral.get()).abs() < tick / 2.0
    })
}

/// The shell's clock as the driver crates know a delay.
struct Delay<'a, S>(&'a mut S);

impl<S: Shell> DelayNs for Delay<'_, S> {
    fn delay_ns(&mut self, ns: u32) {
        let wake_us = self.0.now_us() + u64::from(ns.div_ceil(1000));
        self.0.sleep_until(wake_us);
    }
}
