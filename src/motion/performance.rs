//! The one place where movements blend, and where it is decided which one is played.
//!
//! What is asked for decides, the first that there is: fold, `still`, a startle, one
//! scene, the show, and else the wave. When that changes, the new movement is laid
//! over those before, and its weight grows by the minimum jerk. A sum of weights is
//! never more than 1, so no blend of bends leaves the unit circle; position, speed
//! and acceleration are continuous.

use super::startle::{FLINCH_US, Startle};
use super::wave::Key;
use super::{Facings, Hat, Id, People, Pose, Refusal, Scene, Sighting, Wave, ease, facings};
use crate::units::{Bend, Turns};
use arrayvec::ArrayVec;

/// How long the first movement takes to grow from nothing.
const GROWTH_US: u64 = 2_000_000;
/// How long one movement takes to become another.
const CHANGE_US: u64 = 800_000;
/// How long a scene takes to fade in.
const FADE_US: u64 = 1_000_000;
/// How long the way back to straight takes; the rest of the second that a stop
/// may last is the servos' own.
const RETURN_US: u64 = 600_000;
/// How many movements blend at most; another one waits for the lowest to be covered.
const LAYERS: usize = 4;

/// How far all curl inward, and how far after a while: against their ends,
/// servos must not be held for long.
const FOLDED: f32 = 0.95;
const FOLDED_LONG: f32 = 0.75;
const FOLDED_FOR_US: u64 = 20_000_000;
const EASING_US: u64 = 5_000_000;

/// How lively the hat is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// At rest; after a while its servos go limp.
    Still,
    /// Half as fast and half as wide.
    Calm,
    /// As the files say.
    #[default]
    Lively,
}

impl Mood {
    /// All of them, from one to the next as the button goes.
    pub const ALL: [Self; 3] = [Self::Lively, Self::Calm, Self::Still];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Still => "still",
            Self::Calm => "calm",
            Self::Lively => "lively",
        }
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|mood| *mood == self);
        Self::ALL[at.map_or(0, |at| (at + 1) % Self::ALL.len())]
    }
}

/// What a hat plays, by what it was asked for.
#[derive(Clone, Debug)]
pub struct Performance {
    /// What motion.toml says, and cues since.
    wave: Wave,
    facings: Facings,
    mood: Mood,
    /// Since when all are folded.
    folded_us: Option<u64>,
    /// Since when the show is on.
    show_us: Option<u64>,
    /// One scene, and its start.
    scene: Option<(Scene, u64)>,
    startle: Option<Startle>,
    heading_deg: Option<f32>,
    people: People,
    /// What is played, and, below, what it comes out of.
    layers: ArrayVec<Layer, LAYERS>,
    grows_from_us: u64,
    returns_from_us: Option<u64>,
}

/// A movement that covers those below it, wholly once it has grown.
#[derive(Clone, Copy, Debug)]
struct Layer {
    movement: Movement,
    since_us: u64,
    growth_us: u64,
}

impl Layer {
    fn weight(&self, t_us: u64) -> f32 {
        ease(t_us.saturating_sub(self.since_us), self.growth_us)
    }
}

/// Where tentacles lean as a function of time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Movement {
    Straight,
    Wave(Wave),
    /// A scene from its start.
    Scene(Scene, u64),
    /// All curled inward since then.
    Fold(u64),
    Startle(Startle),
}

impl Movement {
    #[inline]
    fn pose_at(&self, t_us: u64, facings: &Facings) -> Pose {
        match self {
            Self::Straight => Pose::STRAIGHT,
            Self::Wave(wave) => wave.pose_at(t_us, facings.len()),
            Self::Scene(scene, start_us) => scene.pose_at(t_us.saturating_sub(*start_us), facings),
            Self::Fold(since_us) => {
                let long = ease(t_us.saturating_sub(since_us + FOLDED_FOR_US), EASING_US);
                let y = -(FOLDED + (FOLDED_LONG - FOLDED) * long);
                Pose::each(facings, |_| Bend { x: 0.0, y })
            }
            Self::Startle(startle) => startle.pose_at(t_us, facings),
        }
    }
}

