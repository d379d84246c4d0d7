//! Writes the man pages and the shell completions into a folder:
//! `cargo run --example manual -- target/package`.
//!
//! They come from the command line's own definition, so they cannot drift from
//! it. An example, because it needs crates that the program itself does without.

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::roff::{Roff, bold, roman};
use std::path::{Path, PathBuf};
use std::{env, fs, io};
use tentacle_hat::cue::VERBS;
use tentacle_hat::motion::{Key, Mood, Scene};

mod keys;

// The file as the program has it. It uses clap and nothing of the program, so
// that it can stand here alone; nobody reads its fields here.
#[path = "../../src/cli.rs"]
#[allow(dead_code)]
mod cli;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).expect("usage: manual FOLDER"));
    fs::create_dir_all(&folder)?;
    let command = cli::Cli::command();
    clap_mangen::generate_to(command.clone(), &folder)?;
    fs::write(folder.join("tentacle-hat.5"), files().render())?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let path =
            clap_complete::generate_to(shell, &mut visible(&command), "tentacle-hat", &folder)?;
        offer_words(shell, &path)?;
    }
    Ok(())
}

/// The page on the two files, in section 5.
fn files() -> Roff {
    let mut page = Roff::new();
    let version = concat!("tentacle-hat ", env!("CARGO_PKG_VERSION"));
    page.control("TH", ["tentacle-hat", "5", "", version]);
    page.control("SH", ["NAME"]);
    page.text([roman(
        "tentacle-hat - servos.toml and motion.toml, which the hat moves by",
    )]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(
        "Both files are TOML, in /etc/tentacle-hat for the service, or where --config says. Each is \
         read whole: with a fault in it, it is refused, and each fault is told with its line. \
         `tentacle-hat check --files` looks at both; `systemctl reload tentacle-hat` makes a moving \
         hat take them up. Earlier states of servos.toml are servos.toml.bak.N beside it.",
    )]);
    for section in keys::sections() {
        page.control("SH", [section.heading]);
        page.text([roman(section.what)]);
        for (key, what) in section.keys {
            page.control("TP", []);
            page.text([bold(key)]);
            page.text([roman(what)]);
        }
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([
        bold("tentacle-hat"),
        roman("(1), /usr/share/doc/tentacle-hat/examples/servos.toml"),
    ]);
    page
}

/// The names of the servos in the service's file, for a shell; a sense has a name too.
const SERVOS: &str = concat!(
    r#"$(sed -n '/^\[\[sense/,/^\[\[tentacle/d; s/^name *= *"\(.*\)".*/\1.x \1.y/p'"#,
    " /etc/tentacle-hat/servos.toml 2>/dev/null)"
);

/// The names of its tentacles, likewise.
const TENTACLES: &str = concat!(
    r#"$(sed -n '/^\[\[sense/,/^\[\[tentacle/d; s/^name *= *"\(.*\)".*/\1/p'"#,
    " /etc/tentacle-hat/servos.toml 2>/dev/null)"
);

/// The words of all cues.
fn cue_words() -> String {
    let words = VERBS.map(str::to_owned).into_iter();
    let words = words.chain(Mood::ALL.map(|mood| mood.name().to_owned()));
    let words = words.chain(Scene::all().map(|scene| scene.name().to_owned()));
    let words = words.chain(["on", "off", "gone"].map(str::to_owned));
    let words = words.chain(Key::all().map(|key| key.to_string()));
    words.collect::<Vec<_>>().join(" ")
}

/// Offers the hat's servos and tentacles, and the words of cues, where clap_complete only has a
/// word for them.
fn offer_words(shell: Shell, path: &Path) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let words = cue_words();
    let offers = match shell {
        Shell::Bash => text
            .replace(" <DELTA_US>", "")
            .replace("<SERVO>", SERVOS)
            .replace("[TENTACLE]", TENTACLES)
            .replace("<WORDS>...", &words),
        Shell::Zsh => {
            let quoted = |names: &str| names.replace('\'', r"'\''");
            let servos = format!(": front-left.x:({})'", quoted(SERVOS));
            let tentacles = format!(": the first\\]:({})'", quoted(TENTACLES));
            text.replace(": front-left.x:_default'", &servos)
                .replace(": the first\\]:_default'", &tentacles)
                .replace("as below:_default'", &format!("as below:({words})'"))
        }
        _ => return Ok(()),
    };
    assert_ne!(offers, text, "{shell} is completed in another way now");
    fs::write(path, offers)
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
