//! The hat without its tentacles: a brim, a crown with a ribbon, and the
//! opening that the tentacles come out of.

use super::dots::Dots;
use super::eye::{Ellipse, Eye};
use super::palette::Palette;
use ratatui::style::Style;
use std::f32::consts::TAU;

/// The crown's height, its radius at the brim, and the brim's; its top has 1.
const CROWN: f32 = 1.3;
const FOOT: f32 = 1.12;
const BRIM: f32 = 2.0;
/// The ribbon's share of the crown.
const RIBBON: f32 = 0.32;

/// The opening, whose near rim hides what is deeper.
pub(super) fn opening(eye: Eye) -> Ellipse {
    eye.circle(1.0, 0.0)
}

/// Draws the hat.
pub(super) fn draw(dots: &mut Dots, eye: Eye, palette: Palette) {
    let brim = eye.circle(BRIM, -CROWN);
    fill(dots, &brim, |x, y| woven(x, y).then(|| palette.felt()));
    ring(dots, &brim, palette.felt());
    crown(dots, eye, palette);
    let opening = opening(eye);
    fill(dots, &opening, |_, _| None);
    ring(dots, &opening, palette.felt());
}

/// Felt is thinner than skin, with and without colours.
fn woven(x: i32, y: i32) -> bool {
    (x + y) % 2 == 0
}

/// The crown's wall, row by row from the opening's middle to the foot.
fn crown(dots: &mut Dots, eye: Eye, palette: Palette) {
    let (top, foot) = (opening(eye), eye.circle(FOOT, -CROWN));
    let height = foot.y - top.y;
    for row in top.y as i32..(foot.y + foot.high) as i32 {
        let y = row as f32;
        let wide = if y < foot.y {
            top.wide + (foot.wide - top.wide) * (y - top.y) / height
        } else {
            foot.wide_at(y)
        };
        // A dark rim sets it off from the brim.
        let rim = wide + 2.0;
        for column in (top.x - rim).ceil() as i32..=(top.x + rim) as i32 {
            let x = column as f32;
            let inside = wide - (x - top.x).abs();
            let above_foot = foot.y + foot.sag_at(x) - y;
            let ink = if inside < 0.0 {
                None
            } else if above_foot < RIBBON * height {
                Some(palette.ribbon())
            } else {
                (woven(column, row) || inside < 1.2).then(|| palette.felt())
            };
            dots.set(column, row, ink);
        }
    }
}

fn fill(dots: &mut Dots, ellipse: &Ellipse, ink: impl Fn(i32, i32) -> Option<Style>) {
    let rows = (ellipse.y - ellipse.high).ceil() as i32..=(ellipse.y + ellipse.high) as i32;
    for y in rows {
        let wide = ellipse.wide_at(y as f32);
        for x in (ellipse.x - wide).ceil() as i32..=(ellipse.x + wide) as i32 {
            dots.set(x, y, ink(x, y));
        }
    }
}

fn ring(dots: &mut Dots, ellipse: &Ellipse, ink: Style) {
    let steps = (8.0 * ellipse.wide).max(8.0);
    for i in 0..steps as usize {
        let (sin, cos) = (TAU * i as f32 / steps).sin_cos();
        let (x, y) = (
            ellipse.x + ellipse.wide * cos,
            ellipse.y + ellipse.high * sin,
        );
        dots.set(x.round() as i32, y.round() as i32, Some(ink));
    }
}
