//! Reaching for people: how soon, how near, and back again.

mod common;

use common::sim::hat_with;
use tentacle_hat::motion::{Hat, Id, Performance, Sighting};
use tentacle_hat::pulse::{self, Pulses};
use tentacle_hat::units::Bend;

const SLOT_US: u64 = 20_000;
/// As `src/motion/reach.rs` has it: from the hat's middle to a tentacle's root, m.
const ROOT_M: f32 = 0.09;

fn hat() -> Hat {
    let mut hat = hat_with(50, 1100.0, 1900.0, 2000.0);
    hat.motion.depth = 0.4;
    hat
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn seen(bearing_deg: f32, distance_m: f32) -> Sighting {
    Sighting {
        bearing_deg,
        distance_m: Some(distance_m),
        sure: 1.0,
        age_s: 0.0,
    }
}

/// How far a bend points beside somebody, degrees.
fn beside(bend: Bend, facing_deg: f32, whom: &Sighting) -> f32 {
    let relative = (whom.bearing_deg - facing_deg).to_radians();
    let distance = whom.distance_m.unwrap();
    let (x, y) = (
        distance * relative.sin(),
        distance * relative.cos() - ROOT_M,
    );
    let off = (bend.x.atan2(bend.y) - x.atan2(y)).to_degrees();
    ((off + 180.0).rem_euclid(360.0) - 180.0).abs()
}

#[test]
fn soon_and_straight_at_him_from_every_side() {
    let hat = hat();
    for (k, distance) in (0..16).flat_map(|k| [(k, 0.5), (k, 1.0), (k, 3.0)]) {
        // Not so sure that somebody who is suddenly there startles.
        let whom = Sighting {
            sure: 0.45,
            ..seen(22.5 * k as f32, distance)
        };
        let mut performance = Performance::new(&hat, 7);
        let mut other = Performance::new(&hat, 7);
        let mut pulses = [Pulses::LIMP; 2];
        let at_us = 20_000_000 + 3_000_000 * k;
        let facings = [0.0, 90.0, 180.0, 270.0];
        let near = |i: &usize| {
            let off = (whom.bearing_deg - facings[*i] + 180.0).rem_euclid(360.0) - 180.0;
            off.abs() as u32
        };
        let nearest = (0..4).min_by_key(near).unwrap();
        let mut moved_us = None;
        for t_us in (at_us - 10_000_000..=at_us + 1_500_000).step_by(SLOT_US as usize) {
            if t_us >= at_us {
                performance.meet(id("radar.1"), Some(&whom), t_us).unwrap();
            }
            let mut poses = [&mut performance, &mut other].map(|it| {
                it.advance(t_us);
                it.pose_at(t_us)
            });
            for (pulses, pose) in pulses.iter_mut().zip(&poses) {
                *pulses = pulse::next(&hat.rig, pose, pulses);
            }
            let [reaching, living] = &mut poses;
            if t_us >= at_us + 2 * SLOT_US {
                assert_ne!(reaching, living, "nothing moves");
            }
            let servos = [2 * nearest, 2 * nearest + 1];
            let us = |pulses: &Pulses, i: usize| pulses.0[i].unwrap().get();
            let differs = servos
                .iter()
                .any(|i| (us(&pulses[0], *i) - us(&pulses[1], *i)).abs() > 4.88);
            if differs {
                moved_us.get_or_insert(t_us - at_us);
            }
        }
        assert!(moved_us.unwrap() <= 300_000, "{whom:?}: {moved_us:?}");
        let pose = performance.pose_at(at_us + 1_500_000);
        for (i, facing) in facings.into_iter().enumerate() {
            let off = beside(pose.0[i], facing, &whom);
            assert!(off < 3.0, "{whom:?}: tentacle {i} is {off} degrees off");
            let servo = |axis: usize| {
                let calibration = hat.rig.servos()[2 * i + axis].calibration.as_ref().unwrap();
                (pulses[0].0[2 * i + axis].unwrap().get() - calibration.neutral.get()) / 400.0
            };
            let emitted = Bend {
                x: servo(0),
                y: servo(1),
            };
            let off = beside(emitted, facing, &whom);
            assert!(off < 3.0, "{whom:?}: servos of {i} are {off} degrees off");
        }
    }
}

/// How soon the nearest tentacle sees to it that he is the one.
#[test]
fn a_tenth_of_its_lean_within_four_tenths_of_a_second() {
    let mut worst_us = 0;
    for (k, distance) in (0..16).flat_map(|k| [(k, 0.5), (k, 1.0), (k, 3.0)]) {
        let whom = Sighting {
            sure: 0.45,
            ..seen(22.5 * k as f32, distance)
        };
        // It lives, somewhere else each time.
        let mut performance = Performance::new(&hat(), 7);
        let at_us = 20_000_000 + 3_000_000 * k;
        let off = |facing: f32| (whom.bearing_deg - facing + 180.0).rem_euclid(360.0) - 180.0;
        let nearest = (0..4)
            .min_by_key(|i| off(90.0 * *i as f32).abs() as u32)
            .unwrap();
        let mut bends = Vec::new();
        for t_us in (at_us - 10_000_000..=at_us + 3_000_000).step_by(SLOT_US as usize) {
            if t_us >= at_us {
                performance.meet(id("radar.1"), Some(&whom), t_us).unwrap();
            }
            performance.advance(t_us);
            if t_us >= at_us {
                bends.push(performance.pose_at(t_us).0[nearest]);
            }
        }
        // Along the direction in which it will lean, from where it was.
        let [first, .., last] = bends[..] else {
            panic!()
        };
        let along = |bend: &Bend| (bend.x * last.x + bend.y * last.y) / last.lean();
        let made = |bend: &Bend| along(bend) - along(&first) >= 0.1 * last.lean();
        let slots = bends.iter().position(made).unwrap() as u64;
        worst_us = worst_us.max(slots * SLOT_US);
    }
    println!("at worst {worst_us} µs");
    assert!(worst_us <= 400_000, "{worst_us}");
}

/// What is played while a radar sees somebody at these distances, a slot each.
fn scenes(distances_m: impl Iterator<Item = f32>) -> Vec<&'static str> {
    let mut performance = Performance::new(&hat(), 7);
    let mut scenes = vec![];
    for (slot, distance) in (0..).zip(distances_m) {
        let t_us = slot * SLOT_US;
        if slot % 5 == 0 && t_us >= 10_000_000 {
            let whom = seen(30.0, distance);
            performance.meet(id("radar.1"), Some(&whom), t_us).unwrap();
        }
        performance.advance(t_us);
        if scenes.last() != Some(&performance.scene()) {
            scenes.push(performance.scene());
        }
    }
    scenes
}

