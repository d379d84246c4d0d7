//! The loop's shell for who works at the board by hand: nothing but the machine,
//! the signals, and somebody who hears what goes wrong.

use super::Machine;
use super::bus::HostBus;
use crate::pause::Pause;
use crate::signals::Signals;
use std::fmt;
use tentacle_hat::board::BusError;
use tentacle_hat::calibration::BoardPlan;
use tentacle_hat::drive::{Notice, Order, Shell};

/// What goes wrong at the bench.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// The board is lost, and why.
    Lost(String),
    /// It forgot what it was told.
    Disturbed,
    /// No pulse leaves it, and why.
    Shut(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(why) => write!(f, "the board is lost; trying again: {why}"),
            Self::Disturbed => {
                f.write_str("the board forgot what it was told: is its supply steady?")
            }
            Self::Shut(why) => f.write_str(why),
        }
    }
}

/// The bench.
pub(crate) struct Bench<'m, F> {
    machine: &'m mut Machine,
    signals: Signals,
    pause: Pause,
    hear: F,
    lost: bool,
}

impl<'m, F: FnMut(Trouble)> Bench<'m, F> {
    pub(crate) fn new(machine: &'m mut Machine, signals: Signals, hear: F) -> Self {
        Self {
            machine,
            pause: Pause::new(signals.clone()),
            signals,
            hear,
            lost: false,
        }
    }
}

impl<F: FnMut(Trouble)> Shell for Bench<'_, F> {
    type Bus = HostBus;
    type Error = BusError;

    fn open(&mut self, board: &BoardPlan) -> Result<HostBus, BusError> {
        self.machine.open(board)
    }

    fn now_us(&mut self) -> u64 {
        self.machine.time.now_us()
    }

    fn sleep_until(&mut self, t_us: u64) {
        self.machine.time.sleep_until(t_us);
        self.machine.advance_to(t_us);
    }

    fn order(&mut self) -> Order {
        if self.signals.take_stop() || self.signals.take_hangup() {
            Order::Quit
        } else if self.pause.wants_relaxing() {
            Order::Rearm
        } else {
            Order::Play
        }
    }

    fn notice(&mut self, notice: Notice<'_, BusError>) {
        match notice {
            Notice::Lost(loss) if !self.lost => {
                self.lost = true;
                let why = self.machine.explain(*loss).to_string();
                (self.hear)(Trouble::Lost(why));
            }
            Notice::Disturbed => (self.hear)(Trouble::Disturbed),
            Notice::Armed(_) | Notice::Relaxed => {
                let out = matches!(notice, Notice::Armed(_));
                self.lost &= !out;
                if let Err(why) = self.machine.let_out(out) {
                    (self.hear)(Trouble::Shut(why));
                }
                self.pause.hear(out);
            }
            _ => {}
        }
    }
}
