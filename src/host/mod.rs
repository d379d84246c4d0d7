//! The machine that drives a board: its bus, its clock, OE and a button, where they
//! are wired; or a virtual board in their place.

pub(crate) mod bench;
mod bus;
mod button;
mod chip;
mod crooked;
mod faults;
pub(crate) mod input;
mod lock;
mod oe;
mod pi;

mod press;
mod time;
mod wire;

pub(crate) use bus::HostBus;
pub(crate) use button::Button;
pub(crate) use chip::KeptChip;
pub(crate) use crooked::Crooked;
pub(crate) use faults::Schedule;
pub(crate) use press::Press;

use crate::failure::{Exit, Failure};

use lock::Lock;
use oe::OutputsOn;
use std::path::PathBuf;
use std::rc::Rc;
use tentacle_hat::board::{BusError, ONE_CYCLE_US};
use tentacle_hat::calibration::{BoardPlan, Rig};
use tentacle_hat::drive::Loss;
use time::Time;

/// Which board is driven.
#[derive(Clone, Debug)]
pub(crate) enum Which {
    /// The PCA9685 on the Raspberry Pi's I2C bus.
    Pi,
    Virtual(Virtual),
}

/// A virtual board.
#[derive(Clone, Debug)]
pub(crate) struct Virtual {
    /// Where its registers are kept, if not in memory alone.
    pub(crate) file: Option<PathBuf>,
    /// Its real oscillator, if not the one in the files.
    pub(crate) oscillator_hz: Option<u32>,
    pub(crate) faults: Schedule,
    /// Its tentacles, if they are not as straight as their tables.
    pub(crate) crooked: Option<Crooked>,
}

impl Which {
    pub(crate) fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }

    /// Its tentacles, if they are known to be crooked.
    pub(crate) fn crooked(&self) -> Option<Crooked> {
        match self {
            Self::Pi => None,
            Self::Virtual(board) => board.crooked.clone(),
        }
    }

    /// What is locked to keep every other process from driving the same board,
    /// and what users call it: a virtual board in memory is nobody else's.
    fn shared(&self, board: &BoardPlan) -> Option<(PathBuf, PathBuf)> {
        match self {
            Self::Pi => Some((lock::of_bus(board.bus), device(board.bus))),
            Self::Virtual(board) => board.file.clone().map(|file| (file.clone(), file)),
        }
    }

    /// Locks the board, but for one in memory.
    fn lock(&self, board: &BoardPlan) -> Result<Option<Lock>, Failure> {
        match self.shared(board) {
            Some((path, bus)) => Lock::take(&path, &bus, self.is_virtual()),
            None => Ok(None),
        }
    }

    /// What failed, where, and what to do about it.
    pub(crate) fn explain(&self, loss: impl Into<Loss<BusError>>, board: &BoardPlan) -> Failure {
        let loss = loss.into();
        if let (Loss::Bus(BusError::DRIVEN), Some((path, bus))) = (loss, self.shared(board)) {
            return lock::driven(&path, &bus);
        }
        let (exit, why) = match loss {
            Loss::Bus(error) => {
                let (exit, remedy) = remedy(error);
                (exit, format!("{error}; {remedy}"))
            }
            Loss::Unheld => (Exit::NoBoard, UNHELD.to_owned()),
        };
        let (device, address) = (device(board.bus), board.address.get());
        Failure {
            exit,
            message: format!("{}, address {address:#04x}: {why}", device.display()),
        }
    }
}

const UNHELD: &str = "the chip answers, but does not hold what it is told; `tentacle-hat check` \
                      looks into it";

/// The bus's device file.
fn device(bus: u8) -> PathBuf {
    format!("/dev/i2c-{bus}").into()
}

/// A machine that has a board for itself.
pub(crate) struct Machine {
    which: Which,
    pub(crate) time: Time,
    /// The virtual board, or the mirror of a real one that somebody watches. A
    /// hat alone has none.
    pub(crate) chip: Option<Rc<KeptChip>>,
    pub(crate) faults: Rc<Schedule>,
    /// The board that was opened last, and the lock on its bus.
    board: BoardPlan,
    lock: Option<Lock>,
    outputs: Option<OutputsOn>,
}

impl Machine {
    /// A machine for a board, its time real or `unpaced`; with a chip to look at
    /// if it is `watched`.
    ///
    /// # Errors
    /// Another process drives the board.
    pub(crate) fn new(
        which: Which,
        board: &BoardPlan,
        unpaced: bool,
        watched: bool,
    ) -> Result<Self, Failure> {
        let lock = which.lock(board)?;
        let (chip, faults) = match &which {
            Which::Pi => (
                watched.then(|| KeptChip::mirror(board)),
                Schedule::default(),
            ),
            Which::Virtual(own) => (Some(KeptChip::open(own, board)?), own.faults.clone()),
        };
        Ok(Self {
            which,
            time: Time::start(unpaced),
            chip: chip.map(Rc::new),
            faults: Rc::new(faults),
            board: *board,
            lock,
            outputs: None,
        })
    }

