//! A PCA9685 that is not there: register by register what the datasheet
//! (rev. 4) says, and the pulses its outputs emit, in µs.

use super::BusError;
use super::registers::{
    ALL_LED, BLOCK, FULL, GENERAL_CALL, LED0, MODE1, MODE1_AI, MODE1_ALLCALL, MODE1_EXTCLK,
    MODE1_RESTART, MODE1_SLEEP, MODE2, MODE2_OCH, MODE2_OUTDRV, PRE_SCALE, SHARED_ADDRESSES,
    SOFTWARE_RESET,
};
use crate::calibration::{Address, CHANNELS, Channel};
use core::cell::RefCell;
use core::ops::Deref;
use embedded_hal::i2c::{ErrorType, I2c, Operation};

/// Counts in a cycle.
const CYCLE: u64 = 4096;
/// The register after which auto-increment starts over (7.3.1, table 5 note).
const LAST_LED: u8 = LED0 + BLOCK as u8 - 1;

/// What one output pin does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Emitted {
    /// Constantly low: a servo goes limp.
    #[default]
    Limp,
    /// A pulse of this many µs each cycle.
    Pulse(f64),
    /// Constantly high: a servo drives into its stop.
    High,
}

/// An output's counts as the registers hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    on: u16,
    off: u16,
}

impl Counts {
    const FULL: u16 = (FULL as u16) << 8;
    const LIMP: Self = Self {
        on: 0,
        off: Self::FULL,
    };

    fn is_limp(self) -> bool {
        self.off & Self::FULL != 0
    }
}

/// A virtual PCA9685; time is told to it with [`Chip::advance_to`].
#[derive(Clone, Debug)]
pub struct Chip {
    address: Address,
    oscillator_hz: u32,
    registers: [u8; 256],
    pointer: u8,
    powered: bool,
    now_us: u64,
    /// When the counter last stood at 0 at the start of its running.
    counting_since_us: u64,
    /// The PWM logic waits for a write to an LED register, or for RESTART.
    halted: bool,
    /// What the outputs do.
    active: [Counts; CHANNELS],
    /// What was loaded at a STOP, and when (in ticks), but not yet taken up.
    loaded: [Option<(Counts, u64)>; CHANNELS],
    cut_pulses: u32,
}

impl Chip {
    /// A chip fresh from power-on.
    pub fn new(address: Address, oscillator_hz: u32) -> Self {
        let mut chip = Self {
            address,
            oscillator_hz,
            registers: [0; 256],
            pointer: 0,
            powered: true,
            now_us: 0,
            counting_since_us: 0,
            halted: true,
            active: [Counts::LIMP; CHANNELS],
            loaded: [None; CHANNELS],
            cut_pulses: 0,
        };
        chip.reset();
        chip
    }

    /// A chip that holds `registers` and has been running with them for long.
    pub fn with_registers(address: Address, oscillator_hz: u32, registers: [u8; 256]) -> Self {
        let mut chip = Self::new(address, oscillator_hz);
        chip.registers = registers;
        chip.halted = registers[MODE1 as usize] & (MODE1_SLEEP | MODE1_RESTART) != 0;
        if !chip.halted {
            for channel in 0..CHANNELS {
                chip.active[channel] = chip.counts(channel);
            }
        }
        chip
    }

    /// All registers, as reading them one by one would show.
    pub fn registers(&self) -> &[u8; 256] {
        &self.registers
    }

    /// Overwrites a register behind the bus's back, as a sagging supply does.
    pub fn spoil(&mut self, register: u8, value: u8) {
        self.assume(register, &[value]);
    }

    /// Takes over what a real chip was found to hold, from `register` on.
    pub fn assume(&mut self, register: u8, values: &[u8]) {
        for (&value, register) in values.iter().zip(register..) {
            self.registers[register as usize] = value;
        }
        if !self.asleep() {
            self.load_all();
        }
    }

    /// Takes the supply away or gives it back; a chip without it answers nothing.
    pub fn power(&mut self, on: bool) {
        self.powered = on;
        self.reset();
    }

