//! A test for each fault of the board's life, by what the outputs emit.

mod common;

use common::sim::{SECOND, Sim, ch, for_seconds, fresh, hat, hat_with};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tentacle_hat::board::faulty::Fault;
use tentacle_hat::board::registers::FULL;
use tentacle_hat::board::virtual_chip::{Chip, Emitted};
use tentacle_hat::calibration::Address;
use tentacle_hat::drive::{Order, Terms};

/// The chip loses its power for a moment, once, at `at`.
fn blink(sim: &Sim<'_>, at: u64) {
    let mut done = false;
    sim.events(move |t, chip| {
        if t >= at && !std::mem::replace(&mut done, true) {
            chip.borrow_mut().power(false);
            chip.borrow_mut().power(true);
        }
    });
}

#[test]
fn one_nack_is_cured_by_a_second_attempt() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    let mut done = false;
    sim.faults(move |t| {
        (t >= 5 * SECOND && !std::mem::replace(&mut done, true)).then_some(Fault::Nack)
    });
    let (tally, watcher) = sim.play(&hat, for_seconds(8));
    watcher.assert_unbroken();
    assert_eq!(sim.said("Fault").len(), 1);
    assert_eq!((tally.skipped, tally.recoveries), (0, 0));
}

#[test]
fn a_frame_that_arrived_and_failed_all_the_same_is_not_computed_anew() {
    // So slow that the pulses lag behind the wave, and turn at full speed.
    let (chip, hat) = (fresh(), hat_with(50, 1000.0, 2000.0, 450.0));
    let mut sim = Sim::new(&chip);
    // In each second slot the chip gets every byte, and no transfer succeeds.
    let strikes = |t: u64| t > 3 * SECOND && (t / 20_000).is_multiple_of(2);
    sim.faults(move |t| strikes(t).then_some(Fault::CutAfter(99)));
    let (tally, watcher) = sim.play(&hat, for_seconds(60));
    watcher.assert_unbroken();
    assert!(tally.skipped > 1000 && tally.recoveries == 0, "{tally:?}");
}

#[test]
fn three_seconds_of_nacks_hold_the_pulses_and_go_on_from_them() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    sim.faults(|t| (5 * SECOND..8 * SECOND).contains(&t).then_some(Fault::Nack));
    let limp = Rc::new(Cell::new(false));
    let seen = Rc::clone(&limp);
    sim.watch(move |t, chip| {
        let during = (5 * SECOND..13 * SECOND).contains(&t);
        seen.set(seen.get() || during && chip.emitted(ch(0)) == Emitted::Limp);
    });
    let (tally, watcher) = sim.play(&hat, for_seconds(13));
    watcher.assert_unbroken();
    assert!(
        !limp.get(),
        "the chip went on by itself, and the new life took over"
    );
    assert_eq!(tally.recoveries, 1);
    assert_eq!(sim.said("Armed(8)").len(), 1);
    let back = sim.said("Armed")[1];
    assert!((8 * SECOND..8 * SECOND + 300_000).contains(&back), "{back}");
    // Lost after a second without a good slot.
    let lost = sim.said("Lost")[0];
    assert!(
        (6 * SECOND - 30_000..6 * SECOND + 100_000).contains(&lost),
        "{lost}"
    );
}

#[test]
fn time_outs_skip_frames_but_do_not_stop_the_hat() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    // Each takes its 20 ms.
    sim.faults(|t| {
        (5 * SECOND..5 * SECOND + 400_000)
            .contains(&t)
            .then_some(Fault::TimeOut)
    });
    let (tally, watcher) = sim.play(&hat, for_seconds(9));
    watcher.assert_unbroken();
    assert!(tally.skipped > 5 && tally.late > 0, "{tally:?}");
    assert_eq!(tally.recoveries, 0);
}

