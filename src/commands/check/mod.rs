//! `check`: files, then the board; a line for each, and what to do.

mod answers;
pub(crate) mod seeing;
mod witness;

use crate::failure::{Exit, Failure};
use crate::files::Files;
use crate::host::Which;
use crate::say::tell;
use anyhow::Result;
use std::fmt::Display;
use std::process::Command;
use tentacle_hat::calibration::Rig;
use tentacle_hat::frame::Frame;
use tentacle_hat::motion::{Hat, Performance};
use tentacle_hat::pulse;

/// The lines so far, and how the first ✗ exits.
struct Report {
    verbose: bool,
    first: Option<Exit>,
}

impl Report {
    fn new(verbose: bool) -> Self {
        Self {
            verbose,
            first: None,
        }
    }

    fn good(&self, line: impl Display) {
        tell(format_args!("✓ {line}"));
    }

    /// Neither good nor bad, but worth knowing.
    fn note(&self, line: impl Display) {
        tell(format_args!("· {line}"));
    }

    fn bad(&mut self, exit: Exit, line: impl Display) {
        // Whoever looks for ✗ finds each of several faults.
        line.to_string()
            .lines()
            .for_each(|line| tell(format_args!("✗ {line}")));
        self.first.get_or_insert(exit);
    }

    /// Words for who knows the chip, with a comma before them; or none.
    fn more(&self, words: impl Display) -> String {
        match self.verbose {
            true => format!(", {words}"),
            false => String::new(),
        }
    }

    fn failed(&mut self, failure: &Failure) {
        self.bad(failure.exit, failure);
    }

