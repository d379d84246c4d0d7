//! The text of a file, edited where a number changes and nowhere else:
//! comments, order and spelling stay.

use super::points::Points;
use anyhow::{Context, Result};
use tentacle_hat::calibration::{Axis, MAX_SENSES, Mark};
use tentacle_hat::motion::Key;
use toml_edit::{Array, DocumentMut, Item, RawString, Table, TableLike, Value};

/// What Windows may put before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A document being edited; what says the same already, is not touched.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    toml: DocumentMut,
    /// What the parser takes away: a mark before the text, and line ends as
    /// Windows writes them. Those of the first line stand for all.
    has_mark: bool,
    has_crs: bool,
}

impl Document {
    pub(crate) fn new(text: &str) -> Result<Self> {
        let first = text.split_inclusive('\n').next().unwrap_or_default();
        Ok(Self {
            toml: text.replace("\r\n", "\n").parse()?,
            has_mark: first.starts_with(BYTE_ORDER_MARK),
            has_crs: first.ends_with("\r\n"),
        })
    }

    pub(crate) fn text(&self) -> String {
        let mut text = self.toml.to_string();
        if self.has_crs {
            text = text.replace('\n', "\r\n");
        }
        if self.has_mark {
            text.insert(0, BYTE_ORDER_MARK);
        }
        text
    }

    /// Forgets the tables of the first `servos` servos.
    pub(crate) fn remove_tables(&mut self, servos: usize) -> Result<()> {
        for servo in 0..servos {
            self.section(servo)?.remove("table");
        }
        Ok(())
    }

    pub(crate) fn set_oscillator(&mut self, hz: u32) -> Result<()> {
        // 26_500_000, as people write it.
        let (mega, kilo) = (hz / 1_000_000, hz / 1000 % 1000);
        let value = format!("{mega}_{kilo:03}_{:03}", hz % 1000).parse()?;
        let item = &mut self.toml["oscillator-hz"];
        if item.as_integer() != Some(hz.into()) {
            replace(item, value);
        }
        Ok(())
    }

    pub(crate) fn set_trim(&mut self, servo: usize, us: f32) -> Result<()> {
        let section = self.section(servo)?;
        match section.get_mut("trim-us") {
            Some(item) if item.as_value().and_then(float) == Some(us) => {}
            Some(item) => replace(item, number(us)?),
            // As if it were written.
            None if us == 0.0 => {}
            None => {
                section.insert("trim-us", Item::Value(number(us)?));
            }
        }
        Ok(())
    }

    /// Says of the sense of that name whether it is mirrored.
    pub(crate) fn set_mirrored(&mut self, name: &str, mirrored: bool) -> Result<()> {
        let senses = &mut self.toml["sense"];
        let is_named = |i: &usize| {
            let called = senses.get(*i).and_then(|sense| sense.get("name")?.as_str());
            called == Some(name)
        };
        let at = (0..MAX_SENSES).find(is_named);
        let sense = at.and_then(|at| senses.get_mut(at)?.as_table_like_mut());
        let sense = sense.with_context(|| format!("servos.toml has no sense {name}"))?;
        match sense.get_mut("mirrored") {
            Some(item) => replace(item, mirrored.into()),
            None => {
                sense.insert("mirrored", Item::Value(mirrored.into()));
            }
        }
        Ok(())
    }

    /// Gives a key of `motion.toml` another number.
    pub(crate) fn set_key(&mut self, key: Key, number: f64) -> Result<()> {
        let path = key.to_string();
        let table = path.split('.').next().unwrap_or_default();
        if !self.toml.contains_key(table) {
            if number == 0.0 {
                // As if it were written.
                return Ok(());
            }
            self.toml.insert(table, Item::Table(Table::new()));
        }
        let item = path
            .split('.')
            .fold(self.toml.as_item_mut(), |item, key| &mut item[key]);
        let is = item.as_value().and_then(float);
        if is != Some(number as f32) {
            // With a point, as people write it.
            replace(item, format!("{number:?}").parse()?);
        }
        Ok(())
    }

    /// Makes the servo's table hold `points`; rows that stay are not touched.
    pub(crate) fn set_points(&mut self, servo: usize, points: &Points) -> Result<()> {
        let rows = points.iter().map(|point| [point.bend, point.width.get()]);
        let section = self.section(servo)?;
        let is_new = !section.contains_key("table");
        set_rows(section, "table", &rows.collect::<Vec<_>>())?;
        if is_new {
            self.put_table_after_channel(servo);
        }
        Ok(())
    }

