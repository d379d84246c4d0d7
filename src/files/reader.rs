//! TOML with its places kept, so that every fault can name its line, and all of
//! them can be told at once.

use anyhow::{Result, bail};
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

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
    pub(super) fn parse(&self) -> Option<Spanned<DeTable<'a>>> {
        if self.text.trim().is_empty() {
            self.fault(0, "the file is empty");
            return None;
        }
        let (table, errors) = DeTable::parse_recoverable(self.text);
        // Only the first: one bracket that is not closed makes a hundred more.
        if let Some(error) = errors.first() {
            let at = error.span().map_or(0, |span| span.start);
            let hint = "look here and at the line before";
            self.fault(at, format_args!("{}; {hint}", error.message()));
        }
        errors.is_empty().then_some(table)
    }

    /// Notes a fault at a byte of the text.
    pub(super) fn fault(&self, at: usize, what: impl Display) {
        self.faults.borrow_mut().push((at, what.to_string()));
    }

    /// The faults in the order of their lines, or the value if there are none.
    pub(super) fn finish<T>(&self, path: &str, value: Option<T>) -> Result<T, String> {
        let mut faults = self.faults.take();
        faults.sort_by_key(|(at, _)| *at);
        match value {
            Some(value) if faults.is_empty() => Ok(value),
            _ => Err(faults
                .iter()
                .map(|(at, what)| format!("{path}:{}: {what}", self.line(*at)))
                .collect::<Vec<_>>()
                .join("\n")),
        }
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text[..at.min(self.text.len())].matches('\n').count()
    }

    /// The source of a value, short enough for one line of a message.
    fn source(&self, span: Range<usize>) -> String {
        let words: Vec<&str> = self.text[span].split_whitespace().collect();
        let source = words.join(" ");
        match source.char_indices().nth(48) {
            Some((cut, _)) => format!("{}…", &source[..cut]),
            None => source,
        }
    }
}

/// A table of the reading: what its keys are called and where they stand.
pub(super) struct Section<'d, 'a> {
    reading: &'d Reading<'a>,
    /// What stands before the key in a message, with its dot; empty at the root.
    prefix: String,
    at: usize,
    table: &'d DeTable<'a>,
    known: RefCell<Vec<&'static str>>,
}

impl<'d, 'a> Section<'d, 'a> {
    pub(super) fn root(reading: &'d Reading<'a>, table: &'d Spanned<DeTable<'a>>) -> Self {
        Self::new(reading, String::new(), 0, table.get_ref())
    }

    fn new(reading: &'d Reading<'a>, prefix: String, at: usize, table: &'d DeTable<'a>) -> Self {
        Self {
            reading,
            prefix,
            at,
            table,
            known: RefCell::default(),
        }
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
        parse: impl FnOnce(&DeValue<'a>) -> Result<T>,
    ) -> Option<T> {
        let value = self.get(key)?;
        match parse(value.get_ref()) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.fault(key, error);
                None
            }
        }
    }

    /// As [`Self::optional`]; an absent key is a fault too.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&DeValue<'a>) -> Result<T>,
    ) -> Option<T> {
        if self.get(key).is_none() {
            self.missing(key);
        }
        self.optional(key, parse)
    }

    /// The table `key`; an absent one is a fault.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'d, 'a>> {
        let Some(value) = self.get(key) else {
            self.missing(key);
            return None;
        };
        match value.get_ref() {
            DeValue::Table(table) => {
                let prefix = format!("{}{key}.", self.prefix);
                let section = Section::new(self.reading, prefix, value.span().start, table);
                Some(section)
            }
            _ => {
                self.fault(key, "must be a table");
                None
            }
        }
    }

    /// The tables of the array `key`; an absent one is a fault.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'d, 'a>> {
        let Some(value) = self.get(key) else {
            self.missing(key);
            return Vec::new();
        };
        let tables = value.get_ref().as_array().and_then(|array| {
            let table = |value: &'d Spanned<DeValue<'a>>| {
                let table = value.get_ref().as_table()?;
                let prefix = format!("{}{key}.", self.prefix);
                Some(Section::new(
                    self.reading,
                    prefix,
                    value.span().start,
                    table,
                ))
            };
            array.iter().map(table).collect::<Option<Vec<_>>>()
        });
        tables.unwrap_or_else(|| {
            self.fault(key, format_args!("must be tables, each headed [[{key}]]"));
            Vec::new()
        })
    }

    /// Notes a fault of `key`'s value.
    pub(super) fn fault(&self, key: &'static str, what: impl Display) {
        let Some(value) = self.get(key) else {
            let text = format!("{}{key}: {what}", self.prefix);
            return self.reading.fault(self.at, text);
        };
        let source = self.reading.source(value.span());
        let text = format!("{}{key} = {source}: {what}", self.prefix);
        self.reading.fault(value.span().start, text);
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(&self) {
        let known = self.known.borrow();
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let text = match crate::nearest::nearest(name, known.iter().copied()) {
                Some(near) => format!("{}{name} is not a key; did you mean {near}?", self.prefix),
                None => {
                    let known = known.join(", ");
                    format!("{}{name} is not a key; keys here: {known}", self.prefix)
                }
            };
            self.reading.fault(key.span().start, text);
        }
    }

    fn get(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'a>>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        self.table.get(key)
    }

    fn missing(&self, key: &'static str) {
        let text = format!("{}{key} is missing", self.prefix);
        self.reading.fault(self.at, text);
    }
}

/// A finite number.
pub(super) fn number(value: &DeValue<'_>) -> Result<f64> {
    let number = match value {
        DeValue::Float(float) => float.as_str().parse()?,
        DeValue::Integer(_) => integer(value)? as f64,
        _ => bail!("must be a number"),
    };
    if !number.is_finite() {
        bail!("must be a finite number");
    }
    Ok(number)
}

/// A whole number.
pub(super) fn integer(value: &DeValue<'_>) -> Result<i64> {
    match value {
        DeValue::Integer(integer) => Ok(i64::from_str_radix(integer.as_str(), integer.radix())?),
        _ => bail!("must be a whole number"),
    }
}

/// A text.
pub(super) fn text<'v>(value: &'v DeValue<'_>) -> Result<&'v str> {
    match value.as_str() {
        Some(text) => Ok(text),
        None => bail!("must be a text in quotes"),
    }
}
