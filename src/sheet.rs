//! Cue sheets: `SECONDS CUE` lines that `run --cues` plays at their slots, and that
//! `run --record` writes. `#` begins a comment.
//!
//! A record is a sheet with notes, in comments that begin with `# @`: what it was
//! recorded with, and what befell the frames. So it plays again to the bit, or is
//! refused; without its notes it is a sheet like any other.

use crate::failure::Failure;
use crate::lines;
use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use tentacle_hat::cue::Cue;

/// How a note begins.
const NOTE: &str = "# @ ";
/// Longer than anybody plays; what is larger is no sheet.
const MAX_MIB: u64 = 16;
/// What a line is.
const FORM: &str = "SECONDS CUE, as in `12.5 fold`";

/// What is to be played when.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sheet {
    /// In the order of their moments.
    pub(crate) cues: VecDeque<Entry>,
    /// If it is a record, what it notes.
    pub(crate) notes: Option<Notes>,
}

/// A cue in a sheet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) t_us: u64,
    pub(crate) cue: Cue,
    /// Where it stands: FILE:LINE.
    pub(crate) place: String,
}

/// What a record was made with, and what befell its frames.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notes {
    pub(crate) made: Option<Made>,
    /// The first slot.
    pub(crate) armed_us: Option<u64>,
    /// Slots that had passed: from the first one to the one that was played.
    pub(crate) late: VecDeque<(u64, u64)>,
    /// The slot at which the way back to straight began.
    pub(crate) stopped_us: Option<u64>,
}

/// What makes the frames, besides cues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) version: String,
    pub(crate) seed: u64,
    /// Of servos.toml and motion.toml, what they say.
    pub(crate) servos: u64,
    pub(crate) motion: u64,
}

/// A line of a record.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    Cue(u64, Cue),
    Made(Made),
    Armed(u64),
    Late(u64, u64),
    Stopped(u64),
    /// From here on nobody can play it again.
    Broken(u64, &'static str),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cue(t_us, cue) => write!(f, "{} {cue}", Seconds(*t_us)),
            Self::Made(made) => write!(
                f,
                "# A record: `tentacle-hat run --cues` plays it again, to the bit if these are the \
                 same.\n{NOTE}version {}\n{NOTE}seed {}\n{NOTE}servos {:016x}\n{NOTE}motion {:016x}",
                made.version, made.seed, made.servos, made.motion
            ),
            Self::Armed(t_us) => write!(f, "{NOTE}armed {}", Seconds(*t_us)),
            Self::Late(from_us, to_us) => {
                write!(f, "{NOTE}late {} {}", Seconds(*from_us), Seconds(*to_us))
            }
            Self::Stopped(t_us) => write!(f, "{NOTE}stopped {}", Seconds(*t_us)),
            Self::Broken(t_us, why) => write!(f, "{NOTE}broken {} {why}", Seconds(*t_us)),
        }
    }
}

/// Seconds to the µs, without needless zeros.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, mut part, mut digits) = (self.0 / 1_000_000, self.0 % 1_000_000, 6);
        while digits > 2 && part.is_multiple_of(10) {
            (part, digits) = (part / 10, digits - 1);
        }
        write!(f, "{whole}.{part:0digits$}")
    }
}

impl Sheet {
    /// Reads a sheet.
    ///
    /// # Errors
    /// It cannot be read, or has faults: all of them, a line each.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        Self::read(path, true)
    }

    /// Reads the cues of a sheet, and of a record those alone.
    ///
    /// # Errors
    /// As of [`Self::open`].
    #[cfg(feature = "plot")]
    pub(crate) fn cues_alone(path: &Path) -> Result<VecDeque<Entry>, Failure> {
        Ok(Self::read(path, false)?.cues)
    }

    fn read(path: &Path, notes: bool) -> Result<Self, Failure> {
        let (shown, text) = lines::open(path, MAX_MIB)?;
        Self::parse(&shown, &text, notes)
    }

    fn parse(name: &str, text: &str, notes: bool) -> Result<Self, Failure> {
        let mut sheet = Self::default();
        lines::each(name, text, |line, place| match line.strip_prefix(NOTE) {
            Some(note) if notes => sheet.notes.get_or_insert_default().note(note),
            _ => sheet.line(line, place),
        })?;
        Ok(sheet)
    }

    fn line(&mut self, line: &str, place: &str) -> Result<(), String> {
        let line = lines::bare(line);
        if line.is_empty() {
            return Ok(());
        }
        let (seconds, cue) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let t_us = micros(seconds)?;
        let cue = cue.parse().map_err(|what| format!("{what}"))?;
        if self.cues.back().is_some_and(|last| last.t_us > t_us) {
            return Err(format!(
                "{seconds} s is before the line above: cues stand in the order of their moments"
            ));
        }
        let place = place.to_owned();
        self.cues.push_back(Entry { t_us, cue, place });
        Ok(())
    }
}

