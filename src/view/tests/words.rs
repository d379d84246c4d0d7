//! The rows and words of the view.

use super::{COLOURED, PLAIN, at_work, named, picture, rig, row_of, rows};
use crate::state::State;
use crate::view::history::History;
use crate::view::picture::{Foot, draw};
use crate::view::{LINES, Shared};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::motion::Key;

#[test]
fn every_servo_has_a_row_with_what_the_board_emits() {
    let rig = rig(4);
    let mut state = at_work(4);
    state.outputs[2] = Emitted::Limp;
    state.outputs[3] = Emitted::High;
    for (columns, height) in [(80, 24), (200, 60), (60, 50), (50, 12), (20, 10)] {
        let rows = rows(&picture(columns, height, &rig, state.clone(), COLOURED));
        for (servo, emitted) in [
            ("arm-0.x", "1400 µs"),
            ("arm-0.y", "1410 µs"),
            ("arm-1.x", "limp"),
            ("arm-1.y", "stuck high"),
            ("arm-3.x", "1460 µs"),
            ("arm-3.y", "no table"),
        ] {
            let row = row_of(&rows, servo);
            assert!(row.contains(emitted), "{servo}: {row}");
        }
    }
}

#[test]
fn a_narrow_window_keeps_names_and_pulses() {
    let rig = named("front-righ", 4);
    for (columns, height) in [(20, 5), (18, 3)] {
        let rows = rows(&picture(columns, height, &rig, at_work(4), COLOURED));
        assert!(rows[1].starts_with("front-righ0.x 1400"), "{rows:?}");
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

/// The first row after two seconds of frames, of which `late` in the last second
/// were late.
fn header(columns: u16, late: u64) -> Buffer {
    let rig = rig(4);
    let mut state = at_work(4);
    state.scene = "circles".parse().unwrap();
    state.t_us = 60_000_000;
    state.tally.late = 3;
    state.tally.skipped = 7;
    let mut history = History::new(&rig, state.clone(), None);
    for frame in 1..=100 {
        state.t_us = 60_000_000 + frame * 20_000;
        state.tally.frames = frame;
        // The first second wrote more; only the last one counts.
        state.bytes = if frame <= 50 {
            90 * frame
        } else {
            4500 + 16 * (frame - 50)
        };
        state.tally.late += if frame > 100 - late { 1 } else { 0 };
        history.push(&rig, state.clone());
    }
    let mut terminal = Terminal::new(TestBackend::new(columns, 24)).unwrap();
    terminal
        .draw(|frame| draw(frame, &rig, &history, &Foot::default(), COLOURED))
        .unwrap();
    terminal.backend().buffer().clone()
}

#[test]
fn the_first_row_says_how_the_frames_do() {
    let rows = rows(&header(100, 0));
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
    // What there is no room for goes, the last first.
    let narrow = |columns| self::rows(&header(columns, 0)).remove(0);
    assert!(!narrow(80).contains("bytes") && narrow(80).contains("7 skipped"));
    assert!(!narrow(50).contains("late") && narrow(50).contains("50.0 frames/s"));
}

#[test]
fn late_slots_are_red_only_where_they_show() {
    let alarm = COLOURED.alarm().fg;
    for (late, words, red) in [
        (2, "5 late: busy computer", false),
        (20, "23 late: motion jerks", true),
    ] {
        let picture = header(100, late);
        let row: Vec<_> = (0..100).map(|x| picture[(x, 0)].clone()).collect();
        let text: String = row.iter().map(|cell| cell.symbol()).collect();
        let at = text.find(words).expect(words);
        assert_eq!(Some(row[at].fg) == alarm, red, "{text}");
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
    let history = History::new(&rig, at_work(4), None);
    let shown = |columns, foot: &Foot<'_>| {
        let mut terminal = Terminal::new(TestBackend::new(columns, 24)).unwrap();
        terminal
            .draw(|frame| draw(frame, &rig, &history, foot, PLAIN))
            .unwrap();
        let row = rows(terminal.backend().buffer()).pop().unwrap();
        row.trim_end().to_owned()
    };
    // The keys, as many as there is room for.
    let keys = " q leaves  ^Z pauses  m mood  f fold  s startle  d demo  1-7 scene  ↑↓←→ tune";
    assert_eq!(shown(80, &Foot::default()), keys);
    assert_eq!(shown(20, &Foot::default()), " q leaves  ^Z pauses");
    let with_people = Foot {
        moves_people: true,
        ..Foot::default()
    };
    assert_eq!(shown(100, &with_people), format!("{keys}  p person"));
    // All of them also beside a notice, once one was pressed that is none.
    let asked = Foot {
        notice: Some("something happened"),
        asked: true,
        ..Foot::default()
    };
    assert!(shown(80, &asked).starts_with(keys));
    let turning = Foot {
        chosen: Some((Key::Depth, 0.45)),
        ..Foot::default()
    };
    let row = " ↑↓ life.depth  ←→ 0.45  w keeps it  q leaves";
    assert_eq!(shown(80, &turning), row);
    let mut state = at_work(4);
    state.stopping = true;
    assert!(last(state).contains("easing to neutral"));
}

#[test]
fn a_refused_file_shows_its_first_fault_and_line() {
    let rig = rig(4);
    let history = History::new(&rig, at_work(4), None);
    let foot = |columns, faults: &str| {
        let mut terminal = Terminal::new(TestBackend::new(columns, 24)).unwrap();
        let notice = format!("the calibration has faults; the old one goes on:\n{faults}");
        let foot = Foot {
            notice: Some(&notice),
            ..Foot::default()
        };
        terminal
            .draw(|frame| draw(frame, &rig, &history, &foot, COLOURED))
            .unwrap();
        let rows = rows(terminal.backend().buffer());
        rows.last().unwrap().trim_end().to_owned()
    };
    let fault = "/etc/tentacle-hat/motion.toml:11: wave.x.amplitude = 3: must be from 0 to 1";
    assert_eq!(
        foot(80, fault),
        " q leaves  │  refused: motion.toml:11: wave.x.amplitude = 3: must be from 0 to 1"
    );
    assert_eq!(
        foot(60, &format!("{fault}\nservos.toml: and another")),
        " q leaves  │  refused: motion.toml:11: wave.x.amplitude = 3…"
    );
    let missing = "motion.toml: there is no such file";
    let shown = " q leaves  │  refused: motion.toml: there is no such file";
    assert_eq!(foot(80, missing), shown);
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
    for (columns, height) in [(17, 9), (80, 2), (10, 3)] {
        let rows = rows(&picture(columns, height, &rig(4), at_work(4), COLOURED));
        assert!(rows[0].starts_with("window too"), "{rows:?}");
        assert!(rows.concat().contains("leaves"), "{rows:?}");
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

#[test]
fn a_hat_that_begins_anew_has_no_past() {
    let rig = rig(4);
    let mut history = History::new(&rig, State::default(), None);
    for (t_us, bytes) in [(9_000_000, 5000), (9_020_000, 5016), (40_000, 16)] {
        let mut state = at_work(4);
        (state.t_us, state.bytes) = (t_us, bytes);
        history.push(&rig, state);
    }
    assert_eq!(history.now().t_us, 40_000);
    assert_eq!(history.trail(0).count(), 1);
}
