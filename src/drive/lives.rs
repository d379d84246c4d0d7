//! The board's lives: opened, armed, played on until it is lost, disturbed or
//! rewired, and then again, until somebody says stop.

use super::slots::play;
use super::{End, Notice, Order, Plan, Shell, Tally, Terms};
use crate::board::{Board, relax};
use embedded_hal::delay::DelayNs;

/// How long to wait between attempts to find the board again.
const RETRY_EVERY_US: u64 = 250_000;

/// Why the board lives (again).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    First,
    /// After a reload that needs the board armed anew.
    Intended,
    /// After it was lost or disturbed.
    Recovered,
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
        let played = tally.frames;
        match live(shell, &mut plan, terms, &mut tally, &mut life) {
            End::Stopped => return Ok(tally),
            End::Rewired => life = Life::Intended,
            End::Disturbed if tally.frames > played => {}
            // A board that never holds what it is told must not be armed, and
            // talked about, as fast as the bus allows.
            End::Disturbed => {
                let retry_us = shell.now_us() + RETRY_EVERY_US;
                shell.sleep_until(retry_us);
            }
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

/// The shell's clock as the driver crates know a delay.
struct Delay<'a, S>(&'a mut S);

impl<S: Shell> DelayNs for Delay<'_, S> {
    fn delay_ns(&mut self, ns: u32) {
        let wake_us = self.0.now_us() + u64::from(ns.div_ceil(1000));
        self.0.sleep_until(wake_us);
    }
}
