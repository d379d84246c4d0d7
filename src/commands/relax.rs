//! `relax`: all channels off, whatever state the board is in.

use crate::files::Files;
use crate::host::{Machine, Which};
use crate::say::{say, tell};
use anyhow::Result;
use tentacle_hat::board;

pub(crate) fn relax(which: Which, files: &Files) -> Result<()> {
    let plan = match files.load_rig() {
        Ok(rig) => *rig.board(),
        Err(error) => {
            // Servos that hold on are worse than a guess at the board.
            let board = files.legible_board();
            let address = board.address.get();
            say(format_args!(
                "{error}\ntrying bus {}, address {address:#04x}",
                board.bus
            ));
            board
        }
    };
    let mut machine = Machine::new(which, &plan, false, false)?;
    let relaxed = machine
        .open(&plan)
        .and_then(|mut bus| board::relax(&mut bus, plan.address));
    // A killed process leaves it low.
    if let Err(why) = machine.release_oe() {
        say(why);
    }
    relaxed.map_err(|error| machine.explain(error))?;
    tell("All channels are off; the servos are limp.");
    Ok(())
}
