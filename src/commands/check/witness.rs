//! What one sense sees, in words; and on which side a radar's right is, by somebody who
//! walks past it.

use std::time::{Duration, Instant};
use tentacle_hat::calibration::{SenseKind, SensePlan};
use tentacle_hat::motion::{Id, Sighting};

/// Who was not told of for so long is not seen.
const FRESH: Duration = Duration::from_millis(1200);
/// How often a sense is told of, and how often its words may change.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// Who was so far on one side, degrees, and then on the other, walked past.
const ASIDE_DEG: f32 = 20.0;

/// What is told of a sense that sees none.
pub(super) const NOBODY: &str = "nobody";

const LEFT_TO_RIGHT: &str = "from the wearer's left to the wearer's right";
const FRONT_TO_BACK: &str = "from before the wearer to behind the wearer";

/// A sense, and what it saw up to now.
pub(super) struct Witness {
    pub(super) plan: SensePlan,
    people: Vec<Seen>,
    told: Option<(String, Instant)>,
}

/// Somebody.
struct Seen {
    id: Id,
    sighting: Sighting,
    at: Instant,
    /// On which side he was before: −1 left of where the sense looks, 1 right.
    side: Option<f32>,
}

impl Witness {
    pub(super) fn of(plan: &SensePlan) -> Self {
        Self {
            plan: plan.clone(),
            people: Vec::new(),
            told: None,
        }
    }

    /// Whether nobody has tried yet which side is which.
    pub(super) fn wants_walk(&self) -> bool {
        matches!(self.plan.kind, SenseKind::Ld2450 { mirrored: None, .. })
    }

    /// Somebody has tried.
    pub(super) fn knows_side(&mut self, is_mirrored: bool) {
        if let SenseKind::Ld2450 { mirrored, .. } = &mut self.plan.kind {
            *mirrored = Some(is_mirrored);
        }
        // Whoever was seen is on the other side now, or not.
        self.people.clear();
    }

    /// How somebody is to walk past it, who finds out which side is which; he comes to the
    /// right of where it looks, or to the left (−1).
    pub(super) fn walk(&self) -> (&'static str, f32) {
        let (right, front) = (self.plan.facing.sin(), self.plan.facing.cos());
        match (front.abs() >= right.abs(), front > 0.0, right > 0.0) {
            (true, true, _) => (LEFT_TO_RIGHT, 1.0),
            // What looks backward has the wearer's left on its right.
            (true, false, _) => (LEFT_TO_RIGHT, -1.0),
            (false, _, true) => (FRONT_TO_BACK, 1.0),
            (false, _, false) => (FRONT_TO_BACK, -1.0),
        }
    }

    /// Somebody is seen, or no more. Of one who walked past, alone: whether the radar is
    /// mirrored, if he went as he was told.
    pub(super) fn see(&mut self, id: Id, sighting: Option<Sighting>, at: Instant) -> Option<bool> {
        self.people.retain(|seen| at < seen.at + FRESH);
        let before = self.people.iter().position(|seen| seen.id == id);
        let before = before.map(|i| self.people.swap_remove(i));
        let sighting = sighting?;
        let facing_deg = (self.plan.facing.get() * 360.0) as f32;
        let aside = (sighting.bearing_deg - facing_deg + 180.0).rem_euclid(360.0) - 180.0;
        // Of two who cross, one would be believed who was not told.
        let before = before.filter(|_| self.people.is_empty());
        let before = before.and_then(|seen| seen.side);
        let side = match aside.abs() > ASIDE_DEG {
            true => Some(aside.signum()).filter(|_| self.people.is_empty()),
            false => before,
        };
        self.people.push(Seen {
            id,
            sighting,
            at,
            side,
        });
        let walked = before.is_some() && side != before;
        let (_, expected) = self.walk();
        walked.then(|| side != Some(expected))
    }

    /// What is to be told now, if that is news.
    pub(super) fn words(&mut self, at: Instant) -> Option<String> {
        self.people.retain(|seen| at < seen.at + FRESH);
        let mut people: Vec<_> = self.people.iter().collect();
        people.sort_by_key(|seen| seen.id.as_str());
        let people: Vec<_> = people.iter().map(|seen| place(&seen.sighting)).collect();
        let words = match (&self.plan.kind, &people[..]) {
            (_, []) => NOBODY.to_owned(),
            (SenseKind::Gpio { .. }, _) => "somebody is there".to_owned(),
            (_, [one]) => format!("somebody {one}"),
            (_, more) => format!("{} people: {}", more.len(), more.join("; ")),
        };
        if let Some((told, since)) = &self.told
            && (*told == words || at < *since + TELL_EVERY)
        {
            return None;
        }
        self.told = Some((words.clone(), at));
        Some(words)
    }

    /// There was trouble: whatever it sees after that is news.
    pub(super) fn fails(&mut self) {
        self.told = None;
        self.people.clear();
    }
}

