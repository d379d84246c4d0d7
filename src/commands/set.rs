//! `calibrate set`: points of one servo's table from the command line.

use super::trim::{RELOAD, tell_stale};
use crate::files::{Files, Points, Store, place, tenths};
use crate::say::tell;
use anyhow::{Result, anyhow, bail};
use tentacle_hat::units::Microseconds;

/// An end that moves further is rather a typing error than a new measurement, µs.
const FAR_US: f32 = 200.0;

/// A bend, and the pulse that it is to have from now on.
pub(crate) type Wish = (f32, Microseconds);

pub(crate) fn set(files: &Files, servo: &str, wishes: &[Wish]) -> Result<()> {
    let mut store = Store::open_locked(files)?;
    let (servo, name) = store.find(servo)?;
    let table = store.servos.plans[servo / 2].servos[servo % 2]
        .table
        .as_ref();
    let before = Points::of(table);
    let refused = |why| anyhow!("{name}: {why}; nothing was changed");
    let mut points = before.clone();
    for (bend, us) in wishes {
        points = points.with(*bend, us.get()).map_err(refused)?;
    }
    points.check().map_err(refused)?;
    if !points.are_a_table() {
        bail!(
            "{name} has no table yet, so it needs both its ends: --negative US and --positive \
             US; nothing was changed"
        );
    }
    let saved = store.save(&mut |document| document.set_points(servo, &points))?;
    for (bend, us) in wishes {
        let was = before
            .at(*bend)
            .map_or("not set".to_owned(), |us| us.to_string());
        let (place, us) = (place(*bend), us.get());
        tell(format_args!("{name}: {place} was {was}, is {us} µs"));
    }
    if let Some(told) = points.neutral_moved(&before) {
        tell(format_args!("{name}: {told}"));
    }
    for warning in warnings(&before, &points) {
        tell(format_args!("{name}: {warning}"));
    }
    if saved.changed {
        tell_stale(&store, files, servo);
    }
    store.tell(&saved, Some(RELOAD));
    Ok(())
}

/// What may be meant, but had better be looked at before the hat runs.
fn warnings(before: &Points, after: &Points) -> Vec<String> {
    let mut warnings = Vec::new();
    let rise = |points: &Points| Some(points.at(1.0)? - points.at(-1.0)?);
    if let (Some(was), Some(is)) = (rise(before), rise(after))
        && (was < 0.0) != (is < 0.0)
    {
        warnings.push("the servo now turns the other way".to_owned());
    }
    for bend in [-1.0, 1.0] {
        if let (Some(was), Some(is)) = (before.at(bend), after.at(bend))
            && (is - was).abs() > FAR_US
        {
            let by = tenths((is - was).abs());
            warnings.push(format!("the {} moved by {by} µs", place(bend)));
        }
    }
    if let Some(last) = warnings.last_mut() {
        *last += ": check with `tentacle-hat calibrate` before you reload";
    }
    warnings
}
