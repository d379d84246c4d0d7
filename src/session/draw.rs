//! The session's picture.

use super::guide::{HELP, guide, state};
use super::{Felt, Mode, Session};
use anyhow::{Context, Result, bail};
use ratatui::Frame;
use ratatui::crossterm::terminal;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Clear, Paragraph, Wrap};
use std::io::{IsTerminal, stdin, stdout};
use std::ops::Range;
use tentacle_hat::units::Microseconds;

/// The smallest terminal that shows so many servos and what to do with them.
/// tmux keeps a line of 24 for itself, which only more than a usual hat needs.
fn smallest(servos: usize) -> (u16, u16) {
    (80, if is_roomy(servos) { 23 } else { 24 })
}

/// Sixteen servos leave room for little more than what to do next.
fn is_roomy(servos: usize) -> bool {
    servos < 12
}

/// Whether there is a terminal that a session with so many servos fits into.
///
/// # Errors
/// None, or too small.
pub(crate) fn check_terminal(servos: usize) -> Result<()> {
    if !(stdin().is_terminal() && stdout().is_terminal()) {
        bail!(
            "`tentacle-hat calibrate` is a session in a terminal, and this is none; scripts \
             use `tentacle-hat calibrate set`, over ssh use `ssh -t`"
        );
    }
    let (width, height) = terminal::size().context("the terminal does not tell its size")?;
    let (columns, lines) = smallest(servos);
    if width < columns || height < lines {
        bail!(
            "this terminal is {width}x{height} and the session needs {columns}x{lines}: enlarge \
             the window, or use `tentacle-hat calibrate set`"
        );
    }
    Ok(())
}

/// Lines of advice while the whole hat is shown below them.
const ADVICE: u16 = 4;

/// Each line fills the smallest terminal; where there is room for the last alone, the advice tells
/// most of the others.
const KEYS: [&str; 3] = [
    "↑↓ choose  Space engage / limp  w wiggle  ←→ 10 µs  Shift ←→ 50 µs  , . one tick",
    "n neutral  [ negative end  ] positive end  m middle point  f turn round  t sweep",
    "g to neutral  a all straight  c compass  u undo  s save  q quit  Ctrl-Z  ? help",
];

const KEYS_ALL_STRAIGHT: [&str; 1] =
    ["↑↓ choose  ←→ , . straighten  w wiggle  n neutral  p point  u undo  Space limp"];

const KEYS_COMPASS: [&str; 2] = [
    "←→ turn 2°  Shift ←→ 10°  , . 1°  ↑↓ lean  Enter it points along the line",
    "k skip  1-8 measure that one again  r all afresh  u undo  s save  Space limp",
];

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);

pub(crate) fn draw(frame: &mut Frame<'_>, session: &Session) {
    let area = frame.area();
    let (columns, lines) = smallest(session.servos.len());
    if area.width < columns || area.height < lines {
        let text = format!(
            "This window is {}x{}; make it {columns}x{lines} or larger. Space makes all limp, \
             Ctrl-C leaves.",
            area.width, area.height
        );
        return frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
    }
    let roomy = is_roomy(session.servos.len());
    let gap = u16::from(roomy && area.height > lines);
    let all_straight = matches!(session.mode, Mode::AllStraight { .. });
    let compass = session.mode == Mode::Compass;
    let shown = match (&session.mode, roomy) {
        (Mode::AllStraight { .. }, _) => &KEYS_ALL_STRAIGHT[..],
        (Mode::Compass, _) => &KEYS_COMPASS[..],
        (_, true) => &KEYS[..],
        (_, false) => &KEYS[2..],
    };
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1 + rows_shown(session).len() as u16),
        Constraint::Length(gap),
        Constraint::Fill(1),
        Constraint::Length(if roomy && !compass { 2 } else { 0 }),
        Constraint::Length(2),
        Constraint::Length(shown.len() as u16),
    ]);
    let [title, table, _, middle, scale, message, keys] = rows.areas(area);
    frame.render_widget(Line::styled(heading(session), BOLD), title);
    frame.render_widget(servos(session), table);
    let advice: Vec<Line<'_>> = guide(session).into_iter().map(Line::from).collect();
    let advice = Paragraph::new(advice).wrap(Wrap { trim: true });
    if all_straight && middle.height >= ADVICE + 3 {
        let [text, ring] =
            Layout::vertical([Constraint::Length(ADVICE), Constraint::Max(11)]).areas(middle);
        frame.render_widget(advice, text);
        from_above(frame, session, ring);
    } else {
        frame.render_widget(advice, middle);
    }
    if scale.height > 0 {
        frame.render_widget(Line::raw(ruler(session.chosen(), scale.width)), scale);
    }
    let said = Paragraph::new(session.message.as_str()).style(BOLD);
    frame.render_widget(said.wrap(Wrap { trim: true }), message);
    frame.render_widget(Text::from(shown.join("\n")).style(DIM), keys);
    if session.mode == Mode::Help {
        help(frame, table.union(keys));
    }
}

