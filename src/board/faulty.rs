//! A wrapper around a bus that makes it fail when it is told to.

use super::BusError;
use embedded_hal::i2c::{ErrorType, I2c, Operation};

/// How one transaction fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The address is not answered: nothing reaches the chip.
    Nack,
    /// A written byte is not answered: the chip has taken those before it.
    /// Counts the bytes after the address that arrive.
    CutAfter(usize),
    /// Whatever reads fails; what only writes arrives.
    NoReads,
    /// The bus hangs until the driver gives up; nothing reaches the chip.
    TimeOut,
}

/// A bus whose transactions fail as `strike` says, which is asked before each.
#[derive(Debug)]
pub struct Faulty<I2C, P> {
    bus: I2C,
    strike: P,
}

impl<I2C, P> Faulty<I2C, P>
where
    P: FnMut() -> Option<Fault>,
{
    /// `bus`, failing as `strike` says.
    pub fn new(bus: I2C, strike: P) -> Self {
        Self { bus, strike }
    }
}

impl<I2C: I2c<Error = BusError>, P> ErrorType for Faulty<I2C, P> {
    type Error = BusError;
}

impl<I2C, P> I2c for Faulty<I2C, P>
where
    I2C: I2c<Error = BusError>,
    P: FnMut() -> Option<Fault>,
{
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        match (self.strike)() {
            None => self.bus.transaction(address, operations),
            Some(Fault::Nack) => Err(BusError::NO_ANSWER),
            Some(Fault::NoReads) => match operations {
                [Operation::Write(_)] => self.bus.transaction(address, operations),
                _ => Err(BusError::CUT_SHORT),
            },
            Some(Fault::TimeOut) => Err(BusError::TIMED_OUT),
            Some(Fault::CutAfter(count)) => {
                if let Some(Operation::Write(bytes)) = operations.first() {
                    let arrived = &bytes[..count.min(bytes.len())];
                    self.bus.write(address, arrived)?;
                }
                Err(BusError::CUT_SHORT)
            }
        }
    }
}
