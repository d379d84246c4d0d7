//! The command line.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use tentacle_hat::calibration::{Channel, Mark, ServoPlan};
use tentacle_hat::cue::VERBS;
use tentacle_hat::motion::Key;
use tentacle_hat::motion::Scene;
use tentacle_hat::units::{Bend, Microseconds, Turns, within};

/// Moves the tentacles of a hat: eight servos on a PCA9685 board.
///
/// Without a Raspberry Pi, `--board virtual` plays the same frames to a virtual
/// board.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_long_help = EXITS)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How the program ends, and what signals do.
const EXITS: &str = "Exit codes:
  0 done
  1 anything without a code of its own
  2 a wrong command line
  69 the board is absent or lost, or no hat moves that could be spoken to
  75 another process drives the board, or listens at the socket
  77 this user may not use the bus, the files or the socket
  78 a calibration file, cue sheet or people file is bad or missing

Signals:
  SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2 and SIGALRM end `run` at neutral; a second one at once.
  SIGHUP makes the service read its files again, and ends a `run` by hand.
  SIGTSTP relaxes the servos and stops the program; SIGCONT engages them softly.

The files are explained in tentacle-hat(5).";

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Folder with servos.toml and motion.toml [default: /etc/tentacle-hat; with
    /// `--board virtual` the files that came with the program]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Which board to drive
    #[arg(long, value_enum, default_value_t = BoardKind::Pi, global = true)]
    pub(crate) board: BoardKind,
    /// Keep the virtual board's registers in this file
    #[arg(long, value_name = "FILE", global = true, hide = true)]
    pub(crate) chip: Option<PathBuf>,
    /// The virtual board's real oscillator, Hz
    #[arg(long, value_name = "HZ", global = true, hide = true)]
    pub(crate) chip_oscillator_hz: Option<u32>,
    /// Faults of the virtual bus: `nack@SECONDS`, `reads@…`, `cut:BYTES@…`, `timeout@…`,
    /// `power@…`, `write:ADDRESS:BYTES@…` (another hand's, in hex), `panic@…`, `view@…`, each
    /// optionally `+SECONDS` long, separated by commas
    #[arg(long, value_name = "LIST", global = true, hide = true)]
    pub(crate) faults: Option<String>,
    /// Draw the virtual board's tentacles as crooked as hands tie them, each number another hat
    #[arg(long, value_name = "SEED", global = true, hide = true)]
    pub(crate) crooked: Option<u64>,
}

/// A board to drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BoardKind {
    /// The PCA9685 on the Raspberry Pi's I2C bus
    Pi,
    /// A virtual PCA9685, on any computer
    Virtual,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Move the tentacles until told to stop
    Run(Run),
    /// Look at the files, then at the board: what is wrong and what to do
    Check(Check),
    /// Draw the motion as an SVG picture: pulses, tips, spectra, and what limits do to them
    ///
    /// Computed by the very loop that `run` has, and not played: it needs no board.
    #[cfg(feature = "plot")]
    Plot(Plot),
    /// Say a cue to the hat that moves, and print its answer
    Cue(Cue),
    /// Watch the hat that moves: drawn in a terminal, else a line of text a state
    Watch(Watch),
    /// Stop all pulses that a dead program left behind: the servos go limp
    ///
    /// Whatever state the board is in. A hat that moves is told to relax its servos itself.
    Relax(Socket),
    /// Measure the servos with your hands, and write servos.toml
    ///
    /// Alone it opens a session in the terminal. Before the tendons are on, run
    /// `calibrate clock` once: it makes every pulse as long as it says.
    Calibrate(Calibrate),
}

