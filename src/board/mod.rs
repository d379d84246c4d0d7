//! The PCA9685: armed, written, watched, relaxed.
//!
//! `pwm-pca9685` runs the chip's life; the block write and the read-back, which
//! it has not, stand here. A driver of it is made anew for each use, because it
//! remembers MODE1 and would go on believing it after the chip lost power.

mod bus_error;
pub mod faulty;
pub mod registers;
pub mod traced;
pub mod virtual_chip;

pub use bus_error::BusError;

use crate::calibration::{Address, Rig};
use crate::frame::Frame;
use crate::pulse::Pulses;
use crate::units::Ticks;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use pwm_pca9685::{Channel, ChannelOnOffControl, OutputDriver, Pca9685, ProgrammableAddress};
use registers::{
    ALL_LED_OFF_H, ARMED_MODE1, ARMED_MODE2, BLOCK, Block, FULL, LED0, MODE1, MODE1_RESTART,
    PRE_SCALE, SHARED_ADDRESSES, SUBADR1,
};

/// Longer than any cycle at 40 Hz and the slowest oscillator: every pulse that
/// has begun is over.
pub const ONE_CYCLE_US: u32 = 32_000;

/// Stops all pulses of a board in any state, without cutting one short: each
/// channel finishes the pulse it is in (full-off), the chip stays awake. Tries
/// three times: one disturbed transfer must not leave eight servos powered.
///
/// # Errors
/// The bus's.
pub fn relax<I2C: I2c>(bus: &mut I2C, address: Address) -> Result<(), I2C::Error> {
    let first = relax_once(bus, address);
    (0..2).fold(first, |relaxed, _| {
        relaxed.or_else(|_| relax_once(bus, address))
    })
}

fn relax_once<I2C: I2c>(bus: &mut I2C, address: Address) -> Result<(), I2C::Error> {
    // One byte, which arrives whatever MODE1 says, and before a chip that sleeps
    // can wake with counts that another hand has spoiled.
    bus.write(address.get(), &[ALL_LED_OFF_H, FULL])?;
    let mut chip = driver(bus, address);
    // Then awake: a fresh driver believes that the chip sleeps, and its full-off
    // would make that true and cut the running pulse.
    chip.enable().map_err(bus_error)?;
    chip.set_channel_full_off(Channel::All).map_err(bus_error)
}

fn driver<I2C: I2c>(bus: &mut I2C, address: Address) -> Pca9685<&mut I2C> {
    Pca9685::new(bus, address.get()).unwrap_or_else(|_| unreachable!("Address is checked"))
}

fn bus_error<E>(error: pwm_pca9685::Error<E>) -> E {
    match error {
        pwm_pca9685::Error::I2C(error) => error,
        pwm_pca9685::Error::InvalidInputData => unreachable!("Rig is checked"),
    }
}

/// A PCA9685 on its bus, wired as a [`Rig`] says, in whatever state it is.
#[derive(Debug)]
pub struct Board<I2C: I2c> {
    bus: I2C,
    address: Address,
    prescale: u8,
    limp: Frame,
}

impl<I2C: I2c> Board<I2C> {
    /// The board of `rig` on `bus`; nothing is sent yet.
    pub fn new(bus: I2C, rig: &Rig) -> Self {
        Self {
            bus,
            address: rig.board().address,
            prescale: rig.timebase().prescale().0,
            limp: Frame::limp(rig),
        }
    }

    /// Makes the board emit this program's pulses, and tells which it already does.
    ///
    /// If the chip's modes, prescale and all ON counts are ours (a process
    /// died, its successor starts), pulses inside their tables go on from where
    /// they are and every other channel goes limp. Otherwise all channels go
    /// limp and the chip is set up anew.
    ///
    /// # Errors
    /// The bus's; the board may then be in any state.
    pub fn arm(
        &mut self,
        rig: &Rig,
        delay: &mut impl DelayNs,
    ) -> Result<(Armed<'_, I2C>, Pulses), I2C::Error> {
        let held = self.read_block()?;
        if self.modes_are_ours()? && self.starts_are_ours(&held) {
            return self.take_over(rig, held, delay);
        }
        self.set_up(delay)?;
        let image = Image::new(&registers::block(&self.limp));
        Ok((Armed { board: self, image }, Pulses::LIMP))
    }