#[test]
fn a_chip_reset_in_motion_is_found_and_armed_softly() {
    let (chip, hat) = (fresh(), hat());
    // At any moment between two read-backs, right before one too.
    for after in [0, 37_000, 119_000, 249_000] {
        *chip.borrow_mut() = Chip::new(Address::DEFAULT, 25_000_000);
        let mut sim = Sim::new(&chip);
        let at = 6 * SECOND + after;
        blink(&sim, at);
        let engaged = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&engaged);
        sim.watch(move |t, chip| {
            if t > at && matches!(chip.emitted(ch(0)), Emitted::Pulse(_)) {
                seen.borrow_mut().push(t);
            }
        });
        let (tally, watcher) = sim.play(&hat, for_seconds(12));
        watcher.assert_unbroken();
        let disturbed = sim.said("Disturbed");
        assert_eq!(disturbed.len(), 1);
        assert!(
            disturbed[0] <= at + 260_000,
            "found within 250 ms and a slot"
        );
        assert!(engaged.borrow()[0] <= at + SECOND);
        assert_eq!(tally.recoveries, 1);
    }
}

#[test]
fn a_reset_between_a_frame_and_its_read_back() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    // The frame of 6 s is out; the chip forgets it a moment later, and the next
    // transfers find a chip that sleeps and has no auto-increment.
    blink(&sim, 6 * SECOND + 1000);
    let (_, watcher) = sim.play(&hat, for_seconds(9));
    watcher.assert_unbroken();
    assert_eq!(sim.said("Disturbed").len(), 1);
    assert_relaxed_or_slept(&chip);
}

/// As after a reset: full-off everywhere; the reset itself may have cut a pulse.
fn assert_relaxed_or_slept(chip: &RefCell<Chip>) {
    let chip = chip.borrow();
    assert!((0..16).all(|c| chip.registers()[9 + 4 * c] & FULL == FULL));
}

#[test]
fn the_bus_gone_and_back() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    let gone = |t: u64| (5 * SECOND..20 * SECOND).contains(&t);
    sim.faults(move |t| gone(t).then_some(Fault::Nack));
    sim.absent = Box::new(gone);
    let (tally, watcher) = sim.play(&hat, for_seconds(26));
    watcher.assert_unbroken();
    assert_eq!(tally.recoveries, 1);
    let tries = sim.said("Lost");
    assert!(tries.len() > 50, "tried every 250 ms: {}", tries.len());
    assert!(tries.windows(2).skip(1).all(|w| w[1] - w[0] <= 300_000));
}

#[test]
fn registers_spoiled_while_the_others_look_right() {
    let hat = hat();
    // Channel 9 is nobody's: only a look at the whole block finds it. MODE2
    // inverts all outputs, the prescale stretches all pulses, and the last is
    // the address that all chips answer to.
    for (register, value) in [(0x06 + 4 * 9, 0x55), (0x01, 0x14), (0xFE, 99), (0x05, 0xD0)] {
        let chip = fresh();
        let mut sim = Sim::new(&chip);
        let mut done = false;
        sim.events(move |t, chip| {
            if t >= 6 * SECOND && !std::mem::replace(&mut done, true) {
                chip.borrow_mut().spoil(register, value);
            }
        });
        let (tally, watcher) = sim.play(&hat, for_seconds(10));
        if register != 0xFE {
            watcher.assert_unbroken();
        }
        let found = sim.said("Disturbed")[0];
        assert!(found <= 6 * SECOND + 260_000, "{register:#x}: {found}");
        assert_eq!(tally.recoveries, 1);
        assert_ne!(chip.borrow().registers()[usize::from(register)], value);
    }
}

#[test]
fn a_transfer_cut_between_servos_breaks_nothing() {
    let (chip, hat) = (fresh(), hat());
    for pairs in 0..8 {
        *chip.borrow_mut() = Chip::new(Address::DEFAULT, 25_000_000);
        let mut sim = Sim::new(&chip);
        let mut left = 40;
        // The register number, and whole channels from an OFF_L on.
        sim.faults(move |t| {
            let strikes = t > 4 * SECOND && left > 0 && t % 140_000 == 0;
            left -= i32::from(strikes);
            strikes.then_some(Fault::CutAfter(3 + 4 * pairs))
        });
        let (tally, watcher) = sim.play(&hat, for_seconds(12));
        watcher.assert_unbroken();
        assert!(sim.said("Fault").len() > 20);
        assert_eq!(tally.recoveries, 0);
    }
}

