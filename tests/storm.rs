//! A hundred thousand frames with faults, other hands, signals and reloads at
//! random points.

mod common;

use common::crooked::Crooked;
use common::sim::{Broken, Sim, ch, hat_of, hat_with};
use embedded_hal::i2c::I2c;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use tentacle_hat::board::faulty::Fault;
use tentacle_hat::board::registers::{MODE1, MODE1_EXTCLK};
use tentacle_hat::board::virtual_chip::{Chip, Emitted, VirtualBus};
use tentacle_hat::calibration::Address;
use tentacle_hat::drive::{Order, Terms};
use tentacle_hat::motion::Hat;

const SECOND: u64 = 1_000_000;
/// A cycle of the chip, and as long as the watcher may look away.
const CYCLE_US: u64 = 21_000;
/// µs a second.
const MAX_SPEED: f32 = 700.0;

/// xorshift64*: the same storm on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
}

/// A squall: what it is, from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Squall {
    Nacks,
    TimeOuts,
    Cuts,
    Power,
    /// Another hand writes to MODE1.
    Hands,
}

/// Squalls of 1 ms to 4 s, 6 to 20 s apart.
fn squalls(random: &mut Random, end_us: u64) -> Vec<(Squall, u64, u64)> {
    let mut squalls = Vec::new();
    let mut t = 5 * SECOND;
    while t < end_us - 30 * SECOND {
        let length = match random.below(3) {
            0 => 1_000 + random.below(20_000),
            1 => random.below(800_000),
            _ => random.below(4 * SECOND),
        };
        let kind = match random.below(5) {
            0 => Squall::Nacks,
            1 => Squall::TimeOuts,
            2 => Squall::Cuts,
            3 => Squall::Hands,
            _ => Squall::Power,
        };
        squalls.push((kind, t, t + length));
        t += length + 6 * SECOND + random.below(14 * SECOND);
    }
    squalls
}

/// Something, and its moment.
type At<T> = (u64, T);

/// What a user does: orders with their moments, and hats to go over to, of which
/// some leave pulses outside, some want another pulse rate.
fn doings(random: &mut Random, end_us: u64) -> (Vec<At<Order>>, Vec<At<Hat>>) {
    let (mut orders, mut hats) = (Vec::new(), Vec::new());
    let mut t = 20 * SECOND;
    while t < end_us - 30 * SECOND {
        match random.below(8) {
            // A leg ends, and a successor takes over.
            0 => orders.push((t, Order::Stop)),
            1 => orders.push((t, Order::Quit)),
            2 => orders.push((t, Order::Rearm)),
            _ => {
                let half = 100.0 + random.below(400) as f64;
                let half = if random.below(2) == 0 { half } else { -half };
                let rate = if random.below(4) == 0 { 52 } else { 50 };
                let mut error = || random.below(201) as f64 / 100.0 - 1.0;
                let crooked = Crooked::new([(); 7].map(|()| error()));
                let crooked = (random.below(2) == 0).then_some(&crooked);
                let hat = hat_of(crooked, rate, 1500.0 - half, 1500.0 + half, MAX_SPEED);
                hats.push((t, hat));
            }
        }
        t += random.below(40 * SECOND);
    }
    (orders, hats)
}