impl Performance {
    /// What `hat` plays unasked: its wave.
    pub fn new(hat: &Hat) -> Self {
        Self::of(hat.wave, facings(hat.rig.tentacles()))
    }

    fn of(wave: Wave, facings: Facings) -> Self {
        let mut performance = Self {
            wave,
            facings,
            mood: Mood::default(),
            folded_us: None,
            show_us: None,
            scene: None,
            startle: None,
            heading_deg: None,
            people: People::default(),
            layers: ArrayVec::new(),
            grows_from_us: 0,
            returns_from_us: None,
        };
        performance.begin(0);
        performance
    }

    /// Starts from straight; what is played grows from `grows_from_us` on. Moments
    /// of before are over, states go on.
    pub fn begin(&mut self, grows_from_us: u64) {
        self.scene = None;
        self.startle = None;
        self.grows_from_us = grows_from_us;
        self.returns_from_us = None;
        self.layers.clear();
        self.layers.push(Layer {
            movement: Movement::Straight,
            since_us: 0,
            growth_us: 0,
        });
    }

    /// Goes over to what files say anew, if its tentacles face as before.
    pub fn change(&mut self, hat: &Hat) {
        self.wave = hat.wave;
        self.facings = facings(hat.rig.tentacles());
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
    pub fn rests_from_us(&self) -> Option<u64> {
        let top = self.layers.last()?;
        let straight = self.mood == Mood::Still && top.movement == Movement::Straight;
        straight.then_some(top.since_us + top.growth_us)
    }

    /// How lively the hat is.
    pub fn mood(&self) -> Mood {
        self.mood
    }

    /// Makes it as lively.
    pub fn set_mood(&mut self, mood: Mood) {
        self.mood = mood;
    }

    /// Whether all tentacles are to be curled inward.
    pub fn is_folded(&self) -> bool {
        self.folded_us.is_some()
    }

    /// Curls all tentacles inward, or lets them go.
    pub fn fold(&mut self, folded: bool, t_us: u64) {
        self.folded_us = folded.then(|| self.folded_us.unwrap_or(t_us));
    }

    /// Plays one scene, from its start.
    pub fn play(&mut self, scene: Scene, t_us: u64) {
        self.scene = Some((scene, t_us));
    }

    /// Plays the show over and over, from its start, or no more.
    pub fn play_show(&mut self, on: bool, t_us: u64) {
        self.show_us = on.then(|| self.show_us.unwrap_or(t_us));
        self.scene = None;
    }

    /// Startles the tentacles, from a bearing or from everywhere.
    pub fn startle(&mut self, from: Option<Turns>, t_us: u64) {
        self.startle = Some(Startle { from, at_us: t_us });
    }

    /// The wave that is played when nothing else is.
    pub fn wave(&self) -> &Wave {
        &self.wave
    }

    /// Changes a number of the wave.
    ///
    /// # Errors
    /// It is out of range, or the wave would be too wide; nothing is changed.
    pub fn set(&mut self, key: Key, value: f64) -> Result<(), Refusal> {
        self.wave = self.wave.with(key, value, self.facings.len())?;
        Ok(())
    }

    /// Who is near.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// Somebody was seen, or is gone.
    ///
    /// # Errors
    /// There is no room for him.
    pub fn meet(&mut self, id: Id, sighting: Option<Sighting>) -> Result<(), Refusal> {
        match sighting {
            Some(sighting) if !self.people.see(id, sighting) => return Err(Refusal::Crowded),
            Some(_) => {}
            None => self.people.lose(id),
        }
        Ok(())
    }

    /// Where the head was turned to last, degrees clockwise since its source began.
    pub fn heading_deg(&self) -> Option<f32> {
        self.heading_deg
    }

    /// The head is turned to `deg`.
    pub fn set_heading(&mut self, deg: f32) {
        self.heading_deg = Some(deg);
    }

    /// How many tentacles there are.
    pub fn tentacles(&self) -> usize {
        self.facings.len()
    }

    /// What is played, in a word.
    pub fn scene(&self) -> &'static str {
        match self.layers.last().map(|top| top.movement) {
            None | Some(Movement::Straight) => Mood::Still.name(),
            Some(Movement::Wave(_)) if self.mood == Mood::Calm => Mood::Calm.name(),
            Some(Movement::Wave(_)) => "wave",
            Some(Movement::Scene(scene, _)) => scene.name(),
            Some(Movement::Fold(_)) => "folded",
            Some(Movement::Startle(_)) => "startled",
        }
    }

