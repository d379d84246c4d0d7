//! Somebody whom keys move, and the head with them: a step a key, walked and not jumped.

use super::walk::Way;
use super::{Crowd, GUEST, Place};

/// As people walk, m/s, and as they turn their heads when nothing startles them, degrees/s.
const WALK_M_S: f64 = 1.2;
const TURN_DEG_S: f64 = 60.0;
/// How far a key leads, degrees round the hat or of the head, and m.
const STEP_DEG: f64 = 15.0;
const STEP_M: f64 = 0.25;
/// As near and as far as he may come, m.
const NEAR_M: (f64, f64) = (0.25, 8.0);
/// Where he comes in, m ahead of the wearer.
const COMES_M: f64 = 2.0;
/// With so much before him, µs, he takes no further step: he stops soon after a key that
/// was held.
const AHEAD_US: u64 = 500_000;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody comes in, ahead of the wearer; if he is there, he is gone.
    Come,
    /// He walks round the hat, clockwise (1) or the other way (−1).
    Round(i8),
    /// He comes nearer (−1) or goes further away (1).
    Away(i8),
    /// The head turns, clockwise (1) or the other way.
    Turn(i8),
}

impl Crowd {
    /// Takes a step from `t_us` on.
    pub(crate) fn step(&mut self, step: Step, t_us: u64) {
        let turned_deg = self.head_deg(t_us);
        let Self { walkers, heads, .. } = self;
        let (guest, head) = (&mut walkers[GUEST], &mut heads[1]);
        match step {
            Step::Come => {
                let ahead = Place {
                    bearing_deg: turned_deg,
                    distance_m: COMES_M,
                };
                let comes = guest.at(t_us).is_none();
                guest.jump(t_us, comes.then(|| ahead.xy()));
            }
            Step::Turn(side) => {
                let next = |[deg]: [f64; 1]| [deg + f64::from(side) * STEP_DEG];
                go_on(head, t_us, next, TURN_DEG_S);
            }
            Step::Round(_) | Step::Away(_) => {
                let next = |point| {
                    let mut place = Place::of(point);
                    match step {
                        Step::Round(side) => place.bearing_deg += f64::from(side) * STEP_DEG,
                        Step::Away(sign) => place.distance_m += f64::from(sign) * STEP_M,
                        Step::Come | Step::Turn(_) => {}
                    }
                    place.distance_m = place.distance_m.clamp(NEAR_M.0, NEAR_M.1);
                    place.xy()
                };
                go_on(guest, t_us, next, WALK_M_S);
            }
        }
    }
}

/// Leads from a way's end, or from now if that is past, to the `next` point, at a speed.
fn go_on<const N: usize>(
    way: &mut Way<N>,
    t_us: u64,
    next: impl Fn([f64; N]) -> [f64; N],
    speed: f64,
) {
    let Some((end_us, Some(from))) = way.end() else {
        return;
    };
    if end_us > t_us + AHEAD_US {
        return;
    }
    let sets_off_us = end_us.max(t_us);
    let to = next(from);
    let length = (0..N)
        .map(|i| (to[i] - from[i]) * (to[i] - from[i]))
        .sum::<f64>()
        .sqrt();
    way.lead(sets_off_us, Some(from));
    way.lead(sets_off_us + (length / speed * 1e6) as u64, Some(to));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn guest(crowd: &Crowd, t_us: u64) -> Option<(f64, f64)> {
        let (_, place) = crowd.people(t_us).next()?;
        let round = |number: f64| (number * 100.0).round() / 100.0;
        Some((round(place.bearing_deg), round(place.distance_m)))
    }

    #[test]
    fn he_comes_before_the_wearer_and_goes() {
        let mut crowd = Crowd::parse("x", "0 head 0\n1 head 40\n").unwrap();
        for step in [Step::Round(1), Step::Away(1)] {
            crowd.step(step, SECOND);
        }
        assert_eq!(guest(&crowd, 9 * SECOND), None);
        crowd.step(Step::Come, 10 * SECOND);
        assert_eq!(guest(&crowd, 10 * SECOND - 1), None);
        assert_eq!(guest(&crowd, 10 * SECOND), Some((0.0, 2.0)));
        crowd.step(Step::Round(1), 11 * SECOND);
        // In the middle of a step, too.
        crowd.step(Step::Come, 11 * SECOND + 100_000);
        assert_eq!(guest(&crowd, 12 * SECOND), None);
        crowd.step(Step::Come, 13 * SECOND);
        assert_eq!(guest(&crowd, 14 * SECOND), Some((0.0, 2.0)));
    }

    #[test]
    fn nothing_jumps_however_keys_are_pressed() {
        let mut crowd = Crowd::default();
        crowd.step(Step::Come, 0);
        let (mut before, mut head) = ([0.0, COMES_M], 0.0);
        for slot in 1..3000_u64 {
            let t_us = 20_000 * slot;
            let sign = if slot % 700 < 300 { 1 } else { -1 };
            // As a keyboard repeats a key, and every one for a while.
            match slot / 100 % 4 {
                0 => crowd.step(Step::Round(sign), t_us),
                1 => crowd.step(Step::Away(sign), t_us),
                2 => crowd.step(Step::Turn(sign), t_us),
                _ => {}
            }
            let here = crowd.walkers[GUEST].at(t_us).unwrap();
            let moved = (here[0] - before[0]).hypot(here[1] - before[1]);
            assert!(moved <= WALK_M_S * 0.0201, "{moved} m at {t_us}");
            let turned = (crowd.head_deg(t_us) - head).abs();
            assert!(turned <= TURN_DEG_S * 0.0201, "{turned} degrees at {t_us}");
            (before, head) = (here, crowd.head_deg(t_us));
        }
    }

    #[test]
    fn who_is_led_by_a_held_key_walks_on_and_stops_soon() {
        let mut crowd = Crowd::default();
        crowd.step(Step::Come, 0);
        for ms in (0..3000).step_by(30) {
            crowd.step(Step::Round(1), 1000 * ms);
            crowd.step(Step::Turn(-1), 1000 * ms);
        }
        // 1.2 m/s on a circle of 2 m, less the corners that chords cut.
        let walked =
            |t_us| (guest(&crowd, t_us).unwrap().0 + crowd.head_deg(t_us)).rem_euclid(360.0);
        assert!(
            (walked(3 * SECOND) - 103.2).abs() < 1.0,
            "{}",
            walked(3 * SECOND)
        );
        assert!((crowd.head_deg(3 * SECOND) + 180.0).abs() < 1e-3);
        // A step or two more.
        let rest = walked(4 * SECOND) - walked(3 * SECOND);
        assert!((5.0..=30.0).contains(&rest), "{rest}");
        assert_eq!(walked(4 * SECOND), walked(9 * SECOND));
        // He stops before he is in the hat, and before he is out of sight.
        for (sign, expected) in [(-1, NEAR_M.0), (1, NEAR_M.1)] {
            for second in 10..60 {
                crowd.step(Step::Away(sign), second * SECOND);
            }
            let (_, distance) = guest(&crowd, 99 * SECOND).unwrap();
            assert_eq!(distance, expected);
            crowd.walkers[GUEST].jump(9 * SECOND, Some([0.0, 2.0]));
        }
    }
}
