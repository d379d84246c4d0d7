//! What befalls the board, and how the hat gets over it.

use crate::log::Entry;
use crate::stage::*;
use anyhow::{Context, Result, bail, ensure};

/// How long after a trouble's end the first servo is engaged, µs.
const BACK_WITHIN: u64 = SECOND;
/// The same where the device itself has to come first, through udev.
const NODE_WITHIN: u64 = 3 * SECOND;

/// The same process moves the hat again, in time after `end_us`.
fn comes_back(board: &mut Board, process: u32, end_us: u64, within: u64) -> Result<String> {
    let after = board.wait_frame(end_us, 20)? - end_us;
    ensure!(
        after <= within,
        "the first servo is engaged only after {after} µs"
    );
    board.wait_moving(10)?;
    ensure!(pid()? == process, "it is another process");
    Ok(format!("engaged after {} ms", after / 1000))
}

/// Something that is over at once.
fn moment(board: &mut Board, what: &str) -> Result<String> {
    let process = board.moving()?;
    let end_us = board.tell(what)?;
    comes_back(board, process, end_us, BACK_WITHIN)
}

/// Something that lasts, of which STATUS must tell as long as it does.
fn trouble(board: &mut Board, begin: &str, seconds: u64, end: &str, said: &str) -> Result<String> {
    let process = board.moving()?;
    let begun_us = board.tell(begin)?;
    let told = wait_status(said, seconds);
    while now_us() < begun_us + seconds * SECOND {
        pause(0.05);
    }
    let still = status()?;
    let end_us = board.tell(end)?;
    let back = comes_back(board, process, end_us, BACK_WITHIN)?;
    told?;
    ensure!(still.contains(said), "at the end STATUS tells «{still}»");
    wait_status("life", 3).context("afterwards")?;
    Ok(back)
}

pub(crate) fn blip(board: &mut Board) -> Result<String> {
    moment(board, "blip")
}

/// Found within a second, by reading the chip back: after that, `Board::judge`
/// takes no wrong pulse any more.
pub(crate) fn sag(board: &mut Board) -> Result<String> {
    let process = board.moving()?;
    let sagged_us = board.tell("sag")?;
    pause(2.0);
    board.wait_moving(10)?;
    let entries = board.since(sagged_us)?;
    let wrong = entries.iter().rfind(|entry| from_neutral(entry) > 300.0);
    let last = wrong.context("no pulse was wrong")?.t_us - sagged_us;
    ensure!(pid()? == process, "it is another process");
    Ok(format!("the last wrong pulse after {} ms", last / 1000))
}

pub(crate) fn hand(board: &mut Board) -> Result<String> {
    moment(board, "hand 41 0011")
}

pub(crate) fn off(board: &mut Board) -> Result<String> {
    trouble(board, "off", 3, "on", "nobody answers")
}

pub(crate) fn nack(board: &mut Board) -> Result<String> {
    trouble(board, "nack", 10, "well", "nobody answers")
}

pub(crate) fn timeouts(board: &mut Board) -> Result<String> {
    trouble(board, "timeout", 6, "well", "the bus is stuck")
}

/// Cut between two outputs: within one, no program can keep a pulse from being
/// wrong until the next write.
pub(crate) fn cuts(board: &mut Board) -> Result<String> {
    trouble(board, "cut 21", 3, "well", "cut short")
}

pub(crate) fn cause(board: &mut Board) -> Result<String> {
    let process = board.moving()?;
    board.tell("nack")?;
    let first = wait_status("nobody answers", 10);
    // By now it counts as lost.
    pause(3.0);
    board.tell("timeout")?;
    let second = wait_status("the bus is stuck", 10);
    let end_us = board.tell("well")?;
    let back = comes_back(board, process, end_us, BACK_WITHIN)?;
    first.and(second).map(|()| back)
}

/// A hat of which the first servos pulse, and not yet all. On a busy host that
/// may be over before it is seen.
fn engaging(board: &mut Board) -> Result<()> {
    for _ in 0..3 {
        done("systemctl stop tentacle-hat")?;
        board.wait_limp(8)?;
        let start_us = now_us();
        done("systemctl start --no-block tentacle-hat")?;
        let engaged = wait("the first servos", 20, || {
            let engaged = board.since(start_us)?.last().map_or(0, Entry::engaged);
            Ok((engaged > 0).then_some(engaged))
        })?;
        if engaged < SERVOS - 1 {
            return Ok(());
        }
    }
    bail!("all servos pulse before the first are seen to");
}

/// Whether any are engaged together behind it, `Board::judge` sees.
pub(crate) fn stall(board: &mut Board) -> Result<String> {
    engaging(board)?;
    let process = pid()?;
    done(&format!(
        "kill -STOP {process}; sleep 0.6; kill -CONT {process}"
    ))?;
    board.wait_moving(10)?;
    Ok("still one at a time".to_owned())
}

pub(crate) fn early_fault(board: &mut Board) -> Result<String> {
    engaging(board)?;
    board.tell("nack")?;
    pause(0.6);
    let end_us = board.tell("well")?;
    comes_back(board, pid()?, end_us, BACK_WITHIN)
}

fn board_comes(board: &mut Board) -> Result<u64> {
    let start_us = now_us();
    done("systemctl start pi-zero-board")?;
    wait("the board starts", 10, || {
        let begun = board.since(start_us)?.first().map(|entry| entry.t_us);
        Ok(begun)
    })
}

pub(crate) fn node(board: &mut Board) -> Result<String> {
    let process = board.moving()?;
    done("systemctl stop pi-zero-board")?;
    let told = wait_status("/dev/i2c-9, address 0x41: there is no such bus", 10);
    let end_us = board_comes(board)?;
    let back = comes_back(board, process, end_us, NODE_WITHIN)?;
    told.map(|()| back)
}

pub(crate) fn no_node(board: &mut Board) -> Result<String> {
    done("systemctl stop tentacle-hat pi-zero-board")?;
    done("systemctl start --no-block tentacle-hat")?;
    let told = wait_status("/dev/i2c-9, address 0x41: there is no such bus", 20);
    let state = show("ActiveState")?;
    let process = pid()?;
    let end_us = board_comes(board)?;
    let back = comes_back(board, process, end_us, NODE_WITHIN)?;
    told?;
    ensure!(state == "activating", "without a board it is {state}");
    Ok(back)
}