    /// Makes the tentacle's compass hold `marks`, or takes it away if there are none; rows
    /// that stay are not touched.
    pub(crate) fn set_compass(&mut self, tentacle: usize, marks: &[Mark]) -> Result<()> {
        let section = self.tentacle(tentacle)?;
        if marks.is_empty() {
            section.remove("compass");
            return Ok(());
        }
        // Finer than any eye, and a tick of most tables.
        let rounded = |number: f64, parts: f64| ((number * parts).round() / parts + 0.0) as f32;
        let row = |mark: &Mark| {
            let deg = mark.bearing.get().rem_euclid(1.0) * 360.0;
            let [lean, x, y] = [mark.lean, mark.taken.x, mark.taken.y].map(f64::from);
            let [lean, x, y] = [lean, x, y].map(|bend| rounded(bend, 1e4));
            [rounded(deg, 10.0) % 360.0, lean, x, y]
        };
        let rows: Vec<_> = marks.iter().map(row).collect();
        set_rows(section, "compass", &rows)
    }

    /// The table belongs where the shipped file has it, not after the speed.
    fn put_table_after_channel(&mut self, servo: usize) {
        let Ok(section) = self.section(servo) else {
            return;
        };
        let mut order: Vec<String> = section.iter().map(|(key, _)| key.to_owned()).collect();
        order.retain(|key| key != "table");
        let after = order.iter().position(|key| key == "channel");
        order.insert(after.map_or(0, |at| at + 1), "table".to_owned());
        let rank = |key: &str| order.iter().position(|other| other == key);
        // Only a section under its own header has lines to put in order.
        let header = self.toml["tentacle"].as_array_of_tables_mut();
        let tentacle = header.and_then(|tables| tables.get_mut(servo / 2));
        if let Some(section) = tentacle
            .and_then(|tentacle| tentacle.get_mut(axis(servo)))
            .and_then(Item::as_table_mut)
        {
            section.sort_values_by(|a, _, b, _| rank(a.get()).cmp(&rank(b.get())));
        }
    }

    fn section(&mut self, servo: usize) -> Result<&mut dyn TableLike> {
        let section = self.tentacle(servo / 2)?.get_mut(axis(servo));
        section
            .and_then(Item::as_table_like_mut)
            .context("servos.toml has no section for this servo")
    }

    fn tentacle(&mut self, tentacle: usize) -> Result<&mut dyn TableLike> {
        let found: Option<&mut dyn TableLike> = match &mut self.toml["tentacle"] {
            Item::ArrayOfTables(tables) => tables.get_mut(tentacle).map(|t| t as _),
            Item::Value(Value::Array(array)) => array
                .get_mut(tentacle)
                .and_then(Value::as_inline_table_mut)
                .map(|t| t as _),
            _ => None,
        };
        found.context("servos.toml has no section for this tentacle")
    }
}

fn axis(servo: usize) -> &'static str {
    match Axis::BOTH[servo % 2] {
        Axis::X => "x",
        Axis::Y => "y",
    }
}

/// Makes the list `key` hold `wanted`, and no other rows: which row is which, its first
/// number tells.
fn set_rows<const N: usize>(
    section: &mut dyn TableLike,
    key: &str,
    wanted: &[[f32; N]],
) -> Result<()> {
    let Some(list) = section.get_mut(key) else {
        let rows: Result<Array> = wanted.iter().map(|cells| row(cells)).collect();
        section.insert(key, Item::Value(Value::Array(rows?)));
        return Ok(());
    };
    let rows = list
        .as_array_mut()
        .with_context(|| format!("{key} is no array"))?;
    for i in (0..rows.len()).rev() {
        let first = first_of(rows.get(i));
        if !wanted.iter().any(|cells| Some(cells[0]) == first) {
            remove_row(rows, i);
        }
    }
    for (i, cells) in wanted.iter().enumerate() {
        if first_of(rows.get(i)) != Some(cells[0]) {
            insert_row(rows, i, cells)?;
        }
        for (k, wanted) in cells.iter().enumerate() {
            let cell = rows.get_mut(i).and_then(Value::as_array_mut);
            let cell = cell
                .and_then(|row| row.get_mut(k))
                .context("a number is missing")?;
            if float(cell) != Some(*wanted) {
                let decor = cell.decor().clone();
                *cell = number(*wanted)?;
                *cell.decor_mut() = decor;
            }
        }
    }
    // What stood in another order.
    while rows.len() > wanted.len() {
        remove_row(rows, rows.len() - 1);
    }
    Ok(())
}

