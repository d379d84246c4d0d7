//! What the checks need: commands, the service as systemd shows it, and the
//! board's log, read along.

use crate::log::{Entry, Event};
use anyhow::{Context, Result, bail, ensure};
use rustix::time::{ClockId, clock_gettime};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::Command;
use std::time::{Duration, Instant};
use tentacle_hat::board::registers::{BLOCK, FULL, LED0, MODE1};
use tentacle_hat::board::virtual_chip::Emitted;

pub(crate) const UNIT: &str = "tentacle-hat";
pub(crate) const CONFIG: &str = "/etc/tentacle-hat";
/// The files that the day begins with.
pub(crate) const SHIPPED: &str = "/test/etc";
/// Where the board writes, and what it is told through.
const BOARD_LOG: &str = "/run/board.log";
const BOARD_COMMANDS: &str = "/run/board.commands";

pub(crate) const SECOND: u64 = 1_000_000;
/// Channels 0 to 6; the eighth servo is not calibrated.
pub(crate) const SERVOS: usize = 7;
/// The tables of the day's servos.toml, and their middle.
const TABLE: std::ops::RangeInclusive<f64> = 1400.0..=1600.0;
const NEUTRAL: f64 = 1500.0;
const TICK: f64 = 4.89;
/// The program wakes a servo every 100 ms; the log may see one late.
const ENGAGE_AT_LEAST: u64 = 50_000;

/// Microseconds since the machine started, as in the log.
pub(crate) fn now_us() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * SECOND + now.tv_nsec as u64 / 1000
}

pub(crate) fn pause(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}

/// Waits until `there` finds something.
pub(crate) fn wait<T>(
    what: &str,
    seconds: u64,
    mut there: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = there()? {
            return Ok(found);
        }
        ensure!(
            start.elapsed().as_secs() < seconds,
            "waited {seconds} s for: {what}"
        );
        pause(0.1);
    }
}

/// Runs a command line; its exit code and all it said.
pub(crate) fn run(line: &str) -> Result<(i32, String)> {
    let output = Command::new("sh").args(["-c", line]).output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    Ok((output.status.code().unwrap_or(-1), said))
}

/// Runs a command line that must succeed.
pub(crate) fn done(line: &str) -> Result<String> {
    let (code, said) = run(line)?;
    ensure!(code == 0, "`{line}` exits {code}: {said}");
    Ok(said)
}

/// A property of the service.
pub(crate) fn show(property: &str) -> Result<String> {
    done(&format!("systemctl show {UNIT} --value -p {property}"))
}

pub(crate) fn status() -> Result<String> {
    show("StatusText")
}

/// Waits until the service's status has `part` in it.
pub(crate) fn wait_status(part: &str, seconds: u64) -> Result<()> {
    let mut last = String::new();
    let found = wait("", seconds, || {
        last = status()?;
        Ok(last.contains(part).then_some(()))
    });
    found.with_context(|| format!("STATUS does not tell «{part}» but «{last}»"))
}

/// The service's process.
pub(crate) fn pid() -> Result<u32> {
    let pid = show("MainPID")?.parse()?;
    ensure!(pid != 0, "the service has no process");
    Ok(pid)
}

/// Puts a file of the day's back.
pub(crate) fn restore(file: &str) -> Result<()> {
    fs::copy(format!("{SHIPPED}/{file}"), format!("{CONFIG}/{file}"))?;
    Ok(())
}

/// Puts `to` in the place of the first `from` in a file.
pub(crate) fn change(file: &str, from: &str, to: &str) -> Result<()> {
    let path = format!("{CONFIG}/{file}");
    let text = fs::read_to_string(&path)?;
    ensure!(text.contains(from), "{path} has no «{from}»");
    Ok(fs::write(path, text.replacen(from, to, 1))?)
}

impl Entry {
    pub(crate) fn engaged(&self) -> usize {
        let pulses = self.emitted.iter().filter(|e| **e != Emitted::Limp);
        pulses.count()
    }

