//! `servos.toml`: what hands and a screwdriver decide.

use super::reader::{Reading, Section, integer, items, number, text};
use super::{marks, senses};
use anyhow::{Result, anyhow, bail, ensure};
use tentacle_hat::calibration::{
    Address, BoardPlan, Channel, Compass, MAX_TENTACLES, Name, Point, Rig, RigFault, Senses,
    ServoPlan, Table, TentaclePlan,
};
use tentacle_hat::units::{Microseconds, Timebase, Turns, within};
use toml_edit::Item;

/// The highest BCM pin on the 40-pin header.
const LAST_PIN: f64 = 27.0;
/// What a servo may do if its file does not say, µs a second.
const DEFAULT_SPEED: f32 = 2000.0;

/// A board as it comes.
const NOMINAL: BoardPlan = BoardPlan {
    bus: 1,
    address: Address::DEFAULT,
    timebase: Timebase::NOMINAL,
    oe_gpio: None,
    button_gpio: None,
};

/// What the file says, and the rig it makes.
pub(crate) struct Servos {
    /// Per tentacle, with tables as they stand in the file: without their trim.
    pub(crate) plans: Vec<TentaclePlan>,
    pub(crate) rig: Rig,
    pub(crate) senses: Senses,
}

/// The servos, or faults in the reading.
pub(super) fn servos(reading: &Reading<'_>) -> Option<Servos> {
    let table = reading.parse()?;
    let root = Section::root(reading, &table)?;
    let board = board(&root);
    let senses = senses::senses(&root, board.as_ref().unwrap_or(&NOMINAL));
    let (low, high) = Rig::TOTAL_SPEED;
    let total = root.required("max-total-speed-us-per-s", |v| {
        Ok(within(number(v)?, low, high, "µs a second")? as f32)
    });
    let sections = root.sections("tentacle");
    let read: Vec<_> = sections.into_iter().map(tentacle).collect();
    root.finish();

    // What spans several values is checked among those that are right by
    // themselves, so that one reading tells all.
    let sound: Vec<_> = read
        .into_iter()
        .filter_map(|(s, plan)| Some((s, plan?)))
        .collect();
    let plans: Vec<TentaclePlan> = sound.iter().map(|(_, plan)| plan.clone()).collect();
    let sections: Vec<_> = sound.iter().map(|(sections, _)| sections).collect();
    let complete = board.is_some() && total.is_some();
    let rig = Rig::new(
        board.unwrap_or(NOMINAL),
        total.unwrap_or(low as f32),
        &plans,
        |fault| place(&sections, fault),
    );
    let rig = rig.filter(|_| complete)?;
    Some(Servos { plans, rig, senses })
}

