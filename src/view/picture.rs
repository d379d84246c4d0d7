//! The whole screen, as a pure function of what is known.

use super::dots::Dots;
use super::eye::Eye;
use super::history::History;
use super::palette::Palette;
use super::{above, bars, hat, tentacle};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tentacle_hat::calibration::Rig;
use tentacle_hat::units::Turns;

/// The narrowest column for the servos, the narrowest picture beside it, and
/// the lowest picture.
const SERVOS: u16 = 38;
const PICTURE: u16 = 24;
const LOW: u16 = 7;

/// Draws all there is room for.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    rig: &Rig,
    history: &History,
    notice: Option<&str>,
    palette: Palette,
) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if area.width < SERVOS / 2 || area.height < 4 {
        let hint = Line::styled("needs a larger window; q leaves", palette.alarm());
        hint.render(area, buffer);
        return;
    }
    let [head, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    header(buffer, head, history, palette);
    footer(buffer, foot, history, notice, palette);

    // The pictures share what the servos leave: the hat beside them, the map
    // above them.
    let (picture, column) = if body.width >= SERVOS + PICTURE {
        let wide = (body.width * 2 / 5).max(SERVOS);
        let [picture, _, column] = Layout::horizontal([
            Constraint::Min(0),
            Constraint::Length(1),
            Constraint::Length(wide),
        ])
        .areas(body);
        (Some(picture), column)
    } else {
        (None, body)
    };
    if let Some(picture) = picture {
        let facings: Vec<Turns> = rig.tentacles().iter().map(|t| t.facing).collect();
        let mut dots = Dots::new(picture);
        let eye = Eye::before(&dots);
        hat::draw(&mut dots, eye, palette);
        tentacle::draw(&mut dots, eye, history.tentacles(), &facings, palette);
        dots.render(buffer);
    }
    let rows = rig.servos().len() as u16;
    let map = column.height.saturating_sub(rows + 1);
    let list = if map >= LOW {
        let [map, _, list] = Layout::vertical([
            Constraint::Length(map),
            Constraint::Length(1),
            Constraint::Min(0),
        ])
        .areas(column);
        above::draw(buffer, map, rig, history, palette);
        list
    } else {
        column
    };
    bars::draw(buffer, list, rig, history.now(), palette);
}

/// The name, the scene and the time; how the frames do.
fn header(buffer: &mut Buffer, area: Rect, history: &History, palette: Palette) {
    let now = history.now();
    let seconds = now.t_us / 1_000_000;
    let mut title = vec![Span::styled(" tentacle-hat ", palette.heading())];
    if !now.scene.is_empty() {
        title.push(Span::raw(format!(" {} ", now.scene)));
    }
    let clock = format!(" {}:{:02}", seconds / 60, seconds % 60);
    title.push(Span::styled(clock, palette.faint()));
    let title = Line::from(title);

    let (rate, bytes) = history.rates().map_or(("–".into(), "–".into()), |(r, b)| {
        (format!("{r:.1}"), format!("{b:.0}"))
    });
    let number = |count: u64| match count {
        0 => Span::raw("0"),
        _ => Span::styled(count.to_string(), palette.alarm()),
    };
    let word = |word: &'static str| Span::styled(word, palette.faint());
    let figures = Line::from(vec![
        Span::raw(rate),
        word(" frames/s  "),
        number(now.tally.late),
        word(" late  "),
        number(now.tally.skipped),
        word(" skipped  "),
        Span::raw(bytes),
        word(" bytes/frame "),
    ]);
    let left = area.width.saturating_sub(figures.width() as u16);
    if left >= title.width() as u16 {
        let [_, right] =
            Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(area);
        figures.render(right, buffer);
    }
    title.render(area, buffer);
}

/// What was noticed last, and the keys.
fn footer(
    buffer: &mut Buffer,
    area: Rect,
    history: &History,
    notice: Option<&str>,
    palette: Palette,
) {
    let keys = if history.now().stopping {
        " easing to neutral; q again leaves at once"
    } else {
        " q leaves"
    };
    let mut row = vec![Span::styled(keys, palette.faint())];
    if let Some(notice) = notice {
        row.push(Span::styled("  │  ", palette.faint()));
        row.push(Span::styled(notice, palette.alarm()));
    }
    Line::from(row).render(area, buffer);
}
