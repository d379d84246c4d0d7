//! One servo's calibration: bend → pulse width through measured points.

use crate::units::{Microseconds, OutOfRange};
use arrayvec::ArrayVec;

/// The most points a table holds: both ends, neutral and three to each side.
pub const MAX_POINTS: usize = 9;

/// A measured point: at this bend the servo wants this pulse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Along one axis, −1..1.
    pub bend: f32,
    /// The pulse width there.
    pub width: Microseconds,
}

/// Why a row of points is no table.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum TableError {
    /// More than [`MAX_POINTS`].
    #[error("has too many points: {MAX_POINTS} at most")]
    TooManyPoints,
    /// The tentacle's full bend to one side was not measured.
    #[error("needs a point at bend -1 and one at bend 1")]
    NoEnd,
    /// Two points at one bend, or out of order.
    #[error("must list its points from bend -1 up to bend 1")]
    BendsNotRising,
    /// A longer pulse would not always bend further the same way.
    #[error(
        "must rise or fall all the way: the pulse at each point longer, or at each shorter, than at the one before"
    )]
    NotMonotone,
    /// A pulse that no servo is sent, once the trim is added.
    #[error("puts a pulse outside of the legal {} to {} µs", .0.low, .0.high)]
    Pulse(OutOfRange),
}

/// A monotone cubic through the points (Fritsch and Carlson 1980): no kink in
/// speed at a point, never past a point. Two points make a straight line.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    points: ArrayVec<Point, MAX_POINTS>,
    curves: ArrayVec<Curve, { MAX_POINTS - 1 }>,
}

/// The cubic from one point to the next: µs = c₀ + d(c₁ + d(c₂ + d·c₃)), d being
/// the bend from `from` on. Worked out once, so that a frame needs no division.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Curve {
    from: f32,
    until: f32,
    c: [f32; 4],
}

impl Curve {
    /// The Hermite cubic with these slopes (dµs/dbend) at its ends.
    fn new(a: Point, b: Point, slope_a: f32, slope_b: f32) -> Self {
        let run = b.bend - a.bend;
        let rise = (b.width.get() - a.width.get()) / run;
        Self {
            from: a.bend,
            until: b.bend,
            c: [
                a.width.get(),
                slope_a,
                (3.0 * rise - 2.0 * slope_a - slope_b) / run,
                (slope_a + slope_b - 2.0 * rise) / (run * run),
            ],
        }
    }
}

impl Table {
    /// A table through `points`, which go from bend −1 up to bend 1.
    ///
    /// # Errors
    /// [`TableError`] says which rule is broken.
    pub fn new(points: &[Point]) -> Result<Self, TableError> {
        if points.len() > MAX_POINTS {
            return Err(TableError::TooManyPoints);
        }
        let at = |bend| points.iter().any(|p| p.bend == bend);
        if !(at(-1.0) && at(1.0)) {
            return Err(TableError::NoEnd);
        }
        let mut rises = ArrayVec::<f32, MAX_POINTS>::new();
        for pair in points.windows(2) {
            let run = pair[1].bend - pair[0].bend;
            if run <= 0.0 {
                return Err(TableError::BendsNotRising);
            }
            rises.push((pair[1].width.get() - pair[0].width.get()) / run);
        }
        // Ends first and last by now: the bends rise and both ends are there,
        // unless a point lies outside −1..1.
        if points[0].bend != -1.0 || points[points.len() - 1].bend != 1.0 {
            return Err(TableError::BendsNotRising);
        }
        let same_way = |rise: &f32| rise * rises[0] > 0.0;
        if !rises.iter().all(same_way) {
            return Err(TableError::NotMonotone);
        }
        let slopes = slopes(&rises);
        let curve =
            |(i, pair): (usize, &[Point])| Curve::new(pair[0], pair[1], slopes[i], slopes[i + 1]);
        Ok(Self {
            points: points.iter().copied().collect(),
            curves: points.windows(2).enumerate().map(curve).collect(),
        })
    }

