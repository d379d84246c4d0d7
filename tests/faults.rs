//! A test for each fault of the board's life, by what the outputs emit.

mod common;

use common::sim::{Sim, plan};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tentacle_hat::board::BusError;
use tentacle_hat::board::faulty::Fault;
use tentacle_hat::board::registers::FULL;
use tentacle_hat::board::virtual_chip::{Chip, Emitted};
use tentacle_hat::calibration::Address;
use tentacle_hat::drive::{Order, Plan, Terms, drive};

const SECOND: u64 = 1_000_000;

fn fresh() -> RefCell<Chip> {
    RefCell::new(Chip::new(Address::DEFAULT, 25_000_000))
}

fn for_seconds(seconds: u64) -> Terms {
    Terms {
        length_us: Some(seconds * SECOND),
        patient: false,
    }
}

/// Every channel's full-off bit is set, by a chip that is awake.
fn assert_relaxed(chip: &RefCell<Chip>) {
    let chip = chip.borrow();
    for channel in 0..16 {
        assert_eq!(
            chip.registers()[9 + 4 * channel] & FULL,
            FULL,
            "channel {channel}"
        );
    }
    assert_eq!(
        chip.registers()[0] & 0x10,
        0,
        "relaxed by full-off, not by sleep"
    );
    assert_eq!(chip.cut_pulses(), 0);
}

#[test]
fn nothing_wrong() {
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    let (tally, watcher) = sim.play(&plan, for_seconds(10));
    watcher.assert_unbroken();
    assert_eq!((tally.late, tally.skipped, tally.recoveries), (0, 0, 0));
    assert!(sim.slots.iter().all(|slot| slot.good));
    assert_relaxed(&chip);
}

#[test]
fn one_nack_is_cured_by_a_second_attempt() {
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    let mut done = false;
    sim.faults(move |t| {
        (t >= 5 * SECOND && !std::mem::replace(&mut done, true)).then_some(Fault::Nack)
    });
    let (tally, watcher) = sim.play(&plan, for_seconds(8));
    watcher.assert_unbroken();
    assert_eq!(sim.said("Fault").len(), 1);
    assert_eq!((tally.skipped, tally.recoveries), (0, 0));
}

#[test]
fn three_seconds_of_nacks_hold_the_pulses_and_go_on_from_them() {
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    sim.faults(|t| (5 * SECOND..8 * SECOND).contains(&t).then_some(Fault::Nack));
    let limp = Rc::new(Cell::new(false));
    let seen = Rc::clone(&limp);
    sim.watch(move |t, chip| {
        let during = (5 * SECOND..13 * SECOND).contains(&t);
        seen.set(seen.get() || during && chip.emitted(0) == Emitted::Limp);
    });
    let (tally, watcher) = sim.play(&plan, for_seconds(13));
    watcher.assert_unbroken();
    assert!(
        !limp.get(),
        "the chip went on by itself, and the new life took over"
    );
    assert_eq!(tally.recoveries, 1);
    assert_eq!(sim.said("taken_over: 8").len(), 1);
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
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    // Each takes its 20 ms.
    sim.faults(|t| {
        (5 * SECOND..5 * SECOND + 400_000)
            .contains(&t)
            .then_some(Fault::TimeOut)
    });
    let (tally, watcher) = sim.play(&plan, for_seconds(9));
    watcher.assert_unbroken();
    assert!(tally.skipped > 5 && tally.late > 0, "{tally:?}");
    assert_eq!(tally.recoveries, 0);
}