/// Where somebody is, as the wearer would say it.
fn place(sighting: &Sighting) -> String {
    // To five degrees: nobody points more finely, and a radar's noise is not told.
    let degrees = (sighting.bearing_deg / 5.0).round() as i32 * 5;
    let bearing = match degrees {
        0 => "straight ahead".to_owned(),
        180 | -180 => "straight behind".to_owned(),
        1.. => format!("{degrees}° to the right"),
        _ => format!("{}° to the left", -degrees),
    };
    match sighting.distance_m {
        Some(distance) => format!("{bearing}, {distance:.1} m away"),
        None => bearing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tentacle_hat::calibration::{Device, Name};
    use tentacle_hat::units::Turns;

    fn witness(facing_deg: f32) -> Witness {
        let kind = SenseKind::Ld2450 {
            tty: Device::from("/dev/serial0").unwrap(),
            mirrored: None,
        };
        Witness::of(&SensePlan {
            name: Name::from("front").unwrap(),
            facing: Turns::from_deg(facing_deg),
            kind,
        })
    }

    fn sighting(bearing_deg: f32) -> Sighting {
        Sighting {
            bearing_deg,
            distance_m: Some(1.52),
            sure: 0.8,
            age_s: 0.05,
        }
    }

    /// What is found out of somebody who was at these bearings, a tenth of a second apart.
    fn walked(witness: &mut Witness, bearings: &[f32]) -> Vec<bool> {
        let (id, start) = (Id::new("front.1").unwrap(), Instant::now());
        let at = |i: usize| start + Duration::from_millis(100 * i as u64);
        let told = |(i, deg): (usize, &f32)| witness.see(id, Some(sighting(*deg)), at(i));
        bearings.iter().enumerate().filter_map(told).collect()
    }

    #[test]
    fn who_walks_past_tells_the_side() {
        let right = [-35.0, -22.0, -10.0, 0.0, 15.0, 25.0, 40.0];
        assert_eq!(walked(&mut witness(0.0), &right), [false]);
        let left = right.map(|deg| -deg);
        assert_eq!(walked(&mut witness(0.0), &left), [true]);
        // Behind the wearer, from his left round to his right.
        let behind = [-145.0, -160.0, 175.0, 155.0, 140.0];
        assert_eq!(walked(&mut witness(180.0), &behind), [false]);
        let behind = behind.map(|deg| -deg);
        assert_eq!(walked(&mut witness(180.0), &behind), [true]);
        // On his right, and on his left, from before him to behind.
        assert_eq!(walked(&mut witness(90.0), &[50.0, 90.0, 130.0]), [false]);
        assert_eq!(
            walked(&mut witness(-90.0), &[-50.0, -90.0, -130.0]),
            [false]
        );
        assert_eq!(walked(&mut witness(-90.0), &[-130.0, -90.0, -50.0]), [true]);
        // Who turns back in front of it has not walked past.
        assert_eq!(
            walked(&mut witness(0.0), &[-30.0, 0.0, 15.0, 0.0, -30.0]),
            [false; 0]
        );
        // Nor one who comes in at the middle.
        assert_eq!(walked(&mut witness(0.0), &[0.0, 15.0, 30.0]), [false; 0]);
    }

    #[test]
    fn of_two_nobody_knows_who_was_told_to_walk() {
        let mut witness = witness(0.0);
        let start = Instant::now();
        for i in 0..10 {
            let at = start + Duration::from_millis(100 * i);
            let deg = -45.0 + 10.0 * i as f32;
            for (id, deg) in [("front.1", deg), ("front.2", -deg)] {
                let id = Id::new(id).unwrap();
                assert_eq!(witness.see(id, Some(sighting(deg)), at), None);
            }
        }
    }

    #[test]
    fn words_change_once_a_second_at_most() {
        let mut witness = witness(0.0);
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut see = |id: &str, deg: f32, ms: u64| {
            witness.see(Id::new(id).unwrap(), Some(sighting(deg)), at(ms));
            witness.words(at(ms))
        };
        assert_eq!(
            see("front.1", 31.0, 0).unwrap(),
            "somebody 30° to the right, 1.5 m away"
        );
        assert_eq!(see("front.1", 32.0, 500), None);
        assert_eq!(see("front.1", -90.0, 900), None);
        assert_eq!(
            see("front.1", -90.0, 1000).unwrap(),
            "somebody 90° to the left, 1.5 m away"
        );
        assert_eq!(
            see("front.2", 178.0, 2000).unwrap(),
            "2 people: 90° to the left, 1.5 m away; straight behind, 1.5 m away"
        );
        assert_eq!(witness.words(at(2500)), None);
        assert_eq!(witness.words(at(3200)).unwrap(), "nobody");
        witness.fails();
        assert_eq!(witness.words(at(3300)).unwrap(), "nobody");
    }
}
