//! `tentacle-hat`: the program around the library. Options become plain values
//! here; nobody below knows the command line.

mod cli;
mod commands;
mod crowd;
mod failure;
mod files;
mod fingerprint;
mod host;
mod inlet;
mod lines;
mod nearest;
mod oscillator;
mod outlet;
mod pause;
#[cfg(feature = "plot")]
mod plot;
mod say;
mod screen;
mod senses;
mod session;
mod sheet;
mod shell;
mod signals;
mod socket;
mod state;
mod view;

use anyhow::Result;
use cli::{
    BoardKind, Calibrate, CalibrateStep, Cli, Clock, Command, Cue, Global, Set, Socket, ViewWhen,
    Watch,
};
use commands::check::Depth;
use commands::clock::Measurement;
use commands::take_bearings::Wish as Bearings;
use failure::{Exit, Failure};
use files::Files;
use host::{Crooked, Virtual, Which};
use shell::Programme;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

/// As Rust's own.
const PANICKED: u8 = 101;

fn main() -> ExitCode {
    let cli = cli::parse();
    screen::keep_panics();
    let executed = catch_unwind(AssertUnwindSafe(|| execute(cli)));
    // By now the board is relaxed.
    screen::tell_panic();
    match executed {
        Err(_) => ExitCode::from(PANICKED),
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            let exit = error
                .downcast_ref::<Failure>()
                .map_or(Exit::Other, |failure| failure.exit);
            say::last(format_args!("{error:#}"));
            ExitCode::from(exit as u8)
        }
    }
}

fn execute(Cli { global, command }: Cli) -> Result<()> {
    let is_virtual = global.board == BoardKind::Virtual;
    let files = Files::of(global.config.clone(), is_virtual);
    let which = which(global)?;
    match command {
        Command::Run(options) => {
            let asked = match options.view {
                ViewWhen::Auto => None,
                ViewWhen::On => Some(true),
                ViewWhen::Off => Some(false),
            };
            let programme = Programme {
                files,
                demo: options.demo,
                seconds: options.seconds,
                unpaced: options.unpaced,
                view: view::wanted(asked, options.unpaced)?,
                reload: options.reload,
                trace: options.trace,
                cues: options.cues,
                people: options.people,
                record: options.record,
                seed: options.seed,
                socket: options.socket,
            };
            commands::run::run(which, &programme)
        }
        Command::Check(options) if options.senses => {
            let path = options.socket;
            let socket = beside(Socket { path }, is_virtual);
            commands::check::seeing::look(&files, socket.as_deref(), !is_virtual)
        }
        Command::Check(options) => {
            let depth = Depth {
                only_files: options.files,
                resets: options.reset,
                verbose: options.verbose,
            };
            commands::check::check(which, &files, depth)
        }
        #[cfg(feature = "plot")]
        Command::Plot(options) => {
            let wish = commands::plot::Wish {
                demo: options.demo,
                cues: options.cues,
                people: options.people,
                seconds: options.seconds,
                seed: options.seed,
                output: options.output,
            };
            commands::plot::plot(&files, &wish)
        }
        Command::Cue(Cue { words, socket }) => {
            commands::give_cue::give(&of_service(socket), &words)
        }
        Command::Watch(Watch { hz, socket }) => {
            commands::watch::watch(&of_service(socket), &files, hz.as_deref())
        }
        Command::Relax(socket) => {
            let socket = beside(socket, is_virtual);
            commands::relax::relax(which, &files, socket.as_deref())
        }
        Command::Calibrate(Calibrate { step: None }) => {
            commands::calibrate::calibrate(which, &files, None)
        }
        Command::Calibrate(Calibrate { step: Some(step) }) => match step {
            CalibrateStep::Set(set) => commands::set::set(&files, &set.servo, &wishes(&set)),
            CalibrateStep::Init => commands::init::init(&files),
            CalibrateStep::Compass(compass) => {
                let wish = match (compass.forget, compass.mark.is_empty()) {
                    (true, _) => Bearings::Forget,
                    (false, true) => Bearings::Measure,
                    (false, false) => Bearings::Marks(compass.mark),
                };
                commands::take_bearings::compass(which, &files, compass.tentacle.as_deref(), &wish)
            }
            CalibrateStep::Restore { number } => commands::restore::restore(&files, number),
            CalibrateStep::Test { servo } => commands::test::test(which, &files, &servo),
            CalibrateStep::Trim(trim) => commands::trim::trim(&files, &trim.servo, trim.delta_us),
            CalibrateStep::Clock(clock) => {
                commands::clock::clock(which, &files, way(&clock), clock.channel)
            }
        },
    }
}

/// The socket that is meant, if not another.
fn of_service(socket: Socket) -> PathBuf {
    socket.path.unwrap_or_else(|| socket::SERVICES.into())
}

/// Where a hat may listen that drives the same board: a virtual one is not the service's.
fn beside(socket: Socket, is_virtual: bool) -> Option<PathBuf> {
    (socket.path.is_some() || !is_virtual).then(|| of_service(socket))
}

fn which(global: Global) -> Result<Which> {
    Ok(match global.board {
        BoardKind::Pi => Which::Pi,
        BoardKind::Virtual => Which::Virtual(Virtual {
            file: global.chip,
            oscillator_hz: global.chip_oscillator_hz,
            faults: global.faults.unwrap_or_default().parse()?,
            crooked: global.crooked.map(Crooked::new),
        }),
    })
}

fn wishes(set: &Set) -> Vec<commands::set::Wish> {
    let points = [
        (-1.0, set.negative),
        (0.0, set.neutral),
        (1.0, set.positive),
    ];
    let wish = |(bend, us)| Some((bend, us?));
    points.into_iter().filter_map(wish).collect()
}

fn way(clock: &Clock) -> Measurement {
    match (clock.commanded_us, clock.measured_us, clock.gpio) {
        (Some(commanded), Some(us), _) => Measurement::Known(commanded, us),
        (Some(commanded), None, _) => Measurement::Asked(commanded),
        (None, _, Some(pin)) => Measurement::Pin(pin),
        (None, _, None) => unreachable!("the command line wants one of them"),
    }
}
