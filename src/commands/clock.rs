//! `calibrate clock`: the board's real oscillator, from a pulse that somebody
//! or the Pi itself has measured.

use crate::files::{Files, Points, Store, place, tenths};
use crate::host::{Machine, Which};
use crate::oscillator::{self, Spare};
use crate::say::tell;
use anyhow::{Result, bail};
use tentacle_hat::calibration::Channel;
use tentacle_hat::units::{Microseconds, Timebase};

/// The oscillator by the data sheet. Boards were measured from 23 to 27 MHz, so
/// more than a tenth off is rather a slip in measuring.
const NOMINAL_HZ: f64 = 25e6;
const DOUBTFUL: f64 = 0.1;

/// How the pulse is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Measurement {
    /// It was, on a commanded pulse: what the oscilloscope showed, µs.
    Known(Microseconds, f64),
    /// By somebody, while it is emitted.
    Asked(Microseconds),
    /// By this Pi, at a BCM pin.
    Pin(u8),
}

pub(crate) fn clock(
    which: Which,
    files: &Files,
    way: Measurement,
    channel: Option<Channel>,
) -> Result<()> {
    let mut store = match way {
        Measurement::Known(..) => Store::open_locked(files)?,
        // Nobody else's save has to wait for an oscilloscope.
        _ => Store::open(files)?,
    };
    store.check_writable()?;
    let rig = &store.servos.rig;
    let timebase = *rig.timebase();
    // Until all is saved: a service that started meanwhile would go on by the
    // old oscillator.
    let mut machine = Machine::new(which, rig.board(), false, false)?;
    let hz = match way {
        Measurement::Known(commanded, us) => from_pulse(&timebase, commanded, us),
        Measurement::Asked(commanded) => {
            let spare = Spare::of(rig, channel)?;
            let us = oscillator::ask(&mut machine, &spare, commanded)?;
            from_pulse(&timebase, commanded, us)
        }
        Measurement::Pin(pin) => {
            let spare = Spare::of(rig, channel)?;
            from_period(&timebase, oscillator::measure(&mut machine, &spare, pin)?)
        }
    };
    adopt(&mut store, hz)
}

/// The oscillator that makes the ticks of `commanded` last `measured_us`.
fn from_pulse(timebase: &Timebase, commanded: Microseconds, measured_us: f64) -> f64 {
    let counts = f64::from(timebase.ticks(commanded).0);
    counts * (f64::from(timebase.prescale().0) + 1.0) * 1e6 / measured_us
}

/// The oscillator that makes a whole cycle last `period_ns`.
fn from_period(timebase: &Timebase, period_ns: f64) -> f64 {
    4096.0 * (f64::from(timebase.prescale().0) + 1.0) * 1e9 / period_ns
}

/// Writes the oscillator into the file, and every point so that the real pulse
/// stays where hands felt it.
fn adopt(store: &mut Store, hz: f64) -> Result<()> {
    let (low, high) = Timebase::OSCILLATOR_HZ;
    if !(low..=high).contains(&hz) {
        bail!(
            "that pulse means an oscillator of {:.3} MHz, and no board's is outside of {} to {} \
             MHz: is it the pulse's width in µs, and the right channel? Nothing was changed",
            hz / 1e6,
            low / 1e6,
            high / 1e6
        );
    }
    let old = store.servos.rig.timebase().oscillator_hz();
    let new = hz.round() as u32;
    let scale = f64::from(old) / f64::from(new);
    let mut tables = Vec::new();
    let plans = store.servos.plans.iter().flat_map(|t| &t.servos);
    for (i, plan) in plans.enumerate() {
        let Some(table) = &plan.table else { continue };
        let mut points = Points::default();
        for point in table.points() {
            // What is emitted is scaled: the trim, added later, stays the same.
            let emitted = f64::from(point.width.get() + plan.trim_us) * scale;
            let us = tenths(emitted as f32 - plan.trim_us);
            let within = Microseconds::new(emitted).map_err(|error| error.to_string());
            match within.and_then(|_| points.with(point.bend, us)) {
                Ok(more) => points = more,
                Err(_) => bail!(
                    "{}: its {} at {} µs would become {us} µs, which is outside of 500 to 2500; \
                     measure that servo again. Nothing was changed",
                    store.servos.rig.servo_name(i),
                    place(point.bend),
                    point.width.get()
                ),
            }
        }
        tables.push((i, points));
    }
    let saved = store.save(&mut |document| {
        document.set_oscillator(new)?;
        let mut tables = tables.iter();
        tables.try_for_each(|(i, points)| document.set_points(*i, points))
    })?;
    tell(format_args!("oscillator-hz was {old}, is {new}"));
    let off = (hz / NOMINAL_HZ - 1.0).abs();
    if off > DOUBTFUL {
        tell(format_args!(
            "That is {:.0} % off the nominal 25 MHz, and boards are at most 8 % off: measure again.",
            off * 100.0
        ));
    }
    if !tables.is_empty() {
        tell(format_args!(
            "{} tables were multiplied by {scale:.4}: every real pulse is what it was",
            tables.len()
        ));
    }
    // It does not run now: the board was ours.
    let next = "Start the hat with `sudo systemctl start tentacle-hat`.";
    store.tell(&saved, Some(next));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulse_and_period_tell_the_same_oscillator() {
        let timebase = Timebase::new(50, 25_000_000).unwrap();
        let us = Microseconds::new(1500.0).unwrap();
        // 307 ticks of 122 oscillations.
        let measured = 307.0 * 122.0 / 26.5;
        assert!((from_pulse(&timebase, us, measured) - 26.5e6).abs() < 1.0);
        let period_ns = 4096.0 * 122.0 / 26.5e6 * 1e9;
        assert!((from_period(&timebase, period_ns) - 26.5e6).abs() < 1.0);
    }
}
