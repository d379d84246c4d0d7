//! Cues: all that enters the motion from outside, and the line of text that each is
//! everywhere: in a cue sheet, on the cue socket, on a command line.
//!
//! ```text
//! mood still|calm|lively
//! scene NAME
//! demo on|off
//! fold | unfold
//! startle [BEARING]
//! person ID BEARING DISTANCE|? [SURE [AGE]]
//! person ID gone
//! heading DEGREES
//! set KEY VALUE
//! relax | engage
//! ```

use crate::motion::{Id, Key, Mood, Scene, Sighting};
use crate::units::{OutOfRange, within};
use arrayvec::ArrayString;
use core::fmt::{self, Write};
use core::str::{FromStr, SplitAsciiWhitespace};

/// The longest line, bytes.
pub const LONGEST: usize = 200;

/// What a bearing may be, degrees: any turn that somebody may count to.
const DEGREES: (f64, f64) = (-360.0, 360.0);
/// A head that has turned round so often, degrees, is a broken sensor.
const HEADING: (f64, f64) = (-36_000.0, 36_000.0);
/// No sense of a hat sees further, m.
const FURTHEST_M: f64 = 100.0;
/// What was seen longer ago, s, says nothing.
const OLDEST_S: f64 = 10.0;

/// An instruction at a moment, as in a theatre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cue {
    /// How lively the hat is.
    Mood(Mood),
    /// One scene of the show, then what was before.
    Scene(Scene),
    /// The show, scene after scene, or no more.
    Demo(bool),
    /// All curl inward for a doorway, or are let go.
    Fold(bool),
    /// A shock, from a bearing in degrees clockwise from the wearer's front, or from
    /// everywhere.
    Startle(Option<f32>),
    /// Somebody is there, or gone.
    Person(Id, Option<Sighting>),
    /// Where the head is turned to, degrees clockwise since the source of this began.
    Heading(f32),
    /// A number of motion.toml, until the files are read again.
    Set(Key, f64),
    /// All servos engaged (`true`) or limp.
    Engage(bool),
}

/// Why a line is no cue.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoCue {
    /// A word that is none.
    #[error("\"{word}\" is no {kind}: {}", Words(*.kind))]
    Unknown {
        /// The word, or its beginning.
        word: ArrayString<32>,
        /// What would stand there.
        kind: Kind,
    },
    /// The line ends too soon.
    #[error("{} is missing: {}", .0.noun(), Words(*.0))]
    Missing(Kind),
    /// The line goes on too long.
    #[error("nothing belongs after \"{0}\"")]
    Trailing(ArrayString<32>),
    /// A number that is out of range.
    #[error("{0} {1}")]
    OutOfRange(Kind, OutOfRange),
    /// More than [`LONGEST`] bytes.
    #[error("a cue is at most {LONGEST} bytes long")]
    TooLong,
}

/// What may stand at a place of a cue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Verb,
    Mood,
    Scene,
    Switch,
    Id,
    Bearing,
    Distance,
    Sureness,
    Age,
    Heading,
    Key,
    Value,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Verb => "cue",
            Self::Mood => "mood",
            Self::Scene => "scene",
            Self::Switch => "switch",
            Self::Id => "name of somebody",
            Self::Bearing => "bearing",
            Self::Distance => "distance",
            Self::Sureness => "sureness",
            Self::Age => "age",
            Self::Heading => "heading",
            Self::Key => "key",
            Self::Value => "value",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.noun())
    }
}

/// What a kind of word may be, for who wrote another.
struct Words(Kind);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Verb => list(f, VERBS.iter()),
            Kind::Mood => list(f, Mood::ALL.iter().map(|mood| mood.name())),
            Kind::Scene => list(f, Scene::all().map(Scene::name)),
            Kind::Switch => f.write_str("on or off"),
            Kind::Id => f.write_str("SOURCE.WORD of letters, digits, - and _, at most 32"),
            Kind::Bearing => f.write_str("degrees clockwise from the wearer's front"),
            Kind::Distance => f.write_str("meters from the hat, or ? if unknown"),
            Kind::Sureness => f.write_str("0 to 1"),
            Kind::Age => f.write_str("seconds since it was seen"),
            Kind::Heading => f.write_str("degrees clockwise"),
            Kind::Key => list(f, Key::all()),
            Kind::Value => f.write_str("a number"),
        }
    }
}

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    words: impl Iterator<Item = T>,
) -> fmt::Result {
    for (i, word) in words.enumerate() {
        write!(f, "{}{word}", if i == 0 { "" } else { ", " })?;
    }
    Ok(())
}

/// The first words of cues.
pub const VERBS: [&str; 11] = [
    "mood", "scene", "demo", "fold", "unfold", "startle", "person", "heading", "set", "relax",
    "engage",
];

impl FromStr for Cue {
    type Err = NoCue;

