//! Where a tentacle points. Points that are felt one servo at a time leave each tentacle with
//! its own idea of a bearing; a few bearings that somebody saw it point along tell what to
//! ask of its servos instead.

use crate::units::{Bend, Turns};
use arrayvec::ArrayVec;
use core::f64::consts::TAU;

/// The most marks: eight bearings at two leans.
pub const MAX_MARKS: usize = 16;
/// The fewest: directions show five numbers of the map, and a sixth mark whether they agree.
pub const MIN_MARKS: usize = 6;
/// How well an eye above the hat tells where a tentacle points, degrees (one standard
/// deviation).
pub const EYE_DEG: f32 = 3.0;
/// A mark that is further off than this was not seen but mistaken, degrees.
const MISTAKEN_DEG: f32 = 3.0 * EYE_DEG;
/// A tentacle that leans less shows no direction: where it stands straight is not better
/// known than by half of this.
const SHOWS: f32 = 2.0 * STRAIGHT as f32;

/// So much of all marks must turn alike: one of six may be mistaken altogether (4/6). Of those
/// that go round the other way, at most 4/7 do, five of seven at one bearing.
const AGREE: f64 = 0.6;

/// What tendons tied by hand are taken to do wrong (one standard deviation): a servo pulls a
/// fifth more or less, or as much to the side, which is 12°; and its neutral is a twentieth
/// beside where the tentacle stands straight. Eight marks say more than this does. It decides
/// what they cannot: directions are the same whatever the map's scale.
const PULL: f64 = 0.2;
const STRAIGHT: f64 = 0.05;
/// Both axes' numbers, as the map has them.
const ERRORS: [f64; 6] = [PULL, PULL, STRAIGHT, PULL, PULL, STRAIGHT];

/// Gauss and Newton come nearer with each step by a share that is the smaller, the better the
/// marks agree: five are enough for an eye's errors, and these for a mistaken mark too.
const STEPS: usize = 30;

/// Somebody saw the tentacle point along the bearing while its servos held `taken`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Clockwise from the wearer's front.
    pub bearing: Turns,
    /// How far it was to lean, 0..1. A direction says nothing about that: it is for who
    /// measures again.
    pub lean: f32,
    /// What the servos held.
    pub taken: Bend,
}

/// Why something is no mark.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum MarkError {
    /// No servo is sent there.
    #[error("leaves the unit circle with its bend x and y")]
    Circle,
    /// It leans nowhere.
    #[error("needs a bend x and y that lean by {SHOWS} or more, to show a direction")]
    Straight,
}

impl Mark {
    /// A mark.
    ///
    /// # Errors
    /// What was taken is outside of the unit circle, or shows no direction.
    pub fn new(bearing: Turns, lean: f32, taken: Bend) -> Result<Self, MarkError> {
        match taken.lean() {
            lean if lean > 1.0 => Err(MarkError::Circle),
            lean if lean < SHOWS => Err(MarkError::Straight),
            _ => Ok(Self {
                bearing,
                lean,
                taken,
            }),
        }
    }
}

/// Why marks are no compass.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum CompassError {
    /// Fewer than [`MIN_MARKS`] or more than [`MAX_MARKS`].
    #[error("needs {MIN_MARKS} to {MAX_MARKS} marks")]
    Count,
    /// A side of the hat was not looked at.
    #[error("leaves out more than a third of the way round the hat: measure a bearing there too")]
    Gap,
    /// A servo turned round, or both swapped.
    #[error(
        "goes round the other way than its bearings: x and y are swapped, or one of them is turned round"
    )]
    Mirrored,
    /// No tentacle is as crooked as that.
    #[error("fits no tentacle: is facing-deg right? Else take the line out, and measure it again")]
    Crooked,
}

/// From where a tentacle is to lean to what its servos are sent for that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aim {
    /// Each axis: its share of a wish's x and y, and its bend where the tentacle stands
    /// straight.
    axes: [[f32; 3]; 2],
}

