//! The show: named scenes that follow one another in a loop, each faded into
//! the next. A new scene is one more entry in [`SCENES`].

use super::{Pose, ease};
use crate::calibration::{MAX_TENTACLES, Tentacle};
use crate::units::{Bend, Frequency, Turns};

/// A scene: its name, how long it lasts, and where one tentacle leans at `t_us`
/// into it. A scene is asked for [`FADE_US`] beyond its end, while it fades out.
struct Scene {
    name: &'static str,
    length_us: u64,
    bend: fn(who: &Who, t_us: u64) -> Bend,
}

/// The tentacle that a scene is asked about.
struct Who {
    /// Which one, of how many.
    index: usize,
    count: usize,
    /// Clockwise from the wearer's front.
    facing: Turns,
}

/// How long one scene takes to fade into the next.
const FADE_US: u64 = 1_000_000;

/// The first is what somebody sees who looks only for a moment.
const SCENES: [Scene; 6] = [
    Scene {
        name: "round the hat",
        length_us: 7_500_000,
        // A crest that visits the tentacles in the order of their facings.
        bend: |who, t_us| {
            let turn = LIVELY.phase_at(t_us).minus(who.facing);
            Bend {
                x: 0.3 * turn.cos(),
                y: 0.85 * turn.sin(),
            }
        },
    },
    Scene {
        name: "circles",
        length_us: 7_500_000,
        bend: |_, t_us| {
            let turn = LIVELY.phase_at(t_us);
            Bend {
                x: 0.8 * turn.sin(),
                y: 0.8 * turn.cos(),
            }
        },
    },
    Scene {
        name: "bows",
        length_us: BOWS_US,
        bend: bow,
    },
    Scene {
        name: "mirror",
        length_us: 7_500_000,
        // Left does as right does, in the mirror between the wearer's eyes.
        bend: |who, t_us| {
            let turn = CALM.phase_at(t_us);
            let left = who.facing.0 > Turns::HALF.0;
            let bearing = if left { Turns::ZERO.minus(turn) } else { turn };
            Bend::toward_bearing(bearing, who.facing, 0.85)
        },
    },
    Scene {
        name: "curl in",
        length_us: 5_000_000,
        bend: |who, t_us| {
            let inward = who.facing.plus(Turns::HALF);
            Bend::toward_bearing(inward, who.facing, 0.95 * ease(t_us, 2_500_000))
        },
    },
    Scene {
        name: "rest",
        length_us: 3_000_000,
        // Breathing.
        bend: |_, t_us| Bend {
            x: 0.0,
            y: 0.12 * CALM.phase_at(t_us).sin(),
        },
    },
];

/// A swing in 2.5 s.
const LIVELY: Frequency = Frequency::from_micro_hz(400_000);
/// A swing in 3.75 s.
const CALM: Frequency = Frequency::from_micro_hz(266_667);

/// All tentacles' bows, along x and then along y, one tentacle after another.
const BOWS_US: u64 = 16_000_000;

fn bow(who: &Who, t_us: u64) -> Bend {
    let each_us = BOWS_US / (2 * who.count as u64);
    let nth = (t_us / each_us) as usize;
    if nth / 2 != who.index {
        return Bend::STRAIGHT;
    }
    // To one side, to the other, and back: a swing that starts and ends at rest.
    let turn = Turns((((t_us % each_us) << 32) / each_us) as u32);
    let swing = 0.9 * turn.sin() * (1.0 - turn.cos()) / 1.3;
    if nth.is_multiple_of(2) {
        Bend { x: swing, y: 0.0 }
    } else {
        Bend { x: 0.0, y: swing }
    }
}

/// The show on a hat with these tentacles.
#[derive(Clone, Debug, PartialEq)]
pub struct Show {
    facings: [Turns; MAX_TENTACLES],
}

impl Show {
    /// How long all scenes take, µs; then it starts again.
    pub const LOOP_US: u64 = {
        let mut sum = 0;
        let mut i = 0;
        while i < SCENES.len() {
            sum += SCENES[i].length_us;
            i += 1;
        }
        sum
    };