#[test]
fn a_chip_reset_in_motion_is_found_and_armed_softly() {
    let (chip, plan) = (fresh(), plan());
    // At any moment between two read-backs, right before one too.
    for after in [0, 37_000, 119_000, 249_000] {
        *chip.borrow_mut() = Chip::new(Address::DEFAULT, 25_000_000);
        let mut sim = Sim::new(&chip);
        let at = 6 * SECOND + after;
        let mut done = false;
        sim.events(move |t, chip| {
            if t >= at && !std::mem::replace(&mut done, true) {
                chip.borrow_mut().power(false);
                chip.borrow_mut().power(true);
            }
        });
        let engaged = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&engaged);
        sim.watch(move |t, chip| {
            if t > at && matches!(chip.emitted(0), Emitted::Pulse(_)) {
                seen.borrow_mut().push(t);
            }
        });
        let (tally, watcher) = sim.play(&plan, for_seconds(12));
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
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    // The frame of 6 s is out; the chip forgets it a moment later, and the next
    // transfers find a chip that sleeps and has no auto-increment.
    let mut done = false;
    sim.events(move |t, chip| {
        if t >= 6 * SECOND + 1000 && !std::mem::replace(&mut done, true) {
            chip.borrow_mut().power(false);
            chip.borrow_mut().power(true);
        }
    });
    let (_, watcher) = sim.play(&plan, for_seconds(9));
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
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    let gone = |t: u64| (5 * SECOND..20 * SECOND).contains(&t);
    sim.faults(move |t| gone(t).then_some(Fault::Nack));
    sim.absent = Box::new(gone);
    let (tally, watcher) = sim.play(&plan, for_seconds(26));
    watcher.assert_unbroken();
    assert_eq!(tally.recoveries, 1);
    let tries = sim.said("Trying");
    assert!(tries.len() > 50, "tried every 250 ms: {}", tries.len());
    assert!(tries.windows(2).skip(1).all(|w| w[1] - w[0] <= 300_000));
}

#[test]
fn absent_at_the_start() {
    let (chip, plan) = (fresh(), plan());
    chip.borrow_mut().power(false);
    let mut sim = Sim::new(&chip);
    let refused = drive(&mut sim, plan.clone(), for_seconds(5));
    assert_eq!(refused, Err(BusError::NO_ANSWER), "started by hand");

    let mut sim = Sim::new(&chip);
    sim.events(|t, chip| {
        if t == 3 * SECOND {
            chip.borrow_mut().power(true);
        }
    });
    let patient = Terms {
        patient: true,
        ..for_seconds(8)
    };
    let (tally, watcher) = sim.play(&plan, patient);
    watcher.assert_unbroken();
    assert_eq!(tally.recoveries, 0);
    let armed = sim.said("Armed")[0];
    assert!(
        (3 * SECOND..3 * SECOND + 300_000).contains(&armed),
        "{armed}"
    );
}

#[test]
fn a_prescale_left_by_another_program() {
    let (chip, plan) = (fresh(), plan());
    let mut registers = *chip.borrow().registers();
    registers[0x00] = 0x21;
    registers[0xFE] = 99;
    *chip.borrow_mut() = Chip::with_registers(Address::DEFAULT, 25_000_000, registers);
    let mut sim = Sim::new(&chip);
    let (_, watcher) = sim.play(&plan, for_seconds(5));
    watcher.assert_unbroken();
    assert_eq!(chip.borrow().registers()[0xFE], 121);
}

#[test]
fn led_registers_spoiled_while_the_modes_look_right() {
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    let mut done = false;
    sim.events(move |t, chip| {
        if t >= 6 * SECOND && !std::mem::replace(&mut done, true) {
            // Channel 9 is nobody's: only a look at the whole block finds it.
            chip.borrow_mut().spoil(0x06 + 4 * 9, 0x55);
        }
    });
    let (tally, watcher) = sim.play(&plan, for_seconds(10));
    watcher.assert_unbroken();
    let found = sim.said("Disturbed")[0];
    assert!(found <= 6 * SECOND + 260_000, "{found}");
    assert_eq!(tally.recoveries, 1);
    assert_eq!(chip.borrow().registers()[0x06 + 4 * 9], 0);
}

#[test]
fn a_transfer_cut_between_servos_breaks_nothing() {
    let (chip, plan) = (fresh(), plan());
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
        let (tally, watcher) = sim.play(&plan, for_seconds(12));
        watcher.assert_unbroken();
        assert!(sim.said("Fault").len() > 20);
        assert_eq!(tally.recoveries, 0);
    }
}