/// Options of `run`.
#[derive(Clone, Debug, Args)]
#[command(after_help = scenes())]
pub(crate) struct Run {
    /// Play the show, scene after scene, instead of life
    #[arg(long)]
    pub(crate) demo: bool,
    /// Stop after this time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_SECONDS))]
    pub(crate) seconds: Option<u64>,
    /// Seed of what life leaves to chance; the plain wave and the show leave nothing [default: 0; the
    /// service draws one, and logs it]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Draw the tentacles, as the board moves them, in the terminal
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ViewWhen::Auto)]
    pub(crate) view: ViewWhen,
    /// Write the pulses that the board emits to a CSV file, a row a frame
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Play the cues of a file: lines of SECONDS CUE, as in `12.5 fold`
    #[arg(long, value_name = "FILE")]
    pub(crate) cues: Option<PathBuf>,
    /// Let virtual people come and go, whom virtual sensors see (virtual board): lines of SECONDS
    /// NAME BEARING DISTANCE, as in `2.5 ann -40 1.5`
    #[arg(long, value_name = "FILE")]
    pub(crate) people: Option<PathBuf>,
    /// Write every cue that comes in to a file that `--cues` plays again to the bit
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Take the files up whenever they are saved
    #[arg(long, conflicts_with = "unpaced")]
    pub(crate) reload: bool,
    /// Listen for cues at this socket, as the service does at /run/tentacle-hat/cue
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// Do not wait between frames; seconds are simulated ones (virtual board)
    #[arg(long)]
    pub(crate) unpaced: bool,
}

/// Where a hat listens.
#[derive(Clone, Debug, Args)]
pub(crate) struct Socket {
    /// The hat's cue socket [default: the service's, /run/tentacle-hat/cue]
    #[arg(long = "socket", value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
}

/// Options of `cue`.
#[derive(Clone, Debug, Args)]
#[command(after_help = cues())]
pub(crate) struct Cue {
    /// The cue, as below
    #[arg(required = true, allow_negative_numbers = true)]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) socket: Socket,
}

/// Options of `watch`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Watch {
    /// States a second, up to the pulse rate [default: 10]
    #[arg(allow_negative_numbers = true)]
    pub(crate) hz: Option<String>,
    #[command(flatten)]
    pub(crate) socket: Socket,
}

/// Options of `check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Check {
    /// The files only: also beside a running hat
    #[arg(long)]
    pub(crate) files: bool,
    /// What each sense sees, live, until Ctrl-C: also beside a running hat
    #[arg(long, conflicts_with = "files")]
    pub(crate) senses: bool,
    /// Reset a board that listens to an external clock, if it is alone on its bus
    #[arg(long, conflicts_with_all = ["files", "senses"])]
    pub(crate) reset: bool,
    /// Tell the chip's own figures as well
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// With --senses: the hat's cue socket [default: the service's, /run/tentacle-hat/cue]
    #[arg(long, value_name = "PATH", requires = "senses")]
    pub(crate) socket: Option<PathBuf>,
}

/// Options of `plot`.
#[cfg(feature = "plot")]
#[derive(Clone, Debug, Args)]
pub(crate) struct Plot {
    /// Draw the show, scene after scene
    #[arg(long)]
    pub(crate) demo: bool,
    /// Play the cues of a file, as `run` does; of a record, its cues alone
    #[arg(long, value_name = "FILE")]
    pub(crate) cues: Option<PathBuf>,
    /// Draw whom the hat attends before the virtual people of a file, as `run` has them
    #[arg(long, value_name = "FILE")]
    pub(crate) people: Option<PathBuf>,
    /// How much of the pulses and paths to draw; spectra are always of ten minutes
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Seed of whatever is left to chance in the motion
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The picture, an SVG; an earlier one of this command is replaced, no other file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// When to draw the tentacles in the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViewWhen {
    /// Where input and output are a terminal
    Auto,
    /// Or refuse to run
    On,
    /// A line per scene instead, if stderr is a terminal
    Off,
}

/// A year; longer is a typing error.
const MAX_SECONDS: u64 = 366 * 24 * 3600;

/// Options of `calibrate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Calibrate {
    #[command(subcommand)]
    pub(crate) step: Option<CalibrateStep>,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CalibrateStep {
    /// Make servos.toml and motion.toml, with no servo measured yet
    Init,
    /// List earlier states of servos.toml, or bring one back
    Restore {
        /// Which one; without it they are listed, with what would change
        #[arg(value_name = "N")]
        number: Option<u32>,
    },
    /// Set points of a servo's table, in the file only
    ///
    /// Any of the three points will do, also several; the others stay.
    Set(Set),
    /// Wiggle one servo a little: is it the right one?
    Test {
        /// Which servo, as TENTACLE.AXIS: front-left.x
        servo: String,
    },
    /// Turn tentacles to bearings of the printed card, so that all of them point alike
    ///
    /// After the tables: it is the session's compass step.
    Compass(Compass),
    /// Shift a servo's table after its tendon has moved, in the file only
    Trim(Trim),
    /// Measure the board's oscillator, and keep every real pulse as it was
    Clock(Clock),
}

