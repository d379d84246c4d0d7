//! TOML with its places kept, so that every fault can name its line, and all of
//! them can be told at once.

use super::look::printable;
use super::slips;
use anyhow::{Context, Result, bail};
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Range;
use toml_edit::{Item, Key, Table, TableLike, TomlError};

/// So many faults are told; of the rest, only how many.
const MAX_FAULTS: usize = 20;

/// A file's text and the faults found in it so far.
pub(super) struct Reading<'a> {
    text: &'a str,
    faults: RefCell<Vec<(usize, String)>>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            faults: RefCell::default(),
        }
    }

    /// The root table; `None` if the text is no TOML.
    pub(super) fn parse(&self) -> Option<Item> {
        if self.text.trim().is_empty() {
            self.fault(0, "the file is empty");
            return None;
        }
        match toml_edit::Document::parse(self.text) {
            Ok(document) => Some(document.into_item()),
            Err(error) => {
                self.slips(error);
                None
            }
        }
    }

    /// Notes each slip of the text, and then what the parser says if that is not
    /// all that is wrong with it.
    fn slips(&self, mut error: TomlError) {
        let mut lines: Vec<_> = self.text.split('\n').map(str::to_owned).collect();
        for _ in 0..MAX_FAULTS {
            let text = lines.join("\n");
            let at = error.span().unwrap_or_default().start.min(text.len());
            let line = text[..at].matches('\n').count();
            // A parser may notice only where the next line begins.
            let slip = [line, line.saturating_sub(1)].into_iter().find_map(|line| {
                let (mended, why) = slips::mended(&lines[line])?;
                Some((line, mended, why))
            });
            let start = |line: usize| {
                self.text
                    .split_inclusive('\n')
                    .take(line)
                    .map(str::len)
                    .sum()
            };
            let Some((line, mended, why)) = slip else {
                let hint = "look here and at the line before";
                return self.fault(start(line), format_args!("{}; {hint}", error.message()));
            };
            let was = short(lines[line].trim());
            self.fault(start(line), format_args!("{was}: write `{mended}`: {why}"));
            lines[line] = mended;
            match toml_edit::Document::parse(lines.join("\n")) {
                Ok(_) => return,
                Err(next) => error = next,
            }
        }
    }

    /// Notes a fault at a byte of the text.
    pub(super) fn fault(&self, at: usize, what: impl Display) {
        self.faults.borrow_mut().push((at, what.to_string()));
    }

    /// The faults in the order of their lines, or the value if there are none.
    pub(super) fn finish<T>(&self, path: &str, value: Option<T>) -> Result<T, String> {
        let mut faults = self.faults.take();
        faults.sort_by_key(|(at, _)| *at);
        if let Some(value) = value.filter(|_| faults.is_empty()) {
            return Ok(value);
        }
        let (mut line, mut counted) = (1, 0);
        let tell = |(at, what): &(usize, String)| {
            line += self.text[counted..*at].matches('\n').count();
            counted = *at;
            format!("{path}:{line}: {}", printable(what))
        };
        let mut told: Vec<_> = faults.iter().take(MAX_FAULTS).map(tell).collect();
        if faults.len() > MAX_FAULTS {
            let more = faults.len() - MAX_FAULTS;
            told.push(format!("{path}: and {more} more faults"));
        }
        Err(told.join("\n"))
    }

    /// The source of a value, for a message.
    fn source(&self, span: Range<usize>) -> String {
        let words: Vec<&str> = self.text[span].split_whitespace().collect();
        short(&words.join(" "))
    }
}

/// A text, short enough for one line of a message.
fn short(text: &str) -> String {
    match text.char_indices().nth(48) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// A table of the document: what its keys are called and where they stand.
pub(super) struct Section<'d> {
    reading: &'d Reading<'d>,
    /// What stands before the key in a message, with its dot; empty at the root.
    prefix: String,
    at: usize,
    table: &'d dyn TableLike,
    known: RefCell<Vec<&'static str>>,
}

impl<'d> Section<'d> {
    pub(super) fn root(reading: &'d Reading<'d>, table: &'d Item) -> Option<Self> {
        Self::new(reading, String::new(), table)
    }

    /// `None` if `item` is no table.
    fn new(reading: &'d Reading<'d>, prefix: String, item: &'d Item) -> Option<Self> {
        Some(Self {
            reading,
            prefix,
            at: span(item).start,
            table: item.as_table_like()?,
            known: RefCell::default(),
        })
    }