impl Aim {
    /// The servos' bend for a wish; in the unit circle for wishes that are.
    #[must_use]
    #[inline]
    pub fn bend(&self, wish: Bend) -> Bend {
        let along = |[x, y, straight]: [f32; 3]| straight + x * wish.x + y * wish.y;
        Bend {
            x: along(self.axes[0]),
            y: along(self.axes[1]),
        }
    }

    /// Where the tentacle leans when its servos are bent so: the way back.
    #[must_use]
    pub fn tip(&self, bend: Bend) -> Bend {
        let [[a, b, x], [c, d, y]] = self.axes;
        let (x, y, det) = (bend.x - x, bend.y - y, a * d - b * c);
        Bend {
            x: (d * x - b * y) / det,
            y: (a * y - c * x) / det,
        }
    }
}

/// A tentacle's aim, and what it was found from.
#[derive(Clone, Debug, PartialEq)]
pub struct Compass {
    marks: ArrayVec<Mark, MAX_MARKS>,
    facing: Turns,
    aim: Aim,
    scale: f32,
}

impl Compass {
    /// The compass of a tentacle that faces `facing` by its file.
    ///
    /// # Errors
    /// [`CompassError`] says which rule is broken.
    pub fn new(facing: Turns, marks: &[Mark]) -> Result<Self, CompassError> {
        if !(MIN_MARKS..=MAX_MARKS).contains(&marks.len()) {
            return Err(CompassError::Count);
        }
        // And one 2³²th of a turn for what rounding does to a bearing.
        const THIRD: u32 = u32::MAX / 3 + 2;
        let has_next = |mark: &Mark| {
            let mut ahead = marks.iter().map(|next| next.bearing.minus(mark.bearing));
            ahead.any(|turn| (1..=THIRD).contains(&turn.0))
        };
        if !marks.iter().all(has_next) {
            return Err(CompassError::Gap);
        }
        let agree = |sense: f64| {
            let (x, y) = turned(marks, sense);
            libm::hypot(x, y) > AGREE * marks.len() as f64
        };
        match (agree(1.0), agree(-1.0)) {
            (true, _) => {}
            (false, true) => return Err(CompassError::Mirrored),
            (false, false) => return Err(CompassError::Crooked),
        }
        let eye = f64::from(EYE_DEG).to_radians();
        let found = tips(marks, facing, eye).and_then(aim);
        let (aim, scale) = found.ok_or(CompassError::Crooked)?;
        Ok(Self {
            marks: marks.iter().copied().collect(),
            facing,
            aim,
            scale,
        })
    }

    /// What it was found from, in the order of the file.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// From wishes to servos.
    pub fn aim(&self) -> &Aim {
        &self.aim
    }

    /// How far the tentacle leans, of what is wished: 1, or as much as leaves its servos in
    /// their tables in each direction.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// How far each mark lies beside where the tentacle points by all of them, degrees,
    /// clockwise.
    pub fn residuals_deg(&self) -> impl Iterator<Item = f32> {
        let residual = |mark: &Mark| {
            let tip = self.aim.tip(mark.taken);
            let tip = libm::atan2(tip.x.into(), tip.y.into()) / TAU;
            let seen = mark.bearing.minus(self.facing);
            (seen.minus(Turns::new(tip)).get() * 360.0) as f32
        };
        self.marks.iter().map(residual)
    }

    /// How far marks lie beside in the mean, degrees.
    pub fn mean_deg(&self) -> f32 {
        self.residuals_deg().map(f32::abs).sum::<f32>() / self.marks.len() as f32
    }

    /// The mark that lies furthest beside, and by how much, degrees.
    pub fn worst(&self) -> (&Mark, f32) {
        let off = self.marks.iter().zip(self.residuals_deg().map(f32::abs));
        off.fold((&self.marks[0], 0.0), |worst, it| {
            if it.1 > worst.1 { it } else { worst }
        })
    }

