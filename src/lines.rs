//! Text files of a line a thing, read by a person's standards: every fault is told, with
//! its line.

use crate::failure::Failure;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// So many faults are told.
const MAX_FAULTS: usize = 20;
/// As `run --seconds`: a year.
const MAX_S: f64 = 366.0 * 24.0 * 3600.0;

/// A file's name as it is shown, and its text.
///
/// # Errors
/// It cannot be read, is no text, or has more than so many MiB.
pub(crate) fn open(path: &Path, most_mib: u64) -> Result<(String, String), Failure> {
    let shown = path.display().to_string();
    let mut text = Vec::new();
    let most = most_mib << 20;
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut text));
    read.map_err(|error| Failure::config(format_args!("{shown}: {error}")))?;
    if text.len() as u64 > most {
        let why = format_args!("{shown}: is larger than {most_mib} MiB, and is not played in part");
        return Err(Failure::config(why));
    }
    let text = String::from_utf8(text)
        .map_err(|_| Failure::config(format_args!("{shown}: is no text (UTF-8)")))?;
    Ok((shown, text))
}

/// Has every line taken, each with its place, FILE:LINE.
///
/// # Errors
/// What was wrong with lines: all of it, a line each.
pub(crate) fn each(
    name: &str,
    text: &str,
    mut take: impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", number + 1);
        let taken = take(line, &place);
        faults.extend(taken.err().map(|what| format!("{place}: {what}")));
        if faults.len() == MAX_FAULTS {
            faults.push(format!("{name}: and perhaps more"));
            break;
        }
    }
    match faults[..] {
        [] => Ok(()),
        _ => Err(Failure::config(faults.join("\n"))),
    }
}

/// What a line says, without a comment and the space around.
pub(crate) fn bare(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// Seconds in µs; `form` says what a line is.
///
/// # Errors
/// It is no moment.
pub(crate) fn micros(word: &str, form: &str) -> Result<u64, String> {
    match word.parse::<f64>() {
        Ok(seconds) if (0.0..=MAX_S).contains(&seconds) => Ok((seconds * 1e6).round() as u64),
        _ => Err(format!(
            "\"{}\" is no moment: a line is {form}",
            quoted(word)
        )),
    }
}

/// A word as a fault names it.
pub(crate) fn quoted(word: &str) -> String {
    let beginning: String = word.chars().take(32).collect();
    beginning.escape_default().to_string()
}
