//! The loop in simulated time, on a virtual chip whose outputs are watched.

use super::crooked::Crooked;
use embedded_hal::i2c::Operation;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use tentacle_hat::board::BusError;
use tentacle_hat::board::faulty::{Fault, Faulty};
use tentacle_hat::board::registers::FULL;
use tentacle_hat::board::traced::{Traced, Transaction};
use tentacle_hat::board::virtual_chip::{Chip, Emitted, VirtualBus};
use tentacle_hat::calibration::*;
use tentacle_hat::cue::Cue;
use tentacle_hat::drive::{Course, Notice, Order, Shell, Slot, Source, Tally, Terms, drive};
use tentacle_hat::motion::wave::{AxisWave, Wave};
use tentacle_hat::motion::{Hat, Motion, Performance, Refusal};
use tentacle_hat::performer::Performer;
use tentacle_hat::pulse::Pulses;
use tentacle_hat::units::*;

pub const SECOND: u64 = 1_000_000;

/// A channel of the chip.
pub fn ch(channel: usize) -> Channel {
    Channel::new(channel as i64).unwrap()
}

pub fn fresh() -> RefCell<Chip> {
    RefCell::new(Chip::new(Address::DEFAULT, 25_000_000))
}

pub fn for_seconds(seconds: u64) -> Terms {
    Terms {
        length_us: Some(seconds * SECOND),
        patient: false,
    }
}

/// Every channel's full-off bit is set, by a chip that is awake.
pub fn assert_relaxed(chip: &RefCell<Chip>) {
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

/// Four tentacles on channels 0 to 7, with narrow tables.
pub fn hat() -> Hat {
    hat_with(50, 1400.0, 1600.0, 2000.0)
}

/// The same with another pulse rate, other ends and another limit to the speed.
pub fn hat_with(rate: u16, negative: f64, positive: f64, max_speed: f32) -> Hat {
    hat_of(None, rate, negative, positive, max_speed)
}

/// The same of tentacles that are crooked in that way, with a compass each.
pub fn hat_of(
    crooked: Option<&Crooked>,
    rate: u16,
    negative: f64,
    positive: f64,
    max_speed: f32,
) -> Hat {
    let point = |bend, us| Point {
        bend,
        width: Microseconds::new(us).unwrap(),
    };
    let table = Table::new(&[point(-1.0, negative), point(1.0, positive)]).unwrap();
    let servo = |channel| ServoPlan {
        channel: ch(channel),
        table: Some(table.clone()),
        trim_us: 0.0,
        max_speed,
    };
    let tentacles: Vec<_> = ["front-left", "front-right", "back-right", "back-left"]
        .iter()
        .enumerate()
        .map(|(i, name)| TentaclePlan {
            name: Name::from(name).unwrap(),
            facing: Turns::new(0.25 * i as f64),
            compass: crooked.map(|it| it.compass(Turns::new(0.25 * i as f64), 8, 0.4, || 0.0)),
            servos: [servo(2 * i), servo(2 * i + 1)],
        })
        .collect();
    let board = BoardPlan {
        bus: 1,
        address: Address::DEFAULT,
        timebase: Timebase::new(rate, 25_000_000).unwrap(),
        oe_gpio: None,
        button_gpio: None,
    };
    let rig = Rig::new(board, 8000.0, &tentacles, |fault| panic!("{fault}")).unwrap();
    let axis = |micro_hz, phase| AxisWave {
        frequency: Frequency::from_micro_hz(micro_hz),
        amplitude: 0.7,
        phase: Turns::new(phase),
        tentacle_phase: Turns::new(0.25),
    };
    let wave = Wave::new(axis(200_000, 0.0), axis(300_000, 0.25), 4).unwrap();
    let motion = Motion::plain(wave);
    let senses = Senses::new();
    Hat {
        rig,
        motion,
        senses,
    }
}

/// What happened, in words, with its moment.
pub type Log = Vec<(u64, String)>;

type Watch<'a> = Box<dyn FnMut(u64, &Chip) + 'a>;
type Events<'a> = Box<dyn FnMut(u64, &RefCell<Chip>) + 'a>;
/// A transfer on the bus: when it began, whether it only wrote, its bytes.
pub type Transfer = (u64, bool, usize);

type Faults<'a> = Box<dyn FnMut(u64) -> Option<Fault> + 'a>;

/// Simulated time, and what happens in it; each hook is asked with the time.
struct World<'a> {
    chip: &'a RefCell<Chip>,
    now_us: Cell<u64>,
    watch: RefCell<Watch<'a>>,
    events: RefCell<Events<'a>>,
    faults: RefCell<Faults<'a>>,
    /// How fast the bus is, if its transfers take time.
    bus_hz: Cell<Option<u64>>,
    transfers: RefCell<Vec<Transfer>>,
}

