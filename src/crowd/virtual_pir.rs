//! A virtual HC-SR501: the level of a passive infrared sensor, which sees whoever moves
//! across what it looks at, also when it moves itself.

use super::{Crowd, Place};
use std::f64::consts::PI;
use tentacle_hat::units::Turns;

/// To each side, degrees, and how far it sees, m.
const CONE_DEG: f64 = 50.0;
const FAR_M: f64 = 5.0;
/// Who crosses faster than this, m/s, is seen.
const CROSSES_M_S: f64 = 0.3;
/// With a head that turns faster than this, degrees/s, walls cross.
const SWEEPS_DEG_S: f64 = 20.0;
/// Over so long it compares, µs.
const LOOK_US: u64 = 100_000;
/// How long its output stays up, µs.
const HELD_US: u64 = 2_500_000;

/// A sensor, up to some moment.
#[derive(Clone, Debug)]
pub(crate) struct VirtualPir {
    facing_deg: f64,
    until_us: u64,
}

impl VirtualPir {
    /// One that looks toward `facing`.
    pub(crate) fn new(facing: Turns) -> Self {
        Self {
            facing_deg: facing.get() * 360.0,
            until_us: 0,
        }
    }

    /// Whether its output is up at `t_us`.
    pub(crate) fn active(&mut self, crowd: &Crowd, t_us: u64) -> bool {
        let before_us = t_us.saturating_sub(LOOK_US);
        let seconds = LOOK_US as f64 / 1e6;
        let turned_deg = crowd.head_deg(t_us) - crowd.head_deg(before_us);
        let crosses = |(who, here): (usize, Place)| {
            let here = here.seen_turned(self.facing_deg);
            let in_cone = here.bearing_deg.abs() <= CONE_DEG && here.distance_m <= FAR_M;
            // Where he was, from where he is: a turn is the same for whoever looks.
            let before = crowd.place(who, before_us).filter(|_| in_cone)?;
            let turn = before
                .seen_turned(here.bearing_deg + self.facing_deg)
                .bearing_deg;
            Some(turn.abs() * (PI / 180.0) * here.distance_m / seconds)
        };
        let fastest = crowd.people(t_us).filter_map(crosses).fold(0.0, f64::max);
        if turned_deg.abs() > SWEEPS_DEG_S * seconds || fastest > CROSSES_M_S {
            self.until_us = t_us + HELD_US;
        }
        t_us < self.until_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From when to when a sensor is up over so many seconds, each span in tenths.
    fn spans(facing: f32, text: &str, seconds: u64) -> Vec<(u64, u64)> {
        let mut pir = VirtualPir::new(Turns::from_deg(facing));
        let crowd = Crowd::parse("x", text).unwrap();
        let mut spans: Vec<(u64, u64)> = Vec::new();
        let mut up = false;
        for slot in 0..50 * seconds {
            let active = pir.active(&crowd, 20_000 * slot);
            match (up, active) {
                (false, true) => spans.push((slot / 5, 0)),
                (true, false) => spans
                    .iter_mut()
                    .for_each(|span| span.1 = span.1.max(slot / 5)),
                _ => {}
            }
            up = active;
        }
        spans
    }

    #[test]
    fn it_sees_who_crosses_its_cone_and_holds() {
        // At 0.5 m/s past the front, 2 m away; within 50 degrees for ±2.38 m.
        let past = "0 ann -68.2 5.385\n20 ann 68.2 5.385\n";
        let seen = spans(0.0, past, 30);
        assert_eq!(seen.len(), 1, "{seen:?}");
        // 52 degrees by then: as fast across as needed, since it is but slanting.
        assert!((52..60).contains(&seen[0].0), "{seen:?}");
        assert!((seen[0].1 - seen[0].0) > 25 + 50, "{seen:?}");
        assert_eq!(spans(180.0, past, 30), []);
    }

    #[test]
    fn it_does_not_see_who_stands_comes_straight_or_is_far() {
        for text in [
            "0 ann 0 2\n",
            "0 ann 10 4\n4 ann 10 1\n",
            "0 ann -40 7\n8 ann 40 7\n",
        ] {
            assert_eq!(spans(0.0, text, 10), [], "{text}");
        }
    }

    #[test]
    fn when_the_head_turns_walls_move() {
        // 15 degrees a second, 25, and 15 past somebody who stands 2 m away.
        assert_eq!(spans(0.0, "0 head 0\n10 head 150\n", 10), []);
        let fast = spans(90.0, "5 head 0\n10 head 125\n", 20);
        assert_eq!(fast, [(51, 125)]);
        let past = spans(0.0, "0 ann 0 2\n0 head -10\n5 head 65\n", 20);
        assert_eq!(past.len(), 1);
        assert!(past[0].0 <= 1, "{past:?}");
    }
}
