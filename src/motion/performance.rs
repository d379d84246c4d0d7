//! The one place where movements blend.
//!
//! When another movement is wanted it is laid over those before, and its weight grows
//! by the minimum jerk. Weights add up to 1, so no blend of bends leaves the unit
//! circle; position, speed and acceleration are continuous.

use super::attention::Attention;
use super::heading::Headings;
use super::life::Life;
use super::reach::{LAST_US, Reach};
use super::startle::Startle;
use super::wishes::Wanted;
use super::{Facings, Hat, Id, Mood, People, Pose, Refusal, Scene, Sighting, Wave, Wishes, ease};
use crate::units::Bend;
use arrayvec::ArrayVec;

/// How long the first movement takes to grow from nothing.
const GROWTH_US: u64 = 2_000_000;
/// How long the way back to straight takes; the rest of the second that a stop
/// may last is the servos' own.
const RETURN_US: u64 = 600_000;
/// How long the way back from somebody takes.
const DRIFT_US: u64 = 3_000_000;
/// How many movements blend at most; another one waits for the lowest to be covered.
const LAYERS: usize = 4;

/// How far all curl inward, and how far after a while: against their ends,
/// servos must not be held for long.
const FOLDED: f32 = 0.95;
const FOLDED_LONG: f32 = 0.75;
const FOLDED_FOR_US: u64 = 20_000_000;
const EASING_US: u64 = 5_000_000;

/// Where tentacles lean as a function of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Movement {
    Straight,
    Wave(Wave),
    Life(Life),
    /// A scene from its start.
    Scene(Scene, u64),
    /// All curled inward since then.
    Fold(u64),
    Startle(Startle),
    /// For whoever is attended.
    Reach,
}

impl Movement {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Straight => Mood::Still.name(),
            Self::Wave(_) => "wave",
            Self::Life(_) => "life",
            Self::Scene(scene, _) => scene.name(),
            Self::Fold(_) => "folded",
            Self::Startle(_) => "startled",
            Self::Reach => "reaching",
        }
    }

    #[inline]
    fn pose_at(&self, t_us: u64, facings: &Facings, reach: &Reach) -> Pose {
        match self {
            Self::Straight => Pose::STRAIGHT,
            Self::Wave(wave) => wave.pose_at(t_us, facings.len()),
            Self::Life(life) => life.pose_at(t_us, facings),
            Self::Scene(scene, start_us) => scene.pose_at(t_us.saturating_sub(*start_us), facings),
            Self::Fold(since_us) => {
                let long = ease(t_us.saturating_sub(since_us + FOLDED_FOR_US), EASING_US);
                let y = -(FOLDED + (FOLDED_LONG - FOLDED) * long);
                Pose::each(facings, |_| Bend { x: 0.0, y })
            }
            Self::Startle(startle) => startle.pose_at(t_us, facings),
            Self::Reach => reach.pose_at(t_us, facings),
        }
    }
}

/// A movement that covers those below it, wholly once it has grown.
#[derive(Clone, Copy, Debug)]
struct Layer {
    movement: Movement,
    since_us: u64,
    growth_us: u64,
}

impl Layer {
    const STRAIGHT: Self = Self {
        movement: Movement::Straight,
        since_us: 0,
        growth_us: 0,
    };

    fn weight(&self, t_us: u64) -> f32 {
        ease(t_us.saturating_sub(self.since_us), self.growth_us)
    }

    fn has_grown_us(&self) -> u64 {
        let last_us = match self.movement {
            Movement::Reach => LAST_US as u64,
            _ => 0,
        };
        self.since_us + self.growth_us + last_us
    }
}

/// What a hat plays, by what is asked of it.
#[derive(Clone, Debug)]
pub struct Performance {
    wishes: Wishes,
    /// Until when nothing else can be wanted, and no layer is covered.
    settled_us: u64,
    /// What is played, and, below, what it comes out of; never empty.
    layers: ArrayVec<Layer, LAYERS>,
    /// Whether somebody was attended to when it was settled, and whether what is played
    /// reaches for somebody, or still comes back from there.
    attends: bool,
    reaches: bool,
    grows_from_us: u64,
    returns_from_us: Option<u64>,
    head: Headings,
    people: People,
    attention: Attention,
    reach: Reach,
}

