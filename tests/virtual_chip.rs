//! The virtual board against the datasheet (PCA9685 rev. 4).

use embedded_hal::i2c::I2c;
use std::cell::RefCell;
use tentacle_hat::board::BusError;
use tentacle_hat::board::virtual_chip::{Chip, Emitted, VirtualBus};
use tentacle_hat::calibration::{Address, Channel};

const AT: u8 = 0x40;

fn chip() -> RefCell<Chip> {
    RefCell::new(Chip::new(Address::DEFAULT, 25_000_000))
}

fn write(chip: &RefCell<Chip>, bytes: &[u8]) {
    VirtualBus(chip).write(AT, bytes).unwrap();
}

fn read<const N: usize>(chip: &RefCell<Chip>, register: u8) -> [u8; N] {
    let mut buffer = [0; N];
    VirtualBus(chip)
        .write_read(AT, &[register], &mut buffer)
        .unwrap();
    buffer
}

/// Awake at 50 Hz with auto-increment; channel 0 pulses from 0 to 307 (1498 µs).
fn pulsing() -> RefCell<Chip> {
    let chip = chip();
    write(&chip, &[0xFE, 121]);
    write(&chip, &[0x00, 0x21]);
    write(&chip, &[0x06, 0, 0, 0x33, 0x01]);
    chip.borrow_mut().advance_to(100_000);
    chip
}

fn emitted(chip: &RefCell<Chip>, channel: i64) -> Option<f64> {
    match chip.borrow().emitted(Channel::new(channel).unwrap()) {
        Emitted::Pulse(us) => Some((us * 100.0).round() / 100.0),
        Emitted::Limp => None,
        Emitted::High => panic!("constantly high"),
    }
}

#[test]
fn power_on_values() {
    let chip = chip();
    assert_eq!(read(&chip, 0x00), [0x11]);
    assert_eq!(read(&chip, 0x01), [0x04]);
    assert_eq!(read(&chip, 0x02), [0xE2]);
    assert_eq!(read(&chip, 0x05), [0xE0]);
    assert_eq!(read(&chip, 0xFE), [0x1E]);
    for channel in 0..16u8 {
        assert_eq!(read(&chip, 0x06 + 4 * channel + 3), [0x10]);
        assert_eq!(emitted(&chip, channel.into()), None);
    }
}

#[test]
fn the_prescale_is_locked_while_awake() {
    let chip = chip();
    write(&chip, &[0xFE, 121]);
    assert_eq!(read(&chip, 0xFE), [121]);
    write(&chip, &[0x00, 0x01]);
    write(&chip, &[0xFE, 99]);
    assert_eq!(read(&chip, 0xFE), [121]);
    // 3 is the hardware's least.
    write(&chip, &[0x00, 0x11]);
    write(&chip, &[0xFE, 0]);
    assert_eq!(read(&chip, 0xFE), [3]);
}

#[test]
fn a_block_needs_auto_increment_and_wraps_after_the_last_led() {
    let chip = chip();
    write(&chip, &[0x06, 1, 2, 3, 4]);
    assert_eq!(read(&chip, 0x06), [4], "all bytes go to one register");
    write(&chip, &[0x00, 0x31]);
    write(&chip, &[0x06, 1, 2, 3, 4]);
    assert_eq!(read::<4>(&chip, 0x06), [1, 2, 3, 4]);
    assert_eq!(
        read::<3>(&chip, 0x44),
        [0x00, 0x10, 0x31],
        "69 is followed by 0"
    );
}

#[test]
fn pulses_come_from_the_chips_own_oscillator() {
    let chip = pulsing();
    assert_eq!(emitted(&chip, 0), Some(1498.16));
    let fast = RefCell::new(Chip::new(Address::DEFAULT, 26_500_000));
    write(&fast, &[0xFE, 121]);
    write(&fast, &[0x00, 0x21]);
    write(&fast, &[0x06, 0, 0, 0x33, 0x01]);
    assert_eq!(emitted(&fast, 0), Some(1413.36));
}

