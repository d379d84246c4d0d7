//! `relax`: all channels off, whatever state the board is in.

use crate::files::Files;
use crate::host::{Machine, Which};
use crate::say::{say, tell};
use anyhow::Result;
use tentacle_hat::board;
use tentacle_hat::calibration::{Address, BoardPlan};
use tentacle_hat::units::Timebase;

pub(crate) fn relax(which: Which, files: &Files) -> Result<()> {
    let plan = match files.load_rig() {
        Ok(rig) => *rig.board(),
        Err(error) => {
            // Servos that hold on are worse than a guess at the address.
            say(format_args!("{error}\ntrying bus 1, address 0x40"));
            BoardPlan {
                bus: 1,
                address: Address::DEFAULT,
                timebase: Timebase::new(50, 25_000_000)?,
                oe_gpio: None,
            }
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
