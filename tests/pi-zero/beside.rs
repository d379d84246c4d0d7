//! What people do beside a moving hat: edit files, start other commands, pull
//! the plug.

use crate::stage::*;
use anyhow::{Result, bail, ensure};
use std::fs;
use std::time::{Duration, Instant};

/// The host needs less than that for twenty copies of the card.
const CUTS_TAKE: Duration = Duration::from_secs(25);

pub(crate) fn reload_good(board: &mut Board) -> Result<String> {
    let process = board.moving()?;
    let text = fs::read_to_string(format!("{CONFIG}/motion.toml"))?;
    let calmer = text
        .replace("amplitude = 0.70", "amplitude = 0.05")
        .replace("depth = 0.4", "depth = 0.0");
    fs::write(format!("{CONFIG}/motion.toml"), calmer)?;
    done("systemctl reload tentacle-hat")?;
    pause(4.0);
    let from = board.tell("look")?;
    pause(4.0);
    let entries = board.since(from)?;
    let off = entries.iter().map(from_neutral).fold(0.0, f64::max);
    restore("motion.toml")?;
    done("systemctl reload tentacle-hat")?;
    ensure!(
        off < 15.0,
        "a twentieth of the way, and pulses are {off:.0} µs from neutral"
    );
    ensure!(pid()? == process, "it is another process");
    Ok(format!("pulses stay within {off:.0} µs of neutral"))
}

pub(crate) fn reload_bad(board: &mut Board) -> Result<String> {
    let process = board.moving()?;
    change("motion.toml", "amplitude = 0.70", "amplitude = 7.0")?;
    let (code, _) = run("systemctl reload tentacle-hat")?;
    restore("motion.toml")?;
    let said = done("journalctl -b -u tentacle-hat -n 20 -o cat")?;
    ensure!(code != 0, "`systemctl reload` succeeds");
    ensure!(
        said.contains("motion.toml:"),
        "the journal does not tell the line: {said}"
    );
    ensure!(
        pid()? == process && show("ActiveState")? == "active",
        "the hat has ended"
    );
    let start_us = board.tell("look")?;
    board.wait_frame(start_us, 5)?;
    Ok(format!("it exits {code}, and the hat goes on"))
}

pub(crate) fn exit_75(board: &mut Board) -> Result<String> {
    let process = board.moving()?;
    // The session wants a terminal, and room.
    let session = "script -qec 'stty rows 24 cols 80; tentacle-hat calibrate' /dev/null";
    let others = ["calibrate clock --gpio 27", "run", "check"];
    let others = others.map(|command| format!("tentacle-hat {command}"));
    for command in others.iter().map(String::as_str).chain([session]) {
        let (code, said) = run(command)?;
        ensure!(code == 75, "`{command}` exits {code}: {said}");
        ensure!(
            said.contains(&process.to_string()),
            "`{command}` does not say by whom: {said}"
        );
    }
    ensure!(
        pid()? == process && board.engaged()? == SERVOS,
        "the hat was disturbed"
    );
    Ok("exit 75, and the hat goes on".to_owned())
}

/// Cues over the service's socket: from its group and from nobody else.
pub(crate) fn cues(board: &mut Board) -> Result<String> {
    let process = board.moving()?;
    let stat = done("stat -c '%a %U %G' /run/tentacle-hat /run/tentacle-hat/cue")?;
    let own = "750 tentacle-hat tentacle-hat\n660 tentacle-hat tentacle-hat";
    ensure!(stat == own, "the socket is not as it should be: {stat}");
    let stranger = "setpriv --reuid 1234 --regid 1234 --clear-groups tentacle-hat";
    let (code, said) = run(&format!("{stranger} cue fold"))?;
    ensure!(
        code == 77 && said.contains("usermod -aG tentacle-hat"),
        "a stranger's cue exits {code}: {said}"
    );
    let group = done("getent group tentacle-hat | cut -d: -f3")?;
    let member = format!("setpriv --reuid 1234 --regid 1234 --groups {group} tentacle-hat");
    ensure!(done(&format!("{member} cue fold"))? == "ok", "no ok");
    pause(3.0);
    let from = board.tell("look")?;
    let state = done(&format!("timeout 20 {member} watch 5 | head -2"))?;
    let folded = board.since(from)?.iter().map(from_neutral);
    let folded = folded.fold(f64::MAX, f64::min);
    done(&format!("{member} cue unfold"))?;
    ensure!(
        state.starts_with("state 1\n") && state.contains("scene=folded"),
        "watch tells: {state}"
    );
    ensure!(
        folded > 80.0,
        "folded, a servo is {folded:.0} µs from neutral"
    );
    // What `relax` did to a hat without a socket was to refuse.
    done("tentacle-hat relax")?;
    board.wait_limp(3)?;
    ensure!(pid()? == process, "it is another process");
    done(&format!("{member} cue engage"))?;
    board.wait_moving(10)?;
    Ok("the group's are taken, a stranger's exits 77".to_owned())
}

/// Nobody here gives the service's group the pins.
pub(crate) fn oe(board: &mut Board) -> Result<String> {
    done("systemctl stop tentacle-hat")?;
    change("servos.toml", "# oe-gpio", "oe-gpio")?;
    done("systemctl start --no-block tentacle-hat")?;
    let cause = "OE on GPIO 17 cannot be driven";
    let told = wait_status(cause, 25);
    // STATUS is said anew every ten seconds.
    pause(12.0);
    let later = status()?;
    restore("servos.toml")?;
    done("systemctl stop tentacle-hat")?;
    board.wait_limp(8)?;
    told?;
    ensure!(
        later.contains(cause),
        "after a while STATUS tells «{later}»"
    );
    Ok("STATUS tells it, and goes on to".to_owned())
}

/// The host copies the card meanwhile, the machine standing still, and judges the
/// copies.
pub(crate) fn power_cuts(_: &mut Board) -> Result<String> {
    done("systemctl stop tentacle-hat")?;
    done("cp -r /etc/tentacle-hat /card/ && mount --bind /card/tentacle-hat /etc/tentacle-hat")?;
    done("sync")?;
    println!("pi-zero: cuts begin");
    let saves = || {
        let start = Instant::now();
        // Each pulse is longer than the last, so that the copies tell which save they have.
        for us in 1601..2400 {
            done(&format!(
                "tentacle-hat calibrate set front-left.x --positive {us}"
            ))?;
            println!("pi-zero: saved {us}");
            if start.elapsed() > CUTS_TAKE {
                return Ok(format!("{} saves", us - 1600));
            }
        }
        bail!("the pulse is too long to go on");
    };
    let saved = saves();
    println!("pi-zero: cuts end");
    done("umount /etc/tentacle-hat")?;
    saved
}
