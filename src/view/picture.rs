//! The whole screen, as a pure function of what is known.

use super::dots::Dots;
use super::eye::Eye;
use super::history::History;
use super::palette::Palette;
use super::{above, bars, hat, tentacle};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Direction, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};
use tentacle_hat::calibration::Rig;
use tentacle_hat::drive::Tally;
use tentacle_hat::motion::{Key, Mood, Scene};
use tentacle_hat::units::Turns;

/// What shows the shipped hat's names and pulses, a row of them.
const SMALLEST: (u16, u16) = (18, 3);
/// The lowest picture that is worth its room; it is twice as wide.
const LOW: u16 = 7;
/// With this share of the slots late, the tentacles visibly jerk.
const JERKY: f64 = 0.1;

/// Where everything stands; what there is no room for is empty.
struct Areas {
    head: Rect,
    hat: Rect,
    map: Rect,
    list: Rect,
    foot: Rect,
}

impl Areas {
    /// For a list that wants so many columns and rows.
    fn of(area: Rect, (columns, rows): (u16, u16)) -> Self {
        let ends = [
            Constraint::Length(1),
            Constraint::Fill(1),
            Constraint::Length(1),
        ];
        let [head, body, foot] = Layout::vertical(ends).areas(area);
        let columns = columns.max(body.width * 2 / 5);
        let beside = [Constraint::Fill(1), Constraint::Length(columns)];
        let [left, column] = Layout::horizontal(beside).spacing(1).areas(body);
        let (hat, map, list);
        // A hat is wide: in a tall area it would be lost, and stands over the list.
        if is_picture(left) && 2 * left.width > 3 * left.height {
            hat = left;
            (map, list) = over(column, rows);
        } else {
            let pictures;
            (pictures, list) = over(body, rows);
            let flat = 2 * pictures.height < pictures.width;
            let along = if flat {
                Direction::Horizontal
            } else {
                Direction::Vertical
            };
            let shares = Layout::new(along, [Constraint::Fill(4), Constraint::Fill(3)]);
            let [first, second] = shares.spacing(1).areas(pictures);
            (hat, map) = if is_picture(second) {
                (first, second)
            } else {
                (pictures, Rect::ZERO)
            };
        }
        Self {
            head,
            hat,
            map,
            list,
            foot,
        }
    }
}

/// A picture over so many rows, or those alone.
fn over(area: Rect, rows: u16) -> (Rect, Rect) {
    let parts = [Constraint::Fill(1), Constraint::Length(rows)];
    let [picture, rest] = Layout::vertical(parts).spacing(1).areas(area);
    if is_picture(picture) {
        (picture, rest)
    } else {
        (Rect::ZERO, area)
    }
}

/// Whether a picture in `area` would show anything.
const fn is_picture(area: Rect) -> bool {
    area.height >= LOW && area.width >= 2 * LOW
}

/// What the last row tells besides what is known of the hat.
#[derive(Debug, Default)]
pub(super) struct Foot<'a> {
    pub(super) notice: Option<&'a str>,
    /// The keys were asked for.
    pub(super) asked: bool,
    /// The number that is turned, and what it stands at.
    pub(super) chosen: Option<(Key, f64)>,
    /// There are keys that move virtual people.
    pub(super) moves_people: bool,
}

/// Draws all there is room for.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    rig: &Rig,
    history: &History,
    foot: &Foot<'_>,
    palette: Palette,
) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let hint = Paragraph::new("window too small; q leaves").wrap(Wrap { trim: true });
        return hint.style(palette.alarm()).render(area, buffer);
    }
    let areas = Areas::of(area, bars::size(rig));
    header(buffer, areas.head, history, palette);
    footer(buffer, areas.foot, history, foot, palette);
    let facings: Vec<Turns> = rig.tentacles().iter().map(|t| t.facing).collect();
    let mut dots = Dots::new(areas.hat);
    let eye = Eye::before(&dots);
    hat::draw(&mut dots, eye, palette);
    tentacle::draw(&mut dots, eye, history.tentacles(), &facings, palette);
    dots.render(buffer);
    above::draw(buffer, areas.map, rig, history, palette);
    bars::draw(buffer, areas.list, rig, history.now(), palette);
}