impl World<'_> {
    /// Lets time pass in steps of a millisecond, so that the watcher sees what
    /// the outputs do between.
    fn advance_to(&self, t_us: u64) {
        while self.now_us.get() < t_us {
            let now = (self.now_us.get() + 1000).min(t_us);
            self.now_us.set(now);
            self.chip.borrow_mut().advance_to(now);
            (self.events.borrow_mut())(now, self.chip);
            (self.watch.borrow_mut())(now, &self.chip.borrow());
        }
    }

    /// A transfer went over the bus: nine clocks a byte.
    fn pass(&self, transaction: &Transaction<'_, '_>) {
        let Some(hz) = self.bus_hz.get() else { return };
        let bytes = transaction.wire_bytes();
        let writes = matches!(transaction.operations, [Operation::Write(_)]);
        let now = self.now_us.get();
        self.transfers.borrow_mut().push((now, writes, bytes));
        self.advance_to(now + bytes as u64 * 9 * SECOND / hz);
    }

    fn strike(&self) -> Option<Fault> {
        let fault = (self.faults.borrow_mut())(self.now_us.get());
        if fault == Some(Fault::TimeOut) {
            self.advance_to(self.now_us.get() + 20_000);
        }
        fault
    }
}

/// The loop's shell in a simulated world.
pub struct Sim<'a> {
    world: Rc<World<'a>>,
    /// Whether the bus cannot even be opened, asked with the time.
    pub absent: Box<dyn FnMut(u64) -> bool + 'a>,
    /// Asked once a slot, with the time.
    pub orders: Box<dyn FnMut(u64) -> Order + 'a>,
    /// Cues and their moments, in order.
    pub cues: VecDeque<(u64, Cue)>,
    /// Hats to go over to, one after another, and from when on.
    pub next: Vec<(u64, Hat)>,
    pub log: Log,
    pub slots: Vec<Slot>,
}

impl<'a> Sim<'a> {
    pub fn new(chip: &'a RefCell<Chip>) -> Self {
        Self {
            world: Rc::new(World {
                chip,
                now_us: Cell::new(0),
                watch: RefCell::new(Box::new(|_, _| {})),
                events: RefCell::new(Box::new(|_, _| {})),
                faults: RefCell::new(Box::new(|_| None)),
                bus_hz: Cell::new(None),
                transfers: RefCell::default(),
            }),
            absent: Box::new(|_| false),
            orders: Box::new(|_| Order::Play),
            cues: VecDeque::new(),
            next: Vec::new(),
            log: Log::new(),
            slots: Vec::new(),
        }
    }

    /// Has the outputs looked at, at each step of time.
    pub fn watch(&self, watch: impl FnMut(u64, &Chip) + 'a) {
        *self.world.watch.borrow_mut() = Box::new(watch);
    }

    /// What befalls the chip, at each step of time.
    pub fn events(&self, events: impl FnMut(u64, &RefCell<Chip>) + 'a) {
        *self.world.events.borrow_mut() = Box::new(events);
    }

    /// Lets transfers take the time that a bus of so many Hz needs.
    pub fn bus_hz(&self, hz: u64) {
        self.world.bus_hz.set(Some(hz));
    }

    /// The transfers of a bus that takes time.
    pub fn transfers(&self) -> Vec<Transfer> {
        self.world.transfers.borrow().clone()
    }

