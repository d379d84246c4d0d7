//! A hat's day on the emulated Pi: what package, service and program do there,
//! held against the board's log. Each check is a line on the console.
//!
//! The kernel's command line says which part of it: `pi-zero=PART[,all]`.

mod beside;
mod ends;
mod faults;
mod install;
mod life;
mod log;
mod package;
mod sees;
mod stage;

use anyhow::{Context, Result, bail};
use stage::Board;
use std::time::Instant;

/// Something that must be so, and how it is found out; what it says on success
/// is printed.
struct Check {
    name: &'static str,
    /// Not in the short form.
    long: bool,
    run: fn(&mut Board) -> Result<String>,
}

const fn check(name: &'static str, run: fn(&mut Board) -> Result<String>) -> Check {
    Check {
        name,
        long: false,
        run,
    }
}

const fn long(name: &'static str, run: fn(&mut Board) -> Result<String>) -> Check {
    Check {
        name,
        long: true,
        run,
    }
}

/// The hat gets its program, before it has a board.
const INSTALL: &[Check] = &[
    check("dpkg installs the package", install::installs),
    check(
        "nothing starts before calibration",
        install::waits_for_calibration,
    ),
    check("what dpkg did is kept for the next start", install::keeps),
];

/// It is switched on with its board, and much befalls it.
const DAY: &[Check] = &[
    check("active only after the first frame", life::first_frame),
    check("the Pi is up", life::multi_user),
    check("servos are engaged one at a time", life::staggered),
    check("one LED write a slot", life::one_write_a_slot),
    check(
        "the chip is read back four times a second",
        life::reads_back,
    ),
    check("memory", life::memory),
    check("processor", life::processor),
    check("a power blip", faults::blip),
    check("nobody answers for 10 s", faults::nack),
    check("a sag that spoils LED registers", faults::sag),
    check("another hand puts the chip to sleep", faults::hand),
    long("3 s without power", faults::off),
    long("time-outs for 6 s", faults::timeouts),
    long("cut writes for 3 s", faults::cuts),
    long("STATUS tells the cause that holds now", faults::cause),
    check("a stall while servos are engaged", faults::stall),
    check("a fault while servos are engaged", faults::early_fault),
    long("the node is gone and comes back", faults::node),
    long("no node at the start", faults::no_node),
    check("reload takes up good files", beside::reload_good),
    check("reload of bad files fails", beside::reload_bad),
    check("nobody else drives the board", beside::exit_75),
    check("cues over the socket", beside::cues),
    check("a radar sees who is there", sees::radar),
    long("an OE pin that cannot be driven", beside::oe),
    check("limp after SIGKILL", ends::kill),
    check("limp after SIGABRT", ends::abort),
    long("limp after SIGSTOP, by the watchdog", ends::freeze),
    long("limp after SIGKILL with a broken file", ends::kill_broken),
    check("a successor takes over without a step", ends::successor),
    check("stop eases to neutral, then limp", ends::stop),
    long("power cuts during calibrate set", beside::power_cuts),
    long("upgrade of a running hat", package::upgrade_running),
    long("upgrade of a stopped hat", package::upgrade_stopped),
    long("remove", package::remove),
    long("purge", package::purge),
];

/// It is switched on without a board, on the Pi's own bus, by the unit as it is.
const ABSENT: &[Check] = &[
    check("the Pi is up without a board", life::multi_user),
    check(
        "it waits for the board and says so",
        install::waits_for_board,
    ),
    check("i2c-dev comes after the service", install::late_module),
];

fn main() -> Result<()> {
    // The speed of an emulated port goes out on it as a byte, when it is set.
    println!();
    let line = std::fs::read_to_string("/proc/cmdline")?;
    let part = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("pi-zero="));
    let part = part.context("no pi-zero= on the kernel's command line")?;
    let (part, all) = match part.split_once(',') {
        Some((part, _)) => (part, true),
        None => (part, false),
    };
    let checks = match part {
        "install" => INSTALL,
        "day" => DAY,
        "absent" => ABSENT,
        _ => bail!("{part:?} is no part of the day"),
    };
    let mut board = Board::default();
    for check in checks.iter().filter(|check| all || !check.long) {
        let start = Instant::now();
        let outcome = (check.run)(&mut board);
        let outcome = outcome.and_then(|said| board.judge().map(|()| said));
        let took = start.elapsed().as_secs_f64();
        match outcome {
            Ok(said) => println!(
                "ok      {}: {} ({took:.1} s)",
                check.name,
                said.replace('\n', ", ")
            ),
            Err(why) => {
                println!("FAILED  {}: {why:#} ({took:.1} s)", check.name);
                let (_, state) = stage::run("systemctl status -n 20 tentacle-hat pi-zero-board")?;
                println!("{state}");
            }
        }
        board.forget();
    }
    stage::done(
        "cp /run/board.log /card/ || true; journalctl -b >/card/journal.txt; umount /card",
    )?;
    println!("pi-zero: end");
    Ok(())
}
