//! One servo's points while they are being measured: not yet, or again, a table.

use std::fmt::Write;
use tentacle_hat::calibration::{MAX_POINTS, Point, Table};
use tentacle_hat::units::Microseconds;

/// A neutral that nobody has measured: the middle of every hobby servo.
pub(crate) const UNMEASURED_NEUTRAL: f32 = 1500.0;

/// Ends closer than this are a slip of the finger; above, there are always whole
/// ticks between them, µs.
const NARROWEST_US: f32 = 20.0;

/// Points in the order of their bends; pulses as in the file, without trim.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Points(Vec<Point>);

impl Points {
    /// The points of a file's table, if it has one.
    pub(crate) fn of(table: Option<&Table>) -> Self {
        Self(table.map_or(Vec::new(), |table| table.points().to_vec()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Point> {
        self.0.iter()
    }

    /// The pulse measured at `bend`, µs.
    pub(crate) fn at(&self, bend: f32) -> Option<f32> {
        let point = self.0.iter().find(|point| point.bend == bend)?;
        Some(point.width.get())
    }

    /// These points with the pulse at `bend` set to `us`; whether they go
    /// together is [`Self::check`]'s to say.
    ///
    /// # Errors
    /// Outside 500..2500 µs.
    pub(crate) fn with(&self, bend: f32, us: f32) -> Result<Self, String> {
        let width = Microseconds::new(us.into()).map_err(|error| format!("{us} µs {error}"))?;
        let mut points = self.without(bend);
        let at = points.0.partition_point(|point| point.bend < bend);
        points.0.insert(at, Point { bend, width });
        Ok(points)
    }

    /// These points without the one at `bend`.
    pub(crate) fn without(&self, bend: f32) -> Self {
        let others = self.0.iter().filter(|point| point.bend != bend);
        Self(others.copied().collect())
    }

    /// The servo turned round: what leaned left leans right.
    pub(crate) fn flipped(&self) -> Self {
        let mirrored = self.0.iter().rev().map(|point| Point {
            // Not -0.0, which would be written into the file.
            bend: 0.0 - point.bend,
            width: point.width,
        });
        Self(mirrored.collect())
    }

    /// Whether the points can belong to one table.
    ///
    /// # Errors
    /// A sentence with the pulses in their order.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.0.len() > MAX_POINTS {
            return Err(format!("a servo has at most {MAX_POINTS} points"));
        }
        let rises = self
            .0
            .windows(2)
            .map(|w| w[1].width.get() - w[0].width.get());
        let (mut up, mut down) = (true, true);
        for rise in rises {
            up &= rise > 0.0;
            down &= rise < 0.0;
        }
        if up || down {
            return match self.ends() {
                Some((a, b)) if self.are_a_table() && (a - b).abs() < NARROWEST_US => Err(format!(
                    "the ends would be {} µs apart, and a servo needs at least {NARROWEST_US}",
                    tenths((a - b).abs())
                )),
                _ => Ok(()),
            };
        }
        let mut row = String::new();
        for (i, point) in self.0.iter().enumerate() {
            let arrow = if i == 0 { "" } else { " → " };
            let us = point.width.get();
            let _ = write!(row, "{arrow}{us} ({})", place(point.bend));
        }
        Err(format!(
            "from end to end the pulses must only rise or only fall, not {row}"
        ))
    }

    /// The pulse at bend 0: measured, or what the ends make of it.
    pub(crate) fn neutral(&self) -> Option<f32> {
        let between = || Some(Table::new(&self.0).ok()?.us_at(0.0));
        self.at(0.0).or_else(between)
    }

    /// What has become of a neutral that follows from other points: whoever sets
    /// an end does not expect it to move.
    pub(crate) fn neutral_moved(&self, before: &Self) -> Option<String> {
        if self.at(0.0).is_some() {
            return None;
        }
        let is = tenths(self.neutral()?);
        let was = match before.neutral().map(tenths) {
            Some(was) if was == is => return None,
            Some(was) => format!("was {was}, "),
            None => String::new(),
        };
        let place = match self.0.len() {
            2 => "the middle of both ends",
            _ => "between its neighbours",
        };
        Some(format!("neutral, {place}, {was}is {is} µs"))
    }

    /// The points that `before` does not have, or has elsewhere, in words: enough
    /// to set them again by hand.
    pub(crate) fn news(&self, before: &Self) -> String {
        let news = self.0.iter().filter(|point| !before.0.contains(point));
        let news: Vec<String> = news
            .map(|point| format!("{} {} µs", place(point.bend), point.width.get()))
            .collect();
        match news.is_empty() {
            true => "a point was taken away".to_owned(),
            false => news.join(", "),
        }
    }

    /// Whether both ends are measured, so that a servo may move between them.
    pub(crate) fn are_a_table(&self) -> bool {
        self.at(-1.0).is_some() && self.at(1.0).is_some()
    }

    /// The pulses between which something was measured, first and last point.
    pub(crate) fn ends(&self) -> Option<(f32, f32)> {
        let (first, last) = (self.0.first()?, self.0.last()?);
        Some((first.width.get(), last.width.get()))
    }
}

/// What a builder calls the place of a point.
pub(crate) fn place(bend: f32) -> String {
    match bend {
        -1.0 => "negative end".to_owned(),
        0.0 => "neutral".to_owned(),
        1.0 => "positive end".to_owned(),
        _ => format!("bend {bend}"),
    }
}

/// Rounds to what is written into the file: a tenth of a µs is less than half a
/// tick at every pulse rate.
pub(crate) fn tenths(us: f32) -> f32 {
    (us * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(list: &[(f32, f32)]) -> Points {
        list.iter().fold(Points::default(), |points, &(bend, us)| {
            points.with(bend, us).unwrap()
        })
    }

    #[test]
    fn crossing_ends_are_told_with_their_pulses() {
        let crossed = points(&[(1.0, 1450.0), (-1.0, 1400.0), (0.0, 1500.0)]);
        let said = crossed.check().unwrap_err();
        assert!(said.ends_with("1400 (negative end) → 1500 (neutral) → 1450 (positive end)"));
        assert!(points(&[(-1.0, 1400.0), (1.0, 1400.0)]).check().is_err());
        assert_eq!(points(&[(-1.0, 1600.0), (0.0, 1500.0)]).check(), Ok(()));
    }

    #[test]
    fn a_flip_is_its_own_inverse_and_writes_no_negative_zero() {
        let before = points(&[(-1.0, 1400.0), (0.0, 1500.0), (0.5, 1520.0), (1.0, 1600.0)]);
        let flipped = before.flipped();
        assert_eq!(flipped.at(-0.5), Some(1520.0));
        assert_eq!(flipped.at(-1.0), Some(1600.0));
        assert!(flipped.iter().all(|point| point.bend.to_string() != "-0"));
        assert_eq!(flipped.flipped(), before);
    }

    #[test]
    fn neutral_comes_from_the_ends_if_nobody_measured_it() {
        assert_eq!(points(&[(-1.0, 1400.0)]).neutral(), None);
        let ends = points(&[(-1.0, 1400.0), (1.0, 1700.0)]);
        assert_eq!(ends.neutral(), Some(1550.0));
        let measured = ends.with(0.0, 1510.0).unwrap();
        assert_eq!(measured.neutral(), Some(1510.0));

        let wider = ends.with(1.0, 1800.0).unwrap();
        let told = "neutral, the middle of both ends, was 1550, is 1600 µs";
        assert_eq!(wider.neutral_moved(&ends).as_deref(), Some(told));
        assert_eq!(ends.flipped().neutral_moved(&ends), None);
        let wider = measured.with(1.0, 1800.0).unwrap();
        assert_eq!(wider.neutral_moved(&measured), None);
    }

    #[test]
    fn news_are_what_would_have_to_be_set_again() {
        let before = points(&[(-1.0, 1400.0), (0.0, 1500.0), (1.0, 1600.0)]);
        let after = before.with(1.0, 1612.5).unwrap();
        assert_eq!(after.news(&before), "positive end 1612.5 µs");
        assert_eq!(
            before.flipped().news(&before),
            "negative end 1600 µs, positive end 1400 µs"
        );
        assert_eq!(before.without(0.0).news(&before), "a point was taken away");
    }

    #[test]
    fn ends_that_nearly_touch_are_refused() {
        let said = points(&[(-1.0, 1500.0), (1.0, 1519.9)]).check();
        assert!(said.unwrap_err().contains("19.9 µs apart"));
        assert_eq!(points(&[(-1.0, 1520.0), (1.0, 1500.0)]).check(), Ok(()));
        // A neutral may lie close to an end.
        assert_eq!(points(&[(-1.0, 1500.0), (0.0, 1505.0)]).check(), Ok(()));
    }
}
