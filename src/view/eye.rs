//! How a place in the hat comes onto the screen: the eye stands before the
//! wearer and looks a little down on him.

use super::dots::Dots;
use tentacle_hat::units::Turns;

/// So far in front of the crown's middle; the crown's top has radius 1.
const DISTANCE: f32 = 9.0;
/// Looking down by so much, radians.
const DOWN: f32 = 0.3;
/// A little toward the wearer's left, so that tentacles behind each other show.
const ASIDE: f32 = 0.24;
/// What it sees: to the left and right, down and up from the crown's top.
const SIGHT: (f32, f32, f32) = (3.5, -2.3, 3.15);

/// A place in the hat: to the wearer's right, up from the crown's top, to the
/// wearer's front.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) right: f32,
    pub(super) up: f32,
    pub(super) front: f32,
}

/// Where a place is seen, in dots, and how many dots a length of 1 has there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) unit: f32,
}

/// The eye before a picture of a certain size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Eye {
    middle: (f32, f32),
    unit: f32,
}

impl Eye {
    /// The eye that sees all of the hat in `dots`.
    pub(super) fn before(dots: &Dots) -> Self {
        let (side, low, high) = SIGHT;
        let unit = (dots.width() / (2.0 * side)).min(dots.height() / (high - low));
        let middle = (
            dots.width() / 2.0,
            dots.height() / 2.0 + unit * (high + low) / 2.0,
        );
        Self { middle, unit }
    }

    pub(super) fn see(self, place: Place) -> Seen {
        let (sin, cos) = ASIDE.sin_cos();
        let (right, front) = (
            place.right * cos + place.front * sin,
            place.front * cos - place.right * sin,
        );
        let (sin, cos) = DOWN.sin_cos();
        let nearer = front * cos + place.up * sin;
        let unit = self.unit * DISTANCE / (DISTANCE - nearer);
        Seen {
            // The wearer's right hand is on the left of who stands before him.
            x: self.middle.0 - right * unit,
            y: self.middle.1 - (place.up * cos - front * sin) * unit,
            unit,
        }
    }

    /// How near the hat's side at a bearing is, −1..1.
    pub(super) fn nearness(bearing: Turns) -> f32 {
        let (sin, cos) = ASIDE.sin_cos();
        bearing.cos() * cos - bearing.sin() * sin
    }

    /// A level circle around the hat's middle.
    pub(super) fn circle(self, radius: f32, up: f32) -> Ellipse {
        // It looks the same from all sides.
        let (sin, cos) = ASIDE.sin_cos();
        let seen = |aside: f32, near: f32| {
            self.see(Place {
                right: radius * (aside * cos - near * sin),
                up,
                front: radius * (near * cos + aside * sin),
            })
        };
        let (near, far) = (seen(0.0, 1.0), seen(0.0, -1.0));
        Ellipse {
            x: near.x,
            y: (near.y + far.y) / 2.0,
            wide: (seen(1.0, 0.0).x - near.x).abs(),
            high: (near.y - far.y) / 2.0,
        }
    }
}

/// A level circle as the eye sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ellipse {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) wide: f32,
    pub(super) high: f32,
}

impl Ellipse {
    /// How far to either side it reaches in row `y`.
    pub(super) fn wide_at(&self, y: f32) -> f32 {
        self.wide * (1.0 - ((y - self.y) / self.high).powi(2)).max(0.0).sqrt()
    }

    /// How far below its middle its near side lies in column `x`.
    pub(super) fn sag_at(&self, x: f32) -> f32 {
        self.high * (1.0 - ((x - self.x) / self.wide).powi(2)).max(0.0).sqrt()
    }
}