impl Notes {
    fn note(&mut self, note: &str) -> Result<(), String> {
        let words: Vec<_> = note.split_ascii_whitespace().collect();
        let hash = |word: &str| u64::from_str_radix(word, 16).map_err(|e| e.to_string());
        match words[..] {
            ["version", version] => self.made.get_or_insert_default().version = version.to_owned(),
            ["seed", seed] => {
                self.made.get_or_insert_default().seed =
                    seed.parse().map_err(|_| "a seed is a whole number")?
            }
            ["servos", word] => self.made.get_or_insert_default().servos = hash(word)?,
            ["motion", word] => self.made.get_or_insert_default().motion = hash(word)?,
            ["armed", t] => self.armed_us = Some(micros(t)?),
            ["late", from, to] => self.late.push_back((micros(from)?, micros(to)?)),
            ["stopped", t] => self.stopped_us = Some(micros(t)?),
            ["broken", t, ..] => {
                let why = words[2..].join(" ");
                return Err(format!(
                    "at {t} s {why}: what follows cannot be played again to the bit; delete all \
                     lines from here on to play what was before, or all that begin with \"{NOTE}\" \
                     to play the cues alone"
                ));
            }
            _ => {
                return Err(format!(
                    "this note is none of version {}",
                    env!("CARGO_PKG_VERSION")
                ));
            }
        }
        Ok(())
    }

    /// When a loop that sleeps to the slot at `t_us` is to wake.
    pub(crate) fn wakes_us(&mut self, t_us: u64) -> u64 {
        match self.late.front() {
            Some((from_us, _)) if *from_us == t_us => self.late.pop_front().map_or(t_us, |l| l.1),
            _ => t_us,
        }
    }

    /// Whether this record was made with the same.
    ///
    /// # Errors
    /// What differs.
    pub(crate) fn fits(&self, now: &Made) -> Result<(), Failure> {
        let Some(made) = &self.made else {
            return Ok(());
        };
        let differs = if made.version != now.version {
            format!(
                "version {} of the program; this is {}",
                made.version, now.version
            )
        } else if made.servos != now.servos {
            "another servos.toml".to_owned()
        } else if made.motion != now.motion {
            "another motion.toml".to_owned()
        } else if made.seed != now.seed {
            format!("`--seed {}`", made.seed)
        } else {
            return Ok(());
        };
        Err(Failure::config(format_args!(
            "this record was made with {differs}, and would not play to the bit; delete its lines \
             that begin with \"{NOTE}\" to play its cues all the same"
        )))
    }
}

/// Seconds as a cue sheet has them, in µs.
fn micros(word: &str) -> Result<u64, String> {
    lines::micros(word, FORM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_reads_as_the_same() {
        let made = Made {
            version: "1.2.3".to_owned(),
            seed: 7,
            servos: 1,
            motion: u64::MAX,
        };
        let lines = [
            Line::Made(made.clone()),
            Line::Armed(40_000),
            Line::Cue(0, Cue::Fold(true)),
            Line::Cue(1_234_567, Cue::Fold(false)),
            Line::Late(2_000_000, 2_060_000),
            Line::Stopped(1_000_000_020_000),
        ];
        let text = lines.map(|line| format!("{line}\n")).concat();
        let sheet = Sheet::parse("x", &text, true).unwrap();
        let cues: Vec<_> = sheet.cues.iter().map(|e| (e.t_us, e.cue)).collect();
        assert_eq!(cues, [(0, Cue::Fold(true)), (1_234_567, Cue::Fold(false))]);
        let notes = Notes {
            made: Some(made),
            armed_us: Some(40_000),
            late: [(2_000_000, 2_060_000)].into(),
            stopped_us: Some(1_000_000_020_000),
        };
        assert_eq!(sheet.notes, Some(notes));
    }

    #[test]
    fn what_is_too_large_is_not_played_in_part() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let line = b"1 fold\n";
        let room = (MAX_MIB << 20) as usize / line.len();
        std::io::Write::write_all(&mut file, &line.repeat(room)).unwrap();
        assert_eq!(Sheet::open(file.path()).unwrap().cues.len(), room);
        std::io::Write::write_all(&mut file, line).unwrap();
        let said = Sheet::open(file.path()).unwrap_err().to_string();
        assert!(said.contains("larger than 16 MiB"), "{said}");
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "# a comment\n1 fold # and one behind\n\n0.5 unfold\nsoon fold\n2\n3 fol\nNaN fold\n# @ broken 4.00 the board was lost\n-1 fold\n";
        let said = Sheet::parse("x", text, true).unwrap_err().to_string();
        let expected = "x:4: 0.5 s is before the line above: cues stand in the order of their moments
x:5: \"soon\" is no moment: a line is SECONDS CUE, as in `12.5 fold`
x:6: cue is missing: mood, scene, demo, fold, unfold, startle, person, heading, set, relax, engage
x:7: \"fol\" is no cue: mood, scene, demo, fold, unfold, startle, person, heading, set, relax, engage
x:8: \"NaN\" is no moment: a line is SECONDS CUE, as in `12.5 fold`
x:9: at 4.00 s the board was lost: what follows cannot be played again to the bit; delete all lines from here on to play what was before, or all that begin with \"# @ \" to play the cues alone
x:10: \"-1\" is no moment: a line is SECONDS CUE, as in `12.5 fold`";
        assert_eq!(said, expected);
        let flood = "x\n".repeat(100_000);
        assert_eq!(
            Sheet::parse("x", &flood, true)
                .unwrap_err()
                .to_string()
                .lines()
                .count(),
            21
        );
    }
}
