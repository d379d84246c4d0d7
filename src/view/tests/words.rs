//! The rows and words of the view.

use super::{COLOURED, PLAIN, at_work, picture, rig, row_of, rows};
use crate::view::history::History;
use crate::view::picture::draw;
use crate::view::{LINES, Shared};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use tentacle_hat::board::virtual_chip::Emitted;

#[test]
fn every_servo_has_a_row_with_what_the_board_emits() {
    let rig = rig(4);
    let mut state = at_work(4);
    state.outputs[2] = Emitted::Limp;
    state.outputs[3] = Emitted::High;
    for (columns, height) in [(80, 24), (200, 60), (50, 12)] {
        let rows = rows(&picture(columns, height, &rig, state, COLOURED));
        for (servo, pulse, state) in [
            ("arm-0.x", "1400 µs", "engaged"),
            ("arm-0.y", "1410 µs", "engaged"),
            ("arm-1.x", "– µs", "limp"),
            ("arm-1.y", "– µs", "stuck"),
            ("arm-3.x", "1460 µs", "engaged"),
            ("arm-3.y", "– µs", "no table"),
        ] {
            let row = row_of(&rows, servo);
            assert!(row.contains(pulse) && row.contains(state), "{servo}: {row}");
        }
    }
}

#[test]
fn a_bar_shows_where_a_pulse_lies_within_its_limits() {
    let rig = rig(4);
    let blocks = |us: f64| {
        let mut state = at_work(4);
        state.outputs[0] = Emitted::Pulse(us);
        let rows = rows(&picture(80, 24, &rig, state, COLOURED));
        let row = row_of(&rows, "arm-0.x");
        let bar = row.chars().filter(|c| "█▉▊▋▌▍▎▏·".contains(*c)).count();
        (row.chars().filter(|c| *c == '█').count(), bar)
    };
    let (none, bar) = blocks(1000.0);
    assert_eq!(none, 0);
    assert!(bar >= 8, "{bar}");
    assert_eq!(blocks(2000.0), (bar, bar));
    let (half, _) = blocks(1500.0);
    assert_eq!(half, bar / 2);
}

#[test]
fn the_first_row_says_how_the_frames_do() {
    let rig = rig(4);
    let mut state = at_work(4);
    state.scene = "circles";
    state.t_us = 60_000_000;
    state.tally.late = 3;
    state.tally.skipped = 7;
    let mut history = History::new(&rig, state);
    for frame in 1..=100 {
        state.t_us = 60_000_000 + frame * 20_000;
        state.tally.frames = frame;
        // The first second wrote more; only the last one counts.
        state.bytes = if frame <= 50 {
            90 * frame
        } else {
            4500 + 16 * (frame - 50)
        };
        history.push(&rig, state);
    }
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal
        .draw(|frame| draw(frame, &rig, &history, None, COLOURED))
        .unwrap();
    let rows = rows(terminal.backend().buffer());
    for what in [
        "circles",
        "1:02",
        "50.0 frames/s",
        "3 late",
        "7 skipped",
        "16 bytes/frame",
    ] {
        assert!(rows[0].contains(what), "{what}: {}", rows[0]);
    }
}

#[test]
fn the_last_row_has_the_keys_and_the_notice() {
    let rig = rig(4);
    let last = |state| rows(&picture(80, 24, &rig, state, COLOURED)).pop().unwrap();
    let row = last(at_work(4));
    assert!(
        row.contains("q leaves") && row.contains("something happened"),
        "{row}"
    );
    let mut state = at_work(4);
    state.stopping = true;
    assert!(last(state).contains("easing to neutral"));
}

#[test]
fn without_colours_there_is_none() {
    let has_colour = |palette| {
        let picture = picture(80, 24, &rig(4), at_work(4), palette);
        let plain =
            |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
        !picture.content().iter().all(plain)
    };
    assert!(has_colour(COLOURED));
    assert!(!has_colour(PLAIN));
}

#[test]
fn every_hat_fits_every_window() {
    for count in [1, 2, 4, 7, 8] {
        let rig = rig(count);
        for columns in (0..90).chain([200]) {
            for rows in [0, 1, 3, 4, 5, 9, 10, 23, 24, 60] {
                picture(columns, rows, &rig, at_work(count.into()), COLOURED);
            }
        }
    }
}

#[test]
fn a_window_that_is_too_small_says_so() {
    for (columns, height) in [(16, 9), (80, 3)] {
        let rows = rows(&picture(columns, height, &rig(4), at_work(4), COLOURED));
        assert!(rows[0].starts_with("needs a larger w"), "{rows:?}");
    }
}

#[test]
fn lines_are_kept_once_and_not_without_end() {
    let shared = Shared::default();
    for line in 0..1000 {
        shared.say(&format!("line {line}"));
        shared.say(&format!("line {line}"));
    }
    let lines = shared.lines.lock().unwrap();
    let last: Vec<String> = (1000 - LINES..1000).map(|i| format!("line {i}")).collect();
    assert_eq!(*lines, last);
}
