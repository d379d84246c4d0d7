//! What differs between two states of a file, as a maker reads it.

use super::reader::items;
use toml_edit::{Document, Item};

/// Each value that differs: its place, what it is, what it would be; none if a text
/// is no TOML.
pub(super) fn between(is: &str, would_be: &str) -> Option<Vec<String>> {
    let (is, would_be) = (values(is)?, values(would_be)?);
    let at = |values: &[(String, String)], place: &str| {
        let found = values.iter().find(|(other, _)| other == place);
        found.map_or("nothing".to_owned(), |(_, value)| value.clone())
    };
    let is_new = |place: &str| !is.iter().any(|(other, _)| other == place);
    let new = would_be.iter().filter(|(place, _)| is_new(place));
    let differs = |(place, _): &(String, String)| {
        let (is, would_be) = (at(&is, place), at(&would_be, place));
        (is != would_be)
            .then(|| format!("{place}: {} → {}", told(place, &is), told(place, &would_be)))
    };
    Some(is.iter().chain(new).filter_map(differs).collect())
}

/// A value, but for the marks of a compass, which are no line to read.
fn told(place: &str, value: &str) -> String {
    let rows = value.matches('[').count();
    match place.ends_with(".compass") && rows > 0 {
        true => format!("[{} marks]", rows - 1),
        false => value.to_owned(),
    }
}

/// The values of a text, each with its place: `front-left.x.channel`.
fn values(text: &str) -> Option<Vec<(String, String)>> {
    let document = Document::parse(text).ok()?;
    let mut values = Vec::new();
    collect(document.as_item(), "", &mut values);
    Some(values)
}

fn collect(item: &Item, place: &str, values: &mut Vec<(String, String)>) {
    if let Some(table) = item.as_table_like() {
        let dot = if place.is_empty() { "" } else { "." };
        for (key, item) in table.iter() {
            match item.is_array_of_tables() {
                true => items(item)
                    .into_iter()
                    .flatten()
                    .enumerate()
                    .for_each(|(i, item)| {
                        // Of several tables each has a name.
                        let name = item.get("name").and_then(Item::as_str);
                        let name = name.map_or_else(|| format!("{key} {}", i + 1), str::to_owned);
                        collect(item, &name, values);
                    }),
                false => collect(item, &format!("{place}{dot}{key}"), values),
            }
        }
    } else if let Some(value) = item.as_value() {
        let words = value.to_string();
        let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
        values.push((place.to_owned(), text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::SHIPPED_SERVOS;

    #[test]
    fn each_value_that_differs_is_told_with_its_place() {
        let other = SHIPPED_SERVOS
            .replacen("[[-1, 1400], [1, 1600]]", "[[-1, 1410], [1, 1600]]", 1)
            .replacen("trim-us = 0\n", "", 1)
            .replacen("# oe-gpio", "oe-gpio", 1)
            .replacen("# What hands", "# Other words, what hands", 1)
            .replacen("\"back-left\"", "\"left\"", 1);
        let differences = between(SHIPPED_SERVOS, &other).unwrap();
        assert_eq!(
            differences[..2],
            [
                "front-left.x.table: [[-1, 1400], [1, 1600]] → [[-1, 1410], [1, 1600]]",
                "front-left.x.trim-us: 0 → nothing",
            ]
        );
        assert!(
            differences.contains(&"oe-gpio: nothing → 17".to_owned()),
            "{differences:?}"
        );
        assert!(differences.contains(&"left.y.channel: nothing → 7".to_owned()));
        let with = |marks: &str| {
            let compass = format!("facing-deg = 315\ncompass = [{marks}[0, 0.4, 0, 0.4]]\n");
            SHIPPED_SERVOS.replacen("facing-deg = 315\n", &compass, 1)
        };
        let (one, two, other) = (
            with(""),
            with("[9, 0.4, 0, 0.4], "),
            with("[8, 0.4, 0, 0.4], "),
        );
        for (is, would_be, told) in [
            (
                SHIPPED_SERVOS,
                &one,
                "front-left.compass: nothing → [1 marks]",
            ),
            (&one, &two, "front-left.compass: [1 marks] → [2 marks]"),
            (&two, &other, "front-left.compass: [2 marks] → [2 marks]"),
        ] {
            assert_eq!(between(is, would_be), Some(vec![told.to_owned()]));
        }
        assert_eq!(
            between(SHIPPED_SERVOS, "# nothing\n").unwrap().len(),
            5 + 4 * (2 + 2 * 4)
        );
        assert_eq!(between(SHIPPED_SERVOS, SHIPPED_SERVOS), Some(vec![]));
        assert_eq!(between(SHIPPED_SERVOS, "= 1"), None);
    }
}