    /// As [`Self::worst`], if no eye errs by so much.
    pub fn mistaken(&self) -> Option<(&Mark, f32)> {
        Some(self.worst()).filter(|(_, deg)| *deg > MISTAKEN_DEG)
    }
}

/// By how much the bends are turned from the bearings that go round the hat with them
/// (`sense` 1) or against them (−1), as the sum of a unit vector each: as long as there are
/// marks if all are turned alike.
fn turned(marks: &[Mark], sense: f64) -> (f64, f64) {
    let (mut x, mut y) = (0.0, 0.0);
    for mark in marks {
        let taken = libm::atan2(mark.taken.x.into(), mark.taken.y.into());
        let turn = taken - sense * mark.bearing.get() * TAU;
        x += libm::cos(turn);
        y += libm::sin(turn);
    }
    (x, y)
}

/// The map from a servo bend to where the tip leans, as the rows of an [`Aim`]: the one for
/// which the marks, seen by an eye that errs by `eye` radians, and [`ERRORS`] are likeliest.
fn tips(marks: &[Mark], facing: Turns, eye: f64) -> Option<[f64; 6]> {
    const IDENTITY: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    // They begin with the turn that all marks have in common.
    let (x, y) = turned(marks, 1.0);
    let (sin, cos) = libm::sincos(-libm::atan2(y, x) - facing.get() * TAU);
    let mut tips = [cos, sin, 0.0, -sin, cos, 0.0];
    let mut step = [f64::NAN; 6];
    for _ in 0..STEPS {
        let mut normal = [[0.0; 6]; 6];
        let mut toward = [0.0; 6];
        for k in 0..6 {
            normal[k][k] = 1.0 / (ERRORS[k] * ERRORS[k]);
            toward[k] = (IDENTITY[k] - tips[k]) * normal[k][k];
        }
        for mark in marks {
            let taken = [mark.taken.x.into(), mark.taken.y.into(), 1.0];
            let along = |row: &[f64]| row.iter().zip(taken).map(|(m, t)| m * t).sum::<f64>();
            let (x, y) = (along(&tips[..3]), along(&tips[3..]));
            let seen = mark.bearing.minus(facing).get();
            let off = Turns::new(seen - libm::atan2(x, y) / TAU).get() * TAU / eye;
            // How the direction turns with each number of the map.
            let square = (x * x + y * y) * eye;
            let slope = |k: usize| taken[k % 3] * if k < 3 { y } else { -x } / square;
            for (i, row) in normal.iter_mut().enumerate() {
                toward[i] += slope(i) * off;
                for (j, entry) in row.iter_mut().enumerate() {
                    *entry += slope(i) * slope(j);
                }
            }
        }
        step = solved(normal, toward);
        for k in 0..6 {
            tips[k] += step[k];
        }
    }
    // Not so if it runs away, or is no number.
    step.iter().all(|step| step.abs() < 1e-6).then_some(tips)
}

/// The solution of a system of equations that is positive definite (Cholesky).
fn solved(mut m: [[f64; 6]; 6], mut v: [f64; 6]) -> [f64; 6] {
    for i in 0..6 {
        for j in 0..=i {
            let rest = m[i][j] - (0..j).map(|k| m[i][k] * m[j][k]).sum::<f64>();
            m[i][j] = if i == j {
                libm::sqrt(rest)
            } else {
                rest / m[j][j]
            };
        }
        v[i] = (v[i] - (0..i).map(|k| m[i][k] * v[k]).sum::<f64>()) / m[i][i];
    }
    for i in (0..6).rev() {
        v[i] = (v[i] - (i + 1..6).map(|k| m[k][i] * v[k]).sum::<f64>()) / m[i][i];
    }
    v
}

