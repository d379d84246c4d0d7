//! Slips that makers make in TOML, and the line as it should be: a parser says
//! what it expected, which is not what they did.

use toml_edit::Document;

/// A slip: what mends it, if it is there, and what to know for the next time.
type Slip = (fn(&str) -> Option<String>, &'static str);

/// In this order, since one line may hold several.
const SLIPS: [Slip; 11] = [
    (
        plain,
        "with plain quotes, minus and spaces, as on a keyboard",
    ),
    (comment, "a comment begins with #"),
    (header, "a header stands in brackets"),
    (equals, "with = between key and value"),
    (point, "with a point"),
    (percent, "shares are numbers from 0 to 1"),
    (unit, "the number alone, without its unit"),
    (prefix, "the number alone"),
    (
        digits,
        "a number has digits on both sides of its point, and begins with no 0",
    ),
    (comma, "with a comma between two points, and a ] for each ["),
    (quotes, "a text stands in quotes"),
];

/// The line as it should be, and why, if slips are all that is wrong with it.
pub(super) fn mended(line: &str) -> Option<(String, String)> {
    let parses = |line: &str| Document::parse(line).is_ok();
    if parses(line) {
        return None;
    }
    let (mut mended, mut why) = (line.trim().to_owned(), Vec::new());
    for (mend, words) in SLIPS {
        if let Some(better) = mend(&mended).filter(|better| *better != mended) {
            mended = better;
            why.push(words);
        }
        if parses(&mended) {
            return Some((mended, why.join("; ")));
        }
    }
    None
}

/// A line of the form `KEY = VALUE`, its value without space and comment around it.
fn with_value(line: &str, mend: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let (key, rest) = line.split_once('=')?;
    let (value, comment) = match rest.split_once('#') {
        Some((value, comment)) => (value, format!(" #{comment}")),
        None => (rest, String::new()),
    };
    Some(format!("{}= {}{comment}", key, mend(value.trim())?))
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() && text.ends_with(|c: char| c.is_ascii_digit() || c == '.')
}

fn plain(line: &str) -> Option<String> {
    let plain = |c| match c {
        '“' | '”' | '„' | '«' | '»' => '"',
        '‘' | '’' | '‚' => '\'',
        '−' | '–' | '—' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    };
    Some(line.chars().map(plain).collect())
}

fn comment(line: &str) -> Option<String> {
    let signs = ["//", "/*", ";", "--"];
    let at = signs
        .iter()
        .filter_map(|sign| line.find(sign).map(|at| (at, sign.len())));
    let (at, length) = at.min()?;
    let (before, after) = (&line[..at], &line[at + length..]);
    let quoted = before.matches('"').count() % 2 == 1 || before.contains('#');
    (!quoted).then(|| format!("{}# {}", before, after.trim_end_matches("*/").trim()))
}

fn header(line: &str) -> Option<String> {
    let name = line.trim_matches(['[', ']', ' ']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let one_sided = line.starts_with('[') || line.ends_with(']');
    let brackets = line.matches(['[', ']']).count().div_ceil(2).min(2);
    let (open, close) = (&"[["[..brackets], &"]]"[..brackets]);
    (one_sided && !name.is_empty() && name.chars().all(is_name))
        .then(|| format!("{open}{name}{close}"))
}

fn equals(line: &str) -> Option<String> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))?;
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let value = rest.trim_start_matches([':', '=', ' ']);
    let right = rest.starts_with('=') && !rest.starts_with("==");
    (!right && !key.is_empty() && !value.is_empty()).then(|| format!("{key} = {value}"))
}

fn point(line: &str) -> Option<String> {
    with_value(line, |value| {
        let (whole, part) = value.split_once(',')?;
        let pointed = format!("{whole}.{}", part.trim_start());
        let digits = part.starts_with(|c: char| c.is_ascii_digit());
        (digits && !value.starts_with('[')).then_some(pointed)
    })
}

fn percent(line: &str) -> Option<String> {
    with_value(line, |value| {
        let share: f64 = value.strip_suffix('%')?.trim().parse().ok()?;
        Some((share / 100.0).to_string())
    })
}

fn unit(line: &str) -> Option<String> {
    with_value(line, |value| {
        let number = value.trim_end_matches(|c: char| c.is_alphabetic() || " °/²%".contains(c));
        let is_hex = value.starts_with("0x");
        (is_number(number) && number != value && !is_hex).then(|| number.to_owned())
    })
}

