//! The board's lives: opened, armed, played on until it is lost, disturbed or
//! rewired, and then again, until somebody says stop.

use super::slots::LOST_AFTER_US;
use super::{CUES_A_SLOT, Course, Loss, Notice, Order, Shell, Source, Tally, Terms};
use crate::board::{Board, relax};
use crate::pulse::Pulses;
use embedded_hal::delay::DelayNs;

/// How long to wait between attempts to find the board again.
const RETRY_EVERY_US: u64 = 250_000;

/// Drives the board with the pulses of `source` until its time is up, it ends,
/// or the shell says stop.
///
/// # Errors
/// The board does not come up within the first second, or the time, and `terms`
/// are not patient.
pub fn drive<S: Shell>(
    shell: &mut S,
    source: &mut impl Source,
    terms: Terms,
) -> Result<Tally, Loss<S::Error>> {
    let mut drive = Drive {
        shell,
        source,
        terms,
        stopping: false,
        tally: Tally::default(),
    };
    // Whether the next life is a recovery; the first one is neither.
    let mut recovers = None;
    loop {
        let played = drive.tally.frames;
        let loss = match drive.live(&mut recovers) {
            End::Stopped => return Ok(drive.tally),
            End::Rearm => {
                recovers = Some(false);
                continue;
            }
            End::Disturbed if drive.tally.frames > played => continue,
            // A board that never holds what it is told must not be armed, and
            // talked about, as fast as the bus allows.
            End::Disturbed => Loss::Unheld,
            End::Lost(error) => Loss::Bus(error),
        };
        let absent = drive.tally.frames == 0 && !terms.patient;
        match &loss {
            _ if absent && drive.shell.now_us() >= LOST_AFTER_US => return Err(loss),
            // One disturbed transfer is no absent board, here as anywhere.
            Loss::Bus(error) if absent => drive.shell.notice(Notice::Fault(error)),
            Loss::Unheld if absent => {}
            _ => drive.shell.notice(Notice::Lost(&loss)),
        }
        if drive.wait() {
            drive.abandon();
            return if absent { Err(loss) } else { Ok(drive.tally) };
        }
    }
}

/// How one life of the board ended.
pub(super) enum End<E> {
    Stopped,
    /// By an order, or because the source goes on with another rig.
    Rearm,
    Disturbed,
    Lost(E),
}

/// All that takes part.
pub(super) struct Drive<'a, S, P> {
    pub(super) shell: &'a mut S,
    pub(super) source: &'a mut P,
    terms: Terms,
    stopping: bool,
    pub(super) tally: Tally,
}

impl<S: Shell, P: Source> Drive<'_, S, P> {
    /// One life of the board: from opening the bus until it is lost, disturbed,
    /// rewired or stopped. Leaving drops the `Armed`, which relaxes the board.
    fn live(&mut self, recovers: &mut Option<bool>) -> End<S::Error> {
        let bus = match self.shell.open(self.source.rig().board()) {
            Ok(bus) => bus,
            Err(error) => return End::Lost(error),
        };
        let mut board = Board::new(bus, self.source.rig());
        let (armed, taken_over) = match board.arm(self.source.rig(), &mut Delay(self.shell)) {
            Ok(armed) => armed,
            Err(error) => return End::Lost(error),
        };
        self.tally.recoveries += u64::from(*recovers == Some(true));
        // Whatever ends this life, unless on purpose, the next one recovers from.
        *recovers = Some(true);
        let engaged = taken_over.0.iter().flatten().count();
        self.shell.notice(Notice::Armed(engaged));
        let end = self.play(armed, taken_over);
        self.shell.notice(Notice::Relaxed);
        end
    }

    /// How the source goes on by the shell's orders, in a slot or without a board.
    pub(super) fn course(&mut self, t_us: u64, pulses: &Pulses) -> Course {
        let order = self.shell.order();
        match order {
            Order::Quit => return Course::End,
            Order::Rearm => return Course::Rearm,
            Order::Stop | Order::Play => {}
        }
        let over = self.terms.length_us.is_some_and(|end| t_us >= end);
        if (order == Order::Stop || over) && !self.stopping {
            self.stopping = true;
            self.shell.notice(Notice::Stopping);
        }
        for _ in 0..CUES_A_SLOT {
            let Some(cue) = self.shell.cue(t_us) else {
                break;
            };
            let taken = self.source.cue(&cue, t_us);
            self.shell.notice(Notice::Cue(&cue, t_us, taken));
        }
        self.source.course(self.stopping, t_us, pulses)
    }

    /// Lets time pass between two attempts, slot by slot: whether to leave meanwhile.
    fn wait(&mut self) -> bool {
        let retry_us = self.shell.now_us() + RETRY_EVERY_US;
        loop {
            let now_us = self.shell.now_us();
            if self.course(now_us, &Pulses::LIMP) == Course::End {
                return true;
            }
            if now_us >= retry_us {
                return false;
            }
            let slot = self.source.rig().timebase().slots_from(now_us + 1);
            self.shell.sleep_until(slot.t_us().min(retry_us));
        }
    }

    /// A last attempt to relax a board that was lost.
    fn abandon(&mut self) {
        let board = self.source.rig().board();
        let relaxed = self
            .shell
            .open(board)
            .and_then(|mut bus| relax(&mut bus, board.address));
        match relaxed {
            Ok(()) => self.shell.notice(Notice::Relaxed),
            Err(error) => self.shell.notice(Notice::Fault(&error)),
        }
    }
}

/// The shell's clock as the driver crates know a delay.
struct Delay<'a, S>(&'a mut S);

impl<S: Shell> DelayNs for Delay<'_, S> {
    fn delay_ns(&mut self, ns: u32) {
        let wake_us = self.0.now_us() + u64::from(ns.div_ceil(1000));
        self.0.sleep_until(wake_us);
    }
}
