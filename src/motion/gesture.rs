//! What tentacles do now and then, over whatever else they do.

use super::ease;
use super::noise::Chance;
use crate::units::{Bend, Turns};

/// A cell of gestures: 16.8 s, in which there is one or none.
const CELL_LOG_US: u32 = 24;
/// How long any gesture takes at most.
const LONGEST_US: u64 = 8_000_000;

/// A gesture in its cell of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gesture {
    kind: Kind,
    from_us: u64,
    bits: u32,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A wave of tentacles that bow outward, one after another round the hat.
    Ripple,
    /// One curls up and opens again.
    Curl,
    /// One or two look slowly from one side to the other.
    Look,
    /// All shrink from something, and come back slowly.
    Shrink,
}

/// The gesture of the moment; `share` tells of how many of 256 cells that begin at a
/// time have one.
pub(super) fn at(chance: Chance, t_us: u64, share: impl Fn(u64) -> u32) -> Option<Gesture> {
    let cell = t_us >> CELL_LOG_US;
    let bits = chance.bits(cell);
    if bits & 255 >= share(cell << CELL_LOG_US) {
        return None;
    }
    let room_us = (1 << CELL_LOG_US) - LONGEST_US;
    let from_us = (cell << CELL_LOG_US) + ((room_us * u64::from(bits >> 16)) >> 16);
    let over = t_us < from_us || t_us >= from_us + LONGEST_US;
    let kind = match bits >> 8 & 7 {
        0..=2 => Kind::Ripple,
        3 | 4 => Kind::Look,
        5 | 6 => Kind::Curl,
        _ => Kind::Shrink,
    };
    (!over).then_some(Gesture {
        kind,
        from_us,
        bits: bits >> 11,
    })
}

impl Gesture {
    /// Where a tentacle leans in it, and how much it takes part.
    pub(super) fn bend_at(
        &self,
        t_us: u64,
        tentacle: usize,
        count: usize,
        facing: Turns,
    ) -> Option<(Bend, f32)> {
        let t_us = t_us - self.from_us;
        let chosen = self.bits as usize % count;
        let clockwise = self.bits & 1 == 0;
        match self.kind {
            Kind::Ripple => {
                let first = Turns(self.bits << 16);
                let turn = match clockwise {
                    true => facing.minus(first),
                    false => first.minus(facing),
                };
                // Once round in 3 s.
                let delay_us = (u64::from(turn.0) * 3_000_000) >> 32;
                let t_us = t_us.checked_sub(delay_us)?;
                let weight = bump(t_us, 900_000, 200_000, 1_200_000)?;
                Some((Bend { x: 0.0, y: 0.8 }, weight))
            }
            Kind::Curl if tentacle == chosen => {
                let weight = bump(t_us, 1_500_000, 1_000_000, 2_000_000)?;
                let turn = Turns((ease(t_us, 4_500_000) * 3.2e9) as u32);
                let turn = if clockwise {
                    turn
                } else {
                    Turns::ZERO.minus(turn)
                };
                let inward = turn.plus(Turns::HALF);
                Some((Bend::toward_bearing(inward, Turns::ZERO, 0.85), weight))
            }
            Kind::Look if tentacle == chosen || tentacle == (chosen + 1) % count => {
                let weight = bump(t_us, 1_200_000, 4_000_000, 1_500_000)?;
                // A fifth of a turn to one side, a look, and to the other.
                let side = 0.4 * ease(t_us.saturating_sub(2_200_000), 1_600_000) - 0.2;
                let side = if clockwise { side } else { -side };
                let bearing = Turns::new(f64::from(side));
                Some((Bend::toward_bearing(bearing, Turns::ZERO, 0.7), weight))
            }
            Kind::Shrink => {
                let weight = bump(t_us, 500_000, 1_500_000, 3_000_000)?;
                Some((Bend { x: 0.0, y: -0.6 }, weight))
            }
            _ => None,
        }
    }
}

/// A weight that rises, stays and falls; `None` once it has.
fn bump(t_us: u64, rise_us: u64, stay_us: u64, fall_us: u64) -> Option<f32> {
    let falls_us = rise_us + stay_us;
    let over = t_us >= falls_us + fall_us;
    let weight = ease(t_us, rise_us) - ease(t_us.saturating_sub(falls_us), fall_us);
    (!over).then_some(weight)
}