    fn from_str(line: &str) -> Result<Self, NoCue> {
        if line.len() > LONGEST {
            return Err(NoCue::TooLong);
        }
        let mut words = Line(line.split_ascii_whitespace());
        let verb = words.need(Kind::Verb)?;
        let cue = match verb {
            "mood" => Self::Mood(words.one_of(Kind::Mood, Mood::ALL, Mood::name)?),
            "scene" => Self::Scene(words.one_of(Kind::Scene, Scene::all(), Scene::name)?),
            "demo" => Self::Demo(words.one_of(Kind::Switch, [true, false], switch)?),
            "fold" => Self::Fold(true),
            "unfold" => Self::Fold(false),
            "startle" => {
                let bearing = words.0.next();
                let bearing = bearing.map(|word| number(Kind::Bearing, word, DEGREES));
                Self::Startle(bearing.transpose()?)
            }
            "person" => {
                let id = words.need(Kind::Id)?;
                let id = Id::new(id).ok_or(unknown(Kind::Id, id))?;
                Self::Person(id, words.sighting()?)
            }
            "heading" => {
                let word = words.need(Kind::Heading)?;
                Self::Heading(number(Kind::Heading, word, HEADING)?)
            }
            "set" => {
                let word = words.need(Kind::Key)?;
                let key = Key::all().find(|key| is(word, key));
                let key = key.ok_or(unknown(Kind::Key, word))?;
                let word = words.need(Kind::Value)?;
                Self::Set(key, word.parse().map_err(|_| unknown(Kind::Value, word))?)
            }
            "relax" => Self::Engage(false),
            "engage" => Self::Engage(true),
            other => return Err(unknown(Kind::Verb, other)),
        };
        match words.0.next() {
            Some(word) => Err(NoCue::Trailing(start(word))),
            None => Ok(cue),
        }
    }
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// The words of a line.
struct Line<'a>(SplitAsciiWhitespace<'a>);

impl<'a> Line<'a> {
    fn need(&mut self, kind: Kind) -> Result<&'a str, NoCue> {
        self.0.next().ok_or(NoCue::Missing(kind))
    }

    fn one_of<T: Copy>(
        &mut self,
        kind: Kind,
        all: impl IntoIterator<Item = T>,
        name: fn(T) -> &'static str,
    ) -> Result<T, NoCue> {
        let word = self.need(kind)?;
        let found = all.into_iter().find(|one| name(*one) == word);
        found.ok_or(unknown(kind, word))
    }

    fn sighting(&mut self) -> Result<Option<Sighting>, NoCue> {
        let bearing = self.need(Kind::Bearing)?;
        if bearing == "gone" {
            return Ok(None);
        }
        let bearing_deg = number(Kind::Bearing, bearing, DEGREES)?;
        let distance_m = match self.need(Kind::Distance)? {
            "?" => None,
            word => Some(number(Kind::Distance, word, (0.0, FURTHEST_M))?),
        };
        let mut or = |kind, range, default| match self.0.next() {
            Some(word) => number(kind, word, range),
            None => Ok(default),
        };
        Ok(Some(Sighting {
            bearing_deg,
            distance_m,
            sure: or(Kind::Sureness, (0.0, 1.0), 1.0)?,
            age_s: or(Kind::Age, (0.0, OLDEST_S), 0.0)?,
        }))
    }
}

/// A number within bounds; "NaN" is a word.
fn number(kind: Kind, word: &str, (low, high): (f64, f64)) -> Result<f32, NoCue> {
    let number: f32 = word.parse().map_err(|_| unknown(kind, word))?;
    within(number.into(), low, high, "")
        .map(|_| number)
        .map_err(|error| NoCue::OutOfRange(kind, error))
}

fn unknown(kind: Kind, word: &str) -> NoCue {
    let word = start(word);
    NoCue::Unknown { word, kind }
}

/// A word's beginning; what a terminal would not show is shown as `?`.
fn start(word: &str) -> ArrayString<32> {
    let mut start = ArrayString::new();
    for c in word.chars() {
        let shown = if c.is_control() { '?' } else { c };
        if start.try_push(shown).is_err() {
            break;
        }
    }
    start
}

/// Whether `thing` is written as `word`.
fn is(word: &str, thing: impl fmt::Display) -> bool {
    struct Rest<'a>(Option<&'a str>);
    impl Write for Rest<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0 = self.0.and_then(|rest| rest.strip_prefix(part));
            Ok(())
        }
    }
    let mut rest = Rest(Some(word));
    write!(rest, "{thing}").is_ok() && rest.0 == Some("")
}

