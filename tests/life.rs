//! How the board's life begins and ends when nothing breaks: found fresh, absent
//! or left running; stopped, reloaded, rewired. By what the outputs emit.

mod common;

use common::sim::{SECOND, Sim, assert_relaxed, ch, for_seconds, fresh, hat, hat_with};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tentacle_hat::board::BusError;
use tentacle_hat::board::faulty::Fault;
use tentacle_hat::board::registers::FULL;
use tentacle_hat::board::virtual_chip::{Chip, Emitted};
use tentacle_hat::calibration::{Address, Rig, ServoPlan, TentaclePlan};
use tentacle_hat::drive::{Loss, Order, Terms, drive};
use tentacle_hat::motion::Hat;
use tentacle_hat::performer::Performer;

#[test]
fn nothing_wrong() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    let (tally, watcher) = sim.play(&hat, for_seconds(10));
    watcher.assert_unbroken();
    assert_eq!((tally.late, tally.skipped, tally.recoveries), (0, 0, 0));
    assert!(sim.slots.iter().all(|slot| slot.good));
    assert_relaxed(&chip);
}

#[test]
fn absent_at_the_start() {
    let (chip, hat) = (fresh(), hat());
    chip.borrow_mut().power(false);
    let mut sim = Sim::new(&chip);
    let refused = drive(
        &mut sim,
        &mut Performer::new(hat.clone(), 0, || None),
        for_seconds(5),
    );
    assert_eq!(
        refused,
        Err(Loss::Bus(BusError::NO_ANSWER)),
        "started by hand"
    );

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
    let (tally, watcher) = sim.play(&hat, patient);
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
    let (chip, hat) = (fresh(), hat());
    let mut registers = *chip.borrow().registers();
    registers[0x00] = 0x21;
    registers[0xFE] = 99;
    *chip.borrow_mut() = Chip::with_registers(Address::DEFAULT, 25_000_000, registers);
    let mut sim = Sim::new(&chip);
    let (_, watcher) = sim.play(&hat, for_seconds(5));
    watcher.assert_unbroken();
    assert_eq!(chip.borrow().registers()[0xFE], 121);
}

/// The registers of a chip whose driver was killed in full swing.
fn left_running(hat: &Hat) -> [u8; 256] {
    let chip = fresh();
    let registers = Rc::new(RefCell::new([0; 256]));
    let mut sim = Sim::new(&chip);
    let kept = Rc::clone(&registers);
    sim.watch(move |t, chip| {
        if t == 7 * SECOND {
            *kept.borrow_mut() = *chip.registers();
        }
    });
    sim.play(hat, for_seconds(8));
    let registers = *registers.borrow();
    assert_eq!(registers[9] & FULL, 0, "it pulses");
    registers
}

#[test]
fn our_own_frame_left_running_goes_on_without_a_step() {
    let hat = hat();
    let registers = left_running(&hat);
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
        let any_limp = (0..8).any(|c| chip.emitted(ch(c)) == Emitted::Limp);
        seen.set(seen.get() || before_the_end && any_limp);
    });
    let (_, watcher) = sim.play(&hat, for_seconds(4));
    watcher.assert_unbroken();
    assert!(!limp.get());
    assert_eq!(sim.said("Armed(8)").len(), 1);
}

#[test]
fn a_pulse_left_outside_its_table_goes_limp_first() {
    let hat = hat();
    let left = left_running(&hat);
    // Channels 0 and 2 start at 0 and 1023; 1800 µs is beyond their tables of 1400..1600.
    for (channel, on) in [(0, 0u16), (2, 1023)] {
        let mut registers = left;
        let at = 0x06 + 4 * channel + 2;
        registers[at..at + 2].copy_from_slice(&(on + 369).to_le_bytes());
        let chip = RefCell::new(Chip::with_registers(
            Address::DEFAULT,
            25_000_000,
            registers,
        ));
        let mut sim = Sim::new(&chip);
        let (_, watcher) = sim.play(&hat, for_seconds(4));
        watcher.assert_unbroken();
        assert_eq!(sim.said("Armed(7)").len(), 1);
    }
}

