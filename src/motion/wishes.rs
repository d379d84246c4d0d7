//! What is asked of the tentacles, and which of it is played: the first that there is
//! of fold, `still`, a startle, somebody to reach for, one scene, the show, and else life.

use super::life::Life;
use super::startle::{FLINCH_US, Startle};
use super::{Facings, Key, Motion, Movement, Refusal, Scene, facings};
use crate::calibration::Tentacle;
use crate::units::Turns;

/// How long one movement takes to become another.
pub(super) const CHANGE_US: u64 = 800_000;
/// How long a scene takes to fade in.
const FADE_US: u64 = 1_000_000;

/// How long tentacles must be let go for their servos to be folded anew as far as ever.
const UNFOLDED_FOR_US: u64 = 5_000_000;

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

/// What was asked for and still holds.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// What motion.toml says, and cues since.
    motion: Motion,
    seed: u32,
    pub(super) facings: Facings,
    mood: Mood,
    folded: bool,
    /// Since when they are or were, but for moments between.
    folded_us: u64,
    /// When they were let go last.
    unfolded_us: Option<u64>,
    /// Since when the show is on.
    show_us: Option<u64>,
    /// One scene, and its start.
    scene: Option<(Scene, u64)>,
    startle: Option<Startle>,
}

/// The movement to be played, how long it takes to come in, and until when it is.
pub(super) struct Wanted {
    pub(super) movement: Movement,
    pub(super) growth_us: u64,
    pub(super) until_us: u64,
}

impl Wishes {
    pub(super) fn new(motion: Motion, seed: u32, tentacles: &[Tentacle]) -> Self {
        Self {
            motion,
            seed,
            facings: facings(tentacles),
            mood: Mood::default(),
            folded: false,
            folded_us: 0,
            unfolded_us: None,
            show_us: None,
            scene: None,
            startle: None,
        }
    }

    /// Forgets moments from before `t_us`; states hold on.
    pub(super) fn forget_moments(&mut self, t_us: u64) {
        self.scene.take_if(|(_, start_us)| *start_us < t_us);
        self.startle.take_if(|startle| startle.at_us < t_us);
    }

    /// Goes over to files that were read again.
    pub(super) fn change(&mut self, motion: Motion, tentacles: &[Tentacle]) {
        self.motion = motion;
        self.facings = facings(tentacles);
    }

    /// How lively the hat is to be.
    pub fn mood(&self) -> Mood {
        self.mood
    }

    /// Wants it as lively.
    pub fn set_mood(&mut self, mood: Mood) {
        self.mood = mood;
    }

    /// Whether all tentacles are to be curled inward.
    pub fn is_folded(&self) -> bool {
        self.folded
    }

    /// Wants all tentacles curled inward, or no more.
    pub fn fold(&mut self, folded: bool, t_us: u64) {
        match (self.folded, folded) {
            (false, true) => {
                // Servos that were let go for a moment only have not had their rest.
                let rested = |since: u64| t_us >= since + UNFOLDED_FOR_US;
                if self.unfolded_us.is_none_or(rested) {
                    self.folded_us = t_us;
                }
            }
            (true, false) => self.unfolded_us = Some(t_us),
            _ => {}
        }
        self.folded = folded;
    }

    /// Wants one scene, from its start.
    pub fn play(&mut self, scene: Scene, t_us: u64) {
        self.scene = Some((scene, t_us));
    }

    /// Wants the show over and over, from its start, or no more of it.
    pub fn play_show(&mut self, on: bool, t_us: u64) {
        self.show_us = on.then(|| self.show_us.unwrap_or(t_us));
        self.scene = None;
    }

    /// Whether the show is on.
    pub fn is_show_on(&self) -> bool {
        self.show_us.is_some()
    }

    /// Startles the tentacles, from a bearing or from everywhere.
    pub fn startle(&mut self, from: Option<Turns>, t_us: u64) {
        self.startle = Some(Startle { from, at_us: t_us });
    }

    /// What is played when nothing else is.
    pub fn motion(&self) -> &Motion {
        &self.motion
    }

    /// Changes a number of the motion.
    ///
    /// # Errors
    /// It is out of range, or the wave would be too wide; nothing is changed.
    pub fn set(&mut self, key: Key, number: f64) -> Result<(), Refusal> {
        self.motion = self.motion.with(key, number, self.facings.len())?;
        Ok(())
    }

    /// What is to be played at `t_us`, where somebody is `attended` or nobody.
    pub(super) fn wanted(&mut self, t_us: u64, attended: bool) -> Wanted {
        self.startle.take_if(|startle| t_us >= startle.ends_us());
        self.scene
            .take_if(|(scene, start_us)| t_us >= *start_us + scene.length_us());
        let wanted = |movement, growth_us, until_us| Wanted {
            movement,
            growth_us,
            until_us,
        };
        if self.folded {
            return wanted(Movement::Fold(self.folded_us), CHANGE_US, u64::MAX);
        }
        if self.mood == Mood::Still {
            return wanted(Movement::Straight, CHANGE_US, u64::MAX);
        }
        if let Some(startle) = self.startle {
            return wanted(Movement::Startle(startle), FLINCH_US, startle.ends_us());
        }
        if attended {
            return wanted(Movement::Reach, CHANGE_US, u64::MAX);
        }
        let show = |since_us| {
            let (scene, start_us) = Scene::of_show(t_us.saturating_sub(since_us));
            (scene, since_us + start_us)
        };
        if let Some((scene, start_us)) = self.scene.or_else(|| self.show_us.map(show)) {
            let ends_us = start_us + scene.length_us();
            return wanted(Movement::Scene(scene, start_us), FADE_US, ends_us);
        }
        let movement = match (self.motion.depth > 0.0, self.mood) {
            (true, mood) => Movement::Life(Life::new(&self.motion, self.seed, mood)),
            (false, Mood::Calm) => Movement::Wave(self.motion.wave.calmed()),
            (false, _) => Movement::Wave(self.motion.wave),
        };
        wanted(movement, CHANGE_US, u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::wave::{AxisWave, Wave};

    #[test]
    fn precedence() {
        let wave = Wave::new(AxisWave::STILL, AxisWave::STILL, 4).unwrap();
        let mut wishes = Wishes::new(Motion::plain(wave), 0, &[]);
        let rest = Scene::all().last().unwrap();
        let mut plays = |t_s: u64, change: &dyn Fn(&mut Wishes, u64)| {
            let t_us = t_s * 1_000_000;
            change(&mut wishes, t_us);
            wishes.wanted(t_us, false).movement.name()
        };
        assert_eq!(plays(10, &|_, _| {}), "wave");
        assert_eq!(plays(20, &|w, t| w.play_show(true, t)), "round-the-hat");
        assert_eq!(plays(21, &|w, t| w.play(rest, t)), "rest");
        assert_eq!(plays(22, &|w, t| w.startle(None, t)), "startled");
        assert_eq!(plays(23, &|w, _| w.set_mood(Mood::Still)), "still");
        assert_eq!(plays(24, &|w, t| w.fold(true, t)), "folded");
        // And back, as far as something is not over by itself.
        assert_eq!(plays(26, &|w, t| w.fold(false, t)), "still");
        assert_eq!(plays(26, &|w, _| w.set_mood(Mood::Calm)), "startled");
        assert_eq!(plays(28, &|_, _| {}), "circles");
        assert_eq!(plays(40, &|w, t| w.play_show(false, t)), "wave");
    }
}
