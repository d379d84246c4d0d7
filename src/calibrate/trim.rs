//! `calibrate trim`: shifts one servo's table.

use super::points::tenths;
use super::store::Store;
use super::{RELOAD, report};
use crate::cli::{Global, Trim};
use anyhow::{Result, bail};
use tentacle_hat::calibration::{ServoPlan, Table};

pub(crate) fn trim(global: &Global, options: &Trim) -> Result<()> {
    let mut store = Store::open(global)?;
    let (servo, name) = store.find(&options.servo)?;
    store.check_writable()?;
    let plan = &store.servos.plans[servo / 2].servos[servo % 2];
    let before = plan.trim_us;
    let after = tenths(before + options.delta_us as f32);
    let Some(table) = &plan.table else {
        bail!(
            "{name} has no table yet that a trim could shift: measure it with `tentacle-hat \
             calibrate`; nothing was changed"
        );
    };
    if let Err(error) = ServoPlan::trim(after.into()) {
        bail!(
            "{name}: trim-us is {before} and would become {after}; it {error}. A tendon that \
             moved further wants a new table: `tentacle-hat calibrate`. Nothing was changed"
        );
    }
    if let Err(error) = table.trimmed(after) {
        let (low, high) = Table::range_us(table);
        bail!(
            "{name}: the table, {low} to {high} µs, {error}: trim-us is {before} and would \
             become {after}; nothing was changed"
        );
    }
    let saved = store.save(|document| document.set_trim(servo, after))?;
    println!("{name}: trim-us was {before}, is {after}");
    report(&store, &saved, RELOAD);
    Ok(())
}
