//! Tentacles seen from the front, as bending curves.

use super::dots::Dots;
use super::eye::{Ellipse, Eye, Place, Seen};
use super::hat;
use super::leaning::Leaning;
use super::palette::Palette;
use ratatui::style::Style;
use std::f32::consts::PI;
use tentacle_hat::units::Turns;

/// How far a straight tentacle leans outward, radians: a bunch, not a brush.
const SPLAY: f32 = 0.35;
/// How far a tentacle's tip is turned at its full safe bend, radians.
const FULL: f32 = 1.9;
/// A tentacle's length, its root's radius and its tip's; the opening of the
/// crown has radius 1.
const LENGTH: f32 = 3.4;
const ROOT_RADIUS: f32 = 0.28;
const TIP_RADIUS: f32 = 0.05;
/// Where its root stands in the crown: so far from the middle, so deep.
const RING: f32 = 0.55;
const DEPTH: f32 = 0.3;
/// The parts that a curve is drawn in, and those that may be inside the crown.
const PARTS: usize = 64;
const INSIDE: usize = 14;
/// Suckers on anything thinner would be noise, dots.
const SUCKERS: f32 = 3.6;

/// A tentacle's middle line from root to tip: it turns evenly along its length,
/// as a tendon bends it.
fn curve(facing: Turns, tentacle: &Leaning) -> [Place; PARTS + 1] {
    let (right, front) = tentacle.lean(facing);
    let mut place = Place {
        right: RING * facing.sin(),
        up: -DEPTH,
        front: RING * facing.cos(),
    };
    std::array::from_fn(|part| {
        let here = place;
        let s = (part as f32 + 0.5) / PARTS as f32;
        let turn_right = SPLAY * facing.sin() + FULL * s * right;
        let turn_front = SPLAY * facing.cos() + FULL * s * front;
        let turn = turn_right.hypot(turn_front).max(1e-6);
        let step = LENGTH / PARTS as f32;
        place.right += step * turn.sin() * turn_right / turn;
        place.front += step * turn.sin() * turn_front / turn;
        place.up += step * turn.cos();
        here
    })
}

/// Draws all tentacles, from the back to the front, so that near ones hide far
/// ones.
pub(super) fn draw(
    dots: &mut Dots,
    eye: Eye,
    tentacles: &[Leaning],
    facings: &[Turns],
    palette: Palette,
) {
    let mut order: Vec<usize> = (0..tentacles.len()).collect();
    let nearness = |i: usize| Eye::nearness(facings[i]);
    order.sort_by(|&a, &b| nearness(a).total_cmp(&nearness(b)));
    // More than four share the room of four.
    let count = tentacles.len().max(4) as f32;
    let slim = (PI / count).sin() / (PI / 4.0).sin();
    for i in order {
        let body = Body {
            curve: curve(facings[i], &tentacles[i]).map(|place| eye.see(place)),
            slim,
        };
        let limp = tentacles[i].limp;
        body.skin(dots, &hat::opening(eye), limp, |s| palette.tentacle(i, s));
        if !limp && nearness(i) > -0.1 {
            body.suckers(dots);
        }
    }
}

/// A tentacle as the eye sees it.
struct Body {
    curve: [Seen; PARTS + 1],
    slim: f32,
}

impl Body {
    /// The radius of a part, dots.
    fn radius(&self, part: usize) -> f32 {
        let left = 1.0 - part as f32 / PARTS as f32;
        let radius = TIP_RADIUS + (ROOT_RADIUS - TIP_RADIUS) * left.powf(0.8);
        (radius * self.slim * self.curve[part].unit).max(0.8)
    }

    /// Skin, with a dark rim that tells it from what is behind it. A limp one is
    /// hollow: nobody knows where it really hangs.
    fn skin(&self, dots: &mut Dots, opening: &Ellipse, limp: bool, ink: impl Fn(f32) -> Style) {
        let mut layer = |wider: f32, skin: bool| {
            for (part, seen) in self.curve.iter().enumerate() {
                let ink = skin.then(|| ink(part as f32 / PARTS as f32));
                dots.disc((seen.x, seen.y), self.radius(part) + wider, ink, |x, y| {
                    part > INSIDE || (y as f32) < opening.y + opening.sag_at(x as f32)
                });
            }
        };
        layer(1.3, false);
        layer(0.0, true);
        if limp {
            layer(-1.0, false);
        }
    }

    /// Suckers along the outer side.
    fn suckers(&self, dots: &mut Dots) {
        let mut last: Option<&Seen> = None;
        for (part, seen) in self.curve.iter().enumerate().skip(INSIDE) {
            let size = self.radius(part);
            let apart = last.is_none_or(|last| (seen.x - last.x).hypot(seen.y - last.y) > size);
            if apart && size > SUCKERS {
                dots.disc((seen.x, seen.y), size * 0.3, None, |_, _| true);
                last = Some(seen);
            }
        }
    }
}
