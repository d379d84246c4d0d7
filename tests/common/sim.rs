//! The loop in simulated time, on a virtual chip whose outputs are watched.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tentacle_hat::board::BusError;
use tentacle_hat::board::faulty::{Fault, Faulty};
use tentacle_hat::board::virtual_chip::{Chip, VirtualBus};
use tentacle_hat::calibration::*;
use tentacle_hat::drive::{Notice, Order, Plan, Shell, Slot};
use tentacle_hat::motion::Motion;
use tentacle_hat::motion::wave::{AxisWave, Wave};
use tentacle_hat::units::*;

/// Four tentacles on channels 0 to 7, with narrow tables.
pub fn plan() -> Plan {
    plan_with(50, 25_000_000, 1400.0, 1600.0)
}

pub fn plan_with(rate: u16, oscillator: u32, negative: f64, positive: f64) -> Plan {
    let point = |bend, us| Point {
        bend,
        width: Microseconds::new(us).unwrap(),
    };
    let table = Table::new(&[point(-1.0, negative), point(1.0, positive)]).unwrap();
    let servo = |channel| ServoPlan {
        channel,
        table: Some(table.clone()),
        trim_us: 0.0,
        max_speed: 2000.0,
    };
    let tentacles: Vec<_> = ["front-left", "front-right", "back-right", "back-left"]
        .iter()
        .enumerate()
        .map(|(i, name)| TentaclePlan {
            name: Name::from(name).unwrap(),
            facing: Turns::new(0.25 * i as f64),
            servos: [servo(2 * i as u8), servo(2 * i as u8 + 1)],
        })
        .collect();
    let board = BoardPlan {
        bus: 1,
        address: Address::DEFAULT,
        timebase: Timebase::new(rate, oscillator).unwrap(),
        oe_gpio: None,
    };
    let rig = Rig::new(board, 8000.0, &tentacles, |fault| panic!("{fault}")).unwrap();
    let axis = |micro_hz, phase| AxisWave {
        frequency: Frequency::from_micro_hz(micro_hz),
        amplitude: 0.7,
        phase: Turns::new(phase),
        tentacle_phase: Turns::new(0.25),
    };
    let wave = Wave::new(axis(200_000, 0.0), axis(300_000, 0.25), 4).unwrap();
    Plan {
        rig,
        motion: Motion::Wave(wave),
    }
}

/// What happened, in words, with its moment.
pub type Log = Vec<(u64, String)>;

/// A world of its own: simulated time, a chip, a bus that fails on order.
pub struct Sim<'a> {
    pub chip: &'a RefCell<Chip>,
    pub now_us: Rc<Cell<u64>>,
    /// How the next transfer fails, asked with the time.
    pub faults: Rc<RefCell<dyn FnMut(u64) -> Option<Fault>>>,
    /// Asked once a slot.
    pub orders: Box<dyn FnMut(u64) -> Order + 'a>,
    pub next: Option<Plan>,
    /// What happens to the chip at each step of time.
    pub events: Box<dyn FnMut(u64, &RefCell<Chip>) + 'a>,
    /// Called when a slot is over and at each step of time.
    pub watch: Box<dyn FnMut(u64, &Chip) + 'a>,
    pub log: Log,
    pub slots: Vec<Slot>,
}

impl<'a> Sim<'a> {
    pub fn new(chip: &'a RefCell<Chip>) -> Self {
        Self {
            chip,
            now_us: Rc::default(),
            faults: Rc::new(RefCell::new(|_| None)),
            orders: Box::new(|_| Order::Play),
            next: None,
            events: Box::new(|_, _| {}),
            watch: Box::new(|_, _| {}),
            log: Log::new(),
            slots: Vec::new(),
        }
    }

    /// The moments at which something was said.
    pub fn said(&self, what: &str) -> Vec<u64> {
        let said = self.log.iter().filter(|(_, text)| text.contains(what));
        said.map(|(t, _)| *t).collect()
    }
}

type SimBus<'a> = Faulty<VirtualBus<'a>, Box<dyn FnMut() -> Option<Fault>>>;

impl<'a> Shell for Sim<'a> {
    type Bus = SimBus<'a>;
    type Error = BusError;

    fn open(&mut self, _: &BoardPlan) -> Result<SimBus<'a>, BusError> {
        let (faults, now_us) = (Rc::clone(&self.faults), Rc::clone(&self.now_us));
        let plan = Box::new(move || {
            let now = now_us.get();
            let fault = (faults.borrow_mut())(now);
            if fault == Some(Fault::TimeOut) {
                now_us.set(now + 20_000);
            }
            fault
        });
        Ok(Faulty::new(VirtualBus(self.chip), plan))
    }

    fn now_us(&mut self) -> u64 {
        self.now_us.get()
    }

    fn sleep_until(&mut self, t_us: u64) {
        // In steps of a millisecond, so that watchers see what outputs do between.
        while self.now_us.get() < t_us {
            let now = (self.now_us.get() + 1000).min(t_us);
            self.now_us.set(now);
            self.chip.borrow_mut().advance_to(now);
            (self.events)(now, self.chip);
            (self.watch)(now, &self.chip.borrow());
        }
    }

    fn order(&mut self) -> Order {
        (self.orders)(self.now_us.get())
    }

    fn reload(&mut self) -> Plan {
        self.next.take().expect("a plan to reload")
    }

    fn notice(&mut self, notice: Notice<'_, BusError>) {
        match notice {
            Notice::Slot(slot) => self.slots.push(*slot),
            other => self.log.push((self.now_us.get(), format!("{other:?}"))),
        }
    }
}
