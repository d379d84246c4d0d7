//! `relax`: all channels off, whatever state the board is in.

use crate::cli::{BoardKind, Global};
use crate::host;
use anyhow::Result;
use tentacle_hat::board;
use tentacle_hat::calibration::{Address, BoardPlan};
use tentacle_hat::units::Timebase;

pub(crate) fn relax(global: &Global) -> Result<()> {
    let plan = match host::source(global).load_rig() {
        Ok(rig) => rig.board().clone(),
        Err(error) => {
            // Servos that hold on are worse than a guess at the address.
            host::say(format_args!("{error}\ntrying bus 1, address 0x40"));
            BoardPlan {
                bus: 1,
                address: Address::DEFAULT,
                timebase: Timebase::new(50, 25_000_000)?,
                oe_gpio: None,
            }
        }
    };
    let _lock = host::lock(global, &plan)?;
    let chip = host::chip::open(global, &plan)?;
    let relaxed = host::open(global, &plan, &chip).and_then(|mut bus| {
        // One disturbed transfer must not leave eight servos powered.
        let mut relaxed = board::relax(&mut bus, plan.address);
        for _ in 0..2 {
            relaxed = relaxed.or_else(|_| board::relax(&mut bus, plan.address));
        }
        relaxed
    });
    if let (BoardKind::Pi, Some(pin)) = (global.board, plan.oe_gpio) {
        // A killed process leaves it low.
        if let Err(error) = host::oe::release(pin) {
            host::say(format_args!("OE on GPIO {pin} cannot be let go: {error}"));
        }
    }
    relaxed.map_err(|error| host::explain(error, &plan))?;
    host::tell("All channels are off; the servos are limp.");
    Ok(())
}