impl Performance {
    /// What `hat` plays unasked; `seed` decides whatever it leaves to chance.
    pub fn new(hat: &Hat, seed: u32) -> Self {
        Self::of(Wishes::new(hat.motion, seed, hat.rig.tentacles()))
    }

    fn of(wishes: Wishes) -> Self {
        Self {
            wishes,
            settled_us: 0,
            layers: [Layer::STRAIGHT].into_iter().collect(),
            attends: false,
            reaches: false,
            grows_from_us: 0,
            returns_from_us: None,
            head: Headings::default(),
            people: People::default(),
            attention: Attention::default(),
            reach: Reach::default(),
        }
    }

    /// Starts from straight at `t_us`; what is played grows from `grows_from_us` on.
    /// Moments of before are over, states go on.
    pub fn begin(&mut self, t_us: u64, grows_from_us: u64) {
        self.ask().forget_moments(t_us);
        self.layers = [Layer::STRAIGHT].into_iter().collect();
        self.reaches = false;
        self.grows_from_us = grows_from_us;
        self.returns_from_us = None;
    }

    /// What is asked for.
    pub fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// Asks for something else.
    pub fn ask(&mut self) -> &mut Wishes {
        self.settled_us = 0;
        &mut self.wishes
    }

    /// Goes over to what files say anew, if its tentacles face as before.
    pub fn change(&mut self, hat: &Hat) {
        self.ask().change(hat.motion, hat.rig.tentacles());
    }

    /// Goes back to straight from `t_us` on; a second call changes nothing.
    pub fn end(&mut self, t_us: u64) {
        self.returns_from_us.get_or_insert(t_us);
    }

    /// Since when it goes back to straight.
    pub fn ends_from_us(&self) -> Option<u64> {
        self.returns_from_us
    }

    /// Whether all tentacles stand straight for good.
    pub fn has_ended(&self, t_us: u64) -> bool {
        self.returns_from_us
            .is_some_and(|from| t_us >= from + RETURN_US)
    }

    /// Since when all tentacles stand straight because it is `still`.
    #[inline]
    pub fn rests_from_us(&self) -> Option<u64> {
        let top = self.layers.last()?;
        let rests = self.wishes.mood() == Mood::Still && top.movement == Movement::Straight;
        rests.then(|| top.has_grown_us())
    }

    /// Who is near, each as he is believed to be at `t_us`.
    pub fn people_at(&self, t_us: u64) -> impl Iterator<Item = (Id, Sighting)> {
        self.people.at(t_us, &self.head)
    }

    /// Who is reached for, if anybody.
    pub fn attended(&self) -> Option<Id> {
        self.attention.whom()
    }

    /// Somebody was seen, or is gone.
    ///
    /// # Errors
    /// There is no room for one more.
    pub fn meet(&mut self, id: Id, sighting: Option<&Sighting>, t_us: u64) -> Result<(), Refusal> {
        match sighting {
            Some(seen) if !self.people.see(id, seen, &self.head, t_us) => {
                return Err(Refusal::Crowded);
            }
            Some(_) => {}
            None => self.people.lose(id, t_us),
        }
        Ok(())
    }

    /// Where the head was turned to last, degrees clockwise since its source began.
    pub fn heading_deg(&self) -> Option<f32> {
        self.head.deg()
    }

    /// The head is turned to `deg`.
    pub fn turn(&mut self, deg: f32, t_us: u64) {
        self.head.turn(deg, t_us);
    }

    /// How many tentacles there are.
    pub fn tentacles(&self) -> usize {
        self.wishes.facings.len()
    }