    /// This table with every pulse `trim_us` longer.
    ///
    /// # Errors
    /// A pulse would leave 500..2500 µs.
    pub fn trimmed(&self, trim_us: f32) -> Result<Self, TableError> {
        let mut table = self.clone();
        for point in &mut table.points {
            let us = f64::from(point.width.get() + trim_us);
            point.width = Microseconds::new(us).map_err(TableError::Pulse)?;
        }
        for curve in &mut table.curves {
            curve.c[0] += trim_us;
        }
        Ok(table)
    }

    /// The measured points, from bend −1 up to bend 1.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The shortest and the longest pulse, µs.
    pub fn range_us(&self) -> (f32, f32) {
        let first = self.points[0].width.get();
        let last = self.points[self.points.len() - 1].width.get();
        (first.min(last), first.max(last))
    }

    /// The pulse width at `bend`, µs; beyond ±1 it stays at the end.
    #[inline]
    pub fn us_at(&self, bend: f32) -> f32 {
        let bend = bend.clamp(-1.0, 1.0);
        let beyond = |curve: &&Curve| bend > curve.until;
        let i = self.curves.iter().take_while(beyond).count();
        let Curve { from, c, .. } = self.curves[i];
        let d = bend - from;
        c[0] + d * (c[1] + d * (c[2] + d * c[3]))
    }

    /// The bend whose pulse is `us`: what the servo's pulse says about the
    /// tentacle. Pulses beyond the ends answer with the end.
    pub fn bend_at(&self, us: f32) -> f32 {
        let rising = self.us_at(1.0) > self.us_at(-1.0);
        let (mut low, mut high) = (-1.0f32, 1.0f32);
        // 2 / 2²⁰ is finer than a float pulse resolves.
        for _ in 0..20 {
            let middle = (low + high) / 2.0;
            if (self.us_at(middle) < us) == rising {
                low = middle;
            } else {
                high = middle;
            }
        }
        (low + high) / 2.0
    }
}

