//! The PCA9685's registers that this program reads and writes itself
//! (datasheet rev. 4, tables 4 to 9).

use crate::calibration::CHANNELS;
use crate::frame::{Frame, Output};

/// The address that reaches every chip on a bus (I2C specification, 3.1.13).
pub const GENERAL_CALL: u8 = 0x00;
/// What resets every PCA9685 there (7.1.4).
pub const SOFTWARE_RESET: u8 = 0x06;

/// MODE1: auto-increment, all-call, sleep.
pub const MODE1: u8 = 0x00;
/// MODE2: how the outputs are driven.
pub const MODE2: u8 = 0x01;
/// SUBADR1, the first of four addresses that the chip may answer to as well.
pub const SUBADR1: u8 = 0x02;
/// LED0_ON_L, the first of the block of 4 · 16.
pub const LED0: u8 = 0x06;
/// ALL_LED_ON_L, the first of four that write all channels at once.
pub const ALL_LED: u8 = 0xFA;
/// ALL_LED_OFF_H, whose bit 4 stops all pulses.
pub const ALL_LED_OFF_H: u8 = 0xFD;
/// The prescaler.
pub const PRE_SCALE: u8 = 0xFE;

/// MODE1 bit 7: reads 1 after a sleep that interrupted pulses.
pub const MODE1_RESTART: u8 = 0x80;
/// MODE1 bit 6: clock from the EXTCLK pin; sticky.
pub const MODE1_EXTCLK: u8 = 0x40;
/// MODE1 bit 5: the register number counts up within a transfer.
pub const MODE1_AI: u8 = 0x20;
/// MODE1 bit 4: the oscillator is off.
pub const MODE1_SLEEP: u8 = 0x10;
/// MODE1 bit 0: the all-call address is answered.
pub const MODE1_ALLCALL: u8 = 0x01;
/// MODE2 bit 3: outputs change on ACK instead of on STOP.
pub const MODE2_OCH: u8 = 0x08;
/// MODE2 bit 2: outputs drive both ways.
pub const MODE2_OUTDRV: u8 = 0x04;
/// Bit 4 of LEDn_ON_H: always on; of LEDn_OFF_H: always off, which wins.
pub const FULL: u8 = 0x10;

/// SUBADR1 to 3 and ALLCALLADR after power-on, from register 0x02 on (table 4).
pub const SHARED_ADDRESSES: [u8; 4] = [0xE2, 0xE4, 0xE8, 0xE0];

/// MODE1 of a board that this program armed: deaf to the addresses that chips
/// share, on which others talk (an LED matrix, for one, is cleared on 0x70).
pub const ARMED_MODE1: u8 = MODE1_AI;
/// MODE2 of a board that this program armed.
pub const ARMED_MODE2: u8 = MODE2_OUTDRV;

/// The bytes of the LED block: ON_L, ON_H, OFF_L, OFF_H for each channel.
pub const BLOCK: usize = 4 * CHANNELS;

/// The LED block, a word a channel: ON in the lower half, OFF in the upper, as
/// their bytes follow one another in the chip.
pub type Block = [u32; CHANNELS];

/// A channel's counts as the chip holds them.
#[inline]
pub fn word(output: &Output) -> u32 {
    let off = output.off.map_or(u32::from(FULL) << 8, |off| off.0.into());
    u32::from(output.on.0) | off << 16
}

/// A frame as the chip holds it.
pub fn block(frame: &Frame) -> Block {
    frame.0.map(|output| word(&output))
}

/// The block that these bytes are.
pub fn from_bytes(bytes: &[u8; BLOCK]) -> Block {
    let mut block = [0; CHANNELS];
    for (word, bytes) in block.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    block
}
