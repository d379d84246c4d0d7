//! The invariants, over random hats, motions and lapses of time.

mod common;

use common::crooked::Crooked;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use tentacle_hat::board::Board;
use tentacle_hat::board::registers::{ARMED_MODE1, FULL, MODE1_ALLCALL};
use tentacle_hat::board::traced::{Traced, Transaction};
use tentacle_hat::board::virtual_chip::{Chip, Emitted, VirtualBus};
use tentacle_hat::calibration::*;
use tentacle_hat::frame::Frame;
use tentacle_hat::motion::Pose;
use tentacle_hat::pulse::{self, Pulses};
use tentacle_hat::units::*;

#[derive(Clone, Debug)]
struct Any {
    rig: Rig,
    plans: Vec<TentaclePlan>,
    max_total: f32,
}

prop_compose! {
    fn table()(
        negative in 620.0f64..1400.0,
        span in 30.0f64..900.0,
        neutral in 0.1f64..0.9,
        middle in any::<bool>(),
        flipped in any::<bool>(),
    ) -> Table {
        let (a, b) = (negative, negative + span);
        let (a, b) = if flipped { (b, a) } else { (a, b) };
        let point = |bend, us| Point { bend, width: Microseconds::new(us).unwrap() };
        let mut points = vec![point(-1.0, a), point(1.0, b)];
        if middle {
            points.insert(1, point(0.0, a + (b - a) * neutral));
        }
        Table::new(&points).unwrap()
    }
}

prop_compose! {
    fn hat()(
        rate in 40u16..=330,
        oscillator in 20_000_000u32..=30_000_000,
        count in 1usize..=8,
        channels in Just((0..16).collect::<Vec<_>>()).prop_shuffle(),
        servos in proptest::collection::vec(
            (proptest::option::weighted(0.9, table()), -100f32..=100.0, 10f32..20_000.0), 16),
        crooked in proptest::collection::vec(
            proptest::option::of(proptest::array::uniform7(-1f64..=1.0)), 8),
        max_total in 10f32..100_000.0,
    ) -> Any {
        let servo = |i: usize| {
            let (table, trim_us, max_speed) = servos[i].clone();
            ServoPlan { channel: common::sim::ch(channels[i]), table, trim_us, max_speed }
        };
        let plans: Vec<_> = (0..count).map(|i| TentaclePlan {
            name: Name::from(&format!("t{i}")).unwrap(),
            facing: Turns::new(i as f64 / count as f64),
            compass: crooked[i].map(|errors| {
                let facing = Turns::new(i as f64 / count as f64);
                Crooked::new(errors).compass(facing, 8, 0.4, || 0.0)
            }),
            servos: [servo(2 * i), servo(2 * i + 1)],
        }).collect();
        let board = BoardPlan {
            bus: 1,
            address: Address::DEFAULT,
            timebase: Timebase::new(rate, oscillator).unwrap(),
            oe_gpio: None,
            button_gpio: None,
        };
        let rig = Rig::new(board, max_total, &plans, |fault| panic!("{fault}")).unwrap();
        Any { rig, plans, max_total }
    }
}

/// Poses that no motion would make: anything inside the square, jumping.
fn poses() -> impl Strategy<Value = Vec<Pose>> {
    let bend = (-1f32..=1.0, -1f32..=1.0).prop_map(|(x, y)| Bend { x, y });
    let pose = proptest::collection::vec(bend, 8).prop_map(|b| Pose(b.try_into().unwrap()));
    proptest::collection::vec(pose, 40)
}

/// A servo's table as its file has it, its trim added: µs at both ends.
fn ends(plan: &ServoPlan) -> Option<(f64, f64)> {
    let points = plan.table.as_ref()?.points();
    let us = |p: &Point| f64::from(p.width.get() + plan.trim_us);
    let (a, b) = (us(&points[0]), us(&points[points.len() - 1]));
    Some((a.min(b), a.max(b)))
}

