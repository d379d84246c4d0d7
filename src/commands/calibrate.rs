//! `calibrate`: the session in the terminal, and what is told after it.

use crate::files::{Files, Store};
use crate::host::bench::Bench;
use crate::host::{Machine, Which};
use crate::say::tell;
use crate::session::{Evening, Session, check_terminal};
use crate::signals::Signals;
use anyhow::{Result, bail};
use tentacle_hat::drive::{Terms, drive};

/// Opens the session, if need be at the compass of a `tentacle`.
pub(crate) fn calibrate(which: Which, files: &Files, tentacle: Option<usize>) -> Result<()> {
    let store = Store::open(files)?;
    check_terminal(store.servos.rig.servos().len())?;
    store.check_writable()?;
    let is_virtual = which.is_virtual();
    let mut machine = Machine::new(which, store.servos.rig.board(), false, false)?;
    let signals = Signals::catch()?;
    let mut evening = Evening::new(store, signals.clone(), tentacle)?;
    let mut bench = Bench::new(&mut machine, signals, evening.troubles());
    let driven = drive(&mut bench, &mut evening, Terms::default());
    let (session, store, left) = evening.close()?;
    driven.map_err(|error| machine.explain(error))?;
    account(&session, &store, is_virtual);
    if !left && !session.is_all_saved() {
        bail!("cut off before the last changes were saved; the servos are limp");
    }
    Ok(())
}

/// What of the evening is in the file.
fn account(session: &Session, store: &Store, is_virtual: bool) {
    let path = store.path().display();
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
    for (_, tentacle) in session.unsaved_marks() {
        let marks = tentacle.marks.iter().map(|mark| {
            let (deg, bend) = (mark.bearing.get() * 360.0, mark.taken);
            format!(" --mark {deg:.0},{},{:.4},{:.4}", mark.lean, bend.x, bend.y)
        });
        tell(format_args!(
            "The compass of {0} was not saved; `tentacle-hat calibrate compass {0}{1}` does so.",
            tentacle.name,
            marks.collect::<String>()
        ));
    }
    if session.saves == 0 {
        return;
    }
    let config = store.folder().display();
    match is_virtual {
        _ if store.is_the_services() => {
            tell("`sudo systemctl start tentacle-hat` sets the hat in motion.");
        }
        true => tell(format_args!(
            "`tentacle-hat run --board virtual --config {config}` sets it in motion."
        )),
        false => tell(format_args!(
            "`tentacle-hat run --config {config}` sets it in motion."
        )),
    }
}
