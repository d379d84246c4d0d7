//! However movements follow one another, poses stay in the unit circle, and are smooth.

use super::performance::LAYERS;
use super::startle::FLINCH_US;
use super::wave::AxisWave;
use super::wishes::CHANGE_US;
use super::{Id, Key, Mood, Motion, Performance, Pose, Scene, Sighting, Wave, Wishes};
use crate::calibration::{Name, Tentacle};
use crate::units::{Bend, Frequency, Turns};
use std::vec::Vec;

const MS: u64 = 1000;
/// How far apart poses are compared, s: small against any blend, and large enough
/// for a jump in acceleration to stand out from the roundings of floats.
const STEP: f32 = 2e-3;

/// Four tentacles around a hat.
fn performance() -> Performance {
    let axis = |micro_hz| AxisWave {
        frequency: Frequency::from_micro_hz(micro_hz),
        amplitude: 0.7,
        phase: Turns::ZERO,
        tentacle_phase: Turns::new(0.25),
    };
    let wave = Wave::new(axis(200_000), axis(300_000), 4).unwrap();
    let tentacle = |deg| Tentacle {
        name: Name::new(),
        facing: Turns::from_deg(deg),
        compass: None,
    };
    let tentacles = [315.0, 45.0, 135.0, 225.0].map(tentacle);
    Performance::of(Wishes::new(Motion::plain(wave), 0, &tentacles))
}

/// How fast a pose may change, and its speed, and its acceleration: bends a
/// second, a second², a second³.
#[derive(Clone, Copy, Debug)]
struct Bounds([f32; 3]);

impl Bounds {
    /// What the movements themselves come to: by far the most has a bow, a
    /// swing of 0.9/1.3 · sin(1 − cos) within 2 s.
    const OF_A_MOVEMENT: Self = Self([5.0, 20.0, 80.0]);
    /// Of who follows somebody that leaps from one side to the other, a way of 1.5 in
    /// 0.45 s: a minimum jerk's 1.875, 5.774 and 60 times that way over the time's
    /// powers, and half as much again for those that begin before another is over.
    const OF_REACHING: Self = Self([9.4, 64.2, 1482.0]);

    /// A blend of a movement with those below it, which keep to these bounds: the
    /// derivatives of p + (m − p)·w, where |m − p| ≤ 2 and w is the minimum jerk,
    /// whose own derivatives are at most 1.875/T, 5.774/T² and 60/T³.
    fn blended(self, growth_us: u64) -> Self {
        self.blended_with(Self::OF_A_MOVEMENT, growth_us)
    }

    fn blended_with(self, movement: Self, growth_us: u64) -> Self {
        let [v, a, j] = movement.0;
        let [below_v, below_a, below_j] = self.0;
        let t = growth_us as f32 / 1e6;
        let (w, w2, w3) = (1.875 / t, 5.774 / (t * t), 60.0 / (t * t * t));
        Self([
            v.max(below_v) + 2.0 * w,
            a.max(below_a) + 2.0 * (v + below_v) * w + 2.0 * w2,
            j.max(below_j) + 3.0 * (a + below_a) * w + 3.0 * (v + below_v) * w2 + 2.0 * w3,
        ])
    }
}

/// Holds each axis of four poses, a step apart, to the bounds.
fn hold(poses: &[Pose; 4], bounds: Bounds, t_us: u64) {
    // What the roundings of floats of about 1 come to in a third difference.
    const ROUNDING: f32 = 8e-6;
    let [v, a, j] = bounds.0;
    for i in 0..4 {
        for axis in [|bend: Bend| bend.x, |bend: Bend| bend.y] {
            let [p, q, r, s] = poses.map(|pose| axis(pose.0[i]));
            assert!(poses[3].0[i].lean() <= 1.0 + 1e-6);
            let differences = [s - r, s - 2.0 * r + q, s - 3.0 * r + 3.0 * q - p];
            for (difference, bound) in
                differences
                    .iter()
                    .zip([v * STEP, a * STEP.powi(2), j * STEP.powi(3)])
            {
                assert!(
                    difference.abs() <= bound + ROUNDING,
                    "{differences:?} at {t_us} µs"
                );
            }
        }
    }
}