    /// How each transfer fails.
    pub fn faults(&self, faults: impl FnMut(u64) -> Option<Fault> + 'a) {
        *self.world.faults.borrow_mut() = Box::new(faults);
    }

    /// Plays the hat while a watcher looks on.
    pub fn play(&mut self, hat: &Hat, terms: Terms) -> (Tally, Watcher) {
        let rig = Rc::default();
        let watcher = Rc::new(RefCell::new(Watcher::new(&rig, &self.world.chip.borrow())));
        let looks = Rc::clone(&watcher);
        let mut also = self.world.watch.replace(Box::new(|_, _| {}));
        self.watch(move |t, chip| {
            looks.borrow_mut().look(t, chip);
            also(t, chip);
        });
        let (world, mut next) = (Rc::clone(&self.world), std::mem::take(&mut self.next));
        let inbox = move || {
            let due = next.first()?.0 <= world.now_us.get();
            due.then(|| next.remove(0).1)
        };
        let performer = Performer::new(hat.clone(), 0, inbox);
        let tally = drive(self, &mut InForce { performer, rig }, terms).unwrap();
        self.watch(|_, _| {});
        (tally, Rc::into_inner(watcher).unwrap().into_inner())
    }

    pub fn now_us(&self) -> u64 {
        self.world.now_us.get()
    }

    /// The moments at which something was said.
    pub fn said(&self, what: &str) -> Vec<u64> {
        let said = self.log.iter().filter(|(_, text)| text.contains(what));
        said.map(|(t, _)| *t).collect()
    }
}

type FaultyBus<'a> = Faulty<VirtualBus<&'a RefCell<Chip>>, Box<dyn FnMut() -> Option<Fault> + 'a>>;
type SimBus<'a> = Traced<FaultyBus<'a>, Box<dyn FnMut(&Transaction<'_, '_>) + 'a>>;

impl<'a> Shell for Sim<'a> {
    type Bus = SimBus<'a>;
    type Error = BusError;

    fn open(&mut self, _: &BoardPlan) -> Result<SimBus<'a>, BusError> {
        if (self.absent)(self.world.now_us.get()) {
            return Err(BusError::NO_BUS);
        }
        let (world, wire) = (Rc::clone(&self.world), Rc::clone(&self.world));
        let strike: Box<dyn FnMut() -> Option<Fault> + 'a> = Box::new(move || world.strike());
        let bus = Faulty::new(VirtualBus(self.world.chip), strike);
        Ok(Traced::new(
            bus,
            Box::new(move |transaction| wire.pass(transaction)),
        ))
    }

    fn now_us(&mut self) -> u64 {
        self.world.now_us.get()
    }

    fn sleep_until(&mut self, t_us: u64) {
        self.world.advance_to(t_us);
    }

    fn order(&mut self) -> Order {
        (self.orders)(self.world.now_us.get())
    }

    fn cue(&mut self, t_us: u64) -> Option<Cue> {
        let due = self.cues.front()?.0 <= t_us;
        due.then(|| self.cues.pop_front().unwrap().1)
    }

    fn notice(&mut self, notice: Notice<'_, BusError>) {
        match notice {
            Notice::Slot(slot, ..) => self.slots.push(*slot),
            other => self
                .log
                .push((self.world.now_us.get(), format!("{other:?}"))),
        }
    }
}

/// The rig whose pulses are out, once there are any.
type RigInForce = Rc<RefCell<Option<Rig>>>;

/// A performer, and what is in force of what it plays.
struct InForce<F> {
    performer: Performer<F>,
    rig: RigInForce,
}

impl<F: FnMut() -> Option<Hat>> InForce<F> {
    fn takes_force(&self) {
        if self.rig.borrow().as_ref() != Some(self.performer.rig()) {
            *self.rig.borrow_mut() = Some(self.performer.rig().clone());
        }
    }
}

impl<F: FnMut() -> Option<Hat>> Source for InForce<F> {
    fn rig(&self) -> &Rig {
        self.performer.rig()
    }

    fn begin(&mut self, t_us: u64) {
        self.takes_force();
        self.performer.begin(t_us);
    }

