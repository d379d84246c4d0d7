//! A wrapper around any bus that shows each transaction to a witness.

use embedded_hal::i2c::{ErrorType, I2c, Operation};

/// One transaction as it went by.
#[derive(Debug)]
pub struct Transaction<'a, 'b> {
    /// The 7-bit address.
    pub address: u8,
    /// What was written and read.
    pub operations: &'a [Operation<'b>],
    /// Whether the bus carried it out.
    pub done: bool,
}

impl Transaction<'_, '_> {
    /// The bytes on the wire: an address before each write and each read.
    pub fn wire_bytes(&self) -> usize {
        let length = |operation: &Operation<'_>| match operation {
            Operation::Write(bytes) => 1 + bytes.len(),
            Operation::Read(bytes) => 1 + bytes.len(),
        };
        self.operations.iter().map(length).sum()
    }
}

/// A bus with a witness.
#[derive(Debug)]
pub struct Traced<I2C, W> {
    bus: I2C,
    witness: W,
}

impl<I2C: I2c, W: FnMut(&Transaction<'_, '_>)> Traced<I2C, W> {
    /// `bus`, with every transaction shown to `witness`.
    pub fn new(bus: I2C, witness: W) -> Self {
        Self { bus, witness }
    }
}

impl<I2C: I2c, W> ErrorType for Traced<I2C, W> {
    type Error = I2C::Error;
}

impl<I2C: I2c, W: FnMut(&Transaction<'_, '_>)> I2c for Traced<I2C, W> {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), I2C::Error> {
        let result = self.bus.transaction(address, operations);
        (self.witness)(&Transaction {
            address,
            operations,
            done: result.is_ok(),
        });
        result
    }
}