#[test]
fn after_a_cut_the_whole_block_is_written_again() {
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    let mut done = false;
    // Between the two bytes of a pair: the one exception of invariant 1.
    sim.faults(move |t| {
        (t >= 5 * SECOND && !std::mem::replace(&mut done, true)).then_some(Fault::CutAfter(2))
    });
    let (_, watcher) = sim.play(&plan, for_seconds(8));
    watcher.assert_unbroken();
    let whole = sim
        .slots
        .iter()
        .find(|slot| slot.t_us >= 5 * SECOND)
        .unwrap();
    assert_eq!(whole.bytes, 66, "address, register and all 64 bytes");
    assert!(sim.said("Disturbed").is_empty());
}

/// The registers of a chip whose driver was killed in full swing.
fn left_running(plan: &Plan) -> [u8; 256] {
    let chip = fresh();
    let registers = Rc::new(RefCell::new([0; 256]));
    let mut sim = Sim::new(&chip);
    let kept = Rc::clone(&registers);
    sim.watch(move |t, chip| {
        if t == 7 * SECOND {
            *kept.borrow_mut() = *chip.registers();
        }
    });
    sim.play(plan, for_seconds(8));
    let registers = *registers.borrow();
    assert_eq!(registers[9] & FULL, 0, "it pulses");
    registers
}

#[test]
fn our_own_frame_left_running_goes_on_without_a_step() {
    let plan = plan();
    let registers = left_running(&plan);
    let chip = RefCell::new(Chip::with_registers(
        Address::DEFAULT,
        25_000_000,
        registers,
    ));
    let mut sim = Sim::new(&chip);
    let limp = Rc::new(Cell::new(false));
    let seen = Rc::clone(&limp);
    sim.watch(move |t, chip| {
        let before_the_end = t < 4 * SECOND;
        let any_limp = (0..8).any(|c| chip.emitted(c) == Emitted::Limp);
        seen.set(seen.get() || before_the_end && any_limp);
    });
    let (_, watcher) = sim.play(&plan, for_seconds(4));
    watcher.assert_unbroken();
    assert!(!limp.get());
    assert_eq!(sim.said("taken_over: 8").len(), 1);
}

#[test]
fn a_pulse_left_outside_its_table_goes_limp_first() {
    let plan = plan();
    let mut registers = left_running(&plan);
    // Channel 2 starts at 1023; 1800 µs is beyond its table of 1400..1600.
    let off = 1023u16 + 369;
    registers[0x06 + 8 + 2..0x06 + 8 + 4].copy_from_slice(&off.to_le_bytes());
    let chip = RefCell::new(Chip::with_registers(
        Address::DEFAULT,
        25_000_000,
        registers,
    ));
    let mut sim = Sim::new(&chip);
    let (_, watcher) = sim.play(&plan, for_seconds(4));
    watcher.assert_unbroken();
    assert_eq!(sim.said("taken_over: 7").len(), 1);
}

#[test]
fn a_strangers_frame_left_running_ends_uncut_and_starts_cold() {
    let plan = plan();
    let left = left_running(&plan);
    // Same modes and prescale, but every pulse starts together: not our
    // stagger. Whenever in the cycle that is, none is cut.
    for start in (0..3700u16).step_by(100) {
        let mut registers = left;
        for channel in 0..8 {
            let at = 6 + 4 * channel;
            registers[at..at + 2].copy_from_slice(&start.to_le_bytes());
            registers[at + 2..at + 4].copy_from_slice(&(start + 307).to_le_bytes());
        }
        let chip = RefCell::new(Chip::with_registers(
            Address::DEFAULT,
            25_000_000,
            registers,
        ));
        let mut sim = Sim::new(&chip);
        let (_, watcher) = sim.play(&plan, for_seconds(2));
        watcher.assert_unbroken();
        assert_eq!(sim.said("taken_over: 0").len(), 1);
        assert_eq!(
            chip.borrow().cut_pulses(),
            0,
            "pulses that start at {start}"
        );
    }
}