    pub(crate) fn is_virtual(&self) -> bool {
        self.which.is_virtual()
    }

    /// Opens the bus to a board.
    pub(crate) fn open(&mut self, board: &BoardPlan) -> Result<HostBus, BusError> {
        self.board = *board;
        // The bus may only now be there, or a reload named another one.
        let is_on = |(path, _): &(PathBuf, PathBuf)| {
            let lock = self.lock.as_ref();
            lock.is_some_and(|lock| lock.is_on(path))
        };
        if self
            .which
            .shared(board)
            .is_some_and(|shared| !is_on(&shared))
        {
            // Let go first: two locks of one process exclude each other, too.
            self.lock = None;
            self.lock = self.which.lock(board).map_err(|_| BusError::DRIVEN)?;
        }
        match (&self.which, &self.chip) {
            (Which::Virtual(_), Some(chip)) => {
                Ok(HostBus::faulty(Rc::clone(chip), Rc::clone(&self.faults)))
            }
            (_, mirror) => HostBus::pi(board.bus, mirror.clone()),
        }
    }

    /// Whether a Pi's bus is fast enough for a hat, and the words for it, where the
    /// kernel tells its clock.
    pub(crate) fn carries(&self, rig: &Rig) -> Option<(bool, String)> {
        match self.which {
            Which::Pi => pi::clock_hz(rig.board().bus).map(|hz| wire::carries(hz, rig)),
            Which::Virtual(_) => None,
        }
    }

    /// Lets the chip live up to `t_us`: by the slots, not by how late somebody
    /// woke, so that what it emits depends on files and flags alone.
    pub(crate) fn advance_to(&self, t_us: u64) {
        if let Some(chip) = &self.chip {
            self.faults.advance(t_us, &chip.chip);
        }
    }

    /// Lets the pulses out of the board, or shuts them in, if OE is wired.
    ///
    /// # Errors
    /// Why the servos stay limp.
    pub(crate) fn let_out(&mut self, out: bool) -> Result<(), String> {
        if self.outputs.is_some() {
            // OE would cut the pulse that full-off lets end.
            let over_us = self.time.now_us() + u64::from(ONE_CYCLE_US);
            self.time.sleep_until(over_us);
        }
        self.outputs = None;
        if let (true, Which::Pi, Some(pin)) = (out, &self.which, self.board.oe_gpio) {
            let outputs = OutputsOn::new(pin).map_err(|error| {
                format!("OE on GPIO {pin} cannot be driven: {error}; the servos stay limp")
            })?;
            self.outputs = Some(outputs);
        }
        Ok(())
    }

    /// Lets OE float, whoever drove it before.
    ///
    /// # Errors
    /// Why it could not be.
    pub(crate) fn release_oe(&mut self) -> Result<(), String> {
        let (Which::Pi, Some(pin)) = (&self.which, self.board.oe_gpio) else {
            return Ok(());
        };
        let over_us = self.time.now_us() + u64::from(ONE_CYCLE_US);
        self.time.sleep_until(over_us);
        oe::release(pin).map_err(|error| format!("OE on GPIO {pin} cannot be let go: {error}"))
    }

    /// What failed, where, and what to do about it.
    pub(crate) fn explain(&self, loss: impl Into<Loss<BusError>>) -> Failure {
        self.which.explain(loss, &self.board)
    }
}

/// How a fault of the bus exits, and what to do about it.
fn remedy(error: BusError) -> (Exit, &'static str) {
    match error {
        BusError::NO_ANSWER | BusError::NO_ANSWER_EITHER => (
            Exit::NoBoard,
            "check the board's 3.3 V and ground, SDA and SCL, and its address jumpers; \
             `tentacle-hat check` looks for it at every address",
        ),
        BusError::TIMED_OUT => (
            Exit::NoBoard,
            "SDA or SCL is held low: look for a short, or a board without power",
        ),
        BusError::CUT_SHORT => (
            Exit::NoBoard,
            "a loose or long wire, or a sagging supply, disturbs the bus",
        ),
        BusError::BUSY => (
            Exit::NoBoard,
            "remove the dtoverlay that claims it from /boot/firmware/config.txt",
        ),
        BusError::NO_BUS => (
            Exit::NoBoard,
            "turn I2C on with `sudo raspi-config nonint do_i2c 0`, or correct `i2c-bus` in \
             servos.toml; without a Raspberry Pi, try `--board virtual`",
        ),
        BusError::NO_PERMISSION => (
            Exit::Permission,
            "join the group with `sudo usermod -aG i2c $USER` and log in again",
        ),
        BusError::RESERVED => (
            Exit::NoBoard,
            "I2C keeps 0x78 to 0x7f for itself: choose another address with the board's jumpers",
        ),
        _ => (Exit::NoBoard, "`dmesg | tail` may tell more"),
    }
}
