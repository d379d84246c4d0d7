//! The tentacles in both pictures.

use super::{COLOURED, aimed, at_work, picture, rig, row_of, rows};
use crate::view::dots::Dots;
use crate::view::leaning::{Leaning, tentacles};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use std::collections::HashSet;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::units::{Bend, Turns};

/// Where the cells of a tentacle's skin lie on average, left to right and top
/// to bottom, in the picture from the front (`above` false) or from above.
fn middle_of(picture: &Buffer, tentacle: usize, above: bool) -> (f32, f32) {
    let skin = [0.1, 0.5, 0.9].map(|s| COLOURED.tentacle(tentacle, s).fg);
    let (columns, rows) = if above {
        (48..80, 1..14)
    } else {
        (0..47, 1..23)
    };
    let (mut x, mut y, mut count) = (0.0, 0.0, 0.0);
    for row in rows {
        for column in columns.clone() {
            let cell = &picture[(column, row)];
            let dots = cell
                .symbol()
                .starts_with(|c| ('\u{2801}'..='\u{28ff}').contains(&c));
            if dots && skin.contains(&Some(cell.fg)) {
                x += f32::from(column);
                y += f32::from(row);
                count += 1.0;
            }
        }
    }
    assert!(count > 2.0, "tentacle {tentacle} cannot be seen");
    (x / count, y / count)
}

#[test]
fn tentacles_lean_where_their_servos_say() {
    let rig = rig(4);
    // Leaning 1 faces the wearer's right: its y leans there, which is left for
    // who stands before him, and its x leans to the back.
    let leaning = |x: f64, y: f64| {
        let mut state = at_work(4);
        state.outputs[2] = Emitted::Pulse(x);
        state.outputs[3] = Emitted::Pulse(y);
        picture(80, 24, &rig, state, COLOURED)
    };
    for above in [false, true] {
        let right = middle_of(&leaning(1400.0, 2000.0), 1, above);
        let left = middle_of(&leaning(1400.0, 1000.0), 1, above);
        assert!(right.0 + 2.0 < left.0, "{above}: {right:?} {left:?}");
    }
    let back = middle_of(&leaning(2000.0, 1400.0), 1, true);
    let front = middle_of(&leaning(1000.0, 1400.0), 1, true);
    assert!(back.1 + 1.0 < front.1, "{back:?} {front:?}");
}

#[test]
fn the_bend_is_read_back_through_the_table() {
    let rig = rig(4);
    let mut state = at_work(4);
    state.outputs[0] = Emitted::Pulse(2000.0);
    state.outputs[1] = Emitted::Pulse(1000.0);
    state.outputs[2] = Emitted::Limp;
    let now = tentacles(&rig, &state, None);
    assert!((now[0].bend.x - 1.0).abs() < 1e-3 && (now[0].bend.y + 1.0).abs() < 1e-3);
    assert!(!now[0].limp);
    assert!(now[1].limp, "one servo holds nothing");
    assert!(now[3].limp, "one servo has no table");
}

#[test]
fn the_tip_is_where_the_compass_says() {
    let rig = aimed(4);
    for (i, tentacle) in rig.tentacles().iter().enumerate().take(3) {
        let wish = Bend { x: 0.3, y: -0.4 };
        let bend = tentacle.bend(wish);
        assert!((bend.x - wish.x).abs() > 0.05, "{bend:?}");
        let us = |servo: usize, bend: f32| {
            let calibration = rig.servos()[servo].calibration.as_ref().unwrap();
            Emitted::Pulse(calibration.us_at(bend).into())
        };
        let mut state = at_work(4);
        state.outputs[2 * i] = us(2 * i, bend.x);
        state.outputs[2 * i + 1] = us(2 * i + 1, bend.y);
        let tip = tentacles(&rig, &state, None)[i].bend;
        assert!(
            (tip.x - wish.x).abs() + (tip.y - wish.y).abs() < 1e-3,
            "{tip:?}"
        );
        // One that hangs is drawn upright, not beside that.
        state.outputs[2 * i] = Emitted::Limp;
        state.outputs[2 * i + 1] = Emitted::Limp;
        let hangs = tentacles(&rig, &state, None)[i];
        assert!(hangs.limp && hangs.bend.lean() < 1e-3, "{hangs:?}");
    }
}

