//! `tentacle-hat`: the program around the library.

mod calibrate;
mod cli;
mod commands;
mod failure;
mod files;
mod host;
mod nearest;
mod screen;
mod view;

use clap::Parser;
use cli::{Cli, Command};
use failure::{Exit, Failure};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    let result = match command {
        Command::Run(options) => commands::run::run(&global, &options),
        Command::Check => commands::check::check(&global),
        Command::Relax => commands::relax::relax(&global),
        Command::Calibrate(options) => commands::calibrate::calibrate(&global, &options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let exit = error
                .downcast_ref::<Failure>()
                .map_or(Exit::Other, |failure| failure.exit);
            host::say(format_args!("{error:#}"));
            ExitCode::from(exit as u8)
        }
    }
}