#[test]
fn a_stop_eases_to_neutral_and_relaxes_within_a_second() {
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    sim.orders = Box::new(|t| {
        if t >= 7 * SECOND {
            Order::Stop
        } else {
            Order::Play
        }
    });
    let last = Rc::new(RefCell::new(vec![Emitted::Limp; 8]));
    let seen = Rc::clone(&last);
    sim.watch(move |_, chip| {
        for (channel, last) in seen.borrow_mut().iter_mut().enumerate() {
            if let pulse @ Emitted::Pulse(_) = chip.emitted(channel) {
                *last = pulse;
            }
        }
    });
    let (_, watcher) = sim.play(&plan, Terms::default());
    watcher.assert_unbroken();
    let relaxed = sim.said("Relaxed")[0];
    assert!(relaxed <= 8 * SECOND + 40_000, "{relaxed}");
    for last in last.borrow().iter() {
        let Emitted::Pulse(us) = last else { panic!() };
        assert!((us - 1500.0).abs() < 5.0, "the last pulse was {us} µs");
    }
    assert_relaxed(&chip);
}

#[test]
fn a_second_stop_relaxes_at_once() {
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    sim.orders = Box::new(|t| match t {
        t if t < 7 * SECOND => Order::Play,
        t if t < 7 * SECOND + 100_000 => Order::Stop,
        _ => Order::Quit,
    });
    sim.play(&plan, Terms::default());
    assert!(sim.said("Relaxed")[0] <= 7 * SECOND + 140_000);
    assert_relaxed(&chip);
}

#[test]
fn a_stop_while_recovering() {
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    // The address answers nothing any more; it comes back just when the stop does.
    sim.faults(|t| (4 * SECOND..7 * SECOND).contains(&t).then_some(Fault::Nack));
    sim.orders = Box::new(|t| {
        if t >= 7 * SECOND {
            Order::Stop
        } else {
            Order::Play
        }
    });
    sim.play(&plan, Terms::default());
    assert_eq!(sim.said("Armed").len(), 1, "stopped between two attempts");
    assert_eq!(sim.said("Relaxed").len(), 2);
    assert_relaxed(&chip);
}

#[test]
fn a_good_reload_blends_over() {
    let (chip, plan) = (fresh(), plan());
    // Ever so much narrower, slower, and the other way round.
    let mut next = common::sim::plan_with(50, 1530.0, 1470.0, 2000.0);
    next.motion = plan.motion.clone();
    let mut sim = Sim::new(&chip);
    sim.next = Some(next);
    let mut done = false;
    sim.orders = Box::new(move |t| {
        if t >= 8 * SECOND && !std::mem::replace(&mut done, true) {
            Order::Reload
        } else {
            Order::Play
        }
    });
    let outside = Rc::new(Cell::new(0u64));
    let seen = Rc::clone(&outside);
    sim.watch(move |t, chip| {
        let is_outside = |c: usize| match chip.emitted(c) {
            Emitted::Pulse(us) => !(1470.0..=1530.0).contains(&us),
            _ => true,
        };
        if (8 * SECOND..12 * SECOND).contains(&t) && (0..8).any(is_outside) {
            seen.set(t);
        }
    });
    let (tally, watcher) = sim.play(&plan, for_seconds(12));
    // Held against the wider table throughout.
    watcher.assert_unbroken();
    assert!(
        outside.get() >= 8 * SECOND && outside.get() < 9 * SECOND,
        "{}",
        outside.get()
    );
    assert_eq!(tally.recoveries, 0);
    assert_eq!(sim.said("Armed").len(), 1, "no new life for it");
}

#[test]
fn a_reload_to_another_rate_goes_through_limp() {
    let (chip, plan) = (fresh(), plan());
    let mut sim = Sim::new(&chip);
    sim.next = Some(common::sim::plan_with(60, 1400.0, 1600.0, 2000.0));
    let mut done = false;
    sim.orders = Box::new(move |t| {
        if t >= 8 * SECOND && !std::mem::replace(&mut done, true) {
            Order::Reload
        } else {
            Order::Play
        }
    });
    let (tally, _) = sim.play(&plan, for_seconds(14));
    assert_eq!(tally.recoveries, 0, "on purpose is no recovery");
    let (armed, relaxed) = (sim.said("Armed"), sim.said("Relaxed"));
    assert_eq!(armed.len(), 2);
    assert!(relaxed[0] <= armed[1] && armed[1] <= 9 * SECOND + 200_000);
    assert_eq!(chip.borrow().registers()[0xFE], 101);
    assert_eq!(chip.borrow().cut_pulses(), 0);
}
