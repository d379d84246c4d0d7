//! The real world as the loop sees it: the clock, the signals, the bus, and who
//! is told what happens.

use super::bus::HostBus;
use super::chip::KeptChip;
use super::clock::Clock;
use super::faults::Schedule;
use super::lock::Lock;
use super::log::Log;
use super::oe::OutputsOn;
use super::service::Service;
use super::signals::Signals;
use super::trace::Trace;
use crate::cli::{BoardKind, Global, Run};
use crate::view::{self, Snapshot, View};
use anyhow::{Context, Result};
use std::io::{self, IsTerminal};
use std::rc::Rc;
use tentacle_hat::board::BusError;
use tentacle_hat::calibration::BoardPlan;
use tentacle_hat::drive::{Notice, Order, Plan, Shell, Slot};
use tentacle_hat::units::Timebase;

/// The shell that the program runs the loop in.
pub(crate) struct HostShell<'c> {
    global: &'c Global,
    options: &'c Run,
    clock: Clock,
    signals: Signals,
    stopping: bool,
    service: Option<Service>,
    log: Log,
    /// The board that was opened last, and the lock on its bus.
    board: BoardPlan,
    lock: Option<Lock>,
    outputs: Option<OutputsOn>,
    chip: &'c KeptChip,
    faults: Rc<Schedule>,
    /// A plan that was read again, for the loop to fetch.
    next: Option<Plan>,
    timebase: Timebase,
    trace: Option<Trace>,
    view: Option<View>,
    /// What the view is told.
    snapshot: Snapshot,
}

impl<'c> HostShell<'c> {
    /// The shell for a plan's board.
    ///
    /// # Errors
    /// Another process drives the board, or the trace cannot be written.
    pub(crate) fn new(
        global: &'c Global,
        options: &'c Run,
        plan: &Plan,
        chip: &'c KeptChip,
    ) -> Result<Self> {
        let watched = view::wanted(options)?;
        let board = plan.rig.board().clone();
        let faults: Schedule = global.faults.as_deref().unwrap_or_default().parse()?;
        let trace = options.trace.as_ref().map(|path| {
            Trace::create(path, &plan.rig, options.seconds)
                .with_context(|| path.display().to_string())
        });
        let signals = Signals::catch()?;
        Ok(Self {
            global,
            options,
            clock: Clock::start(options.unpaced),
            signals: signals.clone(),
            stopping: false,
            service: Service::find(),
            log: Log::default(),
            lock: super::lock(global, &board)?,
            board,
            outputs: None,
            chip,
            faults: Rc::new(faults),
            next: None,
            timebase: *plan.rig.timebase(),
            trace: trace.transpose()?,
            // Last, so that whatever else fails is said on a quiet screen.
            view: watched
                .then(|| View::show(plan.rig.clone(), signals))
                .transpose()?,
            snapshot: Snapshot::NOTHING,
        })
    }

    /// Whether a service manager started this program, which then waits for a
    /// board that is absent.
    pub(crate) fn is_service(&self) -> bool {
        self.service.is_some()
    }

    /// Whether there is a virtual chip to keep up with: the board itself, or the
    /// mirror of a real one that somebody watches. A hat alone has none.
    fn has_chip(&self) -> bool {
        self.global.board == BoardKind::Virtual || self.trace.is_some() || self.view.is_some()
    }

    /// Ends the trace, and then the view, which may end the program.
    pub(crate) fn finish(self) -> Result<()> {
        let trace = self.trace.map_or(Ok(()), Trace::finish);
        self.view.map_or(Ok(()), View::close)?;
        trace
    }

    /// Lets the virtual board live up to `t_us`, row by row of the trace.
    fn advance_to(&mut self, t_us: u64) {
        while let Some(trace) = &mut self.trace
            && let Some(k) = trace.next_row()
            && self.timebase.slot_us(k + 1) <= t_us
        {
            let end_us = self.timebase.slot_us(k + 1);
            self.faults.advance(end_us, &self.chip.chip);
            trace.row(self.timebase.slot_us(k), &self.chip.chip.borrow());
        }
        self.faults.advance(t_us, &self.chip.chip);
    }

    /// Says a line to the user where he looks.
    fn say(&self, line: &str) {
        match &self.view {
            Some(view) => view.say(line),
            None => super::say(line),
        }
    }