#[test]
fn a_lean_is_the_bend_turned_by_the_facing() {
    // To lean toward bearing b, a tentacle bends along (sin(b − facing), cos(b − facing)).
    for facing in [0.0, 45.0, 135.0, 315.0f64] {
        for bearing in [0.0, 90.0, 200.0f64] {
            let (x, y) = (bearing - facing).to_radians().sin_cos();
            let tentacle = Leaning {
                bend: Bend {
                    x: x as f32,
                    y: y as f32,
                },
                limp: false,
            };
            let (right, front) = tentacle.lean(Turns::new(facing / 360.0));
            let (sin, cos) = bearing.to_radians().sin_cos();
            assert!((f64::from(right) - sin).abs() < 1e-5);
            assert!((f64::from(front) - cos).abs() < 1e-5);
        }
    }
}

#[test]
fn a_tall_or_small_window_has_room_for_the_hat_and_the_map() {
    for (columns, height) in [(100, 30), (80, 24), (60, 50), (50, 80), (40, 20)] {
        let picture = picture(columns, height, &rig(4), at_work(4), COLOURED);
        // The title has the ribbon's colour.
        let below = picture.content().iter().skip(columns.into());
        let ribbon = below.filter(|cell| Some(cell.fg) == COLOURED.ribbon().fg);
        assert!(ribbon.count() > 5, "no hat in {columns}x{height}");
        row_of(&rows(&picture), "▼");
    }
}

#[test]
fn every_tentacle_has_a_colour_and_a_name_of_its_own() {
    let colours: HashSet<_> = (0..8).map(|i| COLOURED.tentacle(i, 1.0).fg).collect();
    assert_eq!(colours.len(), 8);
    for count in [1, 2, 5, 8] {
        for (columns, height) in [(100, 30), (60, 50), (200, 60)] {
            let picture = picture(
                columns,
                height,
                &rig(count),
                at_work(count.into()),
                COLOURED,
            );
            for i in 0..usize::from(count) {
                // In the plan, and before each servo.
                let name = format!("arm-{i}");
                let written: Vec<_> = (0..height)
                    .flat_map(|row| (0..columns - 4).map(move |column| (column, row)))
                    .filter(|&(column, row)| {
                        let letters = (0..5).map(|k| picture[(column + k, row)].symbol());
                        letters.collect::<String>() == name
                    })
                    .collect();
                assert_eq!(written.len(), 3, "{count}: {name} in {columns}x{height}");
                for at in written {
                    assert_eq!(Some(picture[at].fg), COLOURED.tentacle(i, 1.0).fg, "{name}");
                }
            }
        }
    }
}

#[test]
fn a_limp_tentacle_is_hollow() {
    let rig = rig(4);
    let dots = |state| {
        let picture = picture(200, 60, &rig, state, COLOURED);
        let skin = COLOURED.tentacle(0, 0.1).fg;
        let cells = picture
            .content()
            .iter()
            .filter(|cell| skin == Some(cell.fg));
        cells.filter(|cell| cell.symbol() == "⣿").count()
    };
    let mut limp = at_work(4);
    limp.outputs[0] = Emitted::Limp;
    assert!(dots(at_work(4)) > 20);
    assert_eq!(dots(limp), 0);
}

#[test]
fn dots_become_braille_in_the_style_of_most() {
    let area = Rect::new(1, 1, 2, 1);
    let mut dots = Dots::new(area);
    let (red, blue) = (Style::new().fg(Color::Red), Style::new().fg(Color::Blue));
    for (x, y, style) in [
        (0, 0, red),
        (1, 3, blue),
        (0, 3, blue),
        (3, 1, red),
        (4, 0, red),
    ] {
        dots.set(x, y, Some(style));
    }
    dots.set(-1, 0, Some(red));
    let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 2));
    dots.render(&mut buffer);
    assert_eq!(rows(&buffer), ["    ", " ⣁⠐ "]);
    assert_eq!(
        (buffer[(1, 1)].fg, buffer[(2, 1)].fg),
        (Color::Blue, Color::Red)
    );
}
