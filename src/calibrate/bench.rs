//! The board while somebody calibrates: the clock, the bus, and a rig without
//! tables, so that arming it takes over no pulse of another process.

use crate::cli::{BoardKind, Global};
use crate::failure::{Exit, Failure};
use crate::files::Servos;
use crate::host::bus::HostBus;
use crate::host::chip::KeptChip;
use crate::host::clock::Clock;
use crate::host::faults::Schedule;
use crate::host::oe::OutputsOn;
use crate::host::{self, chip};
use anyhow::{Context, Result};
use embedded_hal::delay::DelayNs;
use std::rc::Rc;
use std::time::Duration;
use tentacle_hat::board::BusError;
use tentacle_hat::calibration::{Rig, TentaclePlan};

/// The bench.
pub(crate) struct Bench {
    kind: BoardKind,
    pub(crate) rig: Rig,
    pub(crate) chip: KeptChip,
    faults: Rc<Schedule>,
    clock: Clock,
}

impl Bench {
    pub(crate) fn new(global: &Global, servos: &Servos) -> Result<Self> {
        let mut plans: Vec<TentaclePlan> = servos.plans.clone();
        for plan in plans.iter_mut().flat_map(|tentacle| &mut tentacle.servos) {
            plan.table = None;
        }
        let board = servos.rig.board().clone();
        let chip = chip::open(global, &board)?;
        let slowest = Rig::TOTAL_SPEED.0 as f32;
        let rig = Rig::new(board, slowest, &plans, |_| {});
        let faults = global.faults.as_deref();
        Ok(Self {
            kind: global.board,
            rig: rig.context("the servos fit no board")?,
            chip,
            faults: Rc::new(faults.map_or(Ok(Schedule::default()), str::parse)?),
            clock: Clock::start(false),
        })
    }

    pub(crate) fn open(&self) -> Result<HostBus<'_>, BusError> {
        match self.kind {
            BoardKind::Pi => HostBus::pi(self.rig.board().bus, None),
            BoardKind::Virtual => Ok(HostBus::faulty(&self.chip, Rc::clone(&self.faults))),
        }
    }

    /// Lets the pulses out of the board, if its OE is wired, until this is dropped.
    pub(crate) fn outputs_on(&self) -> Result<Option<OutputsOn>, Failure> {
        match (self.kind, self.rig.board().oe_gpio) {
            (BoardKind::Pi, Some(pin)) => OutputsOn::new(pin).map(Some).map_err(|error| Failure {
                exit: Exit::Other,
                message: format!("OE on GPIO {pin} cannot be driven: {error}"),
            }),
            _ => Ok(None),
        }
    }

    pub(crate) fn is_virtual(&self) -> bool {
        self.kind == BoardKind::Virtual
    }

    pub(crate) fn explain(&self, error: BusError) -> Failure {
        host::explain(error, self.rig.board())
    }

    /// Monotonic time, µs since the start; the virtual board lives up to it.
    pub(crate) fn now_us(&self) -> u64 {
        let now_us = self.clock.now_us();
        self.faults.advance(now_us, &self.chip.chip);
        now_us
    }
}

/// The bench's clock as the driver crates know a delay.
pub(crate) struct Delay<'b>(pub(crate) &'b Bench);

impl DelayNs for Delay<'_> {
    fn delay_ns(&mut self, ns: u32) {
        std::thread::sleep(Duration::from_nanos(ns.into()));
        self.0.now_us();
    }
}
