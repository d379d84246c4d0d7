//! `calibrate trim`: shifts one servo's table.

use crate::files::{Files, Store, tenths};
use crate::say::tell;
use anyhow::{Result, bail};
use tentacle_hat::calibration::{ServoPlan, Table};

/// What a running hat needs to hear.
pub(super) const RELOAD: &str =
    "A running hat takes it up with `sudo systemctl reload tentacle-hat`.";

pub(crate) fn trim(files: &Files, servo: &str, delta_us: f64) -> Result<()> {
    let mut store = Store::open_locked(files)?;
    let (servo, name) = store.find(servo)?;
    let plan = &store.servos.plans[servo / 2].servos[servo % 2];
    let before = plan.trim_us;
    let after = tenths(before + delta_us as f32);
    let Some(table) = &plan.table else {
        bail!(
            "{name} has no table yet that a trim could shift: measure it with `tentacle-hat \
             calibrate{}`; nothing was changed",
            files.option()
        );
    };
    if let Err(error) = ServoPlan::trim(after.into()) {
        bail!(
            "{name}: trim-us is {before} and would become {after}; it {error}. A tendon that \
             moved further wants a new table: `tentacle-hat calibrate{}`. Nothing was changed",
            files.option()
        );
    }
    if let Err(error) = table.trimmed(after) {
        let (low, high) = Table::range_us(table);
        bail!(
            "{name}: the table, {low} to {high} µs, {error}: trim-us is {before} and would \
             become {after}; nothing was changed"
        );
    }
    let saved = store.save(&mut |document| document.set_trim(servo, after))?;
    tell(format_args!("{name}: trim-us was {before}, is {after}"));
    if saved.changed {
        tell_stale(&store, files, servo);
    }
    store.tell(&saved, Some(RELOAD));
    Ok(())
}

/// Tells that a servo's tentacle was pointed by the table as it was before.
pub(super) fn tell_stale(store: &Store, files: &Files, servo: usize) {
    let plan = &store.servos.plans[servo / 2];
    if plan.compass.is_some() {
        let name = &plan.name;
        tell(format_args!(
            "{name}: its compass was measured before that; `tentacle-hat calibrate compass \
             {name}{}` measures it again",
            files.option()
        ));
    }
}
