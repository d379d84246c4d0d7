//! The real world as the loop sees it: the clock, the signals, the bus.

use super::bus::HostBus;
use super::chip::KeptChip;
use super::faults::Schedule;
use super::signals::Signals;
use super::trace::Trace;
use crate::cli::{BoardKind, Global, Run};
use anyhow::{Context, Result};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tentacle_hat::board::BusError;
use tentacle_hat::calibration::BoardPlan;
use tentacle_hat::drive::{Notice, Order, Plan, Shell};
use tentacle_hat::units::Timebase;

/// Reads the monotonic clock, or counts simulated time.
#[derive(Clone, Copy, Debug)]
enum Clock {
    Paced(Instant),
    Unpaced(u64),
}

impl Clock {
    fn now_us(&self) -> u64 {
        match self {
            Self::Paced(start) => start.elapsed().as_micros() as u64,
            Self::Unpaced(now_us) => *now_us,
        }
    }

    fn sleep_until(&mut self, t_us: u64) {
        match self {
            Self::Paced(_) => {
                let left = t_us.saturating_sub(self.now_us());
                std::thread::sleep(Duration::from_micros(left));
            }
            Self::Unpaced(now_us) => *now_us = t_us.max(*now_us),
        }
    }
}

/// The shell that the program runs the loop in.
pub(crate) struct HostShell<'c> {
    clock: Clock,
    signals: Signals,
    stopping: bool,
    kind: BoardKind,
    /// Whether somebody looks at what a real board emits.
    mirrored: bool,
    chip: &'c KeptChip,
    faults: Rc<Schedule>,
    timebase: Timebase,
    trace: Option<Trace>,
    /// The next row of the trace, and how many there will be.
    row: u64,
    rows: u64,
    trace_error: Option<std::io::Error>,
}

impl<'c> HostShell<'c> {
    pub(crate) fn new(
        global: &Global,
        options: &Run,
        plan: &Plan,
        chip: &'c KeptChip,
    ) -> Result<Self> {
        let timebase = *plan.rig.timebase();
        let faults = global
            .faults
            .as_deref()
            .map_or(Ok(Schedule::default()), str::parse)?;
        let trace = options
            .trace
            .as_ref()
            .map(|path| Trace::create(path, &plan.rig).with_context(|| path.display().to_string()))
            .transpose()?;
        let rows = options
            .seconds
            .map_or(u64::MAX, |s| s * u64::from(timebase.rate_hz()));
        Ok(Self {
            clock: match options.unpaced {
                true => Clock::Unpaced(0),
                false => Clock::Paced(Instant::now()),
            },
            signals: Signals::catch()?,
            stopping: false,
            kind: global.board,
            mirrored: options.trace.is_some(),
            chip,
            faults: Rc::new(faults),
            timebase,
            trace,
            row: 0,
            rows,
            trace_error: None,
        })
    }

    /// Ends the trace.
    pub(crate) fn finish(self) -> Result<()> {
        if let Some(error) = self.trace_error {
            return Err(error).context("the trace could not be written");
        }
        match self.trace {
            Some(trace) => trace.finish().context("the trace could not be written"),
            None => Ok(()),
        }
    }

    /// Lets the virtual board live up to `t_us`, row by row of the trace.
    fn advance_to(&mut self, t_us: u64) {
        while self.row < self.rows && self.timebase.slot_us(self.row + 1) <= t_us {
            self.faults
                .advance(self.timebase.slot_us(self.row + 1), &self.chip.chip);
            let row_us = self.timebase.slot_us(self.row);
            if let Some(trace) = &mut self.trace
                && let Err(error) = trace.row(row_us, &self.chip.chip.borrow())
            {
                self.trace_error.get_or_insert(error);
                self.trace = None;
            }
            self.row += 1;
        }
        self.faults.advance(t_us, &self.chip.chip);
    }
}

impl<'c> Shell for HostShell<'c> {
    type Bus = HostBus<'c>;
    type Error = BusError;

    fn open(&mut self, board: &BoardPlan) -> Result<HostBus<'c>, BusError> {
        match self.kind {
            BoardKind::Pi => HostBus::pi(board.bus, self.mirrored.then_some(self.chip)),
            BoardKind::Virtual => Ok(HostBus::faulty(self.chip, Rc::clone(&self.faults))),
        }
    }

    fn now_us(&mut self) -> u64 {
        self.clock.now_us()
    }

    fn sleep_until(&mut self, t_us: u64) {
        self.clock.sleep_until(t_us);
        // The board lives by the slots, not by how late the loop woke: a trace
        // depends on files and flags alone.
        self.advance_to(t_us);
    }

    fn order(&mut self) -> Order {
        match (self.signals.take_stop(), self.stopping) {
            (true, true) => Order::Quit,
            (true, false) => {
                self.stopping = true;
                Order::Stop
            }
            (false, true) => Order::Stop,
            (false, false) => Order::Play,
        }
    }

    fn reload(&mut self) -> Plan {
        unreachable!("this shell never orders a reload")
    }

    fn notice(&mut self, notice: Notice<'_, BusError>) {
        match notice {
            Notice::Lost(error) => eprintln!("the board is lost: {error}; trying again"),
            Notice::Disturbed => eprintln!("the board forgot what it was told; starting it anew"),
            _ => {}
        }
    }
}
