//! The package's later life.

use crate::stage::*;
use anyhow::{Result, ensure};

pub(crate) fn upgrade_running(board: &mut Board) -> Result<String> {
    let process = board.moving()?;
    let start_us = now_us();
    done("dpkg -i /test/next.deb")?;
    wait("another process", 20, || {
        Ok(pid().is_ok_and(|now| now != process).then_some(()))
    })?;
    board.wait_moving(30)?;
    let entries = board.since(start_us)?;
    let limp = entries.iter().find(|entry| entry.engaged() == 0);
    ensure!(limp.is_some(), "servos held on");
    Ok(format!(
        "limp, and moving again, {:.0} s",
        (now_us() - start_us) as f64 / 1e6
    ))
}

pub(crate) fn upgrade_stopped(board: &mut Board) -> Result<String> {
    done("systemctl stop tentacle-hat")?;
    done("dpkg -i /test/tentacle-hat.deb")?;
    pause(3.0);
    let state = show("ActiveState")?;
    ensure!(
        state == "inactive" && board.engaged()? == 0,
        "it is {state}"
    );
    Ok("it stays stopped".to_owned())
}

pub(crate) fn remove(board: &mut Board) -> Result<String> {
    board.moving()?;
    done("dpkg -r tentacle-hat")?;
    board.wait_limp(1)?;
    done("test ! -e /usr/bin/tentacle-hat && test -e /etc/tentacle-hat/servos.toml")?;
    Ok("limp, the calibration stays".to_owned())
}

pub(crate) fn purge(_: &mut Board) -> Result<String> {
    let said = done("dpkg -P tentacle-hat && test ! -e /etc/tentacle-hat && echo gone")?;
    ensure!(
        said.contains("deleted /etc/tentacle-hat/servos.toml"),
        "it says: {said}"
    );
    Ok("the calibration is gone, and it says so".to_owned())
}
