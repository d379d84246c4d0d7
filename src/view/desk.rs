//! What keys ask of the hat: cues, and the numbers of motion.toml, turned while it
//! moves.

use crate::crowd::Step;
use crate::state::State;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::wave::Field;
use tentacle_hat::motion::{Key, Motion, Refusal, Scene};

/// For so long a number that was turned is believed, and not what the state says,
/// which may be older, µs.
const BELIEVED_US: u64 = 1_000_000;

/// Where the keys stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk {
    /// Keys move virtual people.
    pub(super) moves_people: bool,
    /// Which number is turned, in the order of [`Key::all`].
    chosen: Option<usize>,
    /// What it was turned to, and when.
    turned: Option<(f64, u64)>,
}

/// What a key asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Leave,
    Pause,
    Cue(Cue),
    /// Moves virtual people.
    Step(Step),
    /// Write these numbers to motion.toml.
    Keep(Vec<(Key, f64)>),
}

/// What the desk makes of a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    Act(Act),
    /// Another number is chosen.
    Chosen,
    /// A number cannot be turned further.
    Refused(Refusal),
    /// The key means nothing.
    Nothing,
}

impl Desk {
    /// What a key asks of a hat in that state.
    pub(super) fn hear(&mut self, key: KeyEvent, state: &State) -> Heard {
        let playing = &state.playing;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let cue = match key.code {
            KeyCode::Char('q' | 'Q') => return Heard::Act(Act::Leave),
            KeyCode::Char('c') if control => return Heard::Act(Act::Leave),
            KeyCode::Char('z') if control => return Heard::Act(Act::Pause),
            _ if control => return Heard::Nothing,
            KeyCode::Char('m') => Cue::Mood(playing.mood.next()),
            KeyCode::Char('f') => Cue::Fold(!playing.folded),
            KeyCode::Char('s') => Cue::Startle(None),
            KeyCode::Char('d') => Cue::Demo(!playing.show),
            KeyCode::Char(digit @ '1'..='9') => {
                match Scene::all().nth(digit as usize - '1' as usize) {
                    Some(scene) => Cue::Scene(scene),
                    None => return Heard::Nothing,
                }
            }
            KeyCode::Char('w') if self.chosen.is_some() => {
                return Heard::Act(Act::Keep(self.numbers(state).collect()));
            }
            KeyCode::Char(key) if self.moves_people => {
                return step(key).map_or(Heard::Nothing, |step| Heard::Act(Act::Step(step)));
            }
            KeyCode::Up => return self.choose(Key::COUNT - 1),
            KeyCode::Down => return self.choose(1),
            KeyCode::Left => return self.turn(-1.0, state),
            KeyCode::Right => return self.turn(1.0, state),
            _ => return Heard::Nothing,
        };
        Heard::Act(Act::Cue(cue))
    }

    fn choose(&mut self, steps: usize) -> Heard {
        let next = |chosen| (chosen + steps) % Key::COUNT;
        self.chosen = Some(self.chosen.map_or(0, next));
        self.turned = None;
        Heard::Chosen
    }

    fn turn(&mut self, steps: f64, state: &State) -> Heard {
        self.chosen.get_or_insert(0);
        let Some((key, number)) = self.chosen(state) else {
            return Heard::Nothing;
        };
        let turned = turned(key, number, steps);
        let numbers = self.numbers(state);
        let numbers = numbers.map(|(other, n)| (other, if other == key { turned } else { n }));
        if let Err(refusal) = Motion::of(numbers, state.playing.bends.len()) {
            return Heard::Refused(refusal);
        }
        self.turned = Some((turned, state.t_us));
        Heard::Act(Act::Cue(Cue::Set(key, turned)))
    }

    /// All numbers, as far as they are known.
    fn numbers(&self, state: &State) -> impl Iterator<Item = (Key, f64)> {
        // A state from before that is one of a hat that was started anew.
        let is_fresh = |at_us: u64| (at_us..at_us + BELIEVED_US).contains(&state.t_us);
        let turned = self.turned.filter(|(_, at_us)| is_fresh(*at_us));
        let own = turned.and_then(|(number, _)| Some((self.chosen?, number)));
        let known = Key::all().zip(&state.playing.keys).enumerate();
        known.map(move |(i, (key, number))| match own {
            Some((chosen, turned)) if chosen == i => (key, turned),
            _ => (key, *number),
        })
    }

    /// The number that is chosen, and what it stands at.
    pub(super) fn chosen(&self, state: &State) -> Option<(Key, f64)> {
        self.numbers(state).nth(self.chosen?)
    }
}

/// What a key asks of virtual people.
fn step(key: char) -> Option<Step> {
    Some(match key {
        'p' => Step::Come,
        ',' => Step::Round(-1),
        '.' => Step::Round(1),
        // Without Shift, too.
        '+' | '=' => Step::Away(-1),
        '-' => Step::Away(1),
        '<' => Step::Turn(-1),
        '>' => Step::Turn(1),
        _ => return None,
    })
}

