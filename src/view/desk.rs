//! What keys ask of the hat: cues, and the numbers of motion.toml, turned while it
//! moves.

use crate::state::State;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::wave::Field;
use tentacle_hat::motion::{Key, Scene};

/// Where the keys stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desk {
    /// Which number is turned, in the order of [`Key::all`].
    chosen: Option<usize>,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wish {
    Cue(Cue),
    /// The numbers in force are to be written to motion.toml.
    Keep,
    /// Another number is chosen.
    Look,
}

impl Desk {
    /// What a key asks of a hat in that state, if anything.
    pub(crate) fn hear(&mut self, key: KeyEvent, state: &State) -> Option<Wish> {
        let playing = &state.playing;
        let cue = match key.code {
            KeyCode::Char('m') => Cue::Mood(playing.mood.next()),
            KeyCode::Char('f') => Cue::Fold(!playing.folded),
            KeyCode::Char('s') => Cue::Startle(None),
            KeyCode::Char('d') => Cue::Demo(!playing.show),
            KeyCode::Char(digit @ '1'..='9') => {
                let scene = Scene::all().nth(digit as usize - '1' as usize)?;
                Cue::Scene(scene)
            }
            KeyCode::Char('w') if self.chosen.is_some() => return Some(Wish::Keep),
            KeyCode::Up | KeyCode::Down => {
                let step = if key.code == KeyCode::Up {
                    Key::COUNT - 1
                } else {
                    1
                };
                let next = self.chosen.map_or(0, |chosen| (chosen + step) % Key::COUNT);
                self.chosen = Some(next);
                return Some(Wish::Look);
            }
            KeyCode::Left | KeyCode::Right => {
                let steps = if key.code == KeyCode::Left { -1.0 } else { 1.0 };
                let chosen = *self.chosen.get_or_insert(0);
                let number = playing.keys.get(chosen)?;
                let key = Key::all().nth(chosen)?;
                Cue::Set(key, turned(key, *number, steps))
            }
            _ => return None,
        };
        Some(Wish::Cue(cue))
    }

    /// The number that is chosen, and what it stands at.
    pub(crate) fn chosen(&self, state: &State) -> Option<(Key, f64)> {
        let chosen = self.chosen?;
        let number = state.playing.keys.get(chosen)?;
        Some((Key::all().nth(chosen)?, *number))
    }
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

    fn state() -> State {
        let mut state = State::default();
        state.playing.keys = (0..Key::COUNT).map(|i| 0.1 * i as f64).collect();
        state
    }

    fn heard(desk: &mut Desk, code: KeyCode) -> String {
        match desk.hear(KeyEvent::from(code), &state()) {
            Some(Wish::Cue(cue)) => cue.to_string(),
            wish => format!("{wish:?}"),
        }
    }

    #[test]
    fn keys_are_cues() {
        let mut desk = Desk::default();
        let mut key = |c| heard(&mut desk, KeyCode::Char(c));
        assert_eq!(key('m'), "mood calm");
        assert_eq!(key('f'), "fold");
        assert_eq!(key('s'), "startle");
        assert_eq!(key('d'), "demo on");
        assert_eq!(key('1'), "scene round-the-hat");
        assert_eq!(key('9'), "None");
        assert_eq!(key('x'), "None");
        assert_eq!(key('w'), "None", "nothing was turned");
    }

    #[test]
    fn arrows_choose_and_turn_a_number() {
        let mut desk = Desk::default();
        assert_eq!(
            heard(&mut desk, KeyCode::Right),
            "set wave.x.frequency-hz 0.01"
        );
        assert_eq!(heard(&mut desk, KeyCode::Down), "Some(Look)");
        assert_eq!(heard(&mut desk, KeyCode::Left), "set wave.x.amplitude 0.08");
        assert_eq!(heard(&mut desk, KeyCode::Up), "Some(Look)");
        assert_eq!(heard(&mut desk, KeyCode::Up), "Some(Look)");
        assert_eq!(
            heard(&mut desk, KeyCode::Right),
            "set wave.y.tentacle-phase-turns 0.725"
        );
        assert_eq!(heard(&mut desk, KeyCode::Char('w')), "Some(Keep)");
        let (key, number) = desk.chosen(&state()).unwrap();
        assert_eq!(
            (key.to_string().as_str(), number),
            ("wave.y.tentacle-phase-turns", 0.7000000000000001)
        );
    }

    #[test]
    fn nothing_is_turned_out_of_its_range() {
        for field in Field::ALL {
            for number in [-1.0, 0.0, 0.001, 1.0, 5.0] {
                for steps in [-1.0, 1.0] {
                    let mut axis = tentacle_hat::motion::wave::AxisWave::STILL;
                    if axis.set(field, number).is_ok() {
                        axis.set(
                            field,
                            turned(
                                Key::Wave(tentacle_hat::calibration::Axis::X, field),
                                number,
                                steps,
                            ),
                        )
                        .unwrap();
                    }
                }
            }
        }
    }
}
