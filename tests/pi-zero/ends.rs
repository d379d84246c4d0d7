//! How a hat ends: its servos limp, whoever ended it.

use crate::log::Entry;
use crate::stage::*;
use anyhow::{Context, Result, ensure};
use std::process::{Command, Stdio};

/// How long servos may hold on to a hat that has died.
const LIMP_WITHIN: u64 = 8;

fn dies(board: &mut Board, signal: &str) -> Result<String> {
    let process = board.moving()?;
    let killed_us = now_us();
    done(&format!("kill -{signal} {process}"))?;
    let limp_us = board.wait_limp(LIMP_WITHIN)?;
    let after = (limp_us - killed_us) as f64 / SECOND as f64;
    ensure!(after <= LIMP_WITHIN as f64, "limp only after {after:.1} s");
    Ok(format!("limp after {after:.1} s"))
}

/// The service starts anew, and moves; that it begins at neutral, `Board::judge`
/// sees.
fn lives_again(board: &mut Board, signal: &str) -> Result<String> {
    let limp = dies(board, signal)?;
    board.wait_moving(20)?;
    Ok(limp)
}

pub(crate) fn kill(board: &mut Board) -> Result<String> {
    lives_again(board, "KILL")
}

pub(crate) fn abort(board: &mut Board) -> Result<String> {
    lives_again(board, "ABRT")
}

pub(crate) fn freeze(board: &mut Board) -> Result<String> {
    lives_again(board, "STOP")
}

/// Bus and address of the broken file are legible, and not the usual ones.
pub(crate) fn kill_broken(board: &mut Board) -> Result<String> {
    board.moving()?;
    change("servos.toml", "facing-deg = 315", "facing-deg = north")?;
    let limp = dies(board, "KILL");
    restore("servos.toml")?;
    done("systemctl reset-failed tentacle-hat; systemctl stop tentacle-hat")?;
    // As if nothing had been: the next check begins with a limp board.
    done("tentacle-hat relax")?;
    limp
}

pub(crate) fn stop(board: &mut Board) -> Result<String> {
    board.moving()?;
    let start_us = now_us();
    done("systemctl stop tentacle-hat")?;
    let limp_us = board.wait_limp(LIMP_WITHIN)?;
    let entries = board.since(start_us)?;
    let last = entries.iter().rfind(|entry| entry.engaged() == SERVOS);
    let off = from_neutral(last.context("nothing pulsed")?);
    ensure!(off < 40.0, "limp at {off:.0} µs from neutral");
    Ok(format!(
        "{off:.0} µs from neutral, limp after {} ms",
        (limp_us - start_us) / 1000
    ))
}

/// Without a service manager, whose ExecStopPost= would relax the board between.
pub(crate) fn successor(board: &mut Board) -> Result<String> {
    done("systemctl stop tentacle-hat")?;
    let run = || {
        let mut run = Command::new("tentacle-hat");
        run.arg("run").stdout(Stdio::null()).stderr(Stdio::null());
        run.spawn()
    };
    let mut first = run()?;
    board.wait_moving(30)?;
    pause(3.0);
    let killed_us = now_us();
    first.kill()?;
    first.wait()?;
    let mut second = run()?;
    let written = board.wait_frame(killed_us, 20);
    pause(2.0);
    let until = now_us();
    let ended = done(&format!("kill {}", second.id()));
    second.wait()?;
    written.and(ended.map(|_| 0))?;
    let entries = board.since(killed_us)?;
    let entries: Vec<_> = entries.iter().filter(|e| e.t_us < until).cloned().collect();
    ensure!(
        entries.iter().all(|e: &Entry| e.engaged() == SERVOS),
        "servos went limp"
    );
    let step = largest_step(&entries);
    // What the speed limit allows in a slot, and a tick.
    ensure!(step < 45.0, "a pulse steps {step:.0} µs");
    Ok(format!("the largest step is {step:.1} µs"))
}