    fn take_over(
        &mut self,
        rig: &Rig,
        held: Block,
        delay: &mut impl DelayNs,
    ) -> Result<(Armed<'_, I2C>, Pulses), I2C::Error> {
        let mut pulses = Pulses::LIMP;
        for (servo, pulse) in rig.servos().iter().zip(&mut pulses.0) {
            let off = (held[servo.channel.index()] >> 16) as u16;
            let on = self.limp.0[servo.channel.index()].on.0;
            let Some(calibration) = &servo.calibration else {
                continue;
            };
            // A full-off bit makes `off` larger than any pulse.
            let width = Ticks(off.wrapping_sub(on));
            if off <= Ticks::LAST && calibration.holds(width, rig.timebase()) {
                *pulse = Some(rig.timebase().width(width));
            }
        }
        let frame = self.limp.with(rig, &pulses);
        let mut armed = Armed {
            board: self,
            image: Image::new(&held),
        };
        if armed.write(&frame)? > 0 {
            // What went limp must be so before it can wake at neutral.
            delay.delay_us(ONE_CYCLE_US);
        }
        Ok((armed, pulses))
    }

    fn set_up(&mut self, delay: &mut impl DelayNs) -> Result<(), I2C::Error> {
        relax(&mut self.bus, self.address)?;
        delay.delay_us(ONE_CYCLE_US);
        let mut chip = driver(&mut self.bus, self.address);
        // The prescale is writable only in sleep (datasheet 7.3.5).
        chip.disable().map_err(bus_error)?;
        chip.set_prescale(self.prescale).map_err(bus_error)?;
        // MODE2 as a whole: this bit and the power-on value of all others.
        chip.set_output_driver(OutputDriver::TotemPole)
            .map_err(bus_error)?;
        let limp = self.limp.0.map(|output| ChannelOnOffControl {
            on: output.on.0,
            full_off: true,
            ..ChannelOnOffControl::default()
        });
        chip.set_all_channels(&limp).map_err(bus_error)?;
        chip.enable().map_err(bus_error)?;
        chip.disable_programmable_address(ProgrammableAddress::AllCall)
            .map_err(bus_error)?;
        let [first, second, third, all] = SHARED_ADDRESSES;
        let addresses = [SUBADR1, first, second, third, all];
        self.bus.write(self.address.get(), &addresses)?;
        // The oscillator needs 500 µs to start (datasheet table 5).
        delay.delay_us(500);
        Ok(())
    }

    fn modes_are_ours(&mut self) -> Result<bool, I2C::Error> {
        let mut modes = [0; 6];
        let mut prescale = [0];
        let address = self.address.get();
        self.bus.write_read(address, &[MODE1], &mut modes)?;
        self.bus.write_read(address, &[PRE_SCALE], &mut prescale)?;
        Ok(modes[0] & !MODE1_RESTART == ARMED_MODE1
            && modes[1] == ARMED_MODE2
            && modes[2..] == SHARED_ADDRESSES
            && prescale[0] == self.prescale)
    }

    fn starts_are_ours(&self, held: &Block) -> bool {
        let limp = registers::block(&self.limp);
        held.iter()
            .zip(&limp)
            .all(|(held, limp)| held & 0xFFFF == limp & 0xFFFF)
    }

    fn read_block(&mut self) -> Result<Block, I2C::Error> {
        let mut bytes = [0; BLOCK];
        self.bus
            .write_read(self.address.get(), &[LED0], &mut bytes)?;
        Ok(registers::from_bytes(&bytes))
    }
}

/// A board that emits pulses; the only thing that can write a [`Frame`].
/// Dropping it relaxes the board.
#[derive(Debug)]
pub struct Armed<'a, I2C: I2c> {
    board: &'a mut Board<I2C>,
    image: Image,
}