/// The slopes at the points, from the rises between them, held down until no
/// cubic overshoots: α² + β² ≤ 9 (Fritsch and Carlson 1980, region 2).
fn slopes(rises: &[f32]) -> ArrayVec<f32, MAX_POINTS> {
    let n = rises.len();
    let mut slopes: ArrayVec<f32, MAX_POINTS> = (0..=n)
        .map(|i| match i {
            0 => rises[0],
            i if i == n => rises[n - 1],
            i => (rises[i - 1] + rises[i]) / 2.0,
        })
        .collect();
    for (i, rise) in rises.iter().enumerate() {
        let (alpha, beta) = (slopes[i] / rise, slopes[i + 1] / rise);
        let square = alpha * alpha + beta * beta;
        if square > 9.0 {
            let tau = 3.0 / libm::sqrtf(square);
            slopes[i] = tau * alpha * rise;
            slopes[i + 1] = tau * beta * rise;
        }
    }
    slopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(points: &[(f32, f32)]) -> Result<Table, TableError> {
        let points: ArrayVec<Point, 16> = points
            .iter()
            .map(|&(bend, us)| Point {
                bend,
                width: Microseconds::new(us.into()).unwrap(),
            })
            .collect();
        Table::new(&points)
    }

    #[test]
    fn two_points_are_a_line() {
        let line = table(&[(-1.0, 1000.0), (1.0, 2000.0)]).unwrap();
        assert_eq!(line.us_at(0.0), 1500.0);
        assert_eq!(line.us_at(0.5), 1750.0);
        assert_eq!(line.us_at(7.0), 2000.0);
        assert_eq!(line.us_at(-7.0), 1000.0);
    }

    #[test]
    fn an_asymmetric_servo_has_no_kink_at_neutral() {
        let t = table(&[(-1.0, 1000.0), (0.0, 1400.0), (1.0, 2200.0)]).unwrap();
        let h = 1e-2;
        let before = (t.us_at(0.0) - t.us_at(-h)) / h;
        let after = (t.us_at(h) - t.us_at(0.0)) / h;
        assert!((before - after).abs() < 12.0, "{before} {after}");
        assert_eq!(t.us_at(0.0), 1400.0);
    }

    #[test]
    fn broken_rows_are_refused() {
        use TableError::*;
        let refused = |points| table(points).unwrap_err();
        assert_eq!(refused(&[]), NoEnd);
        assert_eq!(refused(&[(-1.0, 1000.0)]), NoEnd);
        assert_eq!(refused(&[(-1.0, 1000.0), (0.9, 2000.0)]), NoEnd);
        assert_eq!(refused(&[(1.0, 1000.0), (-1.0, 2000.0)]), BendsNotRising);
        assert_eq!(
            refused(&[(-1.0, 900.0), (-1.0, 1000.0), (1.0, 2000.0)]),
            BendsNotRising
        );
        assert_eq!(
            refused(&[(-2.0, 900.0), (-1.0, 1000.0), (1.0, 2000.0)]),
            BendsNotRising
        );
        assert_eq!(refused(&[(-1.0, 1500.0), (1.0, 1500.0)]), NotMonotone);
        assert_eq!(
            refused(&[(-1.0, 1500.0), (0.0, 1400.0), (1.0, 1600.0)]),
            NotMonotone
        );
        let trimmed = table(&[(-1.0, 520.0), (1.0, 900.0)])
            .unwrap()
            .trimmed(-30.0);
        assert!(matches!(trimmed, Err(Pulse(_))));
    }

    prop_compose! {
        fn any_table()(
            inner in proptest::collection::vec((-0.99f32..0.99, 0.001f32..1.0), 0..7),
            rising in any::<bool>(),
            start in 500f32..1000.0,
            span in 20f32..1500.0,
        ) -> Table {
            let mut bends: std::vec::Vec<f32> = inner.iter().map(|p| p.0).collect();
            bends.extend([-1.0, 1.0]);
            bends.sort_by(f32::total_cmp);
            bends.dedup_by(|a, b| (*a - *b).abs() < 1e-3);
            let shares: std::vec::Vec<f32> =
                (1..bends.len()).map(|i| inner.get(i - 1).map_or(0.5, |p| p.1)).collect();
            let total: f32 = shares.iter().sum();
            let mut us = start;
            let mut points = std::vec![(bends[0], us)];
            for (bend, share) in bends[1..].iter().zip(&shares) {
                us += (share / total * span).max(0.1);
                points.push((*bend, us));
            }
            if !rising {
                let flipped: std::vec::Vec<f32> = points.iter().rev().map(|p| p.1).collect();
                points.iter_mut().zip(flipped).for_each(|(p, us)| p.1 = us);
            }
            table(&points).unwrap()
        }
    }

    proptest! {
        #[test]
        fn monotone_and_never_past_a_point(t in any_table()) {
            let (low, high) = t.range_us();
            let sign = (t.us_at(1.0) - t.us_at(-1.0)).signum();
            let mut last = t.us_at(-1.0);
            for i in -1000..=1000 {
                let us = t.us_at(i as f32 / 1000.0);
                prop_assert!(us >= low - 1e-3 && us <= high + 1e-3);
                prop_assert!((us - last) * sign >= -2e-3, "{last} → {us} at {i}");
                last = us;
            }
            for p in t.points() {
                prop_assert!((t.us_at(p.bend) - p.width.get()).abs() < 1e-3);
            }
        }

        #[test]
        fn the_inverse_inverts(t in any_table(), bend in -1f32..=1.0) {
            prop_assert!((t.us_at(t.bend_at(t.us_at(bend))) - t.us_at(bend)).abs() < 0.05);
        }
    }
}
