//! `compass` of a `[[tentacle]]` in `servos.toml`: where it was seen to point.

use super::reader::{items, number};
use super::servos::facing;
use anyhow::{Result, anyhow, bail};
use tentacle_hat::calibration::Mark;
use tentacle_hat::units::{Bend, within};
use toml_edit::Item;

/// `[[bearing, lean, x, y], …]`; whether they make a compass, the compass says.
pub(super) fn marks(value: &Item) -> Result<Vec<Mark>> {
    let Some(rows) = items(value) else {
        bail!("must be a list of marks, each [bearing in degrees, lean, bend x, bend y]");
    };
    let mark = |(i, row): (usize, _)| mark(row).map_err(|e| anyhow!("mark {}: {e}", i + 1));
    rows.enumerate().map(mark).collect()
}

fn mark(value: &Item) -> Result<Mark> {
    let cells = items(value).map(Iterator::collect::<Vec<_>>);
    let Some([bearing, lean, x, y]) = cells.as_deref() else {
        bail!("must be exactly four numbers, [bearing in degrees, lean, bend x, bend y]");
    };
    let lean = within(number(lean)?, 0.0, 1.0, "of a lean")? as f32;
    let bend =
        |value| Ok::<_, anyhow::Error>(within(number(value)?, -1.0, 1.0, "of a bend")? as f32);
    let taken = Bend {
        x: bend(x)?,
        y: bend(y)?,
    };
    Ok(Mark::new(facing(bearing)?, lean, taken)?)
}
