//! Whom the hat attends to: the near and the new, and not for ever who stands still.

use super::people::{Id, People, Sighting, UNKNOWN_M};
use arrayvec::ArrayVec;

/// Somebody who stands still is dull after so long, s, and interesting again after as long
/// that he was not looked at.
const TIRES_S: f32 = 12.0;
const RECOVERS_S: f32 = 10.0;
/// Who moves, by so much, degrees or m, within so long, s, is dull only after so many times
/// as long.
const TURN_DEG: f32 = 6.0;
const STEP_M: f32 = 0.15;
const WITHIN_S: f32 = 1.0;
const MOVING: f32 = 2.5;
/// How dull somebody is at least, and who is new: so that everybody has his turn.
const LONGED_FOR: f32 = -10.0;
const NEW: f32 = -1.0;
/// How much more interesting another one must be, and how long whoever is attended is so
/// at least.
const MORE: f32 = 1.4;
const AT_LEAST_US: u64 = 3_000_000;
/// Who is less interesting than this is not looked at any longer, and who is less than
/// that not at all.
const LEAST: f32 = 0.05;
const ENOUGH: f32 = 0.15;
/// At this distance, m, half as interesting as at none.
const HALF_M: f32 = 1.5;

/// What is known of somebody from before.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: Id,
    /// How dull he is, up to 1; of who was not looked at for long, less than 0.
    dull: f32,
    /// Where he was when he moved last, and how long ago that was, s.
    bearing_deg: f32,
    distance_m: f32,
    stands_s: f32,
}

/// Whom it attends to, and how dull everybody is.
#[derive(Clone, Debug, Default)]
pub(super) struct Attention {
    whom: Option<Id>,
    since_us: u64,
    looked_us: u64,
    known: ArrayVec<Known, { People::MOST }>,
}

impl Attention {
    /// Whom it attends to.
    pub(super) fn whom(&self) -> Option<Id> {
        self.whom
    }

    /// Looks at everybody who is there at `t_us`; whom it attends to, if anybody.
    pub(super) fn look(
        &mut self,
        people: impl Iterator<Item = (Id, Sighting)>,
        t_us: u64,
    ) -> Option<Sighting> {
        let passed_s = t_us.saturating_sub(self.looked_us) as f32 / 1e6;
        self.looked_us = t_us;
        let before = core::mem::take(&mut self.known);
        let (mut best, mut current): (Option<(f32, Id, Sighting)>, _) = (None, None);
        for (id, seen) in people {
            let known = before.iter().find(|known| known.id == id);
            let known = self.know(known, id, &seen, passed_s);
            let distance_m = seen.distance_m.unwrap_or(UNKNOWN_M);
            let near = HALF_M / (HALF_M + distance_m);
            let interest = seen.sure * near * (1.0 - known.dull);
            // There is room for as many as there can be people.
            let _ = self.known.try_push(known);
            if self.whom == Some(id) && interest >= LEAST {
                current = Some((interest, seen));
            }
            if interest >= ENOUGH && best.is_none_or(|(most, ..)| interest > most) {
                best = Some((interest, id, seen));
            }
        }
        let held = t_us < self.since_us + AT_LEAST_US;
        let (whom, seen) = match (best, current) {
            (Some((most, id, seen)), Some((interest, _))) if !held && most > interest * MORE => {
                (Some(id), Some(seen))
            }
            (_, Some((_, seen))) => (self.whom, Some(seen)),
            (Some((_, id, seen)), None) => (Some(id), Some(seen)),
            (None, None) => (None, None),
        };
        if self.whom != whom {
            (self.whom, self.since_us) = (whom, t_us);
        }
        seen
    }

    /// What is known of somebody by now.
    fn know(&self, known: Option<&Known>, id: Id, seen: &Sighting, passed_s: f32) -> Known {
        let distance_m = seen.distance_m.unwrap_or(UNKNOWN_M);
        let new = Known {
            id,
            dull: NEW,
            bearing_deg: seen.bearing_deg,
            distance_m,
            stands_s: 0.0,
        };
        let Some(known) = known else { return new };
        let turned = (seen.bearing_deg - known.bearing_deg).abs();
        let moved =
            turned.min(360.0 - turned) > TURN_DEG || (distance_m - known.distance_m).abs() > STEP_M;
        let stands_s = known.stands_s + passed_s;
        // Who is looked at is longed for no more.
        let dull = match self.whom == Some(id) {
            true if stands_s < WITHIN_S => known.dull.max(0.0) + passed_s / (TIRES_S * MOVING),
            true => known.dull.max(0.0) + passed_s / TIRES_S,
            false => known.dull - passed_s / RECOVERS_S,
        };
        let dull = dull.clamp(LONGED_FOR, 1.0);
        match moved {
            true => Known { dull, ..new },
            false => Known {
                dull,
                stands_s,
                ..*known
            },
        }
    }
}