    fn course(&mut self, stopping: bool, t_us: u64, pulses: &Pulses) -> Course {
        let course = self.performer.course(stopping, t_us, pulses);
        if course == Course::On {
            self.takes_force();
        }
        course
    }

    fn pulses(&mut self, t_us: u64, before: &Pulses) -> Pulses {
        self.performer.pulses(t_us, before)
    }

    fn cue(&mut self, cue: &Cue, t_us: u64) -> Result<(), Refusal> {
        self.performer.cue(cue, t_us)
    }

    fn scene(&self) -> &'static str {
        self.performer.scene()
    }

    fn performance(&self) -> Option<&Performance> {
        self.performer.performance()
    }
}

/// What broke an invariant: its moment, the servo, from what to what.
#[derive(Clone, Copy, Debug)]
pub struct Broken {
    pub t_us: u64,
    pub servo: usize,
    pub before: Emitted,
    pub now: Emitted,
    /// For how long it is outside of its table, µs.
    pub outside_us: u64,
}

/// What each channel emits.
fn emitted(chip: &Chip) -> [Emitted; CHANNELS] {
    let mut emitted = [Emitted::Limp; CHANNELS];
    for (emitted, channel) in emitted.iter_mut().zip(Channel::all()) {
        *emitted = chip.emitted(channel);
    }
    emitted
}

/// Holds what the outputs emit against invariants 1 and 2 at every step of time,
/// by the rig in force.
pub struct Watcher {
    rig: RigInForce,
    /// What each channel emitted last.
    before: [Emitted; CHANNELS],
    /// Since when a channel's pulse is outside of its table, and what broke then.
    outside: [Option<(u64, usize)>; CHANNELS],
    pub broken: Vec<Broken>,
}

impl Watcher {
    fn new(rig: &RigInForce, chip: &Chip) -> Self {
        Self {
            rig: Rc::clone(rig),
            before: emitted(chip),
            outside: Default::default(),
            broken: Vec::new(),
        }
    }

    fn look(&mut self, t_us: u64, chip: &Chip) {
        let emitted = emitted(chip);
        let all_before = std::mem::replace(&mut self.before, emitted);
        let Some(rig) = &*self.rig.borrow() else {
            return;
        };
        let tick_us = f64::from(rig.timebase().tick_us());
        for (servo_number, servo) in rig.servos().iter().enumerate() {
            let i = servo.channel.index();
            let (before, now) = (all_before[i], emitted[i]);
            let calibration = servo.calibration.as_ref();
            let is_inside = |us: f64, calibration: &Calibration| {
                let (low, high) = calibration.table.range_us();
                us >= f64::from(low) - 0.01 && us <= f64::from(high) + 0.01
            };
            let inside = match (now, calibration) {
                (Emitted::Limp, _) => true,
                (Emitted::Pulse(us), Some(calibration)) => is_inside(us, calibration),
                _ => false,
            };
            let wrong = match (before, now, calibration) {
                _ if !inside => self.outside[i].is_none() || now != before,
                (Emitted::Limp, Emitted::Pulse(us), Some(calibration)) => {
                    let off = us - f64::from(calibration.neutral.get());
                    off.abs() > tick_us / 2.0 + 0.01
                }
                (Emitted::Pulse(a), Emitted::Pulse(b), Some(_)) => {
                    (b - a).abs() > f64::from(servo.max_step_us) + tick_us + 0.01
                }
                _ => false,
            };
            if wrong {
                let outside_us = 0;
                let broken = Broken {
                    t_us,
                    servo: servo_number,
                    before,
                    now,
                    outside_us,
                };
                self.broken.push(broken);
            }
            match (inside, self.outside[i]) {
                (true, _) => self.outside[i] = None,
                (false, None) => self.outside[i] = Some((t_us, self.broken.len() - 1)),
                (false, Some((since_us, broken))) => {
                    self.broken[broken].outside_us = t_us - since_us;
                }
            }
        }
    }

    pub fn assert_unbroken(&self) {
        let first = self.broken.first();
        assert!(
            first.is_none(),
            "{} broken, first {first:?}",
            self.broken.len()
        );
    }
}
