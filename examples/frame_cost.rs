//! Computes and writes N frames to a bus that swallows them, or to a virtual
//! chip that lives along: what a frame costs from motion to bus, and what the
//! chip adds, counted by an emulator as the difference of two runs.
//!
//! `frame_cost wave|aimed|life|reach|show FRAMES [chip]`; aimed is the wave with a compass for each
//! tentacle.

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use std::cell::RefCell;
use std::convert::Infallible;
use tentacle_hat::board::Board;
use tentacle_hat::board::virtual_chip::{Chip, VirtualBus};
use tentacle_hat::calibration::{
    Address, BoardPlan, Channel, Compass, Mark, Name, Point, Rig, Senses, ServoPlan, Table,
    TentaclePlan,
};
use tentacle_hat::cue::Cue;
use tentacle_hat::drive::Source;
use tentacle_hat::motion::wave::{AxisWave, Wave};
use tentacle_hat::motion::{Hat, Id, Motion, Sighting};
use tentacle_hat::performer::Performer;
use tentacle_hat::pulse::Pulses;
use tentacle_hat::units::{Bend, Frequency, Microseconds, Timebase, Turns};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().expect("wave, aimed, life, reach or show");
    let frames: u64 = arguments.next().expect("FRAMES").parse().expect("a number");
    let crowd = kind == "reach";
    let hat = Hat {
        rig: rig(kind == "aimed"),
        motion: Motion {
            wave: wave(),
            depth: if kind == "life" || crowd { 0.4 } else { 0.0 },
        },
        senses: Senses::new(),
    };
    let mut performer = Performer::new(hat, 1, (|| None) as fn() -> Option<Hat>);
    if kind == "show" {
        let taken = performer.cue(&Cue::Demo(true), 0);
        taken.expect("the show is always played");
    }
    let bytes = match arguments.next() {
        None => write(Swallow, &mut performer, frames, crowd, |_| {}),
        Some(_) => {
            let chip = RefCell::new(Chip::new(Address::DEFAULT, 25_000_000));
            let live = |t_us| chip.borrow_mut().advance_to(t_us);
            write(VirtualBus(&chip), &mut performer, frames, crowd, live)
        }
    };
    println!("{frames} frames, {bytes} bytes");
}

/// Writes the frames, with `slot` told the time of each; the bytes on the wire.
fn write<B: I2c>(
    bus: B,
    performer: &mut Performer<fn() -> Option<Hat>>,
    frames: u64,
    crowd: bool,
    slot: impl Fn(u64),
) -> usize {
    let rig = performer.rig().clone();
    let mut board = Board::new(bus, &rig);
    let (mut armed, _) = board.arm(&rig, &mut NoDelay).expect("it cannot fail");
    let people = ["a.1", "a.2", "a.3", "a.4"].map(|id| Id::new(id).expect("a name"));
    let mut pulses = Pulses::LIMP;
    let mut bytes = 0;
    // From 10 s on: in full swing.
    let mut at = rig.timebase().slots_from(10_000_000);
    for frame in 0..frames {
        let t_us = at.t_us();
        at = at.next();
        slot(t_us);
        if crowd && frame % 5 == 0 {
            // Four people, ten times a second: all that a sense has.
            for (i, id) in people.into_iter().enumerate() {
                let seen = Sighting {
                    bearing_deg: (80 * i as u64 + frame % 40) as f32,
                    distance_m: Some(1.5),
                    sure: 1.0,
                    age_s: 0.1,
                };
                let taken = performer.cue(&Cue::Person(id, Some(seen)), t_us);
                taken.expect("there is room");
            }
        }
        let before = pulses;
        pulses = performer.pulses(t_us, &before);
        pulses.wake_one(&before, true);
        let frame = armed.limp().with(&rig, &pulses);
        bytes += armed.write(&frame).expect("it cannot fail");
    }
    bytes
}

/// Eight servos with asymmetric tables of three points: the dearer case.
fn rig(is_aimed: bool) -> Rig {
    let point = |bend, us| Point {
        bend,
        width: Microseconds::new(us).expect("a legal pulse"),
    };
    let table = Table::new(&[point(-1.0, 1100.0), point(0.0, 1450.0), point(1.0, 1900.0)]);
    let servo = |channel| ServoPlan {
        channel: Channel::new(channel).expect("a channel"),
        table: Some(table.clone().expect("monotone")),
        trim_us: 0.0,
        max_speed: 2000.0,
    };
    let tentacle = |i: i64| TentaclePlan {
        name: Name::from(["a", "b", "c", "d"][i as usize]).expect("a short name"),
        facing: Turns::new(i as f64 / 4.0),
        compass: is_aimed.then(|| compass(Turns::new(i as f64 / 4.0))),
        servos: [servo(2 * i), servo(2 * i + 1)],
    };
    let board = BoardPlan {
        bus: 1,
        address: Address::DEFAULT,
        timebase: Timebase::new(50, 25_000_000).expect("in range"),
        oe_gpio: None,
        button_gpio: None,
    };
    let tentacles: Vec<_> = (0..4).map(tentacle).collect();
    Rig::new(board, 8000.0, &tentacles, |fault| panic!("{fault}")).expect("no fault")
}

/// Of a tentacle that points 10° to the left of where it is to.
fn compass(facing: Turns) -> Compass {
    let mark = |k: u32| {
        let bearing = Turns::from_deg(45.0 * k as f32);
        let right = Turns::from_deg(10.0);
        let taken = Bend::toward_bearing(bearing.plus(right), facing, 0.4);
        Mark::new(bearing, 0.4, taken).expect("a bend within the circle")
    };
    Compass::new(facing, &std::array::from_fn::<_, 8, _>(|k| mark(k as u32))).expect("a compass")
}

fn wave() -> Wave {
    let axis = |micro_hz| AxisWave {
        frequency: Frequency::from_micro_hz(micro_hz),
        amplitude: 0.7,
        phase: Turns::ZERO,
        tentacle_phase: Turns::new(0.25),
    };
    Wave::new(axis(200_000), axis(300_000), 4).expect("inside the circle")
}

/// A bus without a chip: arming reads zeros, which are nobody's, and sets it up.
struct Swallow;

impl ErrorType for Swallow {
    type Error = Infallible;
}

impl I2c for Swallow {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), Infallible> {
        std::hint::black_box(operations);
        Ok(())
    }
}

struct NoDelay;

impl embedded_hal::delay::DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}