#[test]
fn a_strangers_frame_left_running_ends_uncut_and_starts_cold() {
    let hat = hat();
    let left = left_running(&hat);
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
        let (_, watcher) = sim.play(&hat, for_seconds(2));
        watcher.assert_unbroken();
        assert_eq!(sim.said("Armed(0)").len(), 1);
        assert_eq!(
            chip.borrow().cut_pulses(),
            0,
            "pulses that start at {start}"
        );
    }
}

#[test]
fn a_stop_eases_to_neutral_and_relaxes_within_a_second() {
    let (chip, hat) = (fresh(), hat());
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
            if let pulse @ Emitted::Pulse(_) = chip.emitted(ch(channel)) {
                *last = pulse;
            }
        }
    });
    let (_, watcher) = sim.play(&hat, Terms::default());
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
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    sim.orders = Box::new(|t| match t {
        t if t < 7 * SECOND => Order::Play,
        t if t < 7 * SECOND + 100_000 => Order::Stop,
        _ => Order::Quit,
    });
    sim.play(&hat, Terms::default());
    assert!(sim.said("Relaxed")[0] <= 7 * SECOND + 140_000);
    assert_relaxed(&chip);
}

#[test]
fn a_stop_while_recovering() {
    let (chip, hat) = (fresh(), hat());
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
    sim.play(&hat, Terms::default());
    assert_eq!(sim.said("Armed").len(), 1, "stopped between two attempts");
    assert_eq!(sim.said("Relaxed").len(), 2);
    assert_relaxed(&chip);
}

#[test]
fn a_good_reload_blends_over() {
    let (chip, hat) = (fresh(), hat());
    // Narrower, but for what is emitted wide enough; and the other way round.
    let next = hat_with(50, 1575.0, 1425.0, 2000.0);
    let mut sim = Sim::new(&chip);
    sim.next = vec![(8 * SECOND, next)];
    let (tally, watcher) = sim.play(&hat, for_seconds(12));
    watcher.assert_unbroken();
    assert_eq!(tally.recoveries, 0);
    assert_eq!(sim.said("Armed").len(), 1, "no new life for it");
}

#[test]
fn a_reload_that_leaves_pulses_outside_goes_through_limp() {
    // Through trouble on the bus too, at the moment of the reload.
    for fails in [false, true] {
        let (chip, hat) = (fresh(), hat());
        let mut next = hat_with(50, 1530.0, 1470.0, 2000.0);
        next.motion = hat.motion;
        let mut sim = Sim::new(&chip);
        sim.next = vec![(8 * SECOND, next)];
        let trouble = 7_900_000..8_100_000;
        sim.faults(move |t| (fails && trouble.contains(&t)).then_some(Fault::Nack));
        let (limp, outside) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(None)));
        let (limp_at, outside_at) = (Rc::clone(&limp), Rc::clone(&outside));
        sim.watch(move |t, chip| {
            let emitted = || (0..8).map(|c| chip.emitted(ch(c)));
            if t > 8 * SECOND && emitted().all(|e| e == Emitted::Limp) {
                limp_at.set(limp_at.get().or(Some(t)));
            }
            let is_outside = |e| matches!(e, Emitted::Pulse(us) if !(1469.0..1531.0).contains(&us));
            if emitted().any(is_outside) {
                outside_at.set(Some(t));
            }
        });
        let (tally, watcher) = sim.play(&hat, for_seconds(12));
        watcher.assert_unbroken();
        let (limp, outside) = (limp.get().unwrap(), outside.get().unwrap());
        assert!(limp < 8 * SECOND + 800_000, "{limp}");
        assert!(
            outside < limp,
            "never outside of the table in force: {outside}"
        );
        assert_eq!(tally.recoveries, 0, "on purpose is no recovery");
    }
}

#[test]
fn a_reload_to_another_rate_goes_through_limp() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    sim.next = vec![(8 * SECOND, hat_with(60, 1400.0, 1600.0, 2000.0))];
    let (tally, _) = sim.play(&hat, for_seconds(14));
    assert_eq!(tally.recoveries, 0, "on purpose is no recovery");
    let (armed, relaxed) = (sim.said("Armed"), sim.said("Relaxed"));
    assert_eq!(armed.len(), 2);
    assert!(relaxed[0] <= armed[1] && armed[1] <= 9 * SECOND + 200_000);
    assert_eq!(chip.borrow().registers()[0xFE], 101);
    assert_eq!(chip.borrow().cut_pulses(), 0);
}