/// The way back from a tip to the servos, and what it had to be scaled by to keep the unit
/// circle within the unit circle; `None` if less than half would be left.
fn aim([a, b, x, c, d, y]: [f64; 6]) -> Option<(Aim, f32)> {
    const DIRECTIONS: u32 = 360;
    let det = a * d - b * c;
    let [a, b, c, d] = [d / det, -b / det, -c / det, a / det];
    let (x, y) = (-a * x - b * y, -c * x - d * y);
    // In each direction the way from (x, y) to the circle: a root of a square equation.
    let room = 1.0 - x * x - y * y;
    let mut scale = f64::INFINITY;
    for k in 0..DIRECTIONS {
        let (sin, cos) = libm::sincos(f64::from(k) * TAU / f64::from(DIRECTIONS));
        let (u, v) = (a * sin + b * cos, c * sin + d * cos);
        let (square, half) = (u * u + v * v, x * u + y * v);
        scale = scale.min((libm::sqrt(half * half + square * room) - half) / square);
    }
    // The ellipse bulges out between its corners, by no more than this.
    let scale = (scale * libm::cos(TAU / 2.0 / f64::from(DIRECTIONS))).min(1.0);
    let share = |share: f64| (share * scale) as f32;
    let axes = [
        [share(a), share(b), x as f32],
        [share(c), share(d), y as f32],
    ];
    // Directions show no gain: where [`ERRORS`] would rather have a map that leans less than
    // one that is turned, nothing is lost.
    let kept = (scale / libm::sqrt(det.min(1.0))).min(1.0);
    (det > 0.0 && kept >= 0.5).then_some((Aim { axes }, kept as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Marks = ArrayVec<Mark, 17>;

    /// What a perfect eye sees of the tentacle of that map, at `count` bearings.
    fn marks(tips: [f64; 6], facing: Turns, count: usize) -> Marks {
        let mark = |k: usize| {
            let taken = Bend::toward_bearing(Turns::new(k as f64 / count as f64), facing, 0.6);
            let (tx, ty) = (f64::from(taken.x), f64::from(taken.y));
            let [a, b, x, c, d, y] = tips;
            let tip = libm::atan2(a * tx + b * ty + x, c * tx + d * ty + y);
            let bearing = Turns::new(tip / TAU).plus(facing);
            Mark::new(bearing, 0.6, taken).unwrap()
        };
        (0..count).map(mark).collect()
    }

    /// A map that turns by `deg`, with gains and a neutral of its own.
    fn crooked(deg: f64) -> [f64; 6] {
        let (sin, cos) = libm::sincos(deg.to_radians());
        [1.1 * cos, 0.9 * sin, 0.05, -1.1 * sin, 0.9 * cos, -0.04]
    }

    #[test]
    fn without_an_eyes_errors_the_map_is_found_up_to_its_scale() {
        let facing = Turns::from_deg(225.0);
        for deg in [-60.0, -20.0, 0.0, 5.0, 30.0] {
            for count in [6, 8, 16] {
                let truth = crooked(deg);
                let found = tips(&marks(truth, facing, count), facing, 1e-4).unwrap();
                let product = |a: &[f64; 6], b| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                let scale = product(&found, &truth) / product(&truth, &truth);
                for (found, truth) in found.iter().zip(truth) {
                    let off = found / scale - truth;
                    assert!(off.abs() < 1e-3, "{deg}°, {count} marks: {off}");
                }
            }
        }
    }

    #[test]
    fn a_wish_in_the_circle_stays_in_it_and_comes_back() {
        for deg in [-40.0, 0.0, 10.0, 25.0] {
            let facing = Turns::from_deg(45.0);
            let compass = Compass::new(facing, &marks(crooked(deg), facing, 8)).unwrap();
            let mut furthest = 0f32;
            for k in 0..10_000 {
                let wish = Bend::toward_bearing(Turns::new(f64::from(k) / 1e4), Turns::ZERO, 1.0);
                let bend = compass.aim().bend(wish);
                furthest = furthest.max(bend.lean());
                let back = compass.aim().tip(bend);
                assert!((back.x - wish.x).abs() + (back.y - wish.y).abs() < 1e-5);
            }
            assert!(furthest <= 1.0, "{furthest}");
            assert!(compass.scale() < 1.0 && furthest > 0.999, "{furthest}");
        }
        // One that leans further than its servos are bent needs no more room.
        let wide = [1.2, 0.0, 0.0, 0.0, 1.2, 0.0];
        let (aim, scale) = aim(wide).unwrap();
        assert_eq!(scale, 1.0);
        assert!((aim.bend(Bend { x: 1.0, y: 0.0 }).x - 1.0 / 1.2).abs() < 1e-6);
    }

    #[test]
    fn a_straight_tentacle_is_left_alone() {
        let straight = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let compass = Compass::new(Turns::ZERO, &marks(straight, Turns::ZERO, 8)).unwrap();
        let bend = compass.aim().bend(Bend { x: 0.3, y: -0.5 });
        assert!((bend.x - 0.3).abs() < 1e-3 && (bend.y + 0.5).abs() < 1e-3);
        assert!(compass.residuals_deg().all(|deg| deg.abs() < 1e-3));
    }

    #[test]
    fn a_mark_that_was_mistaken_is_found() {
        let mut marks = marks(crooked(10.0), Turns::ZERO, 8);
        let compass = Compass::new(Turns::ZERO, &marks).unwrap();
        assert_eq!(compass.mistaken(), None);
        marks[5].bearing = marks[5].bearing.plus(Turns::from_deg(35.0));
        let compass = Compass::new(Turns::ZERO, &marks).unwrap();
        let (mark, deg) = compass.mistaken().unwrap();
        assert_eq!(*mark, marks[5]);
        assert!((10.0..35.0).contains(&deg), "{deg}");
    }

    #[test]
    fn what_is_no_compass_is_refused() {
        use CompassError::*;
        let facing = Turns::from_deg(90.0);
        let refused = |marks: &[Mark]| Compass::new(facing, marks).unwrap_err();
        let good = marks(crooked(10.0), facing, 8);
        assert_eq!(refused(&good[..5]), Count);
        assert_eq!(refused(&marks(crooked(10.0), facing, 17)), Count);
        assert_eq!(refused(&good[..6]), Gap);
        let with = |change: fn(&mut Bend)| {
            let mut marks = good.clone();
            marks.iter_mut().for_each(|mark| change(&mut mark.taken));
            marks
        };
        assert_eq!(refused(&with(|taken| taken.x = -taken.x)), Mirrored);
        assert_eq!(refused(&with(|taken| taken.y = -taken.y)), Mirrored);
        let swap = |taken: &mut Bend| (taken.x, taken.y) = (taken.y, taken.x);
        assert_eq!(refused(&with(swap)), Mirrored);
        // One servo that hardly pulls, and one bend for every bearing.
        let slack = [1.0, 0.0, 0.0, 0.0, 0.1, 0.0];
        assert_eq!(refused(&marks(slack, facing, 12)), Crooked);
        // One that stands straight where its servos do not come.
        assert_eq!(aim([1.0, 0.0, 1.1, 0.0, 1.0, 0.0]), None);
        let stuck = |taken: &mut Bend| *taken = Bend { x: 0.4, y: 0.4 };
        assert_eq!(refused(&with(stuck)), Crooked);
    }

    #[test]
    fn a_mark_leans_within_the_circle() {
        let mark = |x, y| Mark::new(Turns::ZERO, 0.5, Bend { x, y });
        assert_eq!(mark(0.8, 0.8), Err(MarkError::Circle));
        assert_eq!(mark(0.05, 0.05), Err(MarkError::Straight));
        assert!(mark(0.1, 0.0).is_ok() && mark(0.0, -1.0).is_ok());
    }
}
