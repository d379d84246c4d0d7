//! `relax`: all channels off, whatever state the board is in; of a board that a hat
//! drives, by asking that hat.

use crate::failure::{Exit, Failure};
use crate::files::Files;
use crate::host::{Machine, Which};
use crate::say::{say, tell};
use crate::socket::Call;
use anyhow::Result;
use std::path::Path;
use tentacle_hat::board;

pub(crate) fn relax(which: Which, files: &Files, socket: Option<&Path>) -> Result<()> {
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
    let mut machine = match Machine::new(which, &plan, false, false) {
        Err(driven) if driven.exit == Exit::Driven => return ask(socket, driven),
        machine => machine?,
    };
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

/// Asks the hat that drives the board, if it can be reached.
fn ask(socket: Option<&Path>, driven: Failure) -> Result<()> {
    let Some(Ok(mut hat)) = socket.map(Call::open) else {
        return Err(driven.into());
    };
    hat.cue("relax")?;
    tell(
        "The hat that moves lets its servos go limp; `tentacle-hat cue engage` engages them again.",
    );
    Ok(())
}
