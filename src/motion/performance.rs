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
/// Who comes suddenly near startles so seldom: one who jumps about is soon no surprise.
const CALM_US: u64 = 15_000_000;
/// How many movements blend at most; another one waits for the lowest to be covered.
pub(super) const LAYERS: usize = 4;

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

    /// Whether this is what the hat does by itself, to which it drifts back from somebody;
    /// what comes before reaching is not to wait for that.
    fn goes_on(&self) -> bool {
        matches!(self, Self::Wave(_) | Self::Life(_) | Self::Scene(..))
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
    /// From when on who comes suddenly near startles again.
    startles_from_us: u64,
}

impl Performance {
    /// What `hat` plays unasked; `seed` decides whatever it leaves to chance.
    pub fn new(hat: &Hat, seed: u32) -> Self {
        Self::of(Wishes::new(hat.motion, seed, hat.rig.tentacles()))
    }

    pub(super) fn of(wishes: Wishes) -> Self {
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
            startles_from_us: 0,
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
        self.people.name(self.attention.whom()?)
    }

    /// Somebody was seen, or is gone; who comes suddenly near startles.
    ///
    /// # Errors
    /// There is no room for one more.
    pub fn meet(&mut self, id: Id, sighting: Option<&Sighting>, t_us: u64) -> Result<(), Refusal> {
        let Some(seen) = sighting else {
            self.people.lose(id, t_us);
            return Ok(());
        };
        let attended = self.attention.whom();
        let sudden = self.people.see(id, seen, &self.head, t_us, attended)?;
        if sudden.is_some() && t_us >= self.startles_from_us {
            self.startles_from_us = t_us + CALM_US;
            self.ask().startle(sudden, t_us);
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
        let whom = self
            .attention
            .look(self.people.persons(t_us, &self.head), t_us);
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
        let top = self.layers.last().map(|top| top.movement);
        if top != Some(movement) {
            let (since_us, growth_us) = if t_us <= self.grows_from_us {
                // Whatever comes first comes slowly, once the servos are engaged.
                (self.grows_from_us, GROWTH_US)
            } else if top == Some(Movement::Reach) && movement.goes_on() {
                (t_us, DRIFT_US)
            } else {
                (t_us, growth_us)
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