/// Numbers below others, by chance, and the same each time.
fn random() -> impl FnMut(u64) -> u64 {
    let mut random = 1u64;
    move |most| {
        // Knuth's multiplier; the upper bits are the random ones.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) % most
    }
}

/// Plays so long, slot by slot, while `ask` may ask for things at each slot; every
/// step is held to the bounds.
fn play(seconds: u64, bounds: Bounds, mut ask: impl FnMut(&mut Performance, u64)) {
    let mut performance = performance();
    performance.begin(0, 0);
    let mut poses: Vec<Pose> = Vec::new();
    for t_us in (0..seconds * 500).map(|step| 2 * step * MS) {
        if t_us.is_multiple_of(20 * MS) {
            ask(&mut performance, t_us);
            performance.advance(t_us);
        }
        poses.push(performance.pose_at(t_us));
        if let Some(last) = poses.last_chunk() {
            hold(last, bounds, t_us);
        }
    }
}

#[test]
fn one_blend_is_smooth_to_its_acceleration() {
    let bounds = Bounds::OF_A_MOVEMENT.blended(CHANGE_US);
    play(60, bounds, |performance, t_us| match t_us / MS {
        3_000 => performance.ask().fold(true, t_us),
        6_000 => performance.ask().fold(false, t_us),
        9_000 => performance.ask().set_mood(Mood::Calm),
        12_000 => performance.ask().set_mood(Mood::Still),
        15_000 => performance.ask().set_mood(Mood::Lively),
        18_000 => performance.ask().play(Scene::all().last().unwrap(), t_us),
        25_000 => performance.ask().fold(true, t_us),
        58_000 => performance.end(t_us),
        _ => {}
    });
}

#[test]
fn the_show_is_smooth_at_every_seam() {
    let bounds = Bounds::OF_A_MOVEMENT.blended(CHANGE_US);
    play(100, bounds, |performance, t_us| {
        performance.ask().play_show(true, t_us);
    });
}

#[test]
fn a_startle_is_as_smooth_as_it_is_fast() {
    let bounds = Bounds::OF_A_MOVEMENT.blended(FLINCH_US);
    play(20, bounds, |performance, t_us| {
        if t_us == 3_000 * MS {
            performance.ask().startle(Some(Turns::HALF), t_us);
        }
    });
}

#[test]
fn whatever_is_asked_for_in_whatever_order() {
    let mut below = random();
    let mut bounds = Bounds::OF_A_MOVEMENT;
    for _ in 1..LAYERS {
        bounds = bounds.blended(FLINCH_US);
    }
    let (mut asked, mut next_us) = (0, 0);
    play(900, bounds, |performance, t_us| {
        while t_us >= next_us {
            asked += 1;
            match below(8) {
                0 => performance.ask().fold(true, t_us),
                1 | 2 => performance.ask().fold(false, t_us),
                3 => performance.ask().set_mood(Mood::ALL[below(3) as usize]),
                4 => performance
                    .ask()
                    .play(Scene::all().nth(below(7) as usize).unwrap(), t_us),
                5 => performance.ask().play_show(below(2) == 0, t_us),
                6 => performance
                    .ask()
                    .startle(Some(Turns(below(1 << 31) as u32)), t_us),
                _ => {
                    let key = Key::all().nth(below(8) as usize).unwrap();
                    // Some would lead too far, and are refused.
                    let _ = performance.ask().set(key, below(100) as f64 / 200.0);
                }
            }
            // Mostly soon, and sometimes once all is over.
            next_us = t_us + MS * [below(300), below(1000), below(3000)][below(3) as usize];
        }
    });
    assert!(asked > 1000, "{asked}");
}

