//! A tentacle as hands tie it, and somebody who sees where it points.

use std::f64::consts::TAU;
use tentacle_hat::calibration::{Compass, Mark};
use tentacle_hat::units::{Bend, Turns};

/// What goes wrong at the most, each within its bounds as likely as not.
///
/// The rings turn on the spine while the tendons are tied, and nobody sees by how much under
/// the skin: the whole tentacle faces elsewhere, degrees. Beside that each servo pulls askew by
/// what its own holes do.
const FACING_DEG: f64 = 19.0;
const ASKEW_DEG: f64 = 12.0;
/// Ends are felt, and a hand stops at one servo's sooner than at the other's.
const GAIN: f64 = 0.2;
/// A hair that straight is off, which is all that calibration by feel sees.
const STRAIGHT: f64 = 0.05;
/// Behind what it is sent a servo stays on the side that it comes from: 5 µs of dead band, and
/// as much in gears and knots, of the 500 to 1000 µs between straight and a full bend.
const SLACK: f64 = 0.01;

/// A tentacle that does what its servos do, but for this.
#[derive(Clone, Debug)]
pub struct Crooked {
    /// The tip's x and y: so much of the servos' x and y, and a constant.
    tip: [[f64; 3]; 2],
    slack: f64,
}

impl Crooked {
    /// Of errors −1..1 of what each may be.
    pub fn new([facing, ax, ay, gx, gy, x, y]: [f64; 7]) -> Self {
        let turned = |askew: f64| (facing * FACING_DEG + askew * ASKEW_DEG).to_radians();
        let (x_turn, y_turn) = (turned(ax), turned(ay));
        let (gx, gy) = (1.0 + gx * GAIN, 1.0 + gy * GAIN);
        Self {
            tip: [
                [gx * x_turn.cos(), gy * y_turn.sin(), x * STRAIGHT],
                [-gx * x_turn.sin(), gy * y_turn.cos(), y * STRAIGHT],
            ],
            slack: SLACK,
        }
    }

    /// The same with servos that go where they are sent.
    pub fn taut(self) -> Self {
        Self { slack: 0.0, ..self }
    }

    /// Where it points, radians clockwise of where it faces by its file, with servos that come
    /// to `bend` from these sides (±1).
    pub fn points(&self, bend: Bend, from: [f64; 2]) -> f64 {
        let x = f64::from(bend.x) - from[0] * self.slack;
        let y = f64::from(bend.y) - from[1] * self.slack;
        let [x, y] = self.tip.map(|row| row[0] * x + row[1] * y + row[2]);
        x.atan2(y)
    }

    /// What a maker measures who turns the bend, each time from below, until an eye that errs
    /// by `eye_rad` sees the tentacle point along each of so many bearings.
    pub fn compass(
        &self,
        facing: Turns,
        bearings: usize,
        lean: f64,
        mut eye_rad: impl FnMut() -> f64,
    ) -> Compass {
        let marks = (0..bearings).map(|k| {
            let bearing = Turns::new(k as f64 / bearings as f64);
            let seen = bearing.minus(facing).get() * TAU + eye_rad();
            let mut turned = seen;
            for _ in 0..50 {
                turned -= wrapped(self.points(leaning(turned, lean), [1.0; 2]) - seen);
            }
            Mark::new(bearing, lean as f32, leaning(turned, lean)).unwrap()
        });
        Compass::new(facing, &marks.collect::<Vec<_>>()).unwrap()
    }
}

/// A bend so far clockwise of where the tentacle faces, radians.
pub fn leaning(turned: f64, lean: f64) -> Bend {
    Bend {
        x: (lean * turned.sin()) as f32,
        y: (lean * turned.cos()) as f32,
    }
}

/// An angle within ±π.
pub fn wrapped(angle: f64) -> f64 {
    angle - (angle / TAU).round() * TAU
}