/// The name, the scene and the time; how the frames do.
fn header(buffer: &mut Buffer, area: Rect, history: &History, palette: Palette) {
    let now = history.now();
    let seconds = now.t_us / 1_000_000;
    let mut title = vec![Span::styled(" tentacle-hat ", palette.heading())];
    if !now.scene.is_empty() {
        title.push(Span::raw(format!(" {} ", now.scene)));
    }
    let mood = now.playing.mood;
    if mood != Mood::default() && mood.name() != now.scene.as_str() {
        title.push(Span::raw(format!(" {} ", mood.name())));
    }
    let clock = format!(" {}:{:02}", seconds / 60, seconds % 60);
    title.push(Span::styled(clock, palette.faint()));
    let title = Line::from(title);

    let figure = |number: String, style, words: &'static str| {
        let words = Span::styled(words, palette.faint());
        [Span::styled(format!(" {number}"), style), words]
    };
    let rates = history.rates();
    let rate = rates.map_or("–".into(), |rates| format!("{:.1}", rates.frames));
    let mut figures = vec![figure(rate, Style::new(), " frames/s ")];
    // Over a late slot the chip goes on with its pulses, so that a few do no harm.
    let (style, words) = if rates.is_some_and(|rates| rates.late > JERKY) {
        (palette.alarm(), " late: motion jerks ")
    } else {
        (palette.faint(), " late: busy computer ")
    };
    let Tally { late, skipped, .. } = now.tally;
    figures.extend((late > 0).then(|| figure(late.to_string(), style, words)));
    let style = palette.alarm();
    figures.extend((skipped > 0).then(|| figure(skipped.to_string(), style, " skipped ")));
    let bytes = rates.map(|rates| format!("{:.0}", rates.bytes));
    figures.extend(bytes.map(|bytes| figure(bytes, Style::new(), " bytes/frame ")));
    // What there is no room for goes, the last first.
    let line = loop {
        let line = Line::from_iter(figures.iter().flatten().cloned());
        if title.width() + line.width() <= usize::from(area.width) || figures.pop().is_none() {
            break line;
        }
    };
    line.right_aligned().render(area, buffer);
    title.render(area, buffer);
}

/// The keys, or the number that is turned; and what was noticed last.
fn footer(buffer: &mut Buffer, area: Rect, history: &History, foot: &Foot<'_>, palette: Palette) {
    let faint = palette.faint();
    let now = history.now();
    let people = foot.moves_people.then_some(!now.people.is_empty());
    let mut row = vec![if now.stopping {
        Span::styled(
            " easing to neutral; q again leaves at once".to_owned(),
            faint,
        )
    } else if let Some((key, number)) = foot.chosen {
        let turning = format!(" ↑↓ {key}  ←→ {number}  w keeps it  q leaves");
        Span::styled(turning, palette.heading())
    } else if foot.asked {
        Span::styled(keys(area.width, people), palette.heading())
    } else if foot.notice.is_some() {
        Span::styled(keys(0, people), faint)
    } else {
        Span::styled(keys(area.width, people), faint)
    }];
    if let Some(notice) = foot.notice {
        row.push(Span::styled("  │  ", faint));
        let taken: usize = row.iter().map(Span::width).sum();
        let room = usize::from(area.width).saturating_sub(taken);
        row.push(Span::styled(fitted(brief(notice), room), palette.alarm()));
    }
    Line::from(row).render(area, buffer);
}

/// What the keys do, as many of them as there is room for, and one at least; those for
/// virtual `people`, if there may be any, first if there are some.
fn keys(room: u16, people: Option<bool>) -> String {
    let scenes = format!("1-{} scene", Scene::all().count());
    let for_people = ["p person", ",. round", "+- near", "<> head"];
    let first = if people == Some(true) {
        &for_people[..]
    } else {
        &[]
    };
    let last = if people == Some(false) {
        &for_people[..1]
    } else {
        &[]
    };
    let usual = [
        "^Z pauses",
        "m mood",
        "f fold",
        "s startle",
        "d demo",
        &scenes,
        "↑↓←→ tune",
    ];
    let keys = ["q leaves"].iter().chain(first).chain(&usual).chain(last);
    let mut line = String::new();
    for key in keys {
        let longer = format!("{line}{}{key}", if line.is_empty() { " " } else { "  " });
        if !line.is_empty() && longer.chars().count() > usize::from(room) {
            break;
        }
        line = longer;
    }
    line
}

/// What a line has room for: of files that are refused the first fault, without
/// their folder.
fn brief(notice: &str) -> String {
    let Some(fault) = notice.lines().nth(1) else {
        return notice.to_owned();
    };
    let path = fault.find(": ").unwrap_or(0);
    let name = fault[..path].rfind('/').map_or(0, |slash| slash + 1);
    format!("refused: {}", &fault[name..])
}

/// With an ellipsis at its end where there is no room for it.
fn fitted(mut text: String, room: usize) -> String {
    if let Some((last, _)) = text.char_indices().nth(room) {
        text.truncate(last);
        text.pop();
        text.push('…');
    }
    text
}