/// A tentacle's own section, and its servos'.
type Sections<'d> = (Section<'d>, [Option<Section<'d>>; 2]);

/// Notes a fault of the whole at the value that can mend it.
fn place(sections: &[&Sections<'_>], fault: RigFault) {
    let (servo, key) = match fault {
        // None at all is noted as a missing key already.
        RigFault::TentacleCount => match sections.get(MAX_TENTACLES) {
            Some(first_too_many) => return first_too_many.0.fault("name", fault),
            None => return,
        },
        RigFault::NameTaken { tentacle } => return sections[tentacle].0.fault("name", fault),
        RigFault::ChannelTaken { servo } => (servo, "channel"),
        RigFault::Trim { servo, .. } => (servo, "trim-us"),
        RigFault::Narrow { servo, .. } => (servo, "table"),
    };
    if let Some(section) = &sections[servo / 2].1[servo % 2] {
        section.fault(key, fault);
    }
}

fn board(root: &Section<'_>) -> Option<BoardPlan> {
    let bus = root.required("i2c-bus", bus);
    let address = root.required("address", address);
    let (low, high) = Timebase::RATE_HZ;
    let rate = root.required("pulse-rate-hz", |v| Ok(whole(v, low, high, "Hz")? as u16));
    let (low, high) = Timebase::OSCILLATOR_HZ;
    let oscillator = root.required("oscillator-hz", |v| Ok(whole(v, low, high, "Hz")? as u32));
    let oe_gpio = root.optional("oe-gpio", |v| free_pin(v, &NOMINAL));
    let button_gpio = root.optional_section("button").and_then(|button| {
        let wired = BoardPlan { oe_gpio, ..NOMINAL };
        let pin = button.required("gpio", |v| free_pin(v, &wired));
        button.finish();
        pin
    });
    Some(BoardPlan {
        bus: bus?,
        address: address?,
        timebase: Timebase::new(rate?, oscillator?).ok()?,
        oe_gpio,
        button_gpio,
    })
}

fn bus(value: &Item) -> Result<u8> {
    Ok(whole(value, 0.0, 255.0, "")? as u8)
}

fn address(value: &Item) -> Result<Address> {
    Ok(Address::new(integer(value)?)?)
}

/// A pin to which nothing that is known by now is wired.
pub(super) fn free_pin(value: &Item, wired: &BoardPlan) -> Result<u8> {
    let pin = whole(value, 0.0, LAST_PIN, "")? as u8;
    match wired.pin_user(pin) {
        Some(user) => bail!("is {user}; choose another pin"),
        None => Ok(pin),
    }
}

fn whole(value: &Item, low: f64, high: f64, unit: &'static str) -> Result<f64> {
    Ok(within(integer(value)? as f64, low, high, unit)?)
}

/// Where the board is by those lines of a file that can be read by themselves,
/// whatever else is wrong with it.
pub(super) fn legible_board(text: &str) -> BoardPlan {
    let mut board = NOMINAL;
    for line in text.lines() {
        let Ok(line) = toml_edit::Document::parse(line) else {
            continue;
        };
        let found = |key| line.as_table().get(key);
        if let Some(Ok(bus)) = found("i2c-bus").map(bus) {
            board.bus = bus;
        }
        if let Some(Ok(address)) = found("address").map(address) {
            board.address = address;
        }
        if let Some(Ok(pin)) = found("oe-gpio").map(|v| free_pin(v, &NOMINAL)) {
            board.oe_gpio = Some(pin);
        }
    }
    board
}

fn tentacle(section: Section<'_>) -> (Sections<'_>, Option<TentaclePlan>) {
    let name = section.required("name", |v| name(text(v)?));
    let section = match &name {
        Some(name) => section.named(name),
        None => section,
    };
    let facing = section.required("facing-deg", facing);
    let marks = section.optional("compass", marks::marks);
    let compass = facing.zip(marks).and_then(|(facing, marks)| {
        let refused = |error| section.fault("compass", error);
        Compass::new(facing, &marks).map_err(refused).ok()
    });
    let servos = [section.section("x"), section.section("y")];
    let [x, y] = [&servos[0], &servos[1]].map(|s| s.as_ref().and_then(servo));
    section.finish();
    let plan = (|| {
        Some(TentaclePlan {
            name: name?,
            // Its fault is noted; the rest can still be checked with it.
            facing: facing.unwrap_or_default(),
            compass,
            servos: [x?, y?],
        })
    })();
    ((section, servos), plan)
}

/// Degrees clockwise from the wearer's front.
pub(super) fn facing(value: &Item) -> Result<Turns> {
    let degrees = within(number(value)?, -360.0, 360.0, "degrees")?;
    Ok(Turns::new(degrees / 360.0))
}

/// A name that can stand before the dot of `TENTACLE.AXIS` on a command line.
pub(super) fn name(text: &str) -> Result<Name> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    ensure!(
        !text.is_empty() && text.chars().all(legal),
        "must be letters, digits, - and _"
    );
    match Name::from(text) {
        Ok(name) => Ok(name),
        Err(_) => bail!("must be at most {} letters long", Name::new().capacity()),
    }
}

fn servo(section: &Section<'_>) -> Option<ServoPlan> {
    let channel = section.required("channel", |v| Ok(Channel::new(integer(v)?)?));
    let table = section.optional("table", table);
    let trim_us = section.optional("trim-us", |v| Ok(ServoPlan::trim(number(v)?)?));
    let max_speed = section.optional("max-speed-us-per-s", |v| Ok(ServoPlan::speed(number(v)?)?));
    section.finish();
    Some(ServoPlan {
        channel: channel?,
        table,
        trim_us: trim_us.unwrap_or(0.0),
        max_speed: max_speed.unwrap_or(DEFAULT_SPEED),
    })
}

/// `[[bend, µs], …]`, two points or more.
fn table(value: &Item) -> Result<Table> {
    let Some(rows) = items(value) else {
        bail!("must be a list of points, each [bend, pulse in µs]");
    };
    let point = |(i, row): (usize, _)| point(row).map_err(|e| anyhow!("point {}: {e}", i + 1));
    let points: Result<Vec<_>> = rows.enumerate().map(point).collect();
    Ok(Table::new(&points?)?)
}

fn point(value: &Item) -> Result<Point> {
    let numbers = items(value).map(Iterator::collect::<Vec<_>>);
    let Some([bend, us]) = numbers.as_deref() else {
        bail!("must be exactly two numbers, [bend, pulse in µs]");
    };
    Ok(Point {
        bend: within(number(bend)?, -1.0, 1.0, "of a bend")? as f32,
        width: Microseconds::new(number(us)?)?,
    })
}