#[test]
fn new_counts_show_after_the_low_part_of_the_cycle() {
    let chip = pulsing();
    // 100 ms are a little over 5 cycles of 19.988 ms; this one ends at 119.93.
    write(&chip, &[0x08, 0x90, 0x01]);
    assert_eq!(
        emitted(&chip, 0),
        Some(1498.16),
        "the running pulse is not torn"
    );
    chip.borrow_mut().advance_to(119_900);
    assert_eq!(emitted(&chip, 0), Some(1498.16));
    chip.borrow_mut().advance_to(119_950);
    assert_eq!(emitted(&chip, 0), Some(1952.0));
}

#[test]
fn full_off_lets_the_pulse_end_and_wins() {
    let chip = pulsing();
    write(&chip, &[0xFC, 0x00, 0x10]);
    assert_eq!(
        read::<4>(&chip, 0x06),
        [0, 0, 0, 0x10],
        "ALL_LED_OFF reaches LED0"
    );
    assert_eq!(read::<2>(&chip, 0xFC), [0, 0], "and itself reads 0");
    chip.borrow_mut().advance_to(125_000);
    assert_eq!(emitted(&chip, 0), None);
    assert_eq!(chip.borrow().cut_pulses(), 0);
    // Full-on as well: full-off wins.
    write(&chip, &[0x06, 0, 0x10, 0, 0x10]);
    assert_eq!(emitted(&chip, 0), None);
}

#[test]
fn sleep_cuts_the_pulse_and_sets_restart() {
    let chip = pulsing();
    // 100 ms + 0.5 ms: within a pulse, which started at 99.94 ms.
    chip.borrow_mut().advance_to(100_500);
    write(&chip, &[0x00, 0x31]);
    assert_eq!(emitted(&chip, 0), None);
    assert_eq!(chip.borrow().cut_pulses(), 1);
    assert_eq!(read(&chip, 0x00), [0xB1]);
    write(&chip, &[0x00, 0x21]);
    chip.borrow_mut().advance_to(200_000);
    assert_eq!(emitted(&chip, 0), None, "awake, but it waits for RESTART");
    write(&chip, &[0x00, 0xA1]);
    chip.borrow_mut().advance_to(250_000);
    assert_eq!(emitted(&chip, 0), Some(1498.16));
    assert_eq!(read(&chip, 0x00), [0x21]);
}

#[test]
fn all_call_and_general_call() {
    let chip = pulsing();
    VirtualBus(&chip).write(0x70, &[0x01, 0x14]).unwrap();
    assert_eq!(read(&chip, 0x01), [0x14]);
    write(&chip, &[0x00, 0x20]);
    assert_eq!(
        VirtualBus(&chip).write(0x70, &[0x01, 0x04]),
        Err(BusError::NO_ANSWER)
    );
    VirtualBus(&chip).write(0x00, &[0x06]).unwrap();
    assert_eq!(read(&chip, 0x00), [0x11]);
    assert_eq!(emitted(&chip, 0), None);
}

#[test]
fn nobody_answers_elsewhere_or_without_power() {
    let chip = pulsing();
    assert_eq!(
        VirtualBus(&chip).write(0x41, &[0]),
        Err(BusError::NO_ANSWER)
    );
    chip.borrow_mut().power(false);
    assert_eq!(VirtualBus(&chip).write(AT, &[0]), Err(BusError::NO_ANSWER));
    assert_eq!(emitted(&chip, 0), None);
    chip.borrow_mut().power(true);
    assert_eq!(read(&chip, 0x00), [0x11]);
}

#[test]
fn equal_counts_are_the_worst() {
    let chip = pulsing();
    write(&chip, &[0x0A, 5, 0, 5, 0]);
    assert_eq!(
        chip.borrow().emitted(Channel::new(1).unwrap()),
        Emitted::High
    );
}
