//! The show: named scenes that follow one another in a loop. A new scene is one
//! more entry in [`SCENES`].

use super::reach::aim;
use super::{Facings, Pose, ease};
use crate::units::{Bend, Frequency, Turns};

/// A scene: its name, how long it lasts, and where one tentacle leans at `t_us`
/// into it. It is asked beyond its end, while it fades out.
struct Part {
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

/// The first is what somebody sees who looks only for a moment.
const SCENES: [Part; 7] = [
    Part {
        name: "round-the-hat",
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
    Part {
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
    Part {
        name: "bows",
        length_us: BOWS_US,
        bend: bow,
    },
    Part {
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
    Part {
        name: "follow",
        length_us: FOLLOW_US,
        bend: follow,
    },
    Part {
        name: "curl-in",
        length_us: 5_000_000,
        bend: |_, t_us| Bend {
            x: 0.0,
            y: -0.95 * ease(t_us, 2_500_000),
        },
    },
    Part {
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

/// Where somebody strolls round the hat, whom all follow: in eighths of a turn clockwise from
/// the wearer's front, and m. He comes from behind, looks in from the left and from the right,
/// and goes where he came from.
const STROLL: [(i8, f32); 4] = [(-3, 2.5), (-1, 1.0), (1, 0.7), (4, 2.5)];
/// From one place to the next; and all the way.
const WALK_US: u64 = 2_500_000;
const FOLLOW_US: u64 = WALK_US * (STROLL.len() as u64 - 1);

fn follow(who: &Who, t_us: u64) -> Bend {
    let nth = (t_us as u32 / WALK_US as u32).min(STROLL.len() as u32 - 2) as usize;
    let ((from, from_m), (to, to_m)) = (STROLL[nth], STROLL[nth + 1]);
    let walked = ease(t_us - nth as u64 * WALK_US, WALK_US);
    let eighths = f32::from(from) + f32::from(to - from) * walked;
    let bearing = Turns((eighths * (1_u32 << 29) as f32) as i32 as u32);
    aim(bearing, from_m + (to_m - from_m) * walked, who.facing)
}

/// A scene of the show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scene(u8);

/// How long all scenes take, µs; then the show starts again.
pub const SHOW_US: u64 = {
    let mut sum = 0;
    let mut i = 0;
    while i < SCENES.len() {
        sum += SCENES[i].length_us;
        i += 1;
    }
    sum
};

impl Scene {
    /// All of them, in their order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SCENES.len() as u8).map(Self)
    }

    /// The scene that the show has come to at `t_us`, and when that began.
    pub(super) fn of_show(t_us: u64) -> (Self, u64) {
        let mut starts_us = t_us - t_us % SHOW_US;
        for scene in Self::all() {
            let ends_us = starts_us + scene.length_us();
            if t_us < ends_us {
                return (scene, starts_us);
            }
            starts_us = ends_us;
        }
        unreachable!("the remainder is less than the sum")
    }

    /// Its word.
    pub fn name(self) -> &'static str {
        self.part().name
    }

    /// How long it is played, µs.
    pub fn length_us(self) -> u64 {
        self.part().length_us
    }

    /// Where the tentacles lean `t_us` into the scene.
    pub(super) fn pose_at(self, t_us: u64, facings: &Facings) -> Pose {
        let mut pose = Pose::STRAIGHT;
        for (index, facing) in facings.iter().enumerate() {
            let who = Who {
                index,
                count: facings.len(),
                facing: *facing,
            };
            pose.0[index] = (self.part().bend)(&who, t_us);
        }
        pose
    }

    fn part(self) -> &'static Part {
        &SCENES[usize::from(self.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_mirrors_right() {
        let mirror = Scene::all().find(|scene| scene.name() == "mirror").unwrap();
        let facings = [315.0, 45.0].map(Turns::from_deg).into_iter().collect();
        for ms in 0..7500 {
            let [left, right, ..] = mirror.pose_at(1000 * ms, &facings).0;
            assert!((left.x + right.x).abs() < 1e-5 && (left.y - right.y).abs() < 1e-5);
        }
    }
}
