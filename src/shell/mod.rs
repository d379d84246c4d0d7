//! The real world as the loop sees it while the hat performs: the machine, the
//! signals, and who is told what happens.

mod log;
mod service;
mod trace;

use crate::failure::Failure;
use crate::files::Files;
use crate::host::{Machine, Which};
use crate::say;
use crate::signals::Signals;
use crate::state::State;
use crate::view::View;
use anyhow::{Context, Result};
use log::Log;
use sd_notify::NotifyState;
use service::Service;
use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::rc::Rc;
use tentacle_hat::board::BusError;
use tentacle_hat::calibration::BoardPlan;
use tentacle_hat::drive::{Notice, Order, Shell, Slot};
use tentacle_hat::motion::{Hat, Motion, Show};
use tentacle_hat::units::Timebase;
use trace::Trace;

/// What is played, from where, and who looks on.
#[derive(Clone, Debug)]
pub(crate) struct Programme {
    pub(crate) files: Files,
    /// The show instead of what the files say.
    pub(crate) demo: bool,
    pub(crate) seconds: Option<u64>,
    pub(crate) unpaced: bool,
    pub(crate) view: bool,
    pub(crate) trace: Option<PathBuf>,
}

impl Programme {
    /// The hat and its motion, as the files have them now.
    ///
    /// # Errors
    /// The files' faults.
    pub(crate) fn hat(&self) -> Result<Hat, Failure> {
        let mut hat = self.files.load()?;
        if self.demo {
            hat.motion = Motion::Show(Show::new(hat.rig.tentacles()));
        }
        Ok(hat)
    }
}

/// A hat that was read again, until the performer takes it.
type Inbox = Rc<RefCell<Option<Hat>>>;

/// The shell that the program runs the loop in.
pub(crate) struct HostShell<'p> {
    programme: &'p Programme,
    pub(crate) machine: Machine,
    signals: Signals,
    stopping: bool,
    service: Option<Service>,
    log: Log,
    inbox: Inbox,
    timebase: Timebase,
    trace: Option<Trace>,
    view: Option<View>,
    state: State,
}

impl<'p> HostShell<'p> {
    /// The shell for a hat's board.
    ///
    /// # Errors
    /// Another process drives the board, or the trace cannot be written.
    pub(crate) fn new(programme: &'p Programme, which: Which, hat: &Hat) -> Result<Self> {
        let rig = &hat.rig;
        let trace = programme.trace.as_ref().map(|path| {
            Trace::create(path, rig, programme.seconds).with_context(|| path.display().to_string())
        });
        let trace = trace.transpose()?;
        let signals = Signals::catch()?;
        let watched = trace.is_some() || programme.view;
        Ok(Self {
            programme,
            machine: Machine::new(which, rig.board(), programme.unpaced, watched)?,
            signals: signals.clone(),
            stopping: false,
            service: Service::find(),
            log: Log::default(),
            inbox: Inbox::default(),
            timebase: *rig.timebase(),
            trace,
            // Last, so that whatever else fails is said on a quiet screen.
            view: programme
                .view
                .then(|| View::show(rig.clone(), signals))
                .transpose()?,
            state: State::default(),
        })
    }

    /// Where the performer finds a hat that was read again.
    pub(crate) fn inbox(&self) -> impl FnMut() -> Option<Hat> + use<> {
        let inbox = Rc::clone(&self.inbox);
        move || inbox.borrow_mut().take()
    }

    /// Whether a service manager started this program, which then waits for a
    /// board that is absent.
    pub(crate) fn is_service(&self) -> bool {
        self.service.is_some()
    }

    /// Ends the trace, and then the view, which may end the program.
    pub(crate) fn finish(self) -> Result<()> {
        let trace = self.trace.map_or(Ok(()), Trace::finish);
        self.view.map_or(Ok(()), |mut view| view.close())?;
        trace
    }