    /// Lets what is asked for at `t_us` come in; once a slot, before
    /// [`Self::pose_at`].
    #[inline]
    pub fn advance(&mut self, t_us: u64) {
        self.startle.take_if(|startle| startle.is_over(t_us));
        self.scene
            .take_if(|(scene, start_us)| t_us >= *start_us + scene.length_us());
        if self.layers.len() > 1 {
            // Those that are covered.
            let grown = |layer: &Layer| t_us >= layer.since_us + layer.growth_us;
            let lowest = self.layers.iter().rposition(grown).unwrap_or(0);
            self.layers.drain(..lowest);
        }
        let (movement, growth_us) = self.wanted(t_us);
        let top = self.layers.last();
        if top.is_none_or(|top| top.movement != movement) && !self.layers.is_full() {
            // Whatever comes first comes slowly, after the servos are engaged.
            let first = t_us <= self.grows_from_us || self.layers.is_empty();
            self.layers.push(match first {
                true => Layer {
                    movement,
                    since_us: self.grows_from_us,
                    growth_us: GROWTH_US,
                },
                false => Layer {
                    movement,
                    since_us: t_us,
                    growth_us,
                },
            });
        }
    }

    /// The movement that is to be played, and how long it takes to come in.
    #[inline]
    fn wanted(&self, t_us: u64) -> (Movement, u64) {
        if let Some(since_us) = self.folded_us {
            return (Movement::Fold(since_us), CHANGE_US);
        }
        if self.mood == Mood::Still {
            return (Movement::Straight, CHANGE_US);
        }
        if let Some(startle) = self.startle {
            return (Movement::Startle(startle), FLINCH_US);
        }
        if let Some((scene, start_us)) = self.scene {
            return (Movement::Scene(scene, start_us), FADE_US);
        }
        if let Some(show_us) = self.show_us {
            let (scene, start_us) = Scene::of_show(t_us.saturating_sub(show_us));
            return (Movement::Scene(scene, show_us + start_us), FADE_US);
        }
        let wave = match self.mood {
            Mood::Calm => self.wave.calmed(),
            _ => self.wave,
        };
        (Movement::Wave(wave), CHANGE_US)
    }

    /// Where each tentacle leans at `t_us`.
    #[inline]
    pub fn pose_at(&self, t_us: u64) -> Pose {
        let Some((lowest, above)) = self.layers.split_first() else {
            return Pose::STRAIGHT;
        };
        let mut pose = lowest.movement.pose_at(t_us, &self.facings);
        for layer in above {
            let over = layer.movement.pose_at(t_us, &self.facings);
            pose = pose.toward(&over, layer.weight(t_us));
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
    use crate::motion::wave::AxisWave;
    use crate::units::Frequency;
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
        let facings = [315.0, 45.0, 135.0, 225.0].map(Turns::from_deg);
        Performance::of(wave, facings.into_iter().collect())
    }

    /// How fast a pose may change, and its speed, and its acceleration: bends a
    /// second, a second², a second³.
    #[derive(Clone, Copy, Debug)]
    struct Bounds([f32; 3]);

    impl Bounds {
        /// What the movements themselves come to: by far the most has a bow, a
        /// swing of 0.9/1.3 · sin(1 − cos) within 2 s.
        const OF_A_MOVEMENT: Self = Self([5.0, 20.0, 80.0]);

        /// A blend of a movement with those below it, which keep to these bounds: the
        /// derivatives of p + (m − p)·w, where |m − p| ≤ 2 and w is the minimum jerk,
        /// whose own derivatives are at most 1.875/T, 5.774/T² and 60/T³.
        fn blended(self, growth_us: u64) -> Self {
            let [v, a, j] = Self::OF_A_MOVEMENT.0;
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
        performance.begin(0);
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
            3_000 => performance.fold(true, t_us),
            6_000 => performance.fold(false, t_us),
            9_000 => performance.set_mood(Mood::Calm),
            12_000 => performance.set_mood(Mood::Still),
            15_000 => performance.set_mood(Mood::Lively),
            18_000 => performance.play(Scene::all().last().unwrap(), t_us),
            25_000 => performance.fold(true, t_us),
            58_000 => performance.end(t_us),
            _ => {}
        });
    }