#[test]
fn who_rushes_near_startles_before_it_reaches_for_him() {
    let at = |speed: f32| {
        // From 4 m, at 12 s.
        (0..975).map(move |slot| {
            let s = slot as f32 / 50.0;
            (4.0 - speed * (s - 12.0).max(0.0)).max(0.5)
        })
    };
    assert_eq!(scenes(at(1.2)), ["life", "reaching"]);
    assert_eq!(
        scenes(at(3.0)),
        ["life", "reaching", "startled", "reaching"]
    );
    // Whoever is suddenly there, from behind a door.
    let there = scenes((0..975).map(|_| 0.6));
    assert_eq!(there, ["life", "startled", "reaching"]);
    // To and fro and to and fro, in vain: once in 15 s.
    let to_and_fro = scenes((0..2200).map(|slot| if slot / 75 % 2 == 0 { 0.6 } else { 3.0 }));
    let startled = to_and_fro.iter().filter(|scene| **scene == "startled");
    assert_eq!(startled.count(), 3, "{to_and_fro:?}");
}

#[test]
fn a_startle_is_from_where_he_comes() {
    let mut performance = Performance::new(&hat(), 7);
    for t_us in (10_000_000..10_500_000).step_by(SLOT_US as usize) {
        // The head is turned by 90 degrees: he who was on its right is in front.
        performance.turn(if t_us < 10_200_000 { 0.0 } else { 90.0 }, t_us);
        if t_us == 10_240_000 {
            let whom = Sighting {
                age_s: 0.1,
                ..seen(90.0, 0.5)
            };
            performance.meet(id("radar.1"), Some(&whom), t_us).unwrap();
        }
        performance.advance(t_us);
    }
    assert_eq!(performance.scene(), "startled");
    let bends = performance.pose_at(10_500_000).0;
    assert!(bends[0].y < -0.7 && bends[2].y > 0.7, "{bends:?}");
}