/// Options of `calibrate set`.
#[derive(Clone, Debug, Args)]
#[command(group(ArgGroup::new("points").args(["negative", "neutral", "positive"]).required(true).multiple(true)))]
pub(crate) struct Set {
    /// Which servo, as TENTACLE.AXIS: front-left.x
    pub(crate) servo: String,
    /// The pulse at bend -1
    #[arg(long, value_name = "US", value_parser = microseconds, allow_negative_numbers = true)]
    pub(crate) negative: Option<Microseconds>,
    /// The pulse at bend 0
    #[arg(long, value_name = "US", value_parser = microseconds, allow_negative_numbers = true)]
    pub(crate) neutral: Option<Microseconds>,
    /// The pulse at bend 1
    #[arg(long, value_name = "US", value_parser = microseconds, allow_negative_numbers = true)]
    pub(crate) positive: Option<Microseconds>,
}

/// Options of `calibrate compass`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Compass {
    /// Which tentacle [default: the first]
    pub(crate) tentacle: Option<String>,
    /// For scripts, without the session: it pointed to BEARING (degrees clockwise from the wearer's
    /// front), meant to lean by LEAN, while its servos were bent to X and Y. Six to sixteen of
    /// them take the place of those in the file
    #[arg(long, value_name = "BEARING,LEAN,X,Y", value_parser = mark, requires = "tentacle", allow_hyphen_values = true)]
    pub(crate) mark: Vec<Mark>,
    /// Take the tentacle's compass out of the file, with the comments in it
    #[arg(long, requires = "tentacle", conflicts_with = "mark")]
    pub(crate) forget: bool,
}

/// Options of `calibrate trim`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Trim {
    /// Which servo, as TENTACLE.AXIS: front-left.x
    pub(crate) servo: String,
    /// Added to its trim-us, which stays within -100 to 100; may be negative
    #[arg(value_name = "DELTA_US", value_parser = delta, allow_negative_numbers = true)]
    pub(crate) delta_us: f64,
}

/// Options of `calibrate clock`.
#[derive(Clone, Debug, Args)]
#[command(group(ArgGroup::new("ways").args(["commanded_us", "gpio"]).required(true)))]
pub(crate) struct Clock {
    /// The pulse that was commanded
    #[arg(long, value_name = "US", value_parser = microseconds)]
    pub(crate) commanded_us: Option<Microseconds>,
    /// The pulse that an oscilloscope or servo tester shows for it; without
    /// this, the pulse is emitted while you look, and asked for
    #[arg(long, value_name = "US", value_parser = positive, conflicts_with_all = ["gpio", "channel"])]
    pub(crate) measured_us: Option<f64>,
    /// The BCM pin that a jumper joins to the channel: the Pi measures
    #[arg(long, value_name = "PIN", value_parser = clap::value_parser!(u8).range(0..=27))]
    pub(crate) gpio: Option<u8>,
    /// The channel to emit on, one without a servo [default: the lowest]
    #[arg(long, value_name = "N", value_parser = channel)]
    pub(crate) channel: Option<Channel>,
}

/// What somebody may have meant by a word that is none here.
const MEANT: [(&str, &str); 9] = [
    (
        "demo",
        "the show is `tentacle-hat run --demo`, or `tentacle-hat cue demo on` while it moves",
    ),
    (
        "view",
        "the picture is `tentacle-hat run --view on`, or `tentacle-hat watch` of a hat that moves",
    ),
    (
        "start",
        "`sudo systemctl start tentacle-hat` starts the hat",
    ),
    ("stop", "`sudo systemctl stop tentacle-hat` stops the hat"),
    (
        "restart",
        "`sudo systemctl restart tentacle-hat` restarts the hat",
    ),
    (
        "status",
        "`systemctl status tentacle-hat` tells how the hat is",
    ),
    (
        "reload",
        "`sudo systemctl reload tentacle-hat` takes the files up",
    ),
    ("speed", "speed is `frequency-hz` in motion.toml"),
    (
        "amplitude",
        "how far tentacles lean is `amplitude` in motion.toml",
    ),
];