fn prefix(line: &str) -> Option<String> {
    with_value(line, |value| {
        let number = value.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
        (is_number(number) && number != value).then(|| number.to_owned())
    })
}

fn digits(line: &str) -> Option<String> {
    with_value(line, |value| {
        let (sign, number) = match value.strip_prefix('-') {
            Some(number) => ("-", number),
            None => ("", value.trim_start_matches('+')),
        };
        let number = number.replace([' ', '\'', '_'], "");
        let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            whole => whole,
        };
        let mended = match number.contains('.') {
            true => format!("{sign}{whole}.{}", if part.is_empty() { "0" } else { part }),
            false => format!("{sign}{whole}"),
        };
        is_number(&mended).then_some(mended)
    })
}

fn comma(line: &str) -> Option<String> {
    with_value(line, |value| {
        let joined: String = value.split_whitespace().collect();
        let opens = joined.matches('[').count();
        let missing = opens.checked_sub(joined.matches(']').count())?;
        let mended = joined
            .replace("][", "],[")
            .replace("],[", "], [")
            .replace(',', ", ");
        let mended = mended.replace(",  ", ", ") + &"]"[..missing.min(1)];
        (value.starts_with("[") && value.ends_with("]")).then_some(mended)
    })
}

fn quotes(line: &str) -> Option<String> {
    with_value(line, |value| {
        let text = value.trim_matches(['"', '\'']);
        let is_text = |c: char| c.is_alphanumeric() || "-_ ".contains(c);
        (!text.is_empty() && text.chars().all(is_text)).then(|| format!("\"{text}\""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slip_and_its_line() {
        let cases = [
            ("frequency-hz = 0,20", "frequency-hz = 0.20"),
            ("amplitude = 70%", "amplitude = 0.7"),
            (
                "amplitude = 70 %  # most of it",
                "amplitude = 0.7 # most of it",
            ),
            ("pulse-rate-hz = 50Hz", "pulse-rate-hz = 50"),
            ("trim-us = -15 µs", "trim-us = -15"),
            ("facing-deg = 315°", "facing-deg = 315"),
            (
                "max-speed-us-per-s = 2000 µs/s",
                "max-speed-us-per-s = 2000",
            ),
            ("amplitude = 0.70 // mine", "amplitude = 0.70 # mine"),
            ("amplitude = 0.70 ; mine", "amplitude = 0.70 # mine"),
            ("name = “front-left”", "name = \"front-left\""),
            ("name = front-left", "name = \"front-left\""),
            ("name = \"front-left", "name = \"front-left\""),
            ("trim-us = −15", "trim-us = -15"),
            ("oe-gpio = GPIO17", "oe-gpio = 17"),
            ("oe-gpio = BCM 17", "oe-gpio = 17"),
            ("frequency-hz = .2", "frequency-hz = 0.2"),
            ("frequency-hz = -.2", "frequency-hz = -0.2"),
            ("amplitude = 1.", "amplitude = 1.0"),
            ("channel = 07", "channel = 7"),
            ("oscillator-hz = 25 000 000", "oscillator-hz = 25000000"),
            ("frequency-hz: 0.2", "frequency-hz = 0.2"),
            ("frequency-hz 0.2", "frequency-hz = 0.2"),
            ("frequency-hz == 0.2", "frequency-hz = 0.2"),
            ("[wave.x", "[wave.x]"),
            ("wave.x]", "[wave.x]"),
            ("[[tentacle]", "[[tentacle]]"),
            (
                "table = [[-1, 1400] [1, 1600]]",
                "table = [[-1, 1400], [1, 1600]]",
            ),
            (
                "table = [[-1, 1400], [1, 1600]",
                "table = [[-1, 1400], [1, 1600]]",
            ),
            ("frequency-hz: 0,2 Hz // fast", "frequency-hz = 0.2 # fast"),
        ];
        for (line, wanted) in cases {
            let found = mended(line).map(|(line, _)| line);
            assert_eq!(found.as_deref(), Some(wanted), "{line}");
        }
    }

    #[test]
    fn what_is_right_or_beyond_mending_is_left_alone() {
        for line in [
            "",
            "a = 1",
            "# 0,20",
            "name = \"a // b\"",
            "table = [",
            "= 5",
            "%$!",
        ] {
            assert_eq!(mended(line), None, "{line}");
        }
    }
}
