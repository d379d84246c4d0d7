//! One pulse on a spare channel, for as long as somebody measures it.

use super::bench::{Bench, Delay};
use super::estimator;
use super::pin::Pin;
use crate::cli::Global;
use crate::files::Servos;
use crate::host::bus::HostBus;
use crate::host::signals::Signals;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, IsTerminal, Write, stdin, stdout};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::board::{Armed, Board};
use tentacle_hat::calibration::CHANNELS;
use tentacle_hat::frame::Frame;
use tentacle_hat::units::{Microseconds, Ticks, Timebase};

/// How long the Pi measures.
const MEASURE: Duration = Duration::from_secs(10);
/// How often the board is read back meanwhile.
const WATCH: Duration = Duration::from_millis(250);

/// What is to be emitted, and where.
pub(crate) struct Emission {
    bench: Bench,
    channel: u8,
    ticks: Ticks,
    oe_gpio: Option<u8>,
}

impl Emission {
    pub(crate) fn new(
        global: &Global,
        servos: &Servos,
        channel: Option<u8>,
        commanded: Microseconds,
    ) -> Result<Self> {
        let rig = &servos.rig;
        let user = |channel: u8| rig.servos().iter().position(|s| s.channel == channel);
        let spare: Vec<u8> = (0..CHANNELS as u8).filter(|c| user(*c).is_none()).collect();
        let channel = match (channel, spare.first()) {
            (Some(channel), _) => match user(channel) {
                None => channel,
                Some(servo) => bail!(
                    "channel {channel} is {}'s, which would jump; spare channels are {spare:?}",
                    rig.servo_name(servo)
                ),
            },
            (None, Some(lowest)) => *lowest,
            (None, None) => bail!(
                "all sixteen channels have a servo: unplug one, and take its tentacle out of \
                 servos.toml while you measure"
            ),
        };
        Ok(Self {
            bench: Bench::new(global, servos)?,
            channel,
            ticks: rig.timebase().ticks(commanded),
            oe_gpio: rig.board().oe_gpio,
        })
    }

    fn timebase(&self) -> &Timebase {
        self.bench.rig.timebase()
    }

    /// Emits while `measure` runs, and not a pulse longer.
    fn during<T>(&self, measure: impl FnOnce(&mut Emitting<'_>) -> Result<T>) -> Result<T> {
        let explain = |error| self.bench.explain(error);
        // Only now: before, Ctrl-C may end the program at once.
        let signals = Signals::catch()?;
        let bus = self.bench.open().map_err(explain)?;
        let mut board = Board::new(bus, &self.bench.rig);
        let armed = board.arm(&self.bench.rig, &mut Delay(&self.bench));
        let (mut armed, _) = armed.map_err(explain)?;
        let _outputs = self.bench.outputs_on()?;
        armed.write(&self.frame(armed.limp())).map_err(explain)?;
        measure(&mut Emitting {
            armed,
            signals,
            bench: &self.bench,
        })
    }

    fn frame(&self, mut frame: Frame) -> Frame {
        let output = &mut frame.0[usize::from(self.channel)];
        output.off = Some(Ticks(output.on.0 + self.ticks.0));
        frame
    }

    /// What the virtual board really emits, µs.
    fn on_virtual_pin(&self) -> Option<f64> {
        self.bench.now_us();
        let emitted = self.bench.chip.chip.borrow().emitted(self.channel.into());
        match emitted {
            Emitted::Pulse(us) if self.bench.is_virtual() => Some(us),
            _ => None,
        }
    }
}

/// A pulse going out.
struct Emitting<'b> {
    armed: Armed<'b, HostBus<'b>>,
    signals: Signals,
    bench: &'b Bench,
}

impl Emitting<'_> {
    /// Whether it still does; to be asked every [`WATCH`].
    fn watch(&mut self) -> Result<()> {
        self.bench.now_us();
        if self.signals.take_stop() || self.signals.take_hangup() {
            bail!("stopped; nothing was changed");
        }
        let verified = self.armed.verify().or_else(|_| self.armed.verify());
        if !verified.map_err(|error| self.bench.explain(error))? {
            bail!("the board forgot what it was told: is its supply steady? Nothing was changed");
        }
        Ok(())
    }
}

