//! Before there is a board.

use crate::stage::*;
use anyhow::{Result, ensure};
use std::time::Instant;

/// The Pi's own bus, which it could open. The emulated one hangs without a chip.
const WAITS: &str = "/dev/i2c-1, address 0x40: the bus is stuck";

pub(crate) fn installs(_: &mut Board) -> Result<String> {
    // Whatever changes from now on, the next start of the Pi is to find.
    done("touch /run/before && sleep 1")?;
    let said = done("dpkg -i /test/tentacle-hat.deb")?;
    ensure!(
        said.contains("sudo tentacle-hat calibrate"),
        "it says: {said}"
    );
    let state = done("dpkg-query -W -f '${Status} ${Architecture}' tentacle-hat:armhf")?;
    ensure!(state == "install ok installed armhf", "dpkg: {state}");
    done("id tentacle-hat && systemctl is-enabled tentacle-hat")
}

pub(crate) fn waits_for_calibration(_: &mut Board) -> Result<String> {
    let start = Instant::now();
    done("systemctl start tentacle-hat")?;
    // Where a unit waits for a device, that takes 90 s.
    ensure!(
        start.elapsed().as_secs() < 60,
        "the start waited for something"
    );
    let found = [
        show("ActiveState")?,
        show("ConditionResult")?,
        show("ExecMainPID")?,
    ];
    ensure!(found == ["inactive", "no", "0"], "{found:?}");
    Ok("inactive, without a process".to_owned())
}

/// The root is in memory: the host puts these files into the next one.
pub(crate) fn keeps(_: &mut Board) -> Result<String> {
    done(
        "cd / && find . -xdev -cnewer /run/before ! -type d ! -path './var/log/*' >/run/changed && \
         tar -cf /card/installed.tar -T /run/changed",
    )?;
    Ok(format!("{} files", done("wc -l </run/changed")?))
}

pub(crate) fn waits_for_board(_: &mut Board) -> Result<String> {
    wait_status(WAITS, 60)?;
    let states = [show("ActiveState")?, show("SubState")?, show("NRestarts")?];
    ensure!(states == ["activating", "start", "0"], "{states:?}");
    done("lsmod | grep i2c_dev")?;
    status()
}

/// As where I2C is turned on without a restart of the Pi.
pub(crate) fn late_module(_: &mut Board) -> Result<String> {
    done("systemctl stop tentacle-hat && rmmod i2c_dev && test ! -e /dev/i2c-1")?;
    done("systemctl start --no-block tentacle-hat")?;
    wait_status(WAITS, 20)?;
    status()
}