    #[test]
    fn the_show_is_smooth_at_every_seam() {
        let bounds = Bounds::OF_A_MOVEMENT.blended(CHANGE_US);
        play(100, bounds, |performance, t_us| {
            performance.play_show(true, t_us);
        });
    }

    #[test]
    fn a_startle_is_as_smooth_as_it_is_fast() {
        let bounds = Bounds::OF_A_MOVEMENT.blended(FLINCH_US);
        play(20, bounds, |performance, t_us| {
            if t_us == 3_000 * MS {
                performance.startle(Some(Turns::HALF), t_us);
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
                    0 => performance.fold(true, t_us),
                    1 | 2 => performance.fold(false, t_us),
                    3 => performance.set_mood(Mood::ALL[below(3) as usize]),
                    4 => performance.play(Scene::all().nth(below(6) as usize).unwrap(), t_us),
                    5 => performance.play_show(below(2) == 0, t_us),
                    6 => performance.startle(Some(Turns(below(1 << 31) as u32)), t_us),
                    _ => {
                        let key = Key::all().nth(below(8) as usize).unwrap();
                        // Some would lead too far, and are refused.
                        let _ = performance.set(key, below(100) as f64 / 200.0);
                    }
                }
                // Mostly soon, and sometimes once all is over.
                next_us = t_us + MS * [below(300), below(1000), below(3000)][below(3) as usize];
            }
        });
        assert!(asked > 1000, "{asked}");
    }

    #[test]
    fn precedence() {
        let mut performance = performance();
        let mut plays = |t_s: u64, change: &dyn Fn(&mut Performance, u64)| {
            let t_us = t_s * 1_000_000;
            change(&mut performance, t_us);
            performance.advance(t_us);
            performance.scene()
        };
        assert_eq!(plays(10, &|_, _| {}), "wave");
        assert_eq!(plays(20, &|p, t| p.play_show(true, t)), "round-the-hat");
        let rest = Scene::all().last().unwrap();
        assert_eq!(plays(21, &|p, t| p.play(rest, t)), "rest");
        assert_eq!(plays(22, &|p, t| p.startle(None, t)), "startled");
        assert_eq!(plays(23, &|p, _| p.set_mood(Mood::Still)), "still");
        assert_eq!(plays(24, &|p, t| p.fold(true, t)), "folded");
        // And back, as far as something is not over by itself.
        assert_eq!(plays(26, &|p, t| p.fold(false, t)), "still");
        assert_eq!(plays(26, &|p, _| p.set_mood(Mood::Calm)), "startled");
        assert_eq!(plays(28, &|_, _| {}), "circles");
        assert_eq!(plays(40, &|p, t| p.play_show(false, t)), "calm");
        assert_eq!(plays(41, &|p, _| p.set_mood(Mood::Lively)), "wave");
    }

    #[test]
    fn nothing_is_held_against_its_end_for_long() {
        let mut performance = performance();
        performance.fold(true, 0);
        let mut long_us = 0;
        for t_us in (0..120_000).map(|ms| ms * MS) {
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
        performance.play_show(true, 0);
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
