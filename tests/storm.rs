//! A hundred thousand frames with faults at random points.

mod common;

use common::sim::{Broken, Sim, ch, hat_with};
use embedded_hal::i2c::I2c;
use std::cell::RefCell;
use std::rc::Rc;
use tentacle_hat::board::faulty::Fault;
use tentacle_hat::board::registers::{MODE1, MODE1_EXTCLK};
use tentacle_hat::board::virtual_chip::{Chip, Emitted, VirtualBus};
use tentacle_hat::calibration::Address;
use tentacle_hat::drive::Terms;

const SECOND: u64 = 1_000_000;
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
#[derive(Clone, Copy, Debug)]
enum Squall {
    Nacks,
    TimeOuts,
    Cuts,
    Power,
    /// Another hand writes to MODE1.
    Hands,
}

#[test]
fn invariants_hold_and_the_hat_comes_back() {
    let seed = 20_171_031;
    let mut random = Random(seed);
    let frames = 100_000;
    let end_us = frames * 20_000;
    // Squalls of 1 ms to 4 s, 6 to 20 s apart.
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
    assert!(squalls.len() > 100);

    // The wave wants up to 660 µs/s: a limit close above it, so that a step too
    // many shows.
    let hat = hat_with(50, 1000.0, 2000.0, MAX_SPEED);
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
    // When the first servo was engaged, and the widest pulse in the fifth
    // second, after each squall's end.
    let after = Rc::new(RefCell::new(vec![(None::<u64>, 0.0f64); squalls.len()]));
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
    let terms = Terms {
        length_us: Some(end_us),
        patient: true,
    };
    let (tally, watcher) = sim.play(&hat, terms);
    println!("{} squalls, {tally:?}", squalls.len());
    assert!(tally.frames + tally.late > frames * 8 / 10);
    assert!(tally.recoveries > 20 && tally.skipped > 1000);

    // Two physical exceptions. A transfer cut between two bytes of one register
    // pair shows until it is mended. And a bus that hangs for a frame writes the
    // next two within one cycle of the chip, which then takes two steps in one.
    let within = |wanted: fn(Squall) -> bool, t: u64| {
        let blows = |(kind, from, until): &(Squall, u64, u64)| {
            wanted(*kind) && (*from..*until + 100_000).contains(&t)
        };
        squalls.iter().any(blows)
    };
    let excused = |broken: &&Broken| match (broken.before, broken.now) {
        _ if within(|kind| matches!(kind, Squall::Cuts), broken.t_us) => true,
        // Put to sleep and woken by another hand within a slot, it goes on from
        // where it was, in its table.
        (Emitted::Limp, Emitted::Pulse(us)) => {
            let hands = within(|kind| matches!(kind, Squall::Hands), broken.t_us);
            hands && (1000.0..=2000.0).contains(&us)
        }
        (Emitted::Pulse(a), Emitted::Pulse(b)) => {
            let two_steps = 2.0 * (f64::from(MAX_SPEED) / 50.0 + 4.88) + 0.01;
            let hangs = within(|kind| matches!(kind, Squall::TimeOuts), broken.t_us);
            hangs && (a - b).abs() <= two_steps && (1000.0..=2000.0).contains(&b)
        }
        _ => false,
    };
    let unexcused: Vec<_> = watcher.broken.iter().filter(|b| !excused(b)).collect();
    assert!(
        unexcused.is_empty(),
        "{} broken, first {:?}",
        unexcused.len(),
        unexcused[0]
    );
    let excuses = watcher.broken.len();
    assert!(excuses < 100, "{excuses} exceptions are no exceptions");

    for (i, ((engaged, widest), squall)) in after.borrow().iter().zip(&squalls).enumerate() {
        let engaged = engaged.unwrap_or(u64::MAX);
        assert!(
            engaged <= SECOND,
            "squall {i} {squall:?}: engaged after {engaged} µs"
        );
        // 0.7 of 500 µs comes round every 2.5 s; two seconds show 0.6 of it at
        // the least, wherever they begin.
        assert!(
            *widest > 175.0,
            "squall {i} {squall:?}: only {widest} µs wide"
        );
    }
}
