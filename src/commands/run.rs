//! `run`: move the tentacles until told to stop.

use crate::failure::Failure;
use crate::host::Which;
use crate::say::last;
use crate::shell::{HostShell, Programme};
use anyhow::{Result, bail};
use tentacle_hat::drive::{Terms, drive};
use tentacle_hat::performer::Performer;

pub(crate) fn run(which: Which, programme: &Programme) -> Result<()> {
    if programme.unpaced && !which.is_virtual() {
        bail!("--unpaced needs `--board virtual`: a real board's servos take real time");
    }
    if programme.people.is_some() && !which.is_virtual() {
        let why = "--people needs `--board virtual`: a real hat has real sensors";
        return Err(Failure::usage(why).into());
    }
    let (mut shell, hat) = HostShell::new(programme, which)?;
    let terms = Terms {
        length_us: programme.seconds.map(|s| s * 1_000_000),
        patient: shell.is_service(),
    };
    let mut performer = Performer::new(hat, shell.seed(), shell.inbox());
    let driven = drive(&mut shell, &mut performer, terms);
    let driven = driven.map_err(|error| shell.machine.explain(error));
    let ended = shell.finish();
    let tally = driven?;
    ended?;
    last(tally);
    Ok(())
}