    /// A write to LED registers, and its bytes.
    pub(crate) fn led_write(&self) -> Option<&[u8]> {
        match &self.event {
            Event::Transfer { written, read, .. } if read.is_empty() && written.len() > 1 => {
                let led = LED0..LED0 + BLOCK as u8;
                led.contains(&written[0]).then_some(&written[..])
            }
            _ => None,
        }
    }

    /// How many registers are read from `register` on.
    fn reads(&self, register: u8) -> usize {
        match &self.event {
            Event::Transfer { written, read, .. } if written[..] == [register] => read.len(),
            _ => 0,
        }
    }

    pub(crate) fn reads_mode1(&self) -> bool {
        self.reads(MODE1) > 0
    }

    pub(crate) fn reads_back(&self) -> bool {
        self.reads(LED0) == BLOCK
    }

    fn went_well(&self) -> bool {
        matches!(&self.event, Event::Transfer { errno: 0, .. })
    }

    fn told(&self, command: &str) -> bool {
        matches!(&self.event, Event::Told(words) if words.starts_with(command))
    }
}

/// The board, as its log shows it.
#[derive(Default)]
pub(crate) struct Board {
    log: Option<BufReader<File>>,
    line: String,
    /// What happened since the check began.
    pub(crate) entries: Vec<Entry>,
}

impl Board {
    /// Reads what the log has more.
    pub(crate) fn read(&mut self) -> Result<()> {
        if self.log.is_none() {
            self.log = File::open(BOARD_LOG).ok().map(BufReader::new);
        }
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        while log.read_line(&mut self.line)? > 0 && self.line.ends_with('\n') {
            let entry = self.line.trim_end().parse();
            self.entries.push(entry.with_context(|| self.line.clone())?);
            self.line.clear();
        }
        Ok(())
    }

    /// Has a command carried out; when it was.
    pub(crate) fn tell(&mut self, command: &str) -> Result<u64> {
        self.read()?;
        let before = self.entries.len();
        // For reading too: without a board this must not wait for one.
        let mut pipe = File::options()
            .read(true)
            .write(true)
            .open(BOARD_COMMANDS)?;
        // In one piece, as it is read.
        pipe.write_all(format!("{command}\n").as_bytes())?;
        wait(&format!("the board obeys «{command}»"), 10, || {
            self.read()?;
            let told = self.entries[before..].iter().find(|e| e.told(command));
            Ok(told.map(|entry| entry.t_us))
        })
    }

    /// What was logged from that time on.
    pub(crate) fn since(&mut self, t_us: u64) -> Result<&[Entry]> {
        self.read()?;
        let start = self.entries.partition_point(|entry| entry.t_us < t_us);
        Ok(&self.entries[start..])
    }

    /// How many channels pulse now.
    pub(crate) fn engaged(&mut self) -> Result<usize> {
        self.tell("look")?;
        Ok(self.entries.last().map_or(0, Entry::engaged))
    }

    /// Waits until all channels are limp; when they were found so.
    pub(crate) fn wait_limp(&mut self, seconds: u64) -> Result<u64> {
        wait("all servos limp", seconds, || {
            Ok((self.engaged()? == 0).then(now_us))
        })
    }

    /// Waits until all servos that are to pulse do.
    pub(crate) fn wait_moving(&mut self, seconds: u64) -> Result<()> {
        wait("all servos pulse", seconds, || {
            Ok((self.engaged()? == SERVOS).then_some(()))
        })
    }

    /// Waits until, from `t_us` on, a frame that engages a servo, or more, is
    /// written; when.
    pub(crate) fn wait_frame(&mut self, t_us: u64, seconds: u64) -> Result<u64> {
        wait("a frame that engages a servo", seconds, || {
            let frame = self.since(t_us)?.windows(2).find(|pair| {
                pair[0].led_write().is_some() && pair[0].went_well() && pair[1].engaged() > 0
            });
            Ok(frame.map(|pair| pair[0].t_us))
        })
    }

