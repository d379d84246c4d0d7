//! A way through moments: points, and straight lines between them.

/// Points in the order of their moments, µs; `None` is nowhere, until the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Way<const N: usize>(Vec<(u64, Option<[f64; N]>)>);

impl<const N: usize> From<[f64; N]> for Way<N> {
    /// There from the start.
    fn from(point: [f64; N]) -> Self {
        Self(vec![(0, Some(point))])
    }
}

impl<const N: usize> Way<N> {
    /// Where it is at `t_us`: nowhere before its first point, and at its last for good.
    pub(super) fn at(&self, t_us: u64) -> Option<[f64; N]> {
        let later = self.0.partition_point(|(at_us, _)| *at_us <= t_us);
        let (from_us, from) = *self.0[..later].last()?;
        let from = from?;
        let Some((to_us, Some(to))) = self.0.get(later) else {
            return Some(from);
        };
        let part = (t_us - from_us) as f64 / (to_us - from_us) as f64;
        Some(std::array::from_fn(|i| from[i] + (to[i] - from[i]) * part))
    }

    /// Its last point.
    pub(super) fn end(&self) -> Option<(u64, Option<[f64; N]>)> {
        self.0.last().copied()
    }

    /// Leads on to a point, which is not before the last.
    pub(super) fn lead(&mut self, t_us: u64, point: Option<[f64; N]>) {
        self.0.push((t_us, point));
    }

    /// Leads to a point at `t_us` and at once, and not where it was to go.
    pub(super) fn jump(&mut self, t_us: u64, point: Option<[f64; N]>) {
        self.0.retain(|(at_us, _)| *at_us <= t_us);
        self.lead(t_us, point);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_points_it_is_a_straight_line_and_before_and_after_none() {
        let mut way = Way::default();
        assert_eq!(way.at(5), None);
        way.lead(10, Some([0.0, 4.0]));
        way.lead(20, Some([2.0, 0.0]));
        way.lead(30, None);
        way.lead(40, Some([1.0, 1.0]));
        let (first, half) = (Some([0.0, 4.0]), Some([1.0, 2.0]));
        let last = Some([2.0, 0.0]);
        let at = [9, 10, 15, 20, 29, 30, 39, 40, 1000].map(|t_us| way.at(t_us));
        let back = Some([1.0, 1.0]);
        assert_eq!(at, [None, first, half, last, last, None, None, back, back]);
    }

    #[test]
    fn two_points_at_a_moment_are_a_jump() {
        let mut way = Way::from([0.0]);
        way.lead(10, Some([1.0]));
        way.lead(10, Some([5.0]));
        way.lead(20, Some([6.0]));
        assert_eq!(
            [5, 10, 15].map(|t_us| way.at(t_us)),
            [0.5, 5.0, 5.5].map(|n| Some([n]))
        );
        way.jump(15, None);
        assert_eq!(
            [14, 15, 20].map(|t_us| way.at(t_us).is_some()),
            [true, false, false]
        );
    }
}