/// Inserts a row. What stands before row `i` may end with a comment on the row
/// above it, so it must stay there: the new row takes it over.
fn insert_row(rows: &mut Array, i: usize, cells: &[f32]) -> Result<()> {
    let mut new = row(cells)?;
    let before = rows.get(i).map_or(" ".to_owned(), prefix);
    if let Some(next) = rows.get_mut(i) {
        let indent = before.rfind('\n').map_or(" ", |at| &before[at..]);
        next.decor_mut().set_prefix(indent);
    }
    new.decor_mut().set_prefix(before);
    rows.insert_formatted(i, new);
    Ok(())
}

/// Removes a row, and leaves all comments around it.
fn remove_row(rows: &mut Array, i: usize) {
    let removed = rows.remove(i);
    let before = prefix(&removed);
    let joined = |after: &str| before.trim_end_matches([' ', '\t', '\n']).to_owned() + after;
    if let Some(next) = rows.get_mut(i) {
        let between = prefix(next);
        next.decor_mut().set_prefix(match between.contains('#') {
            true => joined(&between),
            false => before,
        });
    } else if before.contains('#') {
        let after = rows.trailing().as_str().unwrap_or_default().to_owned();
        rows.set_trailing(match after.contains('\n') {
            true => joined(&after),
            // The comment needs its own end.
            false => before,
        });
    }
}

fn prefix(value: &Value) -> String {
    let prefix = value.decor().prefix().and_then(RawString::as_str);
    prefix.unwrap_or_default().to_owned()
}

fn first_of(row: Option<&Value>) -> Option<f32> {
    float(row?.as_array()?.get(0)?)
}

/// A number as the loader reads it.
fn float(value: &Value) -> Option<f32> {
    let wide = value.as_float();
    wide.or_else(|| Some(value.as_integer()? as f64))
        .map(|number| number as f32)
}

fn row(cells: &[f32]) -> Result<Value> {
    let cells: Result<Array> = cells.iter().map(|cell| number(*cell)).collect();
    Ok(Value::Array(cells?))
}

/// A number as short as it can be written: `1500`, `1493.3`.
fn number(number: f32) -> Result<Value> {
    Ok(number.to_string().parse()?)
}