/// Reads the command line, or ends the program with what is wrong with it.
pub(crate) fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|mut error| {
        let wrong = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg];
        let word = wrong.into_iter().find_map(|kind| error.get(kind));
        let word = word.map(|word| word.to_string());
        let word = word
            .as_deref()
            .map_or("", |word| word.trim_start_matches('-'));
        let meant = MEANT.iter().find(|(said, _)| *said == word);
        let meant = meant.map(|(_, meant)| (*meant).to_owned());
        let is_cue = VERBS.contains(&word);
        let meant =
            meant.or_else(|| is_cue.then(|| format!("it is a cue: `tentacle-hat cue {word}`")));
        if let Some(meant) = meant {
            // The usage would be that of a word that looks alike.
            for kind in [
                ContextKind::SuggestedArg,
                ContextKind::SuggestedSubcommand,
                ContextKind::Usage,
            ] {
                error.remove(kind);
            }
            let tip = StyledStr::from(meant);
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
        }
        error.exit()
    })
}

/// What the show plays.
fn scenes() -> String {
    let names: Vec<_> = Scene::all().map(Scene::name).collect();
    format!("The show, over and over: {}.", names.join(", "))
}

/// What may be said to a hat.
fn cues() -> String {
    let names = |names: Vec<String>| names.join(", ");
    let scenes = names(Scene::all().map(|scene| scene.name().to_owned()).collect());
    let keys = names(Key::all().map(|key| key.to_string()).collect());
    format!(
        "Cues:
  mood still|calm|lively   how lively the hat is; still goes limp after a while
  scene NAME               one scene of the show, then what was before
  demo on|off              the show, scene after scene
  fold, unfold             all curl inward for a doorway
  startle [BEARING]        a shock, from that side or from everywhere
  person ID BEARING DISTANCE|? [SURE [AGE]]
                           somebody is there: degrees, m, 0 to 1, s since he was seen
  person ID gone           and is no more
  heading DEGREES          where the head is turned to, clockwise
  set KEY VALUE            a number of motion.toml, until the files are read again
  relax, engage            all servos limp, and engaged again

  NAME is one of {scenes}.
  KEY is one of {keys}.
  BEARING is in degrees clockwise from the wearer's front; ID is SOURCE.WORD, as in phone.me.

Examples:
  tentacle-hat cue mood calm
  tentacle-hat cue startle -90
  tentacle-hat cue set wave.x.frequency-hz 0.3"
    )
}

fn microseconds(text: &str) -> Result<Microseconds, String> {
    Microseconds::new(number(text)?).map_err(|error| error.to_string())
}

fn delta(text: &str) -> Result<f64, String> {
    let most = 2.0 * ServoPlan::TRIM_US;
    let delta = within(number(text)?, -most, most, "µs");
    delta.map_err(|error| format!("{error}; the file's trim-us, their sum, stays within ±100 µs"))
}

fn positive(text: &str) -> Result<f64, String> {
    match number(text)? {
        us if us > 0.0 && us.is_finite() => Ok(us),
        _ => Err("must be more than 0 µs".to_owned()),
    }
}

fn mark(text: &str) -> Result<Mark, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|word| word.trim().parse()).collect();
    let Ok([bearing, lean, x, y]) = numbers.as_deref() else {
        return Err("must be four numbers, BEARING,LEAN,X,Y".to_owned());
    };
    let ranges = [
        (bearing, 360.0, "degrees"),
        (x, 1.0, "of a bend"),
        (y, 1.0, "of a bend"),
    ];
    for (number, most, unit) in ranges {
        within(*number, -most, most, unit).map_err(|error| error.to_string())?;
    }
    let lean = within(*lean, 0.0, 1.0, "of a lean").map_err(|error| error.to_string())?;
    let taken = Bend {
        x: *x as f32,
        y: *y as f32,
    };
    let mark = Mark::new(Turns::new(bearing / 360.0), lean as f32, taken);
    mark.map_err(|error| format!("it {error}"))
}

fn channel(text: &str) -> Result<Channel, String> {
    let number = text
        .parse()
        .map_err(|_| "must be a whole number".to_owned())?;
    Channel::new(number).map_err(|error| error.to_string())
}

fn number(text: &str) -> Result<f64, String> {
    text.parse()
        .map_err(|_| "must be a number of µs".to_owned())
}
