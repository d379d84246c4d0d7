//! Where the head is turned to, and was a moment ago.

use crate::units::Turns;
use arrayvec::ArrayVec;

/// How long a heading is remembered, for senses that are slower than the head.
const MEMORY_US: u64 = 1_000_000;
/// As many of them.
const KEPT: usize = 64;

/// The headings of the last second, each with its moment; the last is kept until there
/// is another.
#[derive(Clone, Debug, Default)]
pub(super) struct Headings {
    /// As its source counts them, degrees: the first and the last.
    first_deg: Option<f32>,
    last_deg: f32,
    past: ArrayVec<(u64, Turns), KEPT>,
}

impl Headings {
    /// The head is turned to `deg` at `t_us`.
    pub(super) fn turn(&mut self, deg: f32, t_us: u64) {
        let first_deg = *self.first_deg.get_or_insert(deg);
        self.last_deg = deg;
        // One that comes too soon after the one before the last takes the last one's place.
        // What is kept is then at least half of that time apart, which leaves room for a
        // second.
        if let [.., (before_us, _), _] = self.past[..]
            && t_us < before_us + 2 * MEMORY_US / KEPT as u64
        {
            self.past.pop();
        }
        if self.past.is_full() {
            self.past.remove(0);
        }
        self.past.push((t_us, Turns::from_deg(deg - first_deg)));
    }

    /// What its source said last, degrees.
    pub(super) fn deg(&self) -> Option<f32> {
        self.first_deg.map(|_| self.last_deg)
    }

    /// How far the head was turned at `t_us`, clockwise since the first heading.
    pub(super) fn at(&self, t_us: u64) -> Turns {
        let later = self.past.partition_point(|(at_us, _)| *at_us <= t_us);
        match (self.past[..later].last(), self.past.get(later)) {
            (Some((a_us, a)), Some((b_us, b))) => {
                // The shorter way round.
                let turn = i64::from(b.minus(*a).0 as i32);
                let part = turn * (t_us - a_us) as i64 / (b_us - a_us) as i64;
                a.plus(Turns(part as u32))
            }
            (Some((_, turned)), None) | (None, Some((_, turned))) => *turned,
            (None, None) => Turns::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deg(turns: Turns) -> f64 {
        turns.get() * 360.0
    }

    #[test]
    fn a_second_is_remembered_however_often_it_is_told() {
        for every_us in [500, 3_000, 20_000, 100_000] {
            let mut headings = Headings::default();
            assert_eq!(headings.deg(), None);
            // 90 degrees a second, from wherever its source began to count.
            let turned = |t_us: u64| 90.0 * t_us as f32 / 1e6;
            let mut t_us = 0;
            while t_us <= 3_000_000 {
                headings.turn(700.0 + turned(t_us), t_us);
                t_us += every_us;
            }
            let now_us = t_us - every_us;
            for ago_us in (0..1_000_000).step_by(50_000) {
                let was = deg(headings.at(now_us - ago_us));
                let off = was - f64::from(turned(now_us - ago_us));
                let off = (off + 180.0).rem_euclid(360.0) - 180.0;
                assert!(off.abs() < 0.01, "{every_us}: {off}");
            }
            assert_eq!(headings.deg(), Some(700.0 + turned(now_us)));
            // It stays where it is.
            assert_eq!(headings.at(now_us + 1_000_000), headings.at(now_us));
        }
    }

    #[test]
    fn half_way_it_goes_the_shorter_way() {
        let mut headings = Headings::default();
        assert_eq!(headings.at(5), Turns::ZERO);
        headings.turn(0.0, 0);
        headings.turn(170.0, 1_000_000);
        headings.turn(190.0, 2_000_000);
        assert!((deg(headings.at(1_500_000)).abs() - 180.0).abs() < 1e-3);
    }
}
