//! What befalls the virtual board on a schedule, for tests of the whole program: faults,
//! and presses of its button.

use anyhow::{Context, Result, bail};
use embedded_hal::i2c::I2c;
use std::cell::{Cell, RefCell};
use std::str::FromStr;
use tentacle_hat::board::faulty::Fault;
use tentacle_hat::board::virtual_chip::{Chip, VirtualBus};

/// What happens.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Transfers fail.
    Bus(Fault),
    /// The chip has no power, and power-on values afterwards.
    Power,
    /// Another hand writes these bytes to this address.
    Hand(u8, Vec<u8>),
    /// The program panics at its next transfer.
    Panic,
    /// The view panics at its next picture.
    View,
    /// The button is held.
    Press,
}

/// What happens, and from when to when, µs.
#[derive(Clone, Debug)]
struct Entry {
    kind: Kind,
    from_us: u64,
    until_us: u64,
    /// A fault of no length strikes once.
    struck: Cell<bool>,
}

/// A schedule of faults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schedule {
    entries: Vec<Entry>,
    now_us: Cell<u64>,
}

impl Schedule {
    /// Lets time pass, for the chip too.
    pub(crate) fn advance(&self, now_us: u64, chip: &RefCell<Chip>) {
        let passes = |t_us: &u64| (self.now_us.get() + 1..=now_us).contains(t_us);
        for entry in &self.entries {
            for (edge_us, on) in [(entry.from_us, false), (entry.until_us, true)] {
                match &entry.kind {
                    Kind::Power if passes(&edge_us) => {
                        chip.borrow_mut().advance_to(edge_us);
                        chip.borrow_mut().power(on);
                    }
                    Kind::Hand(address, bytes) if !on && passes(&edge_us) => {
                        chip.borrow_mut().advance_to(edge_us);
                        // Nobody may answer there.
                        let _ = VirtualBus(chip).write(*address, bytes);
                    }
                    _ => {}
                }
            }
        }
        chip.borrow_mut().advance_to(now_us);
        self.now_us.set(now_us);
    }

    /// Whether the view is to panic now.
    pub(crate) fn strikes_view(&self) -> bool {
        let due = |e: &&Entry| e.kind == Kind::View && e.from_us <= self.now_us.get();
        let entry = self.entries.iter().find(due);
        entry.is_some_and(|entry| !entry.struck.replace(true))
    }

    /// Whether the button is held at `t_us`.
    pub(super) fn presses(&self, t_us: u64) -> bool {
        let is_held = |e: &Entry| e.kind == Kind::Press && (e.from_us..e.until_us).contains(&t_us);
        self.entries.iter().any(is_held)
    }

    /// How the transfer that comes now fails.
    pub(crate) fn strike(&self) -> Option<Fault> {
        let now_us = self.now_us.get();
        for entry in &self.entries {
            let begun = entry.from_us <= now_us;
            let once = entry.from_us == entry.until_us && !entry.struck.get();
            if begun && (once || now_us < entry.until_us) {
                match &entry.kind {
                    Kind::Bus(fault) => {
                        entry.struck.set(true);
                        return Some(*fault);
                    }
                    Kind::Panic if !entry.struck.replace(true) => panic!("a fault on schedule"),
                    Kind::Panic | Kind::View | Kind::Press | Kind::Power | Kind::Hand(..) => {}
                }
            }
        }
        None
    }
}

impl FromStr for Schedule {
    type Err = anyhow::Error;

    fn from_str(list: &str) -> Result<Self> {
        let entries = list
            .split(',')
            .filter(|e| !e.is_empty())
            .map(entry)
            .collect::<Result<_>>()?;
        Ok(Self {
            entries,
            now_us: Cell::new(0),
        })
    }
}

fn entry(text: &str) -> Result<Entry> {
    let (what, when) = text.split_once('@').context("a fault is WHAT@SECONDS")?;
    let (from, length) = when.split_once('+').unwrap_or((when, "0"));
    let micros = |seconds: &str| -> Result<u64> {
        let seconds: f64 = seconds.parse().with_context(|| format!("{seconds:?}"))?;
        Ok((seconds * 1e6) as u64)
    };
    let kind = match what.split_once(':') {
        Some(("cut", bytes)) => Kind::Bus(Fault::CutAfter(bytes.parse()?)),
        Some(("write", what)) => {
            let (address, bytes) = what
                .split_once(':')
                .context("write:ADDRESS:BYTES, in hex")?;
            let byte = |at: usize| u8::from_str_radix(bytes.get(at..at + 2).unwrap_or(""), 16);
            let bytes = (0..bytes.len()).step_by(2).map(byte);
            Kind::Hand(
                u8::from_str_radix(address, 16)?,
                bytes.collect::<Result<_, _>>()?,
            )
        }
        None if what == "nack" => Kind::Bus(Fault::Nack),
        None if what == "reads" => Kind::Bus(Fault::NoReads),
        None if what == "timeout" => Kind::Bus(Fault::TimeOut),
        None if what == "power" => Kind::Power,
        None if what == "panic" => Kind::Panic,
        None if what == "view" => Kind::View,
        None if what == "press" => Kind::Press,
        _ => bail!(
            "{what:?} is none of nack, reads, cut:BYTES, timeout, power, write:ADDRESS:BYTES, panic, view, press"
        ),
    };
    let from_us = micros(from)?;
    Ok(Entry {
        kind,
        from_us,
        until_us: from_us + micros(length)?,
        struck: Cell::new(false),
    })
}