fn heading(session: &Session) -> String {
    let measured = session.servos.iter().filter(|s| s.points.are_a_table());
    let unsaved = match session.unsaved().count() + session.unsaved_marks().count() {
        0 => String::new(),
        n => format!(", {n} unsaved"),
    };
    format!(
        "calibrate · {} of {} measured{unsaved} · {}",
        measured.count(),
        session.servos.len(),
        // Last, since a long path may be cut off.
        session.file
    )
}

/// The servos that are shown: at the compass one tentacle's, as all others are limp.
fn rows_shown(session: &Session) -> Range<usize> {
    match session.mode {
        Mode::Compass => session.chosen / 2 * 2..session.chosen / 2 * 2 + 2,
        _ => 0..session.servos.len(),
    }
}

fn servos(session: &Session) -> Text<'static> {
    let longest = session.servos.iter().map(|s| s.name.len()).max();
    let width = longest.unwrap_or(0).max(5);
    let header = format!(
        "  {:width$} ch emitted negative  neutral positive  trim  state",
        "servo"
    );
    let mut lines = vec![Line::styled(header, DIM)];
    for i in rows_shown(session) {
        let servo = &session.servos[i];
        let row = row(servo, width, i == session.chosen);
        let style = match (i == session.chosen, servo.jog.is_engaged()) {
            (true, _) => REVERSED,
            (false, true) => BOLD,
            (false, false) => Style::new(),
        };
        lines.push(Line::styled(row, style));
    }
    Text::from(lines)
}

fn row(servo: &Felt, width: usize, chosen: bool) -> String {
    let us = |us: Option<f32>| us.map_or("–".to_owned(), |us| format!("{us:.1}"));
    format!(
        "{} {:width$} {:2} {:>7} {:>8} {:>8} {:>8} {:>+5}  {}",
        if chosen { '▶' } else { ' ' },
        servo.name,
        servo.channel,
        us(servo.jog.emitted().map(Microseconds::get)),
        us(servo.points.at(-1.0)),
        us(servo.points.neutral()),
        us(servo.points.at(1.0)),
        servo.trim_us,
        state(servo),
    )
}

/// The chosen servo's pulse between its ends, from 500 to 2500 µs.
fn ruler(servo: &Felt, width: u16) -> String {
    let (low, high) = (Microseconds::MIN, Microseconds::MAX);
    let mut cells = vec!['·'; usize::from(width).saturating_sub(12)];
    let mut mark = |us: Option<f32>, sign| {
        let share = us.map(|us| (us - low) / (high - low) * (cells.len() - 1) as f32);
        if let Some(cell) = share.and_then(|share| cells.get_mut(share.round() as usize)) {
            *cell = sign;
        }
    };
    let trimmed = |us: Option<f32>| us.map(|us| us + servo.trim_us);
    let points = &servo.points;
    mark(trimmed(points.neutral()), 'n');
    mark(trimmed(points.at(-1.0)), '[');
    mark(trimmed(points.at(1.0)), ']');
    mark(servo.jog.emitted().map(Microseconds::get), '●');
    format!("{low} {} {high} µs", String::from_iter(cells))
}