#[test]
fn whoever_comes_from_wherever() {
    let mut bounds = Bounds::OF_REACHING;
    for _ in 2..LAYERS {
        bounds = bounds.blended_with(Bounds::OF_REACHING, CHANGE_US);
    }
    // Whoever startles is so seldom that one layer of them flinches.
    bounds = bounds.blended(FLINCH_US);
    let mut below = random();
    let (mut next_us, mut reached, mut startled) = (0, 0, 0);
    play(600, bounds, |performance, t_us| {
        reached += u32::from(performance.attended().is_some());
        startled += u32::from(performance.scene() == "startled");
        if t_us < next_us {
            return;
        }
        let id = Id::new(["a.1", "a.2", "b.1"][below(3) as usize]).unwrap();
        let seen = Sighting {
            bearing_deg: below(360) as f32,
            distance_m: (below(4) > 0).then(|| 0.3 + below(40) as f32 / 10.0),
            sure: 1.0,
            age_s: 0.0,
        };
        let seen = (below(5) > 0).then_some(&seen);
        performance.meet(id, seen, t_us).unwrap();
        // Now and then nobody for long.
        next_us = t_us + MS * [100, below(1000), below(9000)][below(3) as usize];
    });
    assert!(
        reached > 10_000 && startled > 1_000,
        "{reached}, {startled}"
    );
}

/// Two who stand on opposite sides, whom each of two senses sees now and then, and askew.
#[test]
fn whoever_it_wavers_between() {
    let mut bounds = Bounds::OF_REACHING;
    for _ in 1..LAYERS {
        bounds = bounds.blended_with(Bounds::OF_REACHING, CHANGE_US);
    }
    let mut below = random();
    let (mut turns, mut before) = (Vec::new(), None);
    play(300, bounds, |performance, t_us| {
        if t_us.is_multiple_of(100 * MS) && t_us >= 2_000 * MS {
            let askew = [("a.1", 80.0), ("a.2", -90.0), ("b.1", 84.0), ("b.2", -95.0)];
            for (i, (name, deg)) in (0..).zip(askew) {
                let seen = Sighting {
                    bearing_deg: deg + below(60) as f32 / 10.0,
                    distance_m: Some(1.5 + below(20) as f32 / 100.0),
                    sure: 0.9,
                    age_s: 0.0,
                };
                if (t_us / (1_000 * MS) + 2 * i) % 7 > 2 {
                    let id = Id::new(name).unwrap();
                    performance.meet(id, Some(&seen), t_us).unwrap();
                }
            }
        }
        // The same ones by whichever word.
        let name = performance.attended();
        let whom = name.map(|id| id.as_str().ends_with('1'));
        if whom != before {
            turns.push(t_us);
            before = whom;
        }
    });
    let looks: Vec<_> = turns.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(looks.iter().all(|us| *us >= 1_000 * MS), "{looks:?}");
    let short = looks.iter().filter(|us| **us < 1_500 * MS);
    assert!(short.count() > 8, "{looks:?}");
}

#[test]
fn nothing_is_held_against_its_end_for_long() {
    let mut performance = performance();
    let mut long_us = 0;
    for t_us in (0..120_000).map(|ms| ms * MS) {
        // Also who says it over and over, or startles them, holds nothing for longer.
        if t_us.is_multiple_of(1_000 * MS) {
            performance.ask().fold(false, t_us);
            performance.ask().startle(None, t_us);
            performance.ask().fold(true, t_us);
        }
        performance.advance(t_us);
        let most = performance.pose_at(t_us).0.map(Bend::lean);
        if most.iter().any(|lean| *lean > 0.8) {
            long_us += MS;
        }
    }
    assert!((20_000_000..30_000_000).contains(&long_us), "{long_us}");
}

#[test]
fn the_show_opens_with_every_tentacle() {
    let mut performance = performance();
    performance.ask().play_show(true, 0);
    let (mut way, mut before) = ([0.0; 4], Pose::STRAIGHT);
    for t_us in (0..5000).map(|ms| ms * MS) {
        performance.advance(t_us);
        let pose = performance.pose_at(t_us);
        if t_us >= 1_000_000 {
            for (i, way) in way.iter_mut().enumerate() {
                *way += (pose.0[i].x - before.0[i].x).hypot(pose.0[i].y - before.0[i].y);
            }
        }
        before = pose;
    }
    assert!(way.iter().all(|way| *way > 3.5), "{way:?}");
}