#[test]
fn two_senses_and_one_who_walks_by() {
    // As one sees him, so do two, and whichever of them loses him.
    let mut performance = [0; 2].map(|_| Performance::new(&hat(), 7));
    let mut worst: f32 = 0.0;
    for t_us in (10_000_000..35_000_000).step_by(SLOT_US as usize) {
        let s = t_us as f32 / 1e6;
        let deg = -80.0 + 6.4 * (s - 10.0);
        let [one, two] = &mut performance;
        if t_us % 100_000 == 0 {
            one.meet(id("radar.1"), Some(&seen(deg, 1.5)), t_us)
                .unwrap();
            // They are 5 degrees apart, and each is blind for 5 s of every 20.
            let senses = [("radar.1", -2.5, 5.0), ("eyes.ada", 2.5, 15.0)];
            for (sense, askew_deg, blind_s) in senses {
                if !(blind_s..blind_s + 5.0).contains(&(s % 20.0)) {
                    let whom = seen(deg + askew_deg, 1.5);
                    two.meet(id(sense), Some(&whom), t_us).unwrap();
                }
            }
            if deg.abs() < 50.0 {
                let whom = Sighting {
                    distance_m: None,
                    sure: 0.3,
                    ..seen(0.0, 0.0)
                };
                two.meet(id("pir.front"), Some(&whom), t_us).unwrap();
            }
        }
        let poses = performance.each_mut().map(|it| {
            it.advance(t_us);
            it.pose_at(t_us)
        });
        if t_us > 12_000_000 {
            let [one, two] = &performance;
            assert_eq!(one.scene(), two.scene());
            for (a, b) in poses[0].0.iter().zip(&poses[1].0) {
                worst = worst.max((a.x - b.x).hypot(a.y - b.y));
            }
        }
    }
    assert!(worst < 0.12, "{worst}");
}

/// When it turns to whom, of one who stands there and is called so, and another one.
fn turns(called: impl Fn(u64) -> String) -> Vec<(u64, Option<bool>)> {
    let mut performance = Performance::new(&hat(), 7);
    let mut turns = vec![(0, None)];
    for t_us in (10_000_000..40_000_000).step_by(SLOT_US as usize) {
        if t_us % 100_000 == 0 {
            // The radar is blind for more than a second of every three.
            if t_us % 3_000_000 < 1_800_000 {
                let id = id(&called(t_us / 3_000_000));
                performance.meet(id, Some(&seen(-30.0, 1.0)), t_us).unwrap();
            }
            let other = id("eyes.bo");
            performance
                .meet(other, Some(&seen(50.0, 2.0)), t_us)
                .unwrap();
        }
        performance.advance(t_us);
        let whom = performance.attended();
        let whom = whom.map(|id| id.as_str() == "eyes.bo");
        if turns.last().is_none_or(|(_, last)| *last != whom) {
            turns.push((t_us, whom));
        }
    }
    turns
}

#[test]
fn who_has_become_dull_is_so_under_any_word() {
    let one_word = turns(|_| "radar.0".to_owned());
    assert!(one_word.len() > 4, "{one_word:?}");
    assert_eq!(turns(|time| format!("radar.{time}")), one_word);
}

/// Somebody alone who stands there does not have it all the time, nor does it twitch.
#[test]
fn who_stands_there_alone_is_left_alone_now_and_then() {
    for distance in [0.5, 1.0, 2.0] {
        let mut performance = Performance::new(&hat(), 7);
        let (mut attends, mut since_us, mut slots) = (false, 0, 0);
        for t_us in (10_000_000..310_000_000).step_by(SLOT_US as usize) {
            if t_us % 1_000_000 == 0 {
                let whom = seen(30.0, distance);
                performance.meet(id("radar.1"), Some(&whom), t_us).unwrap();
            }
            performance.advance(t_us);
            slots += u64::from(attends);
            if performance.attended().is_some() != attends {
                let least_us = if attends { 3_000_000 } else { 5_000_000 };
                let lasted_us = t_us - since_us;
                assert!(lasted_us >= least_us, "{distance}: {lasted_us} at {t_us}");
                (attends, since_us) = (!attends, t_us);
            }
        }
        let share = slots as f32 * SLOT_US as f32 / 300e6;
        println!("at {distance} m {share}");
        assert!((0.5..=0.65).contains(&share), "{distance}: {share}");
    }
}

#[test]
fn it_lives_on_once_he_is_gone() {
    let hat = hat();
    let [mut reached, mut alone] = [0; 2].map(|_| Performance::new(&hat, 7));
    for t_us in (0..30_000_000).step_by(SLOT_US as usize) {
        if (10_000_000..14_000_000).contains(&t_us) {
            reached
                .meet(id("radar.1"), Some(&seen(30.0, 1.0)), t_us)
                .unwrap();
        }
        if t_us == 14_000_000 {
            reached.meet(id("radar.1"), None, t_us).unwrap();
        }
        for performance in [&mut reached, &mut alone] {
            performance.advance(t_us);
        }
        match t_us {
            11_000_000..14_000_000 => assert_eq!(reached.scene(), "reaching"),
            // Believed a little longer, and then 3 s on the way back.
            20_000_000.. => assert_eq!(reached.pose_at(t_us), alone.pose_at(t_us)),
            _ => {}
        }
    }
}