#[test]
fn invariants_hold_and_the_hat_comes_back() {
    let seed = 7;
    let mut random = Random(seed);
    let end_us = 100_000 * 20_000;
    let squalls = squalls(&mut random, end_us);
    assert!(squalls.len() > 100);
    let (orders, mut hats) = doings(&mut random, end_us);
    let moments = orders.iter().map(|(t, _)| *t);
    let moments: Vec<u64> = moments.chain(hats.iter().map(|(t, _)| *t)).collect();

    // The wave wants up to 660 µs/s: a limit close above it, so that a step too
    // many shows.
    let mut hat = hat_with(50, 1000.0, 2000.0, MAX_SPEED);
    let chip = RefCell::new(Chip::new(Address::DEFAULT, 25_000_000));
    let mut sim = Sim::new(&chip);
    let at = {
        let squalls = squalls.clone();
        move |t: u64| {
            let i = squalls.partition_point(|(_, from, _)| *from <= t);
            let (kind, _, until) = *squalls.get(i.checked_sub(1)?)?;
            (t < until).then_some(kind)
        }
    };
    let strikes = at.clone();
    let mut dice = Random(seed + 1);
    sim.faults(move |t| match strikes(t)? {
        Squall::Nacks => (dice.below(4) > 0).then_some(Fault::Nack),
        Squall::TimeOuts => (dice.below(4) > 0).then_some(Fault::TimeOut),
        Squall::Cuts => Some(Fault::CutAfter(dice.below(34) as usize)),
        Squall::Power | Squall::Hands => None,
    });
    let mut powered = true;
    let power = at.clone();
    let mut hands = Random(seed + 2);
    sim.events(move |t, chip| {
        if matches!(power(t), Some(Squall::Hands)) && hands.below(20) == 0 {
            // Anything but EXTCLK, which only a reset clears.
            let mode1 = hands.below(256) as u8 & !MODE1_EXTCLK;
            VirtualBus(chip).write(0x40, &[MODE1, mode1]).unwrap();
        }
        let on = !matches!(power(t), Some(Squall::Power));
        if on != powered {
            powered = on;
            chip.borrow_mut().power(on);
        }
    });
    let asked = Rc::new(Cell::new(0));
    let (mut order, next_order) = (orders.iter().peekable(), Rc::clone(&asked));
    sim.orders = Box::new(move |t| match order.next_if(|(at, _)| *at <= t) {
        Some((_, order)) => {
            next_order.set(next_order.get() + 1);
            *order
        }
        None => Order::Play,
    });

    // When the first servo was engaged, and the widest pulse in the fifth
    // second, after each squall's end.
    let after = Rc::new(RefCell::new(vec![(None::<u64>, 0.0f64); squalls.len()]));
    let (mut frames, mut recoveries, mut skipped) = (0, 0, 0);
    let mut broken = Vec::new();
    let mut legs = 0;
    while sim.now_us() < end_us {
        legs += 1;
        let (seen, ends) = (Rc::clone(&after), squalls.clone());
        sim.watch(move |t, chip| {
            let i = ends.partition_point(|(_, _, until)| *until <= t);
            let Some(i) = i.checked_sub(1) else { return };
            let since = t - ends[i].2;
            if let Emitted::Pulse(us) = chip.emitted(ch(0)) {
                let (engaged, widest) = &mut seen.borrow_mut()[i];
                engaged.get_or_insert(since);
                if (4 * SECOND..6 * SECOND).contains(&since) {
                    *widest = widest.max((us - 1500.0).abs());
                }
            }
        });
        // What is in the files when a leg begins, it begins with.
        let now = sim.now_us();
        let (past, future): (Vec<_>, Vec<_>) = hats.into_iter().partition(|(t, _)| *t <= now);
        hat = past.last().map_or(hat, |(_, hat)| hat.clone());
        sim.next = future.clone();
        hats = future;
        let terms = Terms {
            length_us: Some(end_us),
            patient: true,
        };
        let (tally, watcher) = sim.play(&hat, terms);
        frames += tally.frames + tally.late;
        recoveries += tally.recoveries;
        skipped += tally.skipped;
        broken.extend(watcher.broken);
    }
    println!(
        "{} squalls, {} reloads, {} orders, {legs} legs: {frames} frames, {skipped} skipped, \
         {recoveries} recoveries",
        squalls.len(),
        moments.len() - orders.len(),
        asked.get(),
    );
    assert_eq!(asked.get(), orders.len());
    assert!(legs > 10 && moments.len() > 80);
    assert!(frames > 80_000 && recoveries > 20 && skipped > 1000);

    // The exceptions that ARCHITECTURE.md names, by what blew.
    let blew = |t: u64| {
        let i = squalls.partition_point(|(_, from, _)| *from <= t);
        let (kind, _, until) = squalls[i.checked_sub(1)?];
        (t < until + 100_000).then_some(kind)
    };
    let excused = |b: &&Broken| match (blew(b.t_us), b.before, b.now) {
        // A transfer cut between two bytes of one register pair shows until the
        // whole block is written, or the board is given up and relaxed.
        (Some(Squall::Cuts), ..) => b.outside_us <= SECOND + 100_000,
        // Auto-increment cleared in the middle of a slot: a cycle.
        (Some(Squall::Hands), ..) if b.outside_us > 0 => b.outside_us <= CYCLE_US,
        // Put to sleep and woken by another hand within a slot, it goes on from
        // where it was, in its table.
        (Some(Squall::Hands), Emitted::Limp, Emitted::Pulse(_)) => true,
        // A bus that hangs for a frame writes the next two within one cycle of the
        // chip, which then takes two steps in one.
        (Some(Squall::TimeOuts), Emitted::Pulse(a), Emitted::Pulse(b)) => {
            (a - b).abs() <= 2.0 * (f64::from(MAX_SPEED) / 50.0 + 4.88) + 0.01
        }
        _ => false,
    };
    let mut longest = BTreeMap::new();
    for b in &broken {
        let (count, longest_us) = longest.entry(blew(b.t_us)).or_insert((0, 0));
        *count += 1;
        *longest_us = b.outside_us.max(*longest_us);
    }
    for (kind, (count, us)) in &longest {
        println!("{kind:?}: {count} exceptions, outside of a table for {us} µs at most");
    }
    let unexcused: Vec<_> = broken.iter().filter(|b| !excused(b)).collect();
    assert!(
        unexcused.is_empty(),
        "{} broken, first {:?}",
        unexcused.len(),
        unexcused[0]
    );
    assert!(broken.len() < 100, "{} exceptions are none", broken.len());

    let mut held = 0;
    for (i, ((engaged, widest), squall)) in after.borrow().iter().zip(&squalls).enumerate() {
        let (_, _, until) = *squall;
        let undisturbed =
            |t: &u64| !(until.saturating_sub(4 * SECOND)..until + 6 * SECOND).contains(t);
        if !moments.iter().all(undisturbed) {
            continue;
        }
        held += 1;
        let engaged = engaged.unwrap_or(u64::MAX);
        assert!(
            engaged <= SECOND,
            "squall {i} {squall:?}: engaged after {engaged} µs"
        );
        // 0.7 of 100 µs comes round every 2.5 s; two seconds show half of it at
        // the least, wherever they begin. A compass may leave half of that.
        assert!(
            *widest > 17.5,
            "squall {i} {squall:?}: only {widest} µs wide"
        );
    }
    assert!(held > 50, "{held} squalls by themselves");
}