    /// Power-on values, also after a software reset.
    fn reset(&mut self) {
        self.registers = [0; 256];
        self.registers[MODE1 as usize] = MODE1_SLEEP | MODE1_ALLCALL;
        self.registers[MODE2 as usize] = MODE2_OUTDRV;
        self.registers[2..6].copy_from_slice(&SHARED_ADDRESSES);
        for channel in 0..CHANNELS {
            self.registers[LED0 as usize + 4 * channel + 3] = FULL;
        }
        self.registers[PRE_SCALE as usize] = 0x1E;
        self.pointer = 0;
        self.halt();
    }

    /// Stops the counter; a pulse that was high is cut short.
    fn halt(&mut self) {
        let count = (self.ticks() % CYCLE) as u16;
        let high = |c: &Counts| !c.is_limp() && (c.on..c.off).contains(&count);
        self.cut_pulses += self.active.iter().filter(|c| high(c)).count() as u32;
        self.halted = true;
        self.active = [Counts::LIMP; CHANNELS];
        self.loaded = [None; CHANNELS];
    }

    /// How many pulses ended before their time: by SLEEP, reset or power loss.
    pub fn cut_pulses(&self) -> u32 {
        self.cut_pulses
    }

    /// Lets time pass up to `now_us`, µs since the chip was made.
    pub fn advance_to(&mut self, now_us: u64) {
        self.now_us = now_us.max(self.now_us);
        let ticks = self.ticks();
        for (active, loaded) in self.active.iter_mut().zip(&mut self.loaded) {
            if let Some((counts, since)) = *loaded {
                // New counts are taken up at the end of the low part of the
                // running cycle, where the old ones turn the output on
                // (figures 10 and 11).
                let start = u64::from(active.on & 0x0FFF);
                let edges = |t: u64| (t + CYCLE - start) / CYCLE;
                if edges(ticks) > edges(since) {
                    *active = counts;
                    *loaded = None;
                }
            }
        }
    }

    /// What an output does now; new counts show once they are taken up.
    pub fn emitted(&self, channel: Channel) -> Emitted {
        let Counts { on, off } = self.active[channel.index()];
        if self.halted || off & Counts::FULL != 0 {
            Emitted::Limp
        } else if on & Counts::FULL != 0 || on == off {
            // Table 7 forbids equal counts; high is the worst it could mean.
            Emitted::High
        } else {
            let ticks = (u64::from(off) + CYCLE - u64::from(on)) % CYCLE;
            Emitted::Pulse(ticks as f64 * self.tick_us())
        }
    }

    /// One tick of this chip's own oscillator, µs.
    fn tick_us(&self) -> f64 {
        let divider = f64::from(self.registers[PRE_SCALE as usize]) + 1.0;
        divider * 1e6 / f64::from(self.oscillator_hz)
    }

    /// Ticks since the counter started.
    fn ticks(&self) -> u64 {
        let divider = u128::from(self.registers[PRE_SCALE as usize]) + 1;
        let running_us = u128::from(self.now_us - self.counting_since_us);
        (running_us * u128::from(self.oscillator_hz) / (divider * 1_000_000)) as u64
    }

    fn counts(&self, channel: usize) -> Counts {
        let at = LED0 as usize + 4 * channel;
        let pair = |i| u16::from_le_bytes([self.registers[i], self.registers[i + 1]]);
        Counts {
            on: pair(at),
            off: pair(at + 2),
        }
    }

    fn asleep(&self) -> bool {
        self.registers[MODE1 as usize] & MODE1_SLEEP != 0
    }

    /// Loads the LED registers into the outputs, as a STOP does.
    fn load_all(&mut self) {
        self.registers[MODE1 as usize] &= !MODE1_RESTART;
        self.halted = self.asleep();
        if self.halted {
            return;
        }
        if self.active.iter().all(|c| c.is_limp()) {
            // With every channel full-off the PWM timing stands still.
            self.counting_since_us = self.now_us;
        }
        let now = self.ticks();
        for channel in 0..CHANNELS {
            let counts = self.counts(channel);
            if self.active[channel].is_limp() {
                self.active[channel] = counts;
            } else {
                let changed = self.active[channel] != counts;
                self.loaded[channel] = changed.then_some((counts, now));
            }
        }
    }

