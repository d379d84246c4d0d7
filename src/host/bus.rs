//! The bus to the board: the Pi's own, or the virtual one.

use super::chip::KeptChip;
use super::faults::Schedule;
use super::pi::PiBus;
use embedded_hal::i2c::{ErrorType, I2c, Operation};
use std::cell::RefCell;
use std::rc::Rc;
use tentacle_hat::board::BusError;
use tentacle_hat::board::faulty::{Fault, Faulty};
use tentacle_hat::board::traced::{Traced, Transaction};
use tentacle_hat::board::virtual_chip::{Chip, VirtualBus};

/// A virtual chip's bus, every transaction of which is kept in its file.
type Kept = Traced<VirtualBus<Rc<RefCell<Chip>>>, Box<dyn FnMut(&Transaction<'_, '_>)>>;

/// A bus with a PCA9685 on it.
pub(crate) enum HostBus {
    /// The Pi's, and a virtual chip that is told the same, for who wants to see
    /// what the real one emits.
    Pi(PiBus, Option<Rc<KeptChip>>),
    /// The virtual board's.
    Virtual(Faulty<Kept, Box<dyn FnMut() -> Option<Fault>>>),
}

impl HostBus {
    /// The Pi's bus `/dev/i2c-N`.
    pub(crate) fn pi(bus: u8, mirror: Option<Rc<KeptChip>>) -> Result<Self, BusError> {
        PiBus::open(bus).map(|bus| Self::Pi(bus, mirror))
    }

    /// The bus of the virtual board, failing as `faults` says.
    pub(crate) fn faulty(chip: Rc<KeptChip>, faults: Rc<Schedule>) -> Self {
        let bus = VirtualBus(Rc::clone(&chip.chip));
        let keep: Box<dyn FnMut(&Transaction<'_, '_>)> = Box::new(move |_| chip.keep());
        let strike = Box::new(move || faults.strike());
        Self::Virtual(Faulty::new(Traced::new(bus, keep), strike))
    }
}

impl ErrorType for HostBus {
    type Error = BusError;
}

impl I2c for HostBus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        match self {
            Self::Virtual(bus) => bus.transaction(address, operations),
            Self::Pi(bus, mirror) => {
                bus.transaction(address, operations)?;
                if let Some(mirror) = mirror {
                    reflect(mirror, address, operations);
                }
                Ok(())
            }
        }
    }
}

/// Tells the mirror what the real chip was told, or was found to hold.
fn reflect(mirror: &KeptChip, address: u8, operations: &mut [Operation<'_>]) {
    match operations {
        [Operation::Write([register]), Operation::Read(found)] => {
            mirror.chip.borrow_mut().assume(*register, found);
        }
        _ => {
            // It has the address, and a virtual bus does not fail by itself.
            let _ = VirtualBus(&*mirror.chip).transaction(address, operations);
        }
    }
}