    /// A board that works, and a service that moves it.
    pub(crate) fn moving(&mut self) -> Result<u32> {
        self.tell("well")?;
        if show("ActiveState")? != "active" {
            done(&format!("systemctl start --no-block {UNIT}"))?;
        }
        self.wait_moving(30)?;
        pid()
    }

    /// Holds all that was logged against what is true at every moment, but for a
    /// second after registers were spoiled: pulses stay inside the tables, servos
    /// wake one at a time and at neutral, and one that is not calibrated is limp.
    pub(crate) fn judge(&mut self) -> Result<()> {
        self.read()?;
        let mut woken_us = 0;
        let mut spoiled_us = None;
        for pair in self.entries.windows(2) {
            let [before, now] = pair else { continue };
            let at = now.t_us;
            if now.told("sag") {
                spoiled_us = Some(at);
            }
            if spoiled_us.is_some_and(|spoiled| at < spoiled + SECOND) {
                continue;
            }
            let mut woken = 0;
            for (channel, (old, new)) in before.emitted.iter().zip(&now.emitted).enumerate() {
                match *new {
                    Emitted::Limp => {}
                    Emitted::Pulse(us) if channel < SERVOS => {
                        let inside = *TABLE.start() - 0.1 <= us && us <= *TABLE.end() + 0.1;
                        ensure!(inside, "channel {channel} emits {us} µs at {at}");
                        if *old == Emitted::Limp {
                            woken += 1;
                            let off = (us - NEUTRAL).abs();
                            ensure!(
                                off < 2.0 * TICK,
                                "channel {channel} wakes at {us} µs at {at}"
                            );
                        }
                    }
                    emitted => bail!("channel {channel} emits {emitted:?} at {at}"),
                }
            }
            ensure!(woken < 2, "{woken} servos are engaged at once at {at}");
            if woken > 0 {
                let apart = at - woken_us;
                ensure!(
                    apart >= ENGAGE_AT_LEAST,
                    "two engaged within {apart} µs at {at}"
                );
                woken_us = at;
            }
        }
        Ok(())
    }

    /// Forgets what was logged before the last event.
    pub(crate) fn forget(&mut self) {
        self.entries.drain(..self.entries.len().saturating_sub(1));
    }
}

/// The largest step of a pulse from one written frame to the next. (The outputs
/// may pass over a frame, when two reach the chip within one of its cycles.)
pub(crate) fn largest_step(entries: &[Entry]) -> f64 {
    let mut registers = [None; LED0 as usize + BLOCK];
    let mut held = [None; SERVOS];
    let mut largest = 0;
    for entry in entries {
        let (first, bytes) = match (&entry.event, entry.led_write()) {
            (_, Some(written)) => (written[0], &written[1..]),
            (Event::Transfer { read, .. }, _) if entry.reads_back() => (LED0, &read[..]),
            _ => continue,
        };
        for (register, &byte) in registers[first.into()..].iter_mut().zip(bytes) {
            *register = Some(byte);
        }
        for (channel, held) in held.iter_mut().enumerate() {
            let off = LED0 as usize + 4 * channel + 2;
            let [Some(low), Some(high)] = registers[off..off + 2] else {
                continue;
            };
            let now = (high & FULL == 0).then(|| i32::from(u16::from_le_bytes([low, high])));
            if let (Some(before), Some(now)) = (*held, now) {
                largest = largest.max(i32::abs(now - before));
            }
            *held = now;
        }
    }
    f64::from(largest) * TICK
}

/// How far the pulses are from neutral at most.
pub(crate) fn from_neutral(entry: &Entry) -> f64 {
    let off = entry.emitted.iter().map(|emitted| match emitted {
        Emitted::Pulse(us) => (us - NEUTRAL).abs(),
        _ => 0.0,
    });
    off.fold(0.0, f64::max)
}
