//! `calibrate`: the session in the terminal, and what is told after it.

use crate::files::{Source, Store};
use crate::host::{Machine, Which};
use crate::say::tell;
use crate::session::{Ended, evening};
use anyhow::{Result, bail};

pub(crate) fn calibrate(which: Which, source: &Source) -> Result<()> {
    let store = Store::open(source)?;
    if store.path().is_some() {
        store.check_writable()?;
    }
    let machine = Machine::new(which, store.servos.rig.board(), false, false)?;
    let ended = evening(machine, store)?;
    account(&ended);
    if ended.cut_off && ended.session.unsaved().next().is_some() {
        bail!("cut off before the last changes were saved; the servos are limp");
    }
    Ok(())
}

/// What of the evening is in the file.
fn account(Ended { session, store, .. }: &Ended) {
    let Some(path) = store.path() else { return };
    let path = path.display();
    match session.saves {
        0 => tell(format_args!("{path} is as it was.")),
        _ => tell(format_args!("Saved in {path}.")),
    }
    // What is in the file may be an earlier state of the same servo.
    for (_, servo) in session.unsaved() {
        tell(format_args!(
            "The last changes to {} were not saved: {}.",
            servo.name,
            servo.points.news(&servo.saved)
        ));
    }
    if session.saves > 0 && store.is_the_services() {
        tell("`sudo systemctl start tentacle-hat` sets the hat in motion.");
    }
}