    /// The names of the scenes, in their order.
    pub fn scenes() -> impl Iterator<Item = &'static str> {
        SCENES.iter().map(|scene| scene.name)
    }

    /// The show of these tentacles.
    pub fn new(tentacles: &[Tentacle]) -> Self {
        let mut facings = [Turns::ZERO; MAX_TENTACLES];
        for (facing, tentacle) in facings.iter_mut().zip(tentacles) {
            *facing = tentacle.facing;
        }
        Self { facings }
    }

    /// The name of the scene at `t_us`.
    pub fn scene_at(&self, t_us: u64) -> &'static str {
        SCENES[scene(t_us).0].name
    }

    /// Where each tentacle leans `t_us` after the start.
    pub fn pose_at(&self, t_us: u64, tentacles: usize) -> Pose {
        let (i, t_us) = scene(t_us);
        let before = &SCENES[(i + SCENES.len() - 1) % SCENES.len()];
        let weight = ease(t_us, FADE_US);
        let mut pose = Pose::STRAIGHT;
        for (index, bend) in pose.0[..tentacles].iter_mut().enumerate() {
            let who = Who {
                index,
                count: tentacles,
                facing: self.facings[index],
            };
            *bend = (SCENES[i].bend)(&who, t_us);
            if weight < 1.0 {
                let leaving = (before.bend)(&who, before.length_us + t_us);
                *bend = leaving.toward(*bend, weight);
            }
        }
        pose
    }
}

/// The scene at `t_us`, and how far into it that is.
fn scene(t_us: u64) -> (usize, u64) {
    let mut t_us = t_us % Show::LOOP_US;
    for (i, scene) in SCENES.iter().enumerate() {
        if t_us < scene.length_us {
            return (i, t_us);
        }
        t_us -= scene.length_us;
    }
    unreachable!("the remainder is less than the sum")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::Name;

    fn show(facings_deg: &[f64]) -> Show {
        let tentacle = |deg: &f64| Tentacle {
            name: Name::new(),
            facing: Turns::new(deg / 360.0),
        };
        let tentacles: std::vec::Vec<_> = facings_deg.iter().map(tentacle).collect();
        Show::new(&tentacles)
    }

    #[test]
    fn position_and_speed_are_continuous_everywhere() {
        let show = show(&[315.0, 45.0, 135.0, 225.0]);
        // A millisecond apart over two loops: no step in position beyond the
        // fastest scene's, none in speed beyond its acceleration's.
        let at = |ms: u64| show.pose_at(1000 * ms, 4).0;
        let (mut a, mut b) = (at(0), at(1));
        for ms in 2..2 * Show::LOOP_US / 1000 {
            let c = at(ms);
            for i in 0..4 {
                for axis in [|bend: Bend| bend.x, |bend: Bend| bend.y] {
                    let (a, b, c) = (axis(a[i]), axis(b[i]), axis(c[i]));
                    let (speed, change) = (c - b, c - 2.0 * b + a);
                    assert!(speed.abs() < 6e-3, "{speed} at {ms} ms");
                    assert!(change.abs() < 5e-5, "{change} at {ms} ms");
                }
            }
            (a, b) = (b, c);
        }
    }

    #[test]
    fn every_axis_of_every_tentacle_moves_inside_the_circle() {
        for facings in [&[0.0][..], &[315.0, 45.0, 135.0, 225.0], &[0.0; 8]] {
            let (show, n) = (show(facings), facings.len());
            let mut widest = [[0f32; 2]; MAX_TENTACLES];
            for ms in (0..2 * Show::LOOP_US / 1000).step_by(10) {
                let pose = show.pose_at(1000 * ms, n);
                for (widest, bend) in widest.iter_mut().zip(pose.0) {
                    assert!(bend.lean() <= 1.0);
                    *widest = [widest[0].max(bend.x.abs()), widest[1].max(bend.y.abs())];
                }
            }
            assert!(widest[..n].iter().flatten().all(|w| *w > 0.5), "{widest:?}");
            assert!(widest[n..].iter().flatten().all(|w| *w == 0.0));
        }
    }

    #[test]
    fn it_opens_with_every_tentacle() {
        for facings in [&[0.0][..], &[315.0, 45.0, 135.0, 225.0], &[0.0; 8]] {
            let (show, n) = (show(facings), facings.len());
            let mut way = [0.0; MAX_TENTACLES];
            let mut before = Pose::STRAIGHT;
            for ms in 1000..5000 {
                let pose = show.pose_at(1000 * ms, n);
                for (i, way) in way.iter_mut().enumerate() {
                    *way += (pose.0[i].x - before.0[i].x).hypot(pose.0[i].y - before.0[i].y);
                }
                before = pose;
            }
            assert!(way[..n].iter().all(|way| *way > 4.0), "{way:?}");
        }
    }

    #[test]
    fn left_mirrors_right() {
        let show = show(&[315.0, 45.0]);
        let start = SCENES.iter().take_while(|s| s.name != "mirror");
        let start: u64 = start.map(|s| s.length_us).sum();
        for ms in 1000..7000 {
            let [left, right, ..] = show.pose_at(start + 1000 * ms, 2).0;
            assert!((left.x + right.x).abs() < 1e-5 && (left.y - right.y).abs() < 1e-5);
        }
    }
}
