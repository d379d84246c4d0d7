//! The board's real oscillator, from one pulse on a spare channel, for as long
//! as somebody or the Pi itself measures it.

mod emission;
mod period;
mod pin;

pub(crate) use emission::Spare;

use crate::host::Machine;
use crate::say::{ask as ask_for, tell};
use anyhow::{Result, anyhow, bail};
use emission::emit;
use pin::Pin;
use std::io::{BufRead, IsTerminal, stdin};
use std::time::{Duration, Instant};
use tentacle_hat::units::{Microseconds, Ticks};

/// How long the Pi measures.
const MEASURE: Duration = Duration::from_secs(10);
/// How long it waits for one edge.
const EDGE: Duration = Duration::from_millis(250);
/// What the Pi measures itself by, µs; only its period counts.
const GPIO_PULSE_US: f64 = 1500.0;

/// Emits until somebody has typed what the pulse measures, µs.
pub(crate) fn ask(machine: &mut Machine, spare: &Spare, commanded: Microseconds) -> Result<f64> {
    let (channel, timebase) = (spare.channel, spare.board.timebase);
    let us = timebase.width(timebase.ticks(commanded)).get();
    emit(machine, spare, commanded, false, move |on_virtual_pin| {
        tell(format_args!(
            "Channel {channel} emits {us:.2} µs, if the oscillator is the one in the file."
        ));
        if let Some(us) = on_virtual_pin {
            tell(format_args!(
                "An oscilloscope at the virtual board shows {us:.2} µs."
            ));
        }
        let mut lines = stdin().lock().lines();
        loop {
            ask_for("How many µs do you measure? (Ctrl-C leaves) ");
            let Some(line) = lines.next().transpose()? else {
                tell("");
                bail!("nothing was measured; nothing was changed");
            };
            let number = line.trim().trim_end_matches("µs").trim().replace(',', ".");
            match number.parse() {
                Ok(us) if us > 0.0 => return Ok(us),
                _ => tell(format_args!(
                    "{:?} is no pulse width in µs, such as 1415.2.",
                    line.trim()
                )),
            }
        }
    })
}

/// Emits until the Pi has measured the period at its own pin, ns.
pub(crate) fn measure(machine: &mut Machine, spare: &Spare, pin: u8) -> Result<f64> {
    let board = &spare.board;
    if let Some(user) = board.pin_user(pin) {
        bail!("GPIO {pin} is {user}; choose another pin");
    }
    let channel = spare.channel;
    tell(format_args!(
        "The jumper joins the signal pin of channel {channel} to GPIO {pin}."
    ));
    tell("The board's VCC must be 3.3 V: with 5 V this jumper destroys the Pi's pin.");
    if stdin().is_terminal() && !machine.is_virtual() {
        ask_for("Enter when both are so; Ctrl-C leaves. ");
        stdin().lock().read_line(&mut String::new())?;
    }
    let timebase = board.timebase;
    let cycle_us = 4096.0 * f64::from(timebase.tick_us());
    let commanded = Microseconds::new(GPIO_PULSE_US)?;
    emit(machine, spare, commanded, true, move |on_virtual_pin| {
        let edges = match on_virtual_pin {
            Some(us) => virtual_edges(timebase.ticks(commanded), us),
            None => pin_edges(pin)?,
        };
        let period = period::period(&edges, cycle_us * 1000.0).map_err(|why| {
            anyhow!(
                "GPIO {pin}: {why}; does the jumper join it to channel {channel}'s signal pin, \
                 and not to V+ or ground? Nothing was changed"
            )
        })?;
        let (edges, us) = (period.edges, period.ns / 1000.0);
        tell(format_args!("{edges} edges: a period of {us:.2} µs"));
        Ok(period.ns)
    })
}

fn pin_edges(pin: u8) -> Result<Vec<u64>> {
    let mut pin = Pin::listen(pin)?;
    let mut edges = Vec::new();
    let start = Instant::now();
    let mut told = 0;
    while start.elapsed() < MEASURE {
        edges.extend(pin.edge(EDGE)?);
        let seconds = start.elapsed().as_secs();
        if seconds > told {
            told = seconds;
            let of = MEASURE.as_secs();
            ask_for(format_args!(
                "\rmeasuring: {seconds} of {of} s, {} edges ",
                edges.len()
            ));
        }
        // Nobody needs ten seconds to hear of a missing jumper.
        if seconds >= 2 && edges.is_empty() {
            break;
        }
    }
    tell("");
    Ok(edges)
}

/// What a pin at the virtual board would have seen.
fn virtual_edges(ticks: Ticks, us: f64) -> Vec<u64> {
    let period_ns = us / f64::from(ticks.0) * 4096.0 * 1000.0;
    let count = (MEASURE.as_nanos() as f64 / period_ns) as u64;
    tell("The virtual board stands for pin and jumper.");
    (0..count).map(|k| (k as f64 * period_ns) as u64).collect()
}