    /// Calls this section by another name in messages.
    pub(super) fn named(mut self, name: &str) -> Self {
        self.prefix = format!("{name}.");
        self
    }

    /// The value of `key` as `parse` makes it, or `None`: the key is absent, or
    /// `parse` refused it, which is noted as a fault.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&Item) -> Result<T>,
    ) -> Option<T> {
        let refused = |error| self.fault(key, error);
        parse(self.get(key)?).map_err(refused).ok()
    }

    /// As [`Self::optional`]; an absent key is a fault too.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&Item) -> Result<T>,
    ) -> Option<T> {
        self.present(key)?;
        self.optional(key, parse)
    }

    /// The table `key`, or `None`: it is absent, or no table, which is noted as a fault.
    pub(super) fn optional_section(&self, key: &'static str) -> Option<Section<'d>> {
        let section = self.below(key, self.get(key)?);
        if section.is_none() {
            self.fault(key, "must be a table");
        }
        section
    }

    /// As [`Self::optional_section`]; an absent table is a fault too.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'d>> {
        self.present(key)?;
        self.optional_section(key)
    }

    /// The tables of the array `key`; an absent one is a fault.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'d>> {
        self.present(key);
        self.optional_sections(key)
    }

    /// The tables of the array `key`, if there are any.
    pub(super) fn optional_sections(&self, key: &'static str) -> Vec<Section<'d>> {
        let Some(item) = self.get(key) else {
            return Vec::new();
        };
        let tables = items(item).and_then(|items| items.map(|t| self.below(key, t)).collect());
        tables.unwrap_or_else(|| {
            self.fault(key, format_args!("must be tables, each headed [[{key}]]"));
            Vec::new()
        })
    }

    /// Notes a fault of `key`'s value.
    pub(super) fn fault(&self, key: &'static str, what: impl Display) {
        let Some(item) = self.get(key) else {
            let text = format!("{}{key}: {what}", self.prefix);
            return self.reading.fault(self.at, text);
        };
        let source = self.reading.source(span(item));
        let text = format!("{}{key} = {source}: {what}", self.prefix);
        self.reading.fault(span(item).start, text);
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(&self) {
        let known = self.known.borrow();
        for (name, _) in self.table.iter() {
            if known.contains(&name) {
                continue;
            }
            let near = crate::nearest::nearest(name, known.iter().copied());
            let hint = match near {
                Some(near) => format!("did you mean {near}?"),
                None => format!("keys here: {}", known.join(", ")),
            };
            let text = format!("{}{} is not a key; {hint}", self.prefix, short(name));
            let span = self.table.key(name).and_then(Key::span);
            self.reading.fault(span.unwrap_or_default().start, text);
        }
    }

    fn get(&self, key: &'static str) -> Option<&'d Item> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        self.table.get(key)
    }

    /// As [`Self::get`]; an absent key is a fault.
    fn present(&self, key: &'static str) -> Option<&'d Item> {
        let item = self.get(key);
        if item.is_none() {
            let text = format!("{}{key} is missing", self.prefix);
            self.reading.fault(self.at, text);
        }
        item
    }

    /// The section that `item` under `key` is; `None` if it is no table.
    fn below(&self, key: &str, item: &'d Item) -> Option<Section<'d>> {
        Self::new(self.reading, format!("{}{key}.", self.prefix), item)
    }
}

/// Where an item stands in the text; tables under headers, where the first one does.
fn span(item: &Item) -> Range<usize> {
    let first = item.as_array_of_tables().and_then(|tables| tables.get(0));
    first.map_or(item.span(), Table::span).unwrap_or_default()
}

/// The items of a list, if it is one.
pub(super) fn items(list: &Item) -> Option<impl Iterator<Item = &Item>> {
    let is_list = list.is_array() || list.is_array_of_tables();
    is_list.then(|| (0..).map_while(|i| list.get(i)))
}

/// A finite number.
pub(super) fn number(value: &Item) -> Result<f64> {
    let whole = || value.as_integer().map(|number| number as f64);
    match value.as_float().or_else(whole) {
        Some(number) if number.is_finite() => Ok(number),
        Some(_) => bail!("must be a finite number"),
        None => bail!("must be a number"),
    }
}

/// A whole number.
pub(super) fn integer(value: &Item) -> Result<i64> {
    value.as_integer().context("must be a whole number")
}

/// One or the other.
pub(super) fn boolean(value: &Item) -> Result<bool> {
    value.as_bool().context("must be true or false")
}

/// A text.
pub(super) fn text(value: &Item) -> Result<&str> {
    value.as_str().context("must be a text in quotes")
}