#[test]
fn after_a_cut_the_whole_block_is_written_again() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    let mut done = false;
    // Between the two bytes of a pair: the one exception of invariant 1.
    sim.faults(move |t| {
        (t >= 5 * SECOND && !std::mem::replace(&mut done, true)).then_some(Fault::CutAfter(2))
    });
    let (_, watcher) = sim.play(&hat, for_seconds(8));
    watcher.assert_unbroken();
    let whole = sim
        .slots
        .iter()
        .find(|slot| slot.t_us >= 5 * SECOND)
        .unwrap();
    assert_eq!(whole.bytes, 66, "address, register and all 64 bytes");
    assert!(sim.said("Disturbed").is_empty());
}

#[test]
fn a_board_that_never_holds_what_it_is_told() {
    let hat = hat();
    let mut registers = *fresh().borrow().registers();
    // An external clock that is not there: only a reset clears the bit.
    registers[0] = 0x61;
    let chip = RefCell::new(Chip::with_registers(
        Address::DEFAULT,
        25_000_000,
        registers,
    ));
    let mut sim = Sim::new(&chip);
    sim.orders = Box::new(|t| {
        if t >= 5 * SECOND {
            Order::Stop
        } else {
            Order::Play
        }
    });
    let patient = Terms {
        patient: true,
        ..Terms::default()
    };
    let (tally, watcher) = sim.play(&hat, patient);
    watcher.assert_unbroken();
    assert_eq!(tally.frames, 0, "no pulse from a clock that nobody knows");
    assert_eq!(sim.said("Lost(Unheld)").len(), sim.said("Disturbed").len());
    let tries = sim.said("Disturbed").len();
    assert!(
        (10..=20).contains(&tries),
        "a few a second, not as fast as it goes: {tries}"
    );
    let stopped = *sim.said("Relaxed").last().unwrap();
    assert!(
        stopped <= 5 * SECOND + 400_000,
        "and a stop is heard: {stopped}"
    );
}

#[test]
fn a_stop_engages_no_servo_that_a_fault_left_limp() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    blink(&sim, 7 * SECOND);
    // The stop comes before the reset is found.
    sim.orders = Box::new(|t| {
        if t >= 7 * SECOND {
            Order::Stop
        } else {
            Order::Play
        }
    });
    let woke = Rc::new(Cell::new(false));
    let seen = Rc::clone(&woke);
    sim.watch(move |t, chip| {
        let pulses = (0..8).any(|c| chip.emitted(ch(c)) != Emitted::Limp);
        seen.set(seen.get() || t > 7 * SECOND + 1000 && pulses);
    });
    let (_, watcher) = sim.play(&hat, Terms::default());
    watcher.assert_unbroken();
    assert!(!woke.get());
}

#[test]
fn a_chip_that_cannot_be_read_is_not_believed_for_long() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    sim.faults(|t| {
        (5 * SECOND..20 * SECOND)
            .contains(&t)
            .then_some(Fault::NoReads)
    });
    // It forgets everything meanwhile, and nobody can see that.
    blink(&sim, 8 * SECOND);
    let (tally, watcher) = sim.play(&hat, for_seconds(26));
    watcher.assert_unbroken();
    let lost = sim.said("Lost")[0];
    assert!(lost <= 7 * SECOND + 300_000, "{lost}");
    let mut believed = sim
        .slots
        .iter()
        .filter(|slot| slot.good && slot.t_us > 6_300_000);
    let back = believed.next().unwrap().t_us;
    assert!(
        (20 * SECOND..20 * SECOND + 400_000).contains(&back),
        "{back}"
    );
    assert_eq!(tally.recoveries, 1);
}
