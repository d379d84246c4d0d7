//! `run`: move the tentacles until told to stop.

use crate::cli::{BoardKind, Global, Run};
use crate::host;
use crate::host::shell::HostShell;
use anyhow::{Result, bail};
use tentacle_hat::drive::{Terms, drive};

pub(crate) fn run(global: &Global, options: &Run) -> Result<()> {
    if options.unpaced && global.board != BoardKind::Virtual {
        bail!("--unpaced needs `--board virtual`: a real board's servos take real time");
    }
    let plan = host::plan(global, options)?;
    let board = plan.rig.board().clone();
    let chip = host::chip::open(global, &board)?;
    let mut shell = HostShell::new(global, options, &plan, &chip)?;
    let terms = Terms {
        length_us: options.seconds.map(|s| s * 1_000_000),
        patient: shell.is_service(),
    };
    let tally = drive(&mut shell, plan, terms).map_err(|error| host::explain(error, &board))?;
    shell.finish()?;
    host::say(format_args!(
        "{} frames, {} late, {} skipped, {} recoveries",
        tally.frames, tally.late, tally.skipped, tally.recoveries
    ));
    Ok(())
}