#[test]
fn a_reload_to_another_rate_while_the_board_is_absent() {
    let (chip, hat) = (fresh(), hat());
    // Before it was ever there, and while it is lost.
    for (from, until) in [(0, 3 * SECOND), (5 * SECOND, 8 * SECOND)] {
        *chip.borrow_mut() = Chip::new(Address::DEFAULT, 25_000_000);
        let mut sim = Sim::new(&chip);
        sim.faults(move |t| (from..until).contains(&t).then_some(Fault::Nack));
        sim.next = vec![(until - SECOND, hat_with(60, 1400.0, 1600.0, 2000.0))];
        let patient = Terms {
            patient: true,
            ..for_seconds(14)
        };
        let (tally, _) = sim.play(&hat, patient);
        assert_eq!(chip.borrow().registers()[0xFE], 101);
        let armed = *sim.said("Armed").last().unwrap();
        assert!((until..until + 400_000).contains(&armed), "{armed}");
        assert!(tally.frames > 5 * 60, "it goes on: {tally:?}");
    }
}

#[test]
fn no_write_is_late_for_a_read_back() {
    let slot_us = 20_000;
    // So wide that each slot has its write.
    let hat = hat_with(50, 700.0, 2300.0, 2000.0);
    for hz in [100_000, 400_000] {
        let chip = fresh();
        let mut sim = Sim::new(&chip);
        sim.bus_hz(hz);
        let (tally, watcher) = sim.play(&hat, for_seconds(8));
        watcher.assert_unbroken();
        assert_eq!((tally.late, tally.skipped), (0, 0));
        // In full swing: each slot's transfers, by their moments within it.
        let transfers = sim.transfers();
        let during = |k: u64| {
            let of = |t: &&(u64, bool, usize)| t.0 / slot_us == k;
            transfers.iter().filter(of).collect::<Vec<_>>()
        };
        let mut read_back = 0;
        for k in 250..350 {
            let during = during(k);
            let (at, writes, bytes) = *during[0];
            assert_eq!((at % slot_us, writes), (0, true), "slot {k}: {during:?}");
            assert!(bytes <= 32 && during[1..].iter().all(|(_, writes, _)| !writes));
            assert!(during.len() > 1, "MODE1 is read in each slot");
            if during.len() > 2 {
                read_back += 1;
                if read_back == 1 {
                    println!("{hz} Hz, slot {k}: {during:?}");
                }
            }
        }
        // Four times a second.
        assert!((7..=9).contains(&read_back), "{read_back}");
    }
}

#[test]
fn a_reload_wakes_one_servo_at_a_time() {
    let (chip, all) = (fresh(), hat());
    // Nothing is calibrated before it.
    let mut bare = all.clone();
    let plans: Vec<TentaclePlan> = all
        .rig
        .tentacles()
        .iter()
        .enumerate()
        .map(|(i, t)| {
            let servo = |channel| ServoPlan {
                channel: ch(channel),
                table: None,
                trim_us: 0.0,
                max_speed: 2000.0,
            };
            TentaclePlan {
                name: t.name,
                facing: t.facing,
                compass: None,
                servos: [servo(2 * i), servo(2 * i + 1)],
            }
        })
        .collect();
    bare.rig = Rig::new(*all.rig.board(), 8000.0, &plans, |fault| panic!("{fault}")).unwrap();
    let mut sim = Sim::new(&chip);
    sim.next = vec![(3 * SECOND, all.clone())];
    let woken = Rc::new(RefCell::new([None; 8]));
    let seen = Rc::clone(&woken);
    sim.watch(move |t, chip| {
        for (channel, woken) in seen.borrow_mut().iter_mut().enumerate() {
            if woken.is_none() && chip.emitted(ch(channel)) != Emitted::Limp {
                *woken = Some(t);
            }
        }
    });
    sim.play(&bare, for_seconds(6));
    let woken: Vec<u64> = woken.borrow().iter().map(|t| t.unwrap()).collect();
    assert!(
        woken.windows(2).all(|pair| pair[1] - pair[0] >= 95_000),
        "{woken:?}"
    );
}