/// What the chip's LED block holds, as it is written: behind a byte that takes
/// the register's number if the whole block is.
#[derive(Debug)]
struct Image {
    bytes: [u8; 1 + BLOCK],
    /// Not after a failed write.
    known: bool,
}

impl Image {
    fn new(block: &Block) -> Self {
        let mut image = Self {
            bytes: [0; 1 + BLOCK],
            known: true,
        };
        for (channel, word) in block.iter().enumerate() {
            image.word(channel).copy_from_slice(&word.to_le_bytes());
        }
        image
    }

    /// The bytes of a channel.
    #[inline]
    fn word(&mut self, channel: usize) -> &mut [u8] {
        &mut self.bytes[1 + 4 * channel..5 + 4 * channel]
    }

    /// Takes up `frame`: the first and the last byte that it changes, counted
    /// within the block; the whole block after a failed write.
    #[inline]
    fn take(&mut self, frame: &Frame) -> Option<(usize, usize)> {
        let mut span = (!self.known).then_some((0, BLOCK - 1));
        for (channel, output) in frame.0.iter().enumerate() {
            let new = registers::word(output);
            let held = self.word(channel);
            let change = new ^ u32::from_le_bytes([held[0], held[1], held[2], held[3]]);
            if change != 0 {
                held.copy_from_slice(&new.to_le_bytes());
                let byte = |zeros: u32| 4 * channel + (zeros / 8) as usize;
                let (first, last) = (
                    byte(change.trailing_zeros()),
                    byte(31 - change.leading_zeros()),
                );
                span = Some(span.map_or((first, last), |(a, b)| (a, last.max(b))));
            }
        }
        span
    }
}

impl<I2C: I2c> Armed<'_, I2C> {
    /// The frame in which every channel is limp: the start of every frame.
    pub fn limp(&self) -> &Frame {
        &self.board.limp
    }

    /// Writes what changed since the last frame, in one transaction from the
    /// first changed register to the last: all channels change at its STOP.
    /// Returns the bytes on the wire, address included; 0 if nothing changed.
    ///
    /// # Errors
    /// The bus's. What the chip holds is then unknown, and the next write
    /// sends the whole block.
    #[inline]
    pub fn write(&mut self, frame: &Frame) -> Result<usize, I2C::Error> {
        let Some((first, last)) = self.image.take(frame) else {
            return Ok(0);
        };
        // The register's number takes the place of the byte before the first.
        let bytes = &mut self.image.bytes[first..last + 2];
        let covered = core::mem::replace(&mut bytes[0], LED0 + first as u8);
        let written = self.board.bus.write(self.board.address.get(), bytes);
        bytes[0] = covered;
        let length = 1 + bytes.len();
        self.image.known = written.is_ok();
        written.map(|()| length)
    }

    /// Whether the chip still counts registers up, which all writes rely on, and
    /// is awake: no other hand has written to MODE1, and it has not lost power.
    ///
    /// # Errors
    /// The bus's.
    pub fn listens(&mut self) -> Result<bool, I2C::Error> {
        let mut mode1 = [0];
        let address = self.board.address.get();
        self.board.bus.write_read(address, &[MODE1], &mut mode1)?;
        Ok(mode1[0] & !MODE1_RESTART == ARMED_MODE1)
    }

    /// Reads the chip back: whether it still holds what was written. A chip
    /// that lost power, even a moment below its working voltage, does not.
    ///
    /// # Errors
    /// The bus's.
    pub fn verify(&mut self) -> Result<bool, I2C::Error> {
        if !self.board.modes_are_ours()? {
            return Ok(false);
        }
        let held = self.board.read_block()?;
        let known = self.image.known;
        let mut words = held.iter().enumerate();
        Ok(!known || words.all(|(c, word)| *self.image.word(c) == word.to_le_bytes()))
    }
}

impl<I2C: I2c> Drop for Armed<'_, I2C> {
    fn drop(&mut self) {
        // Nobody is left to hear of it; the next life, or `relax`, tries again.
        let _ = relax(&mut self.board.bus, self.board.address);
    }
}

const _: () = assert!(FULL as u16 == (Ticks::LAST + 1) >> 8);
