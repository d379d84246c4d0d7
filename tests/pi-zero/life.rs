//! An undisturbed hat.

use crate::stage::*;
use anyhow::{Context, Result, ensure};
use std::fs;

pub(crate) fn first_frame(board: &mut Board) -> Result<String> {
    let first = board.wait_frame(0, 120)?;
    let active: u64 = wait("active", 20, || {
        let active = show("ActiveEnterTimestampMonotonic")?;
        Ok((active != "0").then_some(active))
    })?
    .parse()?;
    ensure!(
        active >= first,
        "active at {active}, the first frame at {first}"
    );
    let seconds = |t_us| t_us as f64 / SECOND as f64;
    Ok(format!(
        "first frame {:.1} s after the kernel's start, active {:.1} s",
        seconds(first),
        seconds(active)
    ))
}

pub(crate) fn multi_user(_: &mut Board) -> Result<String> {
    wait("multi-user.target", 60, || {
        let (code, _) = run("systemctl is-active multi-user.target")?;
        Ok((code == 0).then_some(()))
    })?;
    let reached = "systemctl show multi-user.target --value -p ActiveEnterTimestampMonotonic";
    let reached: f64 = done(reached)?.parse()?;
    Ok(format!(
        "multi-user.target after {:.1} s",
        reached / SECOND as f64
    ))
}

/// That it is one at a time, `Board::judge` sees to; here in how long.
pub(crate) fn staggered(board: &mut Board) -> Result<String> {
    done("systemctl stop tentacle-hat")?;
    board.wait_limp(8)?;
    let start = now_us();
    board.moving()?;
    let entries = board.since(start)?;
    let when = |servos| entries.iter().find(|entry| entry.engaged() == servos);
    let (first, last) = (
        when(1).context("no first one")?,
        when(SERVOS).context("no last one")?,
    );
    let took = (last.t_us - first.t_us) / 1000;
    ensure!(took < 5000, "all are engaged after {took} ms");
    Ok(format!("{SERVOS} within {took} ms"))
}

/// Ten seconds' worth of the log.
fn calm(board: &mut Board) -> Result<(u64, u64)> {
    board.moving()?;
    let from = board.tell("look")?;
    pause(10.0);
    Ok((from, board.tell("look")?))
}

pub(crate) fn one_write_a_slot(board: &mut Board) -> Result<String> {
    let (from, to) = calm(board)?;
    let slots = ((to - from) / 19_980) as usize + 2;
    let (mut writes, mut looked) = (0, true);
    for entry in board.since(from)? {
        looked |= entry.reads_mode1();
        if let Some(bytes) = entry.led_write() {
            ensure!(
                looked,
                "two writes without a look at MODE1 between, at {}",
                entry.t_us
            );
            // With the address on the wire that is 32.
            ensure!(
                bytes.len() <= 31,
                "a write of {} bytes at {}",
                bytes.len(),
                entry.t_us
            );
            looked = false;
            writes += 1;
        }
    }
    // Where all rest, and from tick to tick, nothing changes and nothing is written.
    ensure!(
        writes <= slots && writes > slots / 5,
        "{writes} writes in {slots} slots"
    );
    Ok(format!("{writes} writes in {slots} slots"))
}

pub(crate) fn reads_back(board: &mut Board) -> Result<String> {
    let (from, to) = calm(board)?;
    let entries = board.since(from)?;
    let reads = entries.iter().filter(|entry| entry.reads_back()).count() as u64;
    let most = (to - from) / 250_000 + 1;
    ensure!(reads <= most && reads > most / 2, "{reads} in ten seconds");
    Ok(format!("{reads} in ten seconds"))
}

pub(crate) fn memory(board: &mut Board) -> Result<String> {
    const MOST_KB: u64 = 2500;
    let status = fs::read_to_string(format!("/proc/{}/status", board.moving()?))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: u64 = line
        .and_then(|line| line.split_whitespace().next())
        .context("no VmHWM")?
        .parse()?;
    ensure!(peak <= MOST_KB, "VmHWM is {peak} kB");
    Ok(format!("VmHWM {peak} kB, at most {MOST_KB}"))
}

/// Only a figure: the emulation is as fast as its host lets it be.
pub(crate) fn processor(board: &mut Board) -> Result<String> {
    let stat = format!("/proc/{}/stat", board.moving()?);
    // utime and stime, in hundredths of a second, counted behind the name.
    let spent = || -> Result<u64> {
        let text = fs::read_to_string(&stat)?;
        let fields = text.rsplit(") ").next().context("no fields")?;
        let fields: Vec<_> = fields.split(' ').collect();
        Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
    };
    let before = spent()?;
    calm(board)?;
    let each = (spent()? - before) as f64 * 10.0 / 500.0;
    Ok(format!("{each:.2} ms a slot"))
}