    /// Exits as the first ✗ does.
    fn end(&self) -> Result<()> {
        match self.first {
            None => Ok(()),
            Some(exit) => Err(Failure {
                exit,
                message: "Not all is well; the lines marked ✗ say what to do.".to_owned(),
            }
            .into()),
        }
    }
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Depth {
    /// Not at the board.
    pub(crate) only_files: bool,
    /// Reset the board if nothing else helps.
    pub(crate) resets: bool,
    /// Tell what only matters to who knows the chip.
    pub(crate) verbose: bool,
}

pub(crate) fn check(which: Which, files: &Files, depth: Depth) -> Result<()> {
    let mut report = Report::new(depth.verbose);
    let on_pi = !which.is_virtual();
    let only_files = depth.only_files;
    let hat = match files.load() {
        Ok(hat) => {
            report.good(format_args!("{files}: both files are sound"));
            Some(hat)
        }
        Err(failure) => {
            report.failed(&failure);
            None
        }
    };
    if let Some(hat) = &hat {
        servos(&report, &hat.rig);
        compasses(&report, &hat.rig);
        for plan in &hat.senses {
            report.good(format_args!(
                "the sense {} ({}) is at {}; `tentacle-hat check --senses` tells what it sees",
                plan.name,
                plan.kind.name(),
                plan.kind
            ));
        }
        speeds(&mut report, hat, only_files);
        if !only_files {
            answers::board(&mut report, which, &hat.rig, depth.resets);
        }
    }
    if on_pi && !only_files {
        service(&report);
    }
    report.end()
}

/// Rate and step, the button, and each servo's channel, range and start in the cycle.
fn servos(report: &Report, rig: &Rig) {
    let timebase = rig.timebase();
    let tick = timebase.tick_us();
    let prescale = format!("prescale {}", timebase.prescale().0);
    report.good(format_args!(
        "pulses: {:.1} a second, in steps of {tick:.2} µs, to which ends are rounded inward{}",
        1e6 / (4096.0 * tick),
        report.more(prescale)
    ));
    if let Some(pin) = rig.board().button_gpio {
        report.good(format_args!("the button is on GPIO {pin}"));
    }
    let limp = Frame::limp(rig);
    for (i, servo) in rig.servos().iter().enumerate() {
        let (name, channel) = (rig.servo_name(i), servo.channel);
        let starts_us = f32::from(limp.0[channel.index()].on.0) * tick;
        match &servo.calibration {
            Some(calibration) => {
                let (low, high) = calibration.limits_us;
                let starts = format!("{starts_us:.0} µs into the cycle");
                report.good(format_args!(
                    "{name}: channel {channel}, from {low:.0} to {high:.0} µs, neutral {:.0}{}",
                    calibration.neutral.get(),
                    report.more(starts)
                ));
            }
            None => report.note(format_args!(
                "{name}: channel {channel}, not calibrated yet: it stays limp; \
                 `tentacle-hat calibrate` gives it a table"
            )),
        }
    }
}

/// How well each tentacle points that has a compass.
fn compasses(report: &Report, rig: &Rig) {
    for tentacle in rig.tentacles() {
        let Some(compass) = &tentacle.compass else {
            continue;
        };
        let (name, count) = (tentacle.name, compass.marks().len());
        let mean = compass.mean_deg();
        let leans = match compass.scale() {
            scale if scale < 0.995 => format!(", and leans to {:.0} % of a wish", scale * 100.0),
            _ => String::new(),
        };
        report.good(format_args!(
            "{name}: by the {count} marks of its compass it points to within {mean:.1}° in the \
             mean, {:.1}° at worst{leans}",
            compass.worst().1
        ));
        if let Some((mark, deg)) = compass.mistaken() {
            report.note(format_args!(
                "{name}: the mark at {:.0}° lies {deg:.0}° beside what the others say: measure it \
                 again",
                mark.bearing.get().rem_euclid(1.0) * 360.0
            ));
        }
    }
}

/// Whether the limits would flatten what is to be played: said before the show.
/// The files are sound all the same, and a reload takes them.
fn speeds(report: &mut Report, hat: &Hat, only_files: bool) {
    let played = match hat.motion.depth > 0.0 {
        true => "life",
        false => "the wave",
    };
    let lines = flattened(&hat.rig, played, Performance::new(hat, 0));
    for line in &lines {
        let line = format_args!("{line}, or lower the frequency or amplitude in motion.toml");
        match only_files {
            true => report.note(line),
            false => report.bad(Exit::Config, line),
        }
    }
    if lines.is_empty() {
        report.good(format_args!("{played} keeps within the speed limits"));
    }
    // The show is as it is, and slowed down it is still a show.
    let mut show = Performance::new(hat, 0);
    show.ask().play_show(true, 0);
    let lines = flattened(&hat.rig, "the show (--demo)", show);
    for line in &lines {
        report.note(line);
    }
    if lines.is_empty() {
        report.good("the show (--demo) keeps within the speed limits");
    }
}

/// A line for each limit that a performance would run into.
fn flattened(rig: &Rig, name: &str, performance: Performance) -> Vec<String> {
    let (each, total) = steepest(rig, performance);
    let period_s = rig.timebase().period_us() / 1e6;
    let mut lines = Vec::new();
    for (i, servo) in rig.servos().iter().enumerate() {
        let (speed, most) = (each[i], servo.max_step_us / period_s);
        if speed > most {
            lines.push(format!(
                "{}: {name} wants up to {speed:.0} µs/s and is held to max-speed-us-per-s, \
                 {most:.0}: raise that if the servo can follow",
                rig.servo_name(i)
            ));
        }
    }
    let most = rig.max_total_step_us() / period_s;
    if total > most {
        lines.push(format!(
            "{name} wants up to {:.0} µs/s over all servos and is held to \
             max-total-speed-us-per-s, {most:.0}: raise that if the supply can feed it",
            total
        ));
    }
    lines
}

/// The steepest speeds of a performance without limits, each servo's and all
/// together, µs a second: over two minutes, frame by frame, which is longer than
/// any loop or period that is fast enough to matter; of life, which has none, it is
/// a sample.
fn steepest(rig: &Rig, mut performance: Performance) -> (Vec<f32>, f32) {
    let timebase = rig.timebase();
    let rate = timebase.rate_hz();
    let mut us_at = |k: u64| -> Vec<f32> {
        performance.advance(timebase.slot_us(k));
        let pose = pulse::aimed(rig, &performance.pose_at(timebase.slot_us(k)));
        let servos = rig.servos().iter().enumerate();
        let us = servos.map(|(i, servo)| {
            let along = pulse::along(pose.0[i / 2], i);
            servo.calibration.as_ref().map_or(0.0, |c| c.us_at(along))
        });
        us.collect()
    };
    let (mut each, mut total) = (vec![0.0f32; rig.servos().len()], 0.0f32);
    let mut before = us_at(0);
    for k in 1..=120 * u64::from(rate) {
        let now = us_at(k);
        let mut sum = 0.0;
        for (i, us) in now.iter().enumerate() {
            let speed = (us - before[i]).abs() * f32::from(rate);
            each[i] = each[i].max(speed);
            sum += speed;
        }
        total = total.max(sum);
        before = now;
    }
    (each, total)
}

/// What systemd says of the service.
fn service(report: &Report) {
    let ask = |what: &str| {
        let output = Command::new("systemctl")
            .args([what, "tentacle-hat"])
            .output();
        output.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
    };
    match (ask("is-active"), ask("is-enabled")) {
        (Ok(active), Ok(enabled)) if !active.is_empty() && !enabled.is_empty() => {
            report.good(format_args!("the service is {active} and {enabled}"));
        }
        _ => report.note("there is no service here: `run` moves the hat by hand"),
    }
}
