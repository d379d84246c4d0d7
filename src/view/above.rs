//! The hat from above: each tentacle at its facing, its full bend as a circle,
//! its tip in it. The wearer's front is at the bottom, toward who looks on, so
//! that left and right are the same as in the picture from the front.

use super::dots::Dots;
use super::history::History;
use super::palette::Palette;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::f32::consts::{PI, TAU};
use tentacle_hat::calibration::Rig;

/// The tentacles' roots lie on a circle of radius 1.
const BRIM: f32 = 1.85;

/// Draws the map into `area`.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    rig: &Rig,
    history: &History,
    palette: Palette,
) {
    let mut dots = Dots::new(area);
    let unit = dots.width().min(dots.height()) / (2.0 * BRIM) - 0.5;
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
    dots.render(buffer);

    let front = Line::from(Span::styled(" front ", palette.faint())).centered();
    let last = Rect {
        y: area.y + ((middle.1 + unit * BRIM) / 4.0) as u16,
        height: 1,
        ..area
    };
    front.render(last.intersection(area), buffer);

    // Names in the corners that the round picture leaves, if they leave it all.
    let names = rig.tentacles().iter().enumerate().map(|(i, tentacle)| {
        let radius = unit * BRIM;
        let (sin, cos) = (tentacle.facing.sin(), tentacle.facing.cos());
        let down = (1.3 * cos).clamp(-1.0, 1.0) * radius;
        let taken = (radius * radius - down * down).max(0.0).sqrt() / 2.0;
        let room = f32::from(area.width) / 2.0 - taken;
        let row = Rect {
            y: area.y + ((middle.1 + down) / 4.0) as u16,
            height: 1,
            ..area
        };
        let name = Span::styled(tentacle.name.as_str(), palette.tentacle(i, 1.0));
        let line = match sin {
            ..-0.1 => Line::from(name).right_aligned(),
            0.1.. => Line::from(name),
            _ => return None,
        };
        (line.width() as f32 + 1.0 <= room).then_some((row.intersection(area), line))
    });
    let names: Option<Vec<_>> = names.collect();
    for (row, name) in names.into_iter().flatten() {
        name.render(row, buffer);
    }
}

fn circle(dots: &mut Dots, (x, y): (f32, f32), radius: f32, gap: usize, ink: Style) {
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