/// Emits until somebody has typed what the pulse measures, µs.
pub(crate) fn ask(emission: &Emission) -> Result<f64> {
    let (sender, lines) = mpsc::channel();
    emission.during(|emitting| {
        let width = emission.timebase().width(emission.ticks).get();
        println!(
            "Channel {} emits {width:.2} µs, if the oscillator is the one in the file.",
            emission.channel
        );
        if let Some(us) = emission.on_virtual_pin() {
            println!("An oscilloscope at the virtual board shows {us:.2} µs.");
        }
        thread::spawn(move || {
            for line in stdin().lock().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        loop {
            print!("How many µs do you measure? (Ctrl-C leaves) ");
            stdout().flush()?;
            let line = loop {
                match lines.recv_timeout(WATCH) {
                    Ok(line) => break line,
                    Err(RecvTimeoutError::Timeout) => emitting.watch()?,
                    Err(RecvTimeoutError::Disconnected) => {
                        println!();
                        bail!("nothing was measured; nothing was changed");
                    }
                }
            };
            match line
                .trim()
                .trim_end_matches("µs")
                .trim()
                .replace(',', ".")
                .parse()
            {
                Ok(us) if us > 0.0 => return Ok(us),
                _ => println!("{:?} is no pulse width in µs, such as 1415.2.", line.trim()),
            }
        }
    })
}

/// Emits until the Pi has measured the period at its own pin, ns.
pub(crate) fn measure(emission: &Emission, pin: u8) -> Result<f64> {
    if emission.oe_gpio == Some(pin) {
        bail!("GPIO {pin} is the board's oe-gpio; choose another pin");
    }
    // The Pi's own wiring: SDA and SCL of bus 0 are GPIO 0 and 1, of bus 1 GPIO 2 and 3.
    let bus = emission.bench.rig.board().bus;
    if bus < 2 && pin / 2 == bus {
        bail!("GPIO {pin} is a line of I2C bus {bus}, which the board is on; choose another pin");
    }
    println!(
        "The jumper joins the signal pin of channel {} to GPIO {pin}.",
        emission.channel
    );
    println!("The board's VCC must be 3.3 V: with 5 V this jumper destroys the Pi's pin.");
    if stdin().is_terminal() && !emission.bench.is_virtual() {
        print!("Enter when both are so; Ctrl-C leaves. ");
        stdout().flush()?;
        let mut line = String::new();
        stdin().lock().read_line(&mut line)?;
    }
    let edges = emission.during(|emitting| match emission.bench.is_virtual() {
        true => virtual_edges(emission),
        false => pin_edges(pin, emitting),
    })?;
    let cycle_us = 4096.0 * f64::from(emission.timebase().tick_us());
    let period = estimator::period(&edges, cycle_us * 1000.0);
    let period = period.map_err(|why| {
        let channel = emission.channel;
        anyhow::anyhow!(
            "GPIO {pin}: {why}; does the jumper join it to channel {channel}'s signal pin, and \
             not to V+ or ground? Nothing was changed"
        )
    })?;
    println!(
        "{} edges: a period of {:.2} µs",
        period.edges,
        period.ns / 1000.0
    );
    Ok(period.ns)
}

fn pin_edges(pin: u8, emitting: &mut Emitting<'_>) -> Result<Vec<u64>> {
    let mut pin = Pin::listen(pin)?;
    let mut edges = Vec::new();
    let start = Instant::now();
    let (mut watched, mut told) = (start, 0);
    while start.elapsed() < MEASURE {
        edges.extend(pin.edge(WATCH)?);
        if watched.elapsed() >= WATCH {
            emitting.watch()?;
            watched = Instant::now();
        }
        let seconds = start.elapsed().as_secs();
        if seconds > told {
            told = seconds;
            let of = MEASURE.as_secs();
            print!("\rmeasuring: {seconds} of {of} s, {} edges ", edges.len());
            stdout().flush()?;
        }
        // Nobody needs ten seconds to hear of a missing jumper.
        if seconds >= 2 && edges.is_empty() {
            break;
        }
    }
    println!();
    Ok(edges)
}

/// What a pin at the virtual board would have seen.
fn virtual_edges(emission: &Emission) -> Result<Vec<u64>> {
    let us = emission
        .on_virtual_pin()
        .context("the virtual board emits nothing")?;
    let period_ns = us / f64::from(emission.ticks.0) * 4096.0 * 1000.0;
    let count = (MEASURE.as_nanos() as f64 / period_ns) as u64;
    println!("The virtual board stands for pin and jumper.");
    Ok((0..count).map(|k| (k as f64 * period_ns) as u64).collect())
}
