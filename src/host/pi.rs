//! The Raspberry Pi's I2C bus. Only this file knows rppal's I2C.

use super::wire::timeout_ms;
use embedded_hal::i2c::{ErrorType, I2c as Bus, Operation};
use rppal::i2c::{Error, I2c};
use tentacle_hat::board::BusError;

/// How long the kernel waits by itself, which would starve the watchdog. What it
/// was told before us cannot be read.
const KERNEL_TIMEOUT_MS: u32 = 1000;
/// Where the kernel does not tell a bus's clock.
const USUAL_HZ: u32 = 100_000;

/// `/dev/i2c-N`.
#[derive(Debug)]
pub(crate) struct PiBus {
    i2c: I2c,
    /// Whom the kernel was last told to talk to.
    address: Option<u8>,
}

impl PiBus {
    pub(crate) fn open(bus: u8) -> Result<Self, BusError> {
        let i2c = I2c::with_bus(bus).map_err(errno)?;
        let hz = clock(&i2c).unwrap_or(USUAL_HZ);
        i2c.set_timeout(timeout_ms(hz)).map_err(errno)?;
        Ok(Self { i2c, address: None })
    }
}

impl Drop for PiBus {
    fn drop(&mut self) {
        // It holds for everybody on the bus.
        let _ = self.i2c.set_timeout(KERNEL_TIMEOUT_MS);
    }
}

/// The clock of the bus, where the kernel tells it.
pub(super) fn clock_hz(bus: u8) -> Option<u32> {
    clock(&I2c::with_bus(bus).ok()?)
}

fn clock(i2c: &I2c) -> Option<u32> {
    i2c.clock_speed().ok().filter(|hz| *hz > 0)
}

fn errno(error: Error) -> BusError {
    match error {
        Error::Io(error) => BusError(error.raw_os_error().unwrap_or(BusError::CUT_SHORT.0)),
        Error::InvalidSlaveAddress(_) => BusError::RESERVED,
        Error::FeatureNotSupported | Error::UnknownModel => BusError::NO_BUS,
    }
}

impl ErrorType for PiBus {
    type Error = BusError;
}

impl Bus for PiBus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        if self.address != Some(address) {
            self.i2c.set_slave_address(address.into()).map_err(errno)?;
            self.address = Some(address);
        }
        match operations {
            [Operation::Write(bytes)] => self.i2c.write(bytes).map(drop),
            // With a repeated START, so nobody comes between.
            [Operation::Write(bytes), Operation::Read(buffer)] => {
                self.i2c.write_read(bytes, buffer)
            }
            _ => unreachable!("the chip is only written, or written and read"),
        }
        .map_err(errno)
    }
}