impl fmt::Display for Cue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mood(mood) => write!(f, "mood {}", mood.name()),
            Self::Scene(scene) => write!(f, "scene {}", scene.name()),
            Self::Demo(on) => write!(f, "demo {}", switch(*on)),
            Self::Fold(true) => f.write_str("fold"),
            Self::Fold(false) => f.write_str("unfold"),
            Self::Startle(None) => f.write_str("startle"),
            Self::Startle(Some(bearing)) => write!(f, "startle {}", Number(*bearing)),
            Self::Person(id, None) => write!(f, "person {} gone", id.as_str()),
            Self::Person(id, Some(seen)) => {
                write!(f, "person {} {} ", id.as_str(), Number(seen.bearing_deg))?;
                match seen.distance_m {
                    Some(distance) => write!(f, "{}", Number(distance))?,
                    None => f.write_char('?')?,
                }
                write!(f, " {} {}", Number(seen.sure), Number(seen.age_s))
            }
            Self::Heading(deg) => write!(f, "heading {}", Number(*deg)),
            Self::Set(key, value) => write!(f, "set {key} {}", Number(*value)),
            Self::Engage(true) => f.write_str("engage"),
            Self::Engage(false) => f.write_str("relax"),
        }
    }
}

/// A number without needless digits, which for very small and large ones are hundreds,
/// more than a line may have.
struct Number<T>(T);

impl<T: Copy + Into<f64> + fmt::Display + fmt::LowerExp> fmt::Display for Number<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number: f64 = self.0.into();
        match number == 0.0 || (1e-6..1e15).contains(&number.abs()) {
            true => write!(f, "{}", self.0),
            false => write!(f, "{:e}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::{String, ToString};

    /// A line of each form, as it is printed.
    const LINES: [&str; 15] = [
        "mood calm",
        "scene round-the-hat",
        "demo on",
        "demo off",
        "fold",
        "unfold",
        "startle",
        "startle -90.5",
        "person radar.1 42 1.5 0.8 0.1",
        "person eyes.a 0 ? 1 0",
        "person radar.1 gone",
        "heading 725.25",
        "set wave.x.frequency-hz 0.3",
        "relax",
        "engage",
    ];

    #[test]
    fn what_is_printed_reads_as_the_same() {
        for line in LINES {
            assert_eq!(line.parse::<Cue>().unwrap().to_string(), line);
        }
        let short: Cue = "  person\tphone.me 10   2 ".parse().unwrap();
        assert_eq!(short.to_string(), "person phone.me 10 2 1 0");
    }

    #[test]
    fn each_slip_is_told() {
        let said = |line: &str| line.parse::<Cue>().unwrap_err().to_string();
        assert!(said("").starts_with("cue is missing: mood, scene, demo"));
        assert_eq!(said("mood"), "mood is missing: lively, calm, still");
        assert_eq!(said("demo maybe"), "\"maybe\" is no switch: on or off");
        assert_eq!(said("fold now"), "nothing belongs after \"now\"");
        assert_eq!(said("startle 400"), "bearing must be -360 to 360");
        assert!(
            said("startle NaN").contains("bearing"),
            "{}",
            said("startle NaN")
        );
        assert_eq!(
            said("person radar 1 2"),
            "\"radar\" is no name of somebody: SOURCE.WORD of letters, digits, - and _, at most 32"
        );
        assert_eq!(
            said("person a.b 1"),
            "distance is missing: meters from the hat, or ? if unknown"
        );
        assert!(said("set wave.z.amplitude 1").contains("wave.y.tentacle-phase-turns"));
        assert_eq!(
            said("set wave.x.amplitude much"),
            "\"much\" is no value: a number"
        );
        assert_eq!(
            said("\u{1b}[2J"),
            "\"?[2J\" is no cue: mood, scene, demo, fold, unfold, startle, person, heading, set, relax, engage"
        );
        assert_eq!(said(&"x".repeat(201)), "a cue is at most 200 bytes long");
    }

    proptest! {
        #[test]
        fn any_number_reads_as_the_same_in_one_line(bits: u64, small in 0..1_u32 << 31) {
            let set = Cue::Set(Key::Depth, f64::from_bits(bits));
            let id = Id::new("abcdefghijklmnop.abcdefghijklmno").unwrap();
            let small = f32::from_bits(small).min(1.0);
            let sighting = Sighting {
                bearing_deg: -small,
                distance_m: Some(small),
                sure: small,
                age_s: small,
            };
            for cue in [set, Cue::Person(id, Some(sighting)), Cue::Heading(small)] {
                let line = cue.to_string();
                prop_assert!(line.len() <= LONGEST, "{line}");
                if !f64::from_bits(bits).is_nan() {
                    prop_assert_eq!(line.parse(), Ok(cue));
                }
            }
        }

        #[test]
        fn nothing_panics_and_what_reads_prints(line in "[a-z.0-9? \u{e4}-]{0,210}") {
            if let Ok(cue) = line.parse::<Cue>() {
                prop_assert_eq!(cue.to_string().parse::<Cue>(), Ok(cue));
            }
        }

        #[test]
        fn a_cue_with_something_wrong_in_it(line in 0usize..15, at in 0usize..40, c in any::<char>()) {
            let mut line = String::from(LINES[line]);
            let at = at.min(line.len());
            line.insert(at, c);
            if let Ok(cue) = line.parse::<Cue>() {
                prop_assert!(cue.to_string().len() <= LONGEST);
                prop_assert_eq!(cue.to_string().parse::<Cue>(), Ok(cue));
            }
        }
    }
}