    fn answers_to(&self, address: u8) -> bool {
        let enabled = |i: u8| self.registers[MODE1 as usize] & (1 << (3 - i)) != 0;
        // SUBADR1..3 and ALLCALLADR hold their address in the upper seven bits,
        // MODE1 bits 3..0 enable them in that order.
        let shared = |i: u8| enabled(i) && self.registers[2 + i as usize] >> 1 == address;
        self.powered && (address == self.address.get() || (0..4).any(shared))
    }

    fn write(&mut self, bytes: &[u8]) {
        let Some((&register, values)) = bytes.split_first() else {
            return;
        };
        self.pointer = register;
        let mut led_written = false;
        for &value in values {
            led_written |= self.write_register(self.pointer, value);
            self.step_pointer();
            if led_written && self.registers[MODE2 as usize] & MODE2_OCH != 0 {
                self.load_all();
            }
        }
        if led_written {
            self.load_all();
        }
    }

    /// Returns whether an LED register was written.
    fn write_register(&mut self, register: u8, value: u8) -> bool {
        match register {
            MODE1 => self.write_mode1(value),
            MODE2 => self.registers[MODE2 as usize] = value & 0x1F,
            0x02..=0x05 => self.registers[register as usize] = value & 0xFE,
            LED0..=LAST_LED => {
                self.registers[register as usize] = led_bits(register - LED0, value);
                return true;
            }
            0xFA..=0xFD => {
                for channel in 0..CHANNELS {
                    let offset = register - ALL_LED;
                    let at = (LED0 + offset) as usize + 4 * channel;
                    self.registers[at] = led_bits(offset, value);
                }
                return true;
            }
            // Locked unless the oscillator is off; 3 is the hardware's least.
            PRE_SCALE if self.asleep() => self.registers[PRE_SCALE as usize] = value.max(3),
            _ => {}
        }
        false
    }

    fn write_mode1(&mut self, value: u8) {
        let before = self.registers[MODE1 as usize];
        // EXTCLK sticks; RESTART is kept, and written 1 it acts and clears.
        let sticky = before & (MODE1_EXTCLK | MODE1_RESTART);
        self.registers[MODE1 as usize] = (value & !MODE1_RESTART) | sticky;
        let (slept, sleeps) = (before & MODE1_SLEEP != 0, value & MODE1_SLEEP != 0);
        if sleeps && !slept {
            if !self.halted && !self.active.iter().all(|c| c.is_limp()) {
                self.registers[MODE1 as usize] |= MODE1_RESTART;
            }
            self.halt();
        } else if slept && !sleeps {
            self.counting_since_us = self.now_us;
            if self.registers[MODE1 as usize] & MODE1_RESTART == 0 {
                self.load_all();
            }
        }
        if value & MODE1_RESTART != 0 && !sleeps {
            self.load_all();
        }
    }

    fn read(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = match self.pointer {
                // ALL_LED registers are write-only and read 0.
                0xFA..=0xFD => 0,
                register => self.registers[register as usize],
            };
            self.step_pointer();
        }
    }

    fn step_pointer(&mut self) {
        if self.registers[MODE1 as usize] & MODE1_AI != 0 {
            self.pointer = match self.pointer {
                LAST_LED => 0,
                register => register.wrapping_add(1),
            };
        }
    }
}

/// Bits that an LED register keeps: 8 of a low byte, 4 and the FULL bit of a high one.
fn led_bits(offset: u8, value: u8) -> u8 {
    if offset.is_multiple_of(2) {
        value
    } else {
        value & 0x1F
    }
}

/// The bus to a [`Chip`] that others may look at, through any kind of pointer.
#[derive(Clone, Copy, Debug)]
pub struct VirtualBus<C>(pub C);

impl<C> ErrorType for VirtualBus<C> {
    type Error = BusError;
}

impl<C: Deref<Target = RefCell<Chip>>> I2c for VirtualBus<C> {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), BusError> {
        let mut chip = self.0.borrow_mut();
        for operation in operations {
            match operation {
                Operation::Write([SOFTWARE_RESET]) if address == GENERAL_CALL && chip.powered => {
                    chip.reset();
                }
                _ if !chip.answers_to(address) => return Err(BusError::NO_ANSWER),
                Operation::Write(bytes) => chip.write(bytes),
                Operation::Read(buffer) => chip.read(buffer),
            }
        }
        Ok(())
    }
}