/// A number so many steps on, within what its key may be.
fn turned(key: Key, number: f64, steps: f64) -> f64 {
    let (step, (low, high)) = match key {
        // As far as an eye can tell.
        Key::Wave(_, Field::Frequency) => (0.01, (0.01, 5.0)),
        Key::Wave(_, Field::Amplitude) => (0.02, (0.0, 1.0)),
        Key::Wave(_, Field::Phase | Field::TentaclePhase) => (0.025, (-1.0, 1.0)),
        Key::Depth => (0.05, (0.0, 1.0)),
    };
    let turned = ((number / step).round() + steps) * step;
    // Whole steps, without the noise of binary fractions.
    ((turned * 1e4).round() / 1e4).clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tentacle_hat::units::Bend;

    fn state() -> State {
        let mut state = State::default();
        state.playing.bends = [Bend::STRAIGHT; 4].into_iter().collect();
        let numbers = [0.2, 0.7, 0.0, 0.25, 0.3, 0.7, 0.25, 0.25, 0.4];
        state.playing.keys = numbers.into_iter().collect();
        state
    }

    fn heard(desk: &mut Desk, code: KeyCode, state: &State) -> String {
        match desk.hear(KeyEvent::from(code), state) {
            Heard::Act(Act::Cue(cue)) => cue.to_string(),
            Heard::Refused(why) => why.to_string(),
            heard => format!("{heard:?}"),
        }
    }

    #[test]
    fn keys_are_cues() {
        let mut desk = Desk::default();
        let mut key = |c| heard(&mut desk, KeyCode::Char(c), &state());
        assert_eq!(key('m'), "mood calm");
        assert_eq!(key('f'), "fold");
        assert_eq!(key('s'), "startle");
        assert_eq!(key('d'), "demo on");
        assert_eq!(key('1'), "scene round-the-hat");
        assert_eq!(key('q'), "Act(Leave)");
        for nothing in ['9', 'x'] {
            assert_eq!(key(nothing), "Nothing");
        }
        assert_eq!(key('w'), "Nothing", "nothing was turned");
        // What is on is turned off.
        let mut state = state();
        (state.playing.folded, state.playing.show) = (true, true);
        assert_eq!(heard(&mut desk, KeyCode::Char('f'), &state), "unfold");
        assert_eq!(heard(&mut desk, KeyCode::Char('d'), &state), "demo off");
    }

    #[test]
    fn where_people_are_virtual_keys_move_them() {
        let mut desk = Desk::default();
        let mut keys = |moves_people| {
            desk.moves_people = moves_people;
            ['p', ',', '+', '>', 'x'].map(|c| heard(&mut desk, KeyCode::Char(c), &state()))
        };
        assert_eq!(keys(false), ["Nothing"; 5]);
        let steps =
            ["Come", "Round(-1)", "Away(-1)", "Turn(1)"].map(|it| format!("Act(Step({it}))"));
        assert_eq!(keys(true)[..4], steps);
        assert_eq!(keys(true)[4], "Nothing");
    }

    #[test]
    fn arrows_choose_and_turn_a_number() {
        let (mut desk, mut state) = (Desk::default(), state());
        let mut key = |code, state: &State| heard(&mut desk, code, state);
        assert_eq!(key(KeyCode::Right, &state), "set wave.x.frequency-hz 0.21");
        // Faster than the state follows.
        assert_eq!(key(KeyCode::Right, &state), "set wave.x.frequency-hz 0.22");
        // Which is believed again later.
        state.t_us = BELIEVED_US;
        assert_eq!(key(KeyCode::Left, &state), "set wave.x.frequency-hz 0.19");
        assert_eq!(key(KeyCode::Down, &state), "Chosen");
        let said = key(KeyCode::Right, &state);
        assert!(said.contains("at most 1 is safe"), "{said}");
        assert_eq!(key(KeyCode::Left, &state), "set wave.x.amplitude 0.68");
        assert_eq!(key(KeyCode::Up, &state), "Chosen");
        assert_eq!(key(KeyCode::Up, &state), "Chosen");
        assert_eq!(key(KeyCode::Right, &state), "set life.depth 0.45");
        let Heard::Act(Act::Keep(kept)) = desk.hear(KeyEvent::from(KeyCode::Char('w')), &state)
        else {
            panic!("w keeps");
        };
        assert_eq!(kept.len(), Key::COUNT);
        assert_eq!(kept[8], (Key::Depth, 0.45));
        assert_eq!(desk.chosen(&state), Some((Key::Depth, 0.45)));
        // A hat that was started anew is believed.
        state.t_us = 0;
        assert_eq!(desk.chosen(&state), Some((Key::Depth, 0.4)));
    }

    #[test]
    fn nothing_is_turned_out_of_its_range() {
        for (key, number) in Key::all().flat_map(|key| [(key, 0.0), (key, 1.0), (key, 5.0)]) {
            for steps in [-1.0, 1.0] {
                let turned = turned(key, number, steps);
                Motion::of([(key, turned)], 4).unwrap();
            }
        }
    }
}