    /// What is played, in a word.
    pub fn scene(&self) -> &'static str {
        let top = self.layers.last();
        top.map_or("", |top| top.movement.name())
    }

    /// Lets what is asked for at `t_us` come in; once a slot, before
    /// [`Self::pose_at`].
    #[inline]
    pub fn advance(&mut self, t_us: u64) {
        let attended = (!self.people.is_empty() || self.reaches) && self.attend(t_us);
        if t_us >= self.settled_us || attended != self.attends {
            self.attends = attended;
            self.settle(t_us);
        }
    }

    /// Looks at who is there; whether anybody is reached for.
    fn attend(&mut self, t_us: u64) -> bool {
        self.people.forget(t_us);
        let whom = self.attention.look(self.people.at(t_us, &self.head), t_us);
        let facings = &self.wishes.facings;
        match (whom, self.reaches) {
            (whom, true) => self.reach.follow(whom, t_us, facings),
            (Some(whom), false) => self.reach.begin(whom, t_us, facings),
            (None, false) => {}
        }
        whom.is_some()
    }

    fn settle(&mut self, t_us: u64) {
        let grown = |layer: &Layer| t_us >= layer.has_grown_us();
        let lowest = self.layers.iter().rposition(grown).unwrap_or(0);
        self.layers.drain(..lowest);
        let Wanted {
            movement,
            growth_us,
            until_us,
        } = self.wishes.wanted(t_us, self.attends);
        self.settled_us = until_us;
        if self
            .layers
            .last()
            .is_none_or(|top| top.movement != movement)
        {
            // Whatever comes first comes slowly, once the servos are engaged.
            let (since_us, growth_us) = match t_us <= self.grows_from_us {
                true => (self.grows_from_us, GROWTH_US),
                // From somebody it drifts back slowly.
                false if self.reaches && !self.attends => (t_us, DRIFT_US),
                false => (t_us, growth_us),
            };
            let layer = Layer {
                movement,
                since_us,
                growth_us,
            };
            if self.layers.try_push(layer).is_err() {
                self.settled_us = t_us;
            }
        }
        let reaches = |layer: &Layer| layer.movement == Movement::Reach;
        self.reaches = self.layers.iter().any(reaches);
        if let Some(lowest) = self.layers.get(1) {
            self.settled_us = self.settled_us.min(lowest.has_grown_us());
        }
    }

    /// Where each tentacle leans at `t_us`.
    #[inline]
    pub fn pose_at(&self, t_us: u64) -> Pose {
        let facings = &self.wishes.facings;
        let Some((lowest, above)) = self.layers.split_first() else {
            return Pose::STRAIGHT;
        };
        let mut pose = lowest.movement.pose_at(t_us, facings, &self.reach);
        for layer in above {
            let over = layer.movement.pose_at(t_us, facings, &self.reach);
            if layer.movement == Movement::Reach {
                // One after another.
                for (i, delay_us) in self.reach.delays_us.iter().enumerate() {
                    let weight = layer.weight(t_us.saturating_sub(*delay_us));
                    pose.0[i] = pose.0[i].toward(over.0[i], weight);
                }
            } else {
                pose = pose.toward(&over, layer.weight(t_us));
            }
        }
        if let Some(from_us) = self.returns_from_us {
            let weight = ease(t_us.saturating_sub(from_us), RETURN_US);
            pose = pose.toward(&Pose::STRAIGHT, weight);
        }
        pose
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::{Name, Tentacle};
    use crate::motion::startle::FLINCH_US;
    use crate::motion::wave::AxisWave;
    use crate::motion::wishes::CHANGE_US;
    use crate::motion::{Key, Motion};
    use crate::units::{Frequency, Turns};
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
        let mut random = 1u64;
        let mut below = move |most: u64| {
            // Knuth's multiplier; the upper bits are the random ones.
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) % most
        };
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
                        .play(Scene::all().nth(below(6) as usize).unwrap(), t_us),
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
        for _ in 1..LAYERS {
            bounds = bounds.blended_with(Bounds::OF_REACHING, CHANGE_US);
        }
        let mut random = 1u64;
        let mut below = move |most: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 33) % most
        };
        let (mut next_us, mut reached) = (0, 0);
        play(600, bounds, |performance, t_us| {
            reached += u32::from(performance.attended().is_some());
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
        assert!(reached > 10_000, "{reached}");
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
}
