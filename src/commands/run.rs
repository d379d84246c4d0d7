//! `run`: move the tentacles until told to stop.

use crate::host::Which;
use crate::say::say;
use crate::shell::{HostShell, Programme};
use anyhow::{Result, bail};
use tentacle_hat::drive::{Terms, drive};
use tentacle_hat::performer::Performer;

pub(crate) fn run(which: Which, programme: &Programme) -> Result<()> {
    if programme.unpaced && !which.is_virtual() {
        bail!("--unpaced needs `--board virtual`: a real board's servos take real time");
    }
    let hat = programme.hat()?;
    let mut shell = HostShell::new(programme, which, &hat)?;
    let terms = Terms {
        length_us: programme.seconds.map(|s| s * 1_000_000),
        patient: shell.is_service(),
    };
    let mut performer = Performer::new(hat, shell.inbox());
    let tally =
        drive(&mut shell, &mut performer, terms).map_err(|error| shell.machine.explain(error))?;
    shell.finish()?;
    say(tally);
    Ok(())
}