fn replace(item: &mut Item, mut new: Value) {
    if let Some(old) = item.as_value() {
        *new.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(new);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tentacle_hat::units::{Bend, Turns};

    const HANDMADE: &str = "\
oscillator-hz = 25_000_000 # nominal

[[tentacle]]
name = \"a\" # the crooked one
[tentacle.x]
table = [ # µs
    [-1, 1400], # slack
    # the middle follows
    [1.0, 1600.25], # hums
] # end
trim-us = 0 # was 5
channel = 0
[tentacle.y]
max-speed-us-per-s = 900
channel = 1 # blue wire
";

    fn points(list: &[(f32, f32)]) -> Points {
        list.iter().fold(Points::default(), |p, &(bend, us)| {
            p.with(bend, us).unwrap()
        })
    }

    #[test]
    fn a_middle_point_comes_and_goes_without_a_trace() {
        let mut document = Document::new(HANDMADE).unwrap();
        let three = points(&[(-1.0, 1400.0), (0.5, 1550.5), (1.0, 1600.25)]);
        document.set_points(0, &three).unwrap();
        let between = "    [-1, 1400], # slack\n    # the middle follows\n    [0.5, 1550.5],\n    [1.0, 1600.25], # hums\n";
        assert!(document.text().contains(between), "{}", document.text());
        document.set_points(0, &three.without(0.5)).unwrap();
        assert_eq!(document.text(), HANDMADE);
    }

    #[test]
    fn a_removed_row_leaves_its_comments() {
        let text = HANDMADE.replace(
            "    # the middle follows\n",
            "    [0, 1490], # felt twice\n",
        );
        let mut document = Document::new(&text).unwrap();
        let ends = points(&[(-1.0, 1400.0), (1.0, 1600.25)]);
        document.set_points(0, &ends).unwrap();
        for comment in ["# slack", "# felt twice", "# hums", "# µs", "# end"] {
            assert!(document.text().contains(comment), "{}", document.text());
        }
        assert!(!document.text().contains("1490"));
        Document::new(&document.text()).unwrap();
    }

    #[test]
    fn only_the_number_that_changed_is_another() {
        let mut document = Document::new(HANDMADE).unwrap();
        let points = points(&[(-1.0, 1409.8), (1.0, 1600.25)]);
        document.set_points(0, &points).unwrap();
        document.set_trim(0, -7.5).unwrap();
        document.set_oscillator(26_501_007).unwrap();
        let expected = HANDMADE
            .replace("1400", "1409.8")
            .replace("trim-us = 0", "trim-us = -7.5")
            .replace("25_000_000", "26_501_007");
        assert_eq!(document.text(), expected);
    }

    #[test]
    fn a_new_table_and_trim_find_their_places() {
        let mut document = Document::new(HANDMADE).unwrap();
        let points = points(&[(-1.0, 1600.0), (0.0, 1500.0), (1.0, 1400.5)]);
        document.set_points(1, &points).unwrap();
        document.set_trim(1, 3.0).unwrap();
        let y = "channel = 1 # blue wire\ntable = [[-1, 1600], [0, 1500], [1, 1400.5]]\n";
        assert!(document.text().contains(y), "{}", document.text());
        assert!(document.text().ends_with("trim-us = 3\n"));
        document.remove_tables(2).unwrap();
        assert!(!document.text().contains("table ="));
    }

    #[test]
    fn the_side_of_a_radar_is_kept_where_it_belongs() {
        let table =
            |name: &str| format!("[[sense]] # brim\nname = \"{name}\"\nfacing-deg = 0 # about\n");
        let text = HANDMADE.to_owned() + &table("back") + &table("front");
        let mut document = Document::new(&text).unwrap();
        document.set_mirrored("front", true).unwrap();
        let kept = text.clone() + "mirrored = true\n";
        assert_eq!(document.text(), kept);
        document.set_mirrored("front", false).unwrap();
        assert_eq!(document.text(), text + "mirrored = false\n");
        document.set_mirrored("eyes", true).unwrap_err();
        let mut inline = Document::new("sense = [{ name = \"a\" }, { name = \"b\" }]\n").unwrap();
        inline.set_mirrored("b", true).unwrap();
        assert_eq!(
            inline.text(),
            "sense = [{ name = \"a\" }, { name = \"b\" , mirrored = true }]\n"
        );
    }

    #[test]
    fn a_compass_comes_changes_and_goes() {
        let mark = |deg: f64, x, y| {
            let taken = Bend { x, y };
            Mark::new(Turns::new(deg / 360.0), 0.4, taken).unwrap()
        };
        let mut document = Document::new(HANDMADE).unwrap();
        let marks = [mark(0.0, 0.01, 0.4), mark(-60.0, -0.35, 0.2)];
        document.set_compass(0, &marks).unwrap();
        let compass = "compass = [[0, 0.4, 0.01, 0.4], [300, 0.4, -0.35, 0.2]]\n";
        let header = "name = \"a\" # the crooked one\n";
        let with = HANDMADE.replace(header, &(header.to_owned() + compass));
        assert_eq!(document.text(), with);
        document.set_compass(0, &[]).unwrap();
        assert_eq!(document.text(), HANDMADE);

        let by_hand = "compass = [ # on Sunday
    [0.0, 0.40, 0.01, 0.4], # by the door
    [45, 0.4, 0.3, 0.3], # twice
    [300, 0.4, -0.35, 0.2], # by the wall
]\n";
        let text = HANDMADE.replace(header, &(header.to_owned() + by_hand));
        let mut document = Document::new(&text).unwrap();
        let marks = [marks[0], mark(45.0, 0.28, 0.3), marks[1]];
        document.set_compass(0, &marks).unwrap();
        assert_eq!(document.text(), text.replace("0.3, 0.3", "0.28, 0.3"));
        document.set_compass(0, &marks[..2]).unwrap();
        for comment in ["# on Sunday", "# by the door", "# twice", "# by the wall"] {
            assert!(document.text().contains(comment), "{}", document.text());
        }
        assert!(!document.text().contains("-0.35"));
        Document::new(&document.text()).unwrap();
        document.set_compass(1, &marks).unwrap_err();
    }

    #[test]
    fn inline_sections_are_edited_too() {
        let text = "tentacle = [{ name = \"a\", x = { channel = 0 }, y = { channel = 1 } }]\n";
        let mut document = Document::new(text).unwrap();
        let points = points(&[(-1.0, 1400.0), (1.0, 1600.0)]);
        document.set_points(1, &points).unwrap();
        let y = "table = [[-1, 1400], [1, 1600]] }";
        assert!(document.text().contains(y), "{}", document.text());
    }
}