#[test]
fn a_shock_does_not_wait_for_the_way_back() {
    let hat = hat();
    for asks in ["startle", "fold"] {
        let [mut shocked, mut calm] = [0; 2].map(|_| Performance::new(&hat, 7));
        for t_us in (0..15_400_000).step_by(SLOT_US as usize) {
            for performance in [&mut shocked, &mut calm] {
                if (10_000_000..12_000_000).contains(&t_us) {
                    let whom = seen(30.0, 1.0);
                    performance.meet(id("radar.1"), Some(&whom), t_us).unwrap();
                }
                if t_us == 12_000_000 {
                    performance.meet(id("radar.1"), None, t_us).unwrap();
                }
            }
            // On its way back since about 14 s.
            match asks {
                "startle" if t_us == 15_000_000 => shocked.ask().startle(None, t_us),
                "fold" if t_us == 15_000_000 => shocked.ask().fold(true, t_us),
                _ => {}
            }
            shocked.advance(t_us);
            calm.advance(t_us);
        }
        let poses = [&shocked, &calm].map(|it| it.pose_at(15_400_000).0);
        for (shocked, calm) in poses[0].iter().zip(&poses[1]).take(4) {
            // Half of a fold is done by then, and all of a flinch.
            assert!(shocked.y < calm.y - 0.2, "{asks}: {shocked:?}, {calm:?}");
        }
    }
}

/// Five people, who stand, come and walk by, for ten minutes.
#[test]
fn a_crowd() {
    let hat = hat();
    let mut performance = Performance::new(&hat, 7);
    let names = ["a.1", "a.2", "a.3", "a.4", "b.1"];
    let mut attended = [0u32; 5];
    let (mut changes, mut last, mut last_us) = (0, None, 0);
    let (mut strained_us, mut most_us) = ([0u64; 4], 0);
    // How long each has been looked at by now, and was at most.
    let (mut looked_us, mut longest_us) = (0, [0u64; 5]);
    for t_us in (0..600_000_000).step_by(SLOT_US as usize) {
        let s = t_us as f32 / 1e6;
        let people = [
            // One stands, one walks to and fro, one goes round, one comes and goes, one is
            // there for a minute of every two.
            Some(seen(20.0, 1.0)),
            Some(seen(90.0 + 40.0 * (0.3 * s).sin(), 2.0)),
            Some(seen((6.0 * s) % 360.0 - 180.0, 1.5)),
            Some(seen(-60.0, 2.0 + 1.5 * (0.2 * s).sin())),
            (s as u32 / 60 % 2 == 1).then(|| seen(180.0, 0.8)),
        ];
        if (t_us / SLOT_US).is_multiple_of(5) {
            for (name, person) in names.iter().zip(&people) {
                performance.meet(id(name), person.as_ref(), t_us).unwrap();
            }
        }
        performance.advance(t_us);
        let whom = performance
            .attended()
            .map(|id| names.iter().position(|n| *n == id.as_str()).unwrap());
        if whom != last {
            assert!(t_us - last_us >= 1_000_000, "it flutters at {s} s");
            (changes, last, last_us, looked_us) = (changes + 1, whom, t_us, 0);
        }
        if let Some(whom) = whom {
            attended[whom] += 1;
            looked_us += SLOT_US;
            longest_us[whom] = longest_us[whom].max(looked_us);
        }
        for (strained, bend) in strained_us.iter_mut().zip(performance.pose_at(t_us).0) {
            *strained = if bend.lean() > 0.8 {
                *strained + SLOT_US
            } else {
                0
            };
            most_us = most_us.max(*strained);
        }
    }
    println!("{attended:?}, {changes} changes, {longest_us:?}, {most_us}");
    // Servos bear it for 30 s; it is a sway toward who is near, and over at once.
    assert!(most_us < 1_000_000, "{most_us}");
    assert!(attended.iter().all(|slots| *slots > 500), "{attended:?}");
    // It tires of everybody, and of who stands the sooner: he is near, and all the same it
    // is seldom with him.
    assert!(
        longest_us.iter().all(|us| *us < 10_000_000),
        "{longest_us:?}"
    );
    assert!(attended[0] < 30_000 / 3, "{attended:?}");
}