/// As the loop wakes servos: one a frame.
fn woken(mut next: Pulses, before: &Pulses) -> Pulses {
    next.wake_one(before, true);
    next
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Invariants 1, 2 and 4, seen at the outputs.
    #[test]
    fn pulses_stay_in_their_tables_and_steps_in_their_limits(hat in hat(), poses in poses()) {
        let Any { rig, plans, max_total } = &hat;
        let timebase = rig.timebase();
        let chip = RefCell::new(Chip::new(Address::DEFAULT, timebase.oscillator_hz()));
        let mut board = Board::new(VirtualBus(&chip), rig);
        let (mut armed, _) = board.arm(rig, &mut NoDelay).unwrap();
        let tick = 1e6 * (f64::from(timebase.prescale().0) + 1.0)
            / f64::from(timebase.oscillator_hz());
        let period_s = 1.0 / f64::from(timebase.rate_hz());
        let mut now = 0;
        let mut pulses = Pulses::LIMP;
        let mut before = vec![Emitted::Limp; rig.servos().len()];
        for pose in &poses {
            pulses = woken(pulse::next(rig, pose, &pulses), &pulses);
            let frame = armed.limp().with(rig, &pulses);
            for output in frame.0 {
                if let Some(off) = output.off {
                    prop_assert!(output.on < off && off.0 <= 4095);
                }
            }
            armed.write(&frame).unwrap();
            now += 100_000;
            chip.borrow_mut().advance_to(now);
            let mut moved = 0.0;
            let mut engaged = 0.0;
            for (i, servo) in rig.servos().iter().enumerate() {
                let plan = &plans[i / 2].servos[i % 2];
                let emitted = chip.borrow().emitted(servo.channel);
                match (emitted, before[i], ends(plan)) {
                    (Emitted::Limp, Emitted::Limp, _) => {}
                    (Emitted::Pulse(us), before, Some((low, high))) => {
                        // f32 tables: a thousandth of a µs.
                        prop_assert!(us >= low - 1e-3 && us <= high + 1e-3, "{low} {us} {high}");
                        if let Emitted::Pulse(before) = before {
                            let step = (us - before).abs();
                            let most = f64::from(plan.max_speed) * period_s + tick;
                            prop_assert!(step <= most + 1e-3, "{step} > {most}");
                            moved += step;
                            engaged += 1.0;
                        }
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                before[i] = emitted;
            }
            let most = f64::from(*max_total) * period_s + engaged * tick;
            prop_assert!(moved <= most + 1e-2, "{moved} > {most}");
        }
    }

    /// Invariant 3: one transaction a frame, only OFF counts, few bytes, and
    /// nothing for an unchanged frame.
    #[test]
    fn a_frame_is_one_short_write(hat in hat(), poses in poses()) {
        let rig = &hat.rig;
        let chip = RefCell::new(Chip::new(Address::DEFAULT, 25_000_000));
        let count = Cell::new(0usize);
        let longest = Cell::new(0usize);
        let bus = Traced::new(VirtualBus(&chip), |t: &Transaction<'_, '_>| {
            count.set(count.get() + 1);
            longest.set(longest.get().max(t.wire_bytes()));
        });
        let mut board = Board::new(bus, rig);
        let (mut armed, _) = board.arm(rig, &mut NoDelay).unwrap();
        let used: Vec<usize> = rig.servos().iter().map(|s| s.channel.index()).collect();
        let span = used.iter().max().unwrap() - used.iter().min().unwrap() + 1;
        let ons = |chip: &Chip| -> Vec<u8> {
            (0..16).flat_map(|c| chip.registers()[6 + 4 * c..8 + 4 * c].to_vec()).collect()
        };
        let armed_ons = ons(&chip.borrow());
        let mut pulses = Pulses::LIMP;
        longest.set(0);
        for pose in &poses {
            pulses = woken(pulse::next(rig, pose, &pulses), &pulses);
            let frame = armed.limp().with(rig, &pulses);
            let before = count.get();
            let changed = armed.write(&frame).unwrap() > 0;
            prop_assert_eq!(count.get() - before, usize::from(changed));
            prop_assert_eq!(armed.write(&frame).unwrap(), 0);
            prop_assert_eq!(count.get() - before, usize::from(changed));
        }
        // Address, register, and four bytes a channel but for the first's ON.
        prop_assert!(longest.get() <= 2 + 4 * span - 2, "{} bytes over {span} channels", longest.get());
        prop_assert_eq!(ons(&chip.borrow()), armed_ons);
    }

    /// Invariant 4: the first and the last pulse lie as far apart as they can.
    #[test]
    fn starts_are_spread_over_the_cycle(hat in hat()) {
        let limp = Frame::limp(&hat.rig);
        let mut used: Vec<Channel> = hat.rig.servos().iter().map(|s| s.channel).collect();
        used.sort_unstable();
        let room = u32::from(4095 - hat.rig.timebase().longest().0);
        let n = used.len() as u32;
        for (k, channel) in used.iter().enumerate() {
            let on = u32::from(limp.0[channel.index()].on.0);
            prop_assert_eq!(on, k as u32 * room / (n.max(2) - 1));
        }
    }
}

/// Invariant 3's number: eight neighbouring channels are at most 32 bytes.
#[test]
fn eight_neighbours_are_32_bytes() {
    let hat = common::sim::hat();
    let chip = RefCell::new(Chip::new(Address::DEFAULT, 25_000_000));
    let mut board = Board::new(VirtualBus(&chip), &hat.rig);
    let (mut armed, _) = board.arm(&hat.rig, &mut NoDelay).unwrap();
    let pulses = pulse::next(&hat.rig, &Pose::STRAIGHT, &Pulses::LIMP);
    let frame = armed.limp().with(&hat.rig, &pulses);
    assert_eq!(armed.write(&frame), Ok(32));
}

/// Invariant 7: whoever drops an armed board relaxes it, a panic too.
#[test]
fn a_panic_relaxes() {
    let hat = common::sim::hat();
    let chip = RefCell::new(Chip::new(Address::DEFAULT, 25_000_000));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut board = Board::new(VirtualBus(&chip), &hat.rig);
        let (mut armed, _) = board.arm(&hat.rig, &mut NoDelay).unwrap();
        let pulses = pulse::next(&hat.rig, &Pose::STRAIGHT, &Pulses::LIMP);
        armed.write(&armed.limp().with(&hat.rig, &pulses)).unwrap();
        chip.borrow_mut().advance_to(50_000);
        assert!(matches!(
            chip.borrow().emitted(common::sim::ch(7)),
            Emitted::Pulse(_)
        ));
        panic!("on purpose");
    }));
    assert!(result.is_err());
    let mut chip = chip.borrow_mut();
    for channel in 0..16 {
        assert_eq!(chip.registers()[6 + 4 * channel + 3] & FULL, FULL);
    }
    chip.advance_to(100_000);
    assert!((0..16).all(|channel| chip.emitted(common::sim::ch(channel)) == Emitted::Limp));
    // Limp by full-off, not by sleep, which would have cut a pulse.
    assert_eq!(chip.registers()[0] & !MODE1_ALLCALL, ARMED_MODE1);
    assert_eq!(chip.cut_pulses(), 0);
}

struct NoDelay;

impl embedded_hal::delay::DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}