/// The tentacles at their facings, the wearer's front at the bottom, as one
/// who stands before the wearer sees them.
fn from_above(frame: &mut Frame<'_>, session: &Session, area: Rect) {
    for pair in session.servos.chunks(2) {
        let engaged = |servo: &Felt| {
            if servo.jog.emitted().is_some() {
                '●'
            } else {
                '○'
            }
        };
        let name = pair[0].name.trim_end_matches(".x");
        let label = format!("{name} x{} y{}", engaged(&pair[0]), engaged(&pair[1]));
        let width = label.chars().count() as u16;
        // Clockwise from the wearer's front, which is at the bottom.
        let (across, down) = (-pair[0].facing.sin(), pair[0].facing.cos());
        let share = |span: u16, along: f32| ((1.0 + along) / 2.0 * f32::from(span)).round() as u16;
        let columns = area.width.min(64).saturating_sub(width);
        let spot = Rect {
            x: area.x + share(columns, across),
            y: area.y + share(area.height - 1, down),
            width,
            height: 1,
        };
        frame.render_widget(Line::raw(label), spot.intersection(area));
    }
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let lines: Vec<Line<'_>> = HELP.iter().map(|line| Line::raw(*line)).collect();
    frame.render_widget(Clear, area);
    frame.render_widget(Text::from(lines), area);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Files, SHIPPED_SERVOS};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::KeyCode as Key;
    use tentacle_hat::pulse::Pulses;

    /// The picture of a session with that many tentacles, after some keys.
    fn picture((width, height): (u16, u16), tentacles: usize, keys: &str) -> String {
        let (head, blocks) = SHIPPED_SERVOS.split_once("[[tentacle]]").unwrap();
        let block = blocks.split("[[tentacle]]").next().unwrap();
        let mut text = head.to_owned();
        for i in 0..tentacles {
            text += "[[tentacle]]";
            text += &block
                .replace("front-left", &format!("a-name-of-24-letters-{i:02}"))
                .replace("channel = 1\n", &format!("channel = {}\n", 2 * i + 1))
                .replace("channel = 0\n", &format!("channel = {}\n", 2 * i));
        }
        let servos = Files::Shipped.servos(&text).unwrap();
        let mut session = Session::new(&servos, "/etc/tentacle-hat/servos.toml".to_owned());
        played(&mut session, keys);
        shown((width, height), &session)
    }

    /// Presses keys, with ten seconds of frames behind each.
    fn played(session: &mut Session, keys: &str) {
        for (i, key) in keys.chars().enumerate() {
            session.key(Key::Char(key), i as u64);
            let mut board = Pulses::LIMP;
            for n in 0..100 {
                let mut pulses = session.frame(100_000 * n, &board);
                pulses.wake_one(&board, true);
                board = pulses;
            }
        }
    }

    fn shown((width, height): (u16, u16), session: &Session) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, session)).unwrap();
        let buffer = terminal.backend().buffer();
        let rows = buffer.content().chunks(width.into());
        let row = |cells: &[ratatui::buffer::Cell]| -> String {
            cells.iter().map(|cell| cell.symbol()).collect::<String>() + "\n"
        };
        rows.map(row).collect()
    }

    #[test]
    fn sixteen_servos_and_what_to_do_fit_the_smallest_terminal() {
        let shown = picture(smallest(16), 8, " ");
        assert!(shown.contains("a-name-of-24-letters-07.y 15"), "{shown}");
        assert!(shown.contains("engaged"), "{shown}");
        assert!(shown.contains("t sweeps it"), "{shown}");
        assert!(
            shown.contains("is engaged; Space makes it limp."),
            "{shown}"
        );
        assert!(shown.contains("? help"), "{shown}");
    }

    #[test]
    fn what_a_servo_lacks_is_not_cut_off() {
        let text = SHIPPED_SERVOS.replace("table = [[-1, 1400], [1, 1600]]\n", "");
        let servos = Files::Shipped.servos(&text).unwrap();
        let mut session = Session::new(&servos, String::new());
        let sees = |session: &Session, state: &str| {
            let shown = shown(smallest(8), session);
            assert!(shown.contains(state), "{shown}");
        };
        sees(&session, "limp, lacks [n]");
        played(&mut session, " ");
        sees(&session, "engaged, lacks [n]");
        // The longest word for what one does.
        session.key(Key::Char('w'), 1);
        sees(&session, "sweeping, lacks [n]");
    }

    #[test]
    fn the_line_that_tmux_takes_is_not_missed() {
        for keys in [" ", "", "m"] {
            let (columns, lines) = smallest(8);
            let words = |height: u16| -> Vec<String> {
                let shown = picture((columns, height), 4, keys);
                let lines = shown.lines().map(str::trim_end);
                lines.filter(|l| !l.is_empty()).map(String::from).collect()
            };
            assert_eq!(words(lines), words(lines + 17), "{keys:?}");
        }
    }

    #[test]
    fn help_shows_every_key() {
        let shown = picture(smallest(8), 4, "?");
        for line in HELP {
            assert!(shown.contains(line), "{line}: {shown}");
        }
    }

    #[test]
    fn no_key_is_cut_off_at_the_foot() {
        for (tentacles, pressed, keys) in [
            (4, "", &KEYS[..]),
            (4, "a", &KEYS_ALL_STRAIGHT),
            (4, "c", &KEYS_COMPASS),
            (8, "c", &KEYS_COMPASS),
            (8, "", &KEYS[2..]),
        ] {
            let shown = picture(smallest(2 * tentacles), tentacles, pressed);
            let foot = keys.join("\n");
            let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
            assert!(lines.join("\n").ends_with(&foot), "{foot}: {shown}");
        }
        for told in ["w wiggle", "Ctrl-Z"] {
            assert!(KEYS.concat().contains(told), "{told}");
        }
    }

    #[test]
    fn all_straight_shows_the_hat_from_above() {
        let shown = picture(smallest(8), 4, "a");
        assert!(shown.contains("a-name-of-24-letters-03 x●"), "{shown}");
        assert!(shown.contains("every tentacle stands upright"), "{shown}");
        assert!(shown.contains("All that is measured stands at its neutral."));
    }

    #[test]
    fn the_compass_shows_its_eight_bearings_and_what_to_do() {
        for tentacles in [4, 8] {
            let shown = picture(smallest(2 * tentacles), tentacles, "c");
            for told in [
                "a-name-of-24-letters-00.y  1",
                "along that line of the card; ↑ ↓",
                "▶ 1    0°  turned +0°, lean 0.40",
                "· 8  315°",
                "Space makes it limp.",
            ] {
                assert!(shown.contains(told), "{told}: {shown}");
            }
        }
    }

    #[test]
    fn a_window_too_small_says_how_large_it_must_be() {
        let shown = picture((50, 10), 4, " ");
        assert!(shown.contains("50x10; make it 80x23"), "{shown}");
    }
}