    /// Lets the view know how the slot went, or says a scene's name when it
    /// begins, if anybody reads along.
    fn show(&mut self, slot: &Slot) {
        let begins = self.snapshot.scene != slot.scene;
        self.snapshot.slot(slot);
        if begins && self.view.is_none() && io::stderr().is_terminal() {
            super::say(slot.scene);
        }
    }

    /// Reads the files again; bad ones are refused and the old plan goes on.
    fn read_again(&mut self) {
        if let Some(service) = &mut self.service {
            service.reloading();
        }
        let read = super::plan(self.global, self.options);
        if let Some(service) = &mut self.service {
            service.reloaded();
        }
        match read {
            Ok(plan) => {
                self.say("the calibration was read again");
                self.next = Some(plan);
            }
            Err(error) => {
                let line = format!("the calibration has faults; the old one goes on:\n{error:#}");
                self.say(&line);
                if let Some(service) = &mut self.service {
                    let status = "the new calibration was refused; the old one goes on";
                    service.edge(self.clock.now_us(), status);
                }
            }
        }
    }

    /// Lets the pulses out of the board, or shuts them in, if OE is wired.
    fn let_out(&mut self, out: bool) {
        self.outputs = None;
        if let (true, BoardKind::Pi, Some(pin)) = (out, self.global.board, self.board.oe_gpio) {
            match OutputsOn::new(pin) {
                Ok(outputs) => self.outputs = Some(outputs),
                Err(error) => self.say(&format!(
                    "OE on GPIO {pin} cannot be driven: {error}; the servos stay limp"
                )),
            }
        }
    }
}

impl<'c> Shell for HostShell<'c> {
    type Bus = HostBus<'c>;
    type Error = BusError;

    fn open(&mut self, board: &BoardPlan) -> Result<HostBus<'c>, BusError> {
        if board.bus != self.board.bus || self.lock.is_none() {
            // The device may only now be there, or a reload named another one.
            self.lock = super::lock(self.global, board).map_err(|failure| {
                self.say(&failure.message);
                BusError::BUSY
            })?;
        }
        self.board = board.clone();
        match self.global.board {
            BoardKind::Pi => HostBus::pi(board.bus, self.has_chip().then_some(self.chip)),
            BoardKind::Virtual => Ok(HostBus::faulty(self.chip, Rc::clone(&self.faults))),
        }
    }

    fn now_us(&mut self) -> u64 {
        self.clock.now_us()
    }

    fn sleep_until(&mut self, t_us: u64) {
        self.clock.sleep_until(t_us);
        if !self.has_chip() {
            return;
        }
        // The board lives by the slots, not by how late the loop woke: a trace
        // depends on files and flags alone.
        self.advance_to(t_us);
        if let Some(view) = &self.view {
            self.snapshot.observe(t_us, &self.chip.chip.borrow());
            view.publish(self.snapshot);
            if self.faults.strikes_view() {
                view.break_down();
            }
        }
    }

    fn order(&mut self) -> Order {
        let mut stop = self.signals.take_stop();
        if self.signals.take_hangup() {
            if self.is_service() && !self.stopping {
                self.read_again();
            } else {
                // Started by hand, it is a lost SSH connection.
                stop = true;
            }
        }
        match (stop, self.stopping) {
            (true, true) => Order::Quit,
            (true, false) => {
                self.stopping = true;
                Order::Stop
            }
            (false, true) => Order::Stop,
            (false, false) if self.next.is_some() => Order::Reload,
            (false, false) => Order::Play,
        }
    }

    fn reload(&mut self) -> Plan {
        let plan = self.next.take().expect("Order::Reload comes with a plan");
        if let Some(view) = &self.view {
            view.change(plan.rig.clone());
        }
        plan
    }

    fn notice(&mut self, notice: Notice<'_, BusError>) {
        let line = self.log.line(&notice, &self.board);
        if let Some(line) = &line {
            self.say(line);
        }
        if let Some(service) = &mut self.service {
            match notice {
                Notice::Trying => service.feed(self.clock.now_us()),
                // The slot's own moment: the frame path reads no clock for it.
                Notice::Slot(slot) => service.slot(slot),
                Notice::Stopping => service.stopping(),
                _ => {}
            }
            if let Some(line) = &line {
                service.edge(self.clock.now_us(), line);
            }
        }
        match notice {
            Notice::Slot(slot) => self.show(slot),
            Notice::Stopping => self.snapshot.stopping = true,
            Notice::Armed { .. } => {
                self.snapshot.stopping = false;
                self.let_out(true);
            }
            Notice::Relaxed => self.let_out(false),
            _ => {}
        }
    }
}