    /// Lets the board live up to `t_us`, row by row of the trace.
    fn advance_to(&mut self, t_us: u64) {
        while let Some(trace) = &mut self.trace
            && let Some(k) = trace.next_row()
            && let Some(chip) = &self.machine.chip
            && self.timebase.slot_us(k + 1) <= t_us
        {
            self.machine.advance_to(self.timebase.slot_us(k + 1));
            trace.row(self.timebase.slot_us(k), &chip.chip.borrow());
        }
        self.machine.advance_to(t_us);
    }

    /// Says a line to the user where he looks.
    fn say(&self, line: &str) {
        match &self.view {
            Some(view) => view.say(line),
            None => say::say(line),
        }
    }

    /// Lets the view know how the slot went, or says a scene's name when it
    /// begins, if anybody reads along.
    fn show(&mut self, slot: &Slot) {
        let begins = self.state.scene != slot.scene;
        self.state.slot(slot);
        if begins && self.view.is_none() && io::stderr().is_terminal() {
            say::say(slot.scene);
        }
    }

    /// Reads the files again; bad ones are refused and the old hat goes on.
    fn read_again(&mut self) {
        if let Some(service) = &mut self.service {
            service.reloading();
        }
        let read = self.programme.hat();
        // In force, or refused.
        service::say(&[NotifyState::Ready]);
        match read {
            Ok(hat) => {
                self.say("the calibration was read again");
                if let Some(view) = &self.view {
                    view.change(hat.rig.clone());
                }
                *self.inbox.borrow_mut() = Some(hat);
            }
            Err(error) => {
                self.say(&format!(
                    "the calibration has faults; the old one goes on:\n{error:#}"
                ));
                if let Some(service) = &mut self.service {
                    let status = "the new calibration was refused; the old one goes on";
                    service.edge(self.machine.time.now_us(), status);
                }
            }
        }
    }
}

impl Shell for HostShell<'_> {
    type Bus = crate::host::HostBus;
    type Error = BusError;

    fn open(&mut self, board: &BoardPlan) -> Result<Self::Bus, BusError> {
        self.machine.open(board)
    }

    fn now_us(&mut self) -> u64 {
        self.machine.time.now_us()
    }

    fn sleep_until(&mut self, t_us: u64) {
        self.machine.time.sleep_until(t_us);
        // The board lives by the slots, not by how late the loop woke: a trace
        // depends on files and flags alone.
        self.advance_to(t_us);
        if let (Some(view), Some(chip)) = (&mut self.view, &self.machine.chip) {
            self.state.observe(t_us, &chip.chip.borrow());
            if self.machine.faults.strikes_view() {
                view.break_down();
            }
            if !view.publish(self.state) {
                // A view that broke down leaves nobody to say when to stop.
                self.signals.ask_stop();
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
        let before = self.stopping;
        self.stopping |= stop;
        match (stop, before) {
            (true, true) => Order::Quit,
            (false, false) => Order::Play,
            _ => Order::Stop,
        }
    }

    fn notice(&mut self, notice: Notice<'_, BusError>) {
        let line = self.log.line(&notice, |error| self.machine.explain(error));
        if let Some(line) = &line {
            self.say(line);
        }
        if let Some(service) = &mut self.service {
            match notice {
                Notice::Lost(_) | Notice::Disturbed => service.feed(self.machine.time.now_us()),
                // The slot's own moment: the frame path reads no clock for it.
                Notice::Slot(slot) => service.slot(slot),
                Notice::Stopping => service::say(&[NotifyState::Stopping]),
                _ => {}
            }
            if let Some(line) = &line {
                service.edge(self.machine.time.now_us(), line);
            }
        }
        match notice {
            Notice::Slot(slot) => self.show(slot),
            Notice::Stopping => self.state.stopping = true,
            Notice::Armed(_) | Notice::Relaxed => {
                let out = matches!(notice, Notice::Armed(_));
                self.state.stopping &= !out;
                if let Err(why) = self.machine.let_out(out) {
                    self.say(&why);
                }
            }
            _ => {}
        }
    }
}
