//! The hat from above: each tentacle at its facing, its full bend as a circle,
//! its tip in it. The wearer's front is at the bottom, toward who looks on, so
//! that left and right are the same as in the picture from the front.

use super::crowd_above::{self, Map};
use super::dots::Dots;
use super::history::History;
use super::palette::Palette;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use std::f32::consts::{PI, TAU};
use tentacle_hat::calibration::Rig;
use tentacle_hat::units::Turns;

/// The tentacles' roots lie on a circle of radius 1.
const BRIM: f32 = 1.85;
/// With people round it, there is as much room as this.
const ROOM: f32 = 4.0;

/// Draws the map into `area`.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    rig: &Rig,
    history: &History,
    palette: Palette,
) {
    let mut dots = Dots::new(area);
    let people = crowd_above::is_any(history.now());
    let radius = if people { ROOM } else { BRIM };
    let unit = dots.width().min(dots.height()) / (2.0 * radius) - 0.5;
    let middle = ((dots.width() - 1.0) / 2.0, (dots.height() - 1.0) / 2.0);
    let at = |(right, front): (f32, f32)| (middle.0 - unit * right, middle.1 + unit * front);
    // Full bends may touch, not overlap.
    let count = rig.tentacles().len().max(2) as f32;
    let full = (PI / count).sin().min(0.8);

    circle(&mut dots, middle, unit * BRIM, 2, palette.felt());
    for (i, tentacle) in rig.tentacles().iter().enumerate() {
        let facing = tentacle.facing;
        let root = (facing.sin(), facing.cos());
        let tip = |right: f32, front: f32| at((root.0 + full * right, root.1 + full * front));
        circle(&mut dots, at(root), unit * full, 3, palette.faint());
        let mut before = None;
        for past in history.trail(i) {
            let (right, front) = past.lean(facing);
            let here = (!past.limp).then(|| tip(right, front));
            if let (Some(before), Some(here)) = (before, here) {
                dots.line(before, here, 1, palette.trail(i));
            }
            before = here;
        }
        let now = history.tentacles()[i];
        let (right, front) = now.lean(facing);
        let tip = tip(right, front);
        if now.limp {
            circle(&mut dots, tip, 1.5, 1, palette.faint());
        } else {
            dots.line(at(root), tip, 1, palette.tentacle(i, 0.5));
            dots.disc(tip, 1.6, Some(palette.tentacle(i, 1.0)), |_, _| true);
        }
    }
    let map = Map {
        middle,
        brim: unit * BRIM,
        // The words at the front and behind have a row.
        edge: unit * radius - 4.0,
    };
    crowd_above::draw(&mut dots, map, history.now(), palette);
    dots.render(buffer);

    names(buffer, area, rig, unit * radius / 4.0, palette);
    crowd_above::names(buffer, area, map, history.now(), palette);
}

/// Words beside the brim, which has a radius of so many rows: each in the row of
/// what it names, or in the next toward the corner that has room.
fn names(buffer: &mut Buffer, area: Rect, rig: &Rig, radius: f32, palette: Palette) {
    let middle = f32::from(area.height) / 2.0 - 0.5;
    let tentacles = rig.tentacles().iter().enumerate();
    let names = tentacles.map(|(i, it)| (it.facing, it.name.as_str(), palette.tentacle(i, 1.0)));
    let front = (Turns::ZERO, "front", palette.faint());
    let mut names: Vec<_> = names.chain([front]).collect();
    // First those that have but one place, on the brim itself. A tentacle's may
    // hide the word: the mark before it says front too.
    names.sort_by(|a, b| a.0.sin().abs().total_cmp(&b.0.sin().abs()));
    let mut taken: Vec<Rect> = Vec::new();
    for (facing, name, style) in names {
        let (side, words) = match facing.sin() {
            ..-0.1 => (1.0, name.to_owned()),
            0.1.. => (0.0, name.to_owned()),
            _ if facing.cos() > 0.0 => (0.5, format!(" ▼ {name} ")),
            _ => (0.5, format!(" {name} ")),
        };
        let words = Span::styled(words, style);
        let width = words.width() as u16;
        let left = side * f32::from(area.width.saturating_sub(width));
        let place = |row| Rect::new(area.x + left as u16, area.y + row, width, 1);
        // A corner has more room than its tentacle's own row.
        let own = (middle + radius * (1.3 * facing.cos()).clamp(-1.0, 1.0)).round() as u16;
        let free = |row: &u16| {
            let down = f32::from(*row) - middle;
            let brim = 2.0 * (radius * radius - down * down).max(0.0).sqrt();
            let beside = f32::from(area.width) / 2.0 - brim - 1.0;
            let fits = if side == 0.5 {
                *row == own
            } else {
                f32::from(width) <= beside
            };
            fits && !taken.iter().any(|taken| taken.intersects(place(*row)))
        };
        let row = match facing.cos() {
            ..0.0 => (0..=own).rev().find(free),
            _ => (own..area.height).find(free),
        };
        if let Some(row) = row {
            taken.push(place(row));
            words.render(place(row).intersection(area), buffer);
        }
    }
}

pub(super) fn circle(dots: &mut Dots, (x, y): (f32, f32), radius: f32, gap: usize, ink: Style) {
    let steps = (TAU * radius) as usize;
    for i in (0..steps).step_by(gap) {
        let angle = TAU * i as f32 / steps as f32;
        let (right, down) = (radius * angle.cos(), radius * angle.sin());
        dots.set(
            (x + right).round() as i32,
            (y + down).round() as i32,
            Some(ink),
        );
    }
}
