//! One pulse on a spare channel as a source for the loop, which ends with its
//! measurement.

use crate::failure::{Exit, Failure};
use crate::host::bench::{Bench, Trouble};
use crate::host::{KeptChip, Machine};
use crate::outlet::Outlet;
use crate::say::say;
use crate::signals::Signals;
use anyhow::{Context, Result, bail};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::calibration::{BoardPlan, Channel, Name, Rig, ServoPlan, TentaclePlan};
use tentacle_hat::drive::{Course, Source, Terms, drive};
use tentacle_hat::pulse::Pulses;
use tentacle_hat::units::{Microseconds, Turns};

/// A channel that no servo is on.
#[derive(Clone, Debug)]
pub(crate) struct Spare {
    pub(crate) board: BoardPlan,
    pub(crate) channel: Channel,
}

impl Spare {
    /// The channel that is wished for, or the lowest.
    ///
    /// # Errors
    /// A servo is on it; what to do.
    pub(crate) fn of(rig: &Rig, wish: Option<Channel>) -> Result<Self> {
        let user = |channel: Channel| rig.servos().iter().position(|s| s.channel == channel);
        let spare: Vec<_> = Channel::all().filter(|c| user(*c).is_none()).collect();
        let Some(&lowest) = spare.first() else {
            bail!(
                "all sixteen channels have a servo: unplug one, and take its tentacle out of \
                 servos.toml while you measure"
            )
        };
        let channel = wish.unwrap_or(lowest);
        if let Some(servo) = user(channel) {
            let spare: Vec<_> = spare.iter().map(Channel::to_string).collect();
            bail!(
                "channel {channel} is {}'s, which would jump; spare channels are {}",
                rig.servo_name(servo),
                spare.join(", ")
            );
        }
        let board = *rig.board();
        Ok(Self { board, channel })
    }

    /// A hat of one tentacle, of which nothing is calibrated: arming its board
    /// takes over no pulse. Its other servo, on any channel, stays limp.
    fn rig(&self) -> Result<Rig> {
        let other = Channel::all().find(|other| *other != self.channel);
        let servo = |channel| ServoPlan {
            channel,
            table: None,
            trim_us: 0.0,
            max_speed: ServoPlan::SPEED.0 as f32,
        };
        let tentacle = TentaclePlan {
            name: Name::new(),
            facing: Turns::ZERO,
            compass: None,
            servos: [self.channel, other.unwrap_or(self.channel)].map(servo),
        };
        let slowest = Rig::TOTAL_SPEED.0 as f32;
        Rig::new(self.board, slowest, &[tentacle], |_| {}).context("two channels")
    }
}

/// Emits the pulse `commanded` while `measure` runs, and not a pulse longer.
/// `measure` is told what the virtual board really emits, µs. A measurement that
/// has to be `steady` is over once the board was armed anew: its pulses are at
/// another phase then.
pub(super) fn emit(
    machine: &mut Machine,
    spare: &Spare,
    commanded: Microseconds,
    steady: bool,
    measure: impl FnOnce(Option<f64>) -> Result<f64> + Send + 'static,
) -> Result<f64> {
    let (start, started) = mpsc::channel();
    let (done, measured) = mpsc::channel();
    // Whoever measures waits for hands, pins and terminals.
    thread::spawn(move || done.send(measure(started.recv()?)).context("nobody waits"));
    let failure = Rc::new(RefCell::new(None));
    let mut emission = Emission {
        rig: spare.rig()?,
        channel: spare.channel,
        pulse: commanded,
        chip: machine.chip.clone(),
        failure: Rc::clone(&failure),
        start: Some(start),
        measured,
        result: None,
    };
    let mut log = Outlet::open("log", 8, false, |lines| {
        lines.for_each(|(_, line)| say(line));
    })?;
    let hear = |trouble| {
        let is_shut = matches!(trouble, Trouble::Shut(_));
        let line = trouble.to_string();
        match steady || is_shut {
            true => *failure.borrow_mut() = Some((is_shut, format!("{line}; nothing was changed"))),
            false => drop(log.offer(line)),
        }
    };
    // Only now: before, Ctrl-C may end the program at once.
    let mut bench = Bench::new(machine, Signals::catch()?, hear);
    drive(&mut bench, &mut emission, Terms::default()).map_err(|error| machine.explain(error))?;
    if let Some((is_shut, message)) = failure.take() {
        let exit = if is_shut { Exit::Other } else { Exit::NoBoard };
        return Err(Failure { exit, message }.into());
    }
    emission.result.context("stopped; nothing was changed")?
}

struct Emission {
    rig: Rig,
    channel: Channel,
    pulse: Microseconds,
    chip: Option<Rc<KeptChip>>,
    /// Why it cannot go on: OE, or else the board.
    failure: Rc<RefCell<Option<(bool, String)>>>,
    /// Who measures waits for this, and is waited for.
    start: Option<Sender<Option<f64>>>,
    measured: Receiver<Result<f64>>,
    result: Option<Result<f64>>,
}

impl Source for Emission {
    fn rig(&self) -> &Rig {
        &self.rig
    }

    fn begin(&mut self, _: u64) {}

    fn course(&mut self, _: bool, _: u64, emitted: &Pulses) -> Course {
        if *emitted != Pulses::LIMP
            && let Some(start) = self.start.take()
        {
            let chip = self.chip.as_ref().map(|kept| kept.chip.borrow());
            let shown = match chip.map(|chip| chip.emitted(self.channel)) {
                Some(Emitted::Pulse(us)) => Some(us),
                _ => None,
            };
            // Whoever measures is there until he is done.
            let _ = start.send(shown);
        }
        if self.failure.borrow().is_some() {
            return Course::End;
        }
        match self.measured.try_recv() {
            Err(TryRecvError::Empty) => return Course::On,
            measured => self.result = measured.ok(),
        }
        Course::End
    }

    fn pulses(&mut self, _: u64, _: &Pulses) -> Pulses {
        let mut pulses = Pulses::LIMP;
        pulses.0[0] = Some(self.pulse);
        pulses
    }

    fn scene(&self) -> &'static str {
        "one pulse"
    }
}
