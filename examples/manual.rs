//! Writes the man pages and the shell completions into a folder:
//! `cargo run --example manual -- target/package`.
//!
//! They come from the command line's own definition, so they cannot drift from
//! it. An example, because it needs crates that the program itself does without.

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::{env, fs, io, path::PathBuf};

// The file as the program has it. It uses clap and nothing of the program, so
// that it can stand here alone; nobody reads its fields here.
#[path = "../src/cli.rs"]
#[allow(dead_code)]
mod cli;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).expect("usage: manual FOLDER"));
    fs::create_dir_all(&folder)?;
    let command = cli::Cli::command();
    clap_mangen::generate_to(command.clone(), &folder)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut visible(&command), "tentacle-hat", &folder)?;
    }
    Ok(())
}

/// The command without what is hidden, which clap_complete would offer all the
/// same. A new command, since clap can add options but not take them away.
fn visible(command: &Command) -> Command {
    let mut shown = Command::new(forever(command.get_name()))
        .disable_help_subcommand(command.is_disable_help_subcommand_set())
        .about(command.get_about().cloned().unwrap_or_default())
        .args(command.get_arguments().filter(|arg| !arg.is_hide_set()));
    if let Some(version) = command.get_version() {
        shown = shown.version(forever(version));
    }
    for subcommand in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        shown = shown.subcommand(visible(subcommand));
    }
    shown
}

/// Clap wants names that outlive everything; this process is over in a moment.
fn forever(text: &str) -> &'static str {
    text.to_owned().leak()
}
