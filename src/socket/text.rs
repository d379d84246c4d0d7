//! A state as a line of text, and back: what `watch` streams.
//!
//! `key=value` fields, a space between; `-` stands for nothing, commas between several.
//! Whoever reads one ignores the fields that he does not know.

use crate::state::{Stands, State};
use arrayvec::{ArrayString, ArrayVec};
use std::fmt::{self, Display};
use std::str::FromStr;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::motion::Key;
use tentacle_hat::motion::{Id, Mood, Sighting};
use tentacle_hat::units::Bend;

/// The stream's first line: the version of what follows, raised when a field changes
/// its meaning.
pub(crate) const HEAD: &str = "state 1";

impl Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tally, playing, .. } = self;
        write!(
            f,
            "t={}.{:06}",
            self.t_us / 1_000_000,
            self.t_us % 1_000_000
        )?;
        let scene = if self.scene.is_empty() {
            "-"
        } else {
            &self.scene
        };
        write!(f, " scene={scene} mood={}", playing.mood.name())?;
        write!(f, " demo={}", word(playing.show))?;
        write!(f, " folded={}", word(playing.folded))?;
        write!(f, " stopping={}", word(self.stopping))?;
        write!(f, " frames={} late={}", tally.frames, tally.late)?;
        write!(f, " skipped={}", tally.skipped)?;
        write!(f, " recoveries={} bytes={}", tally.recoveries, self.bytes)?;
        list(f, " pulses", &self.outputs, |f, output| match output {
            Emitted::Limp => f.write_str("-"),
            Emitted::Pulse(us) => write!(f, "{us:.1}"),
            Emitted::High => f.write_str("high"),
        })?;
        list(f, " bends", &playing.bends, |f, Bend { x, y }| {
            write!(f, "{x:.3}/{y:.3}")
        })?;
        for (key, value) in Key::all().zip(&playing.keys) {
            write!(f, " {key}={value}")?;
        }
        list(f, " people", &playing.people, |f, (id, seen)| {
            write!(f, "{}:{:.1}:", id.as_str(), seen.bearing_deg)?;
            match seen.distance_m {
                Some(distance) => write!(f, "{distance:.2}")?,
                None => f.write_str("?")?,
            }
            write!(f, ":{:.2}:{:.2}", seen.sure, seen.age_s)
        })?;
        let attended = playing.attended.as_ref().map_or("-", Id::as_str);
        write!(f, " attended={attended}")?;
        match playing.heading_deg {
            Some(deg) => write!(f, " heading={deg}")?,
            None => f.write_str(" heading=-")?,
        }
        if !self.people.is_empty() {
            list(f, " virtual", &self.people, |f, it| {
                write!(f, "{:.1}:{:.2}", it.bearing_deg, it.distance_m)
            })?;
        }
        write!(f, " servos={:016x}", self.servos)
    }
}

fn word(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    things: &[T],
    mut write: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    write!(f, "{key}={}", if things.is_empty() { "-" } else { "" })?;
    for (i, thing) in things.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { "," })?;
        write(f, thing)?;
    }
    Ok(())
}

/// A field that says something else than it may.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no field of a state")]
pub(crate) struct NoField(String);

impl FromStr for State {
    type Err = NoField;

    fn from_str(line: &str) -> Result<Self, NoField> {
        let mut state = Self::default();
        for field in line.split(' ').filter(|field| !field.is_empty()) {
            let read = field.split_once('=');
            read.and_then(|(key, value)| state.take_field(key, value))
                .ok_or_else(|| NoField(field.to_owned()))?;
        }
        Ok(state)
    }
}

impl State {
    fn take_field(&mut self, key: &str, value: &str) -> Option<()> {
        let Self { tally, playing, .. } = self;
        match key {
            "t" => {
                let (s, us) = value.split_once('.').filter(|(_, us)| us.len() == 6)?;
                let (s, us): (u64, u64) = (s.parse().ok()?, us.parse().ok()?);
                self.t_us = s.checked_mul(1_000_000)?.checked_add(us)?;
            }
            "scene" if value == "-" => self.scene.clear(),
            "scene" => self.scene = ArrayString::from(value).ok()?,
            "mood" => playing.mood = Mood::ALL.into_iter().find(|mood| mood.name() == value)?,
            "demo" => playing.show = is_so(value)?,
            "folded" => playing.folded = is_so(value)?,
            "stopping" => self.stopping = is_so(value)?,
            "frames" => tally.frames = value.parse().ok()?,
            "late" => tally.late = value.parse().ok()?,
            "skipped" => tally.skipped = value.parse().ok()?,
            "recoveries" => tally.recoveries = value.parse().ok()?,
            "bytes" => self.bytes = value.parse().ok()?,
            "pulses" => {
                let mut outputs = self.outputs.iter_mut();
                for pulse in things(value) {
                    *outputs.next()? = match pulse {
                        "-" => Emitted::Limp,
                        "high" => Emitted::High,
                        us => Emitted::Pulse(finite(us)?.into()),
                    };
                }
            }
            "bends" => {
                playing.bends = all(value, |bend| {
                    let (x, y) = bend.split_once('/')?;
                    let (x, y) = (finite(x)?, finite(y)?);
                    Some(Bend { x, y })
                })?;
            }
            "people" => playing.people = all(value, person)?,
            "attended" if value == "-" => playing.attended = None,
            "attended" => playing.attended = Some(Id::new(value)?),
            "virtual" => self.people = all(value, stands)?,
            "heading" if value == "-" => playing.heading_deg = None,
            "heading" => playing.heading_deg = Some(finite(value)?),
            "servos" => self.servos = u64::from_str_radix(value, 16).ok()?,
            _ => {
                // They come in this order.
                let next = Key::all().nth(playing.keys.len());
                if next.is_some_and(|next| next.to_string() == key) {
                    playing.keys.push(value.parse().ok()?);
                }
            }
        }
        Some(())
    }
}

fn is_so(word: &str) -> Option<bool> {
    match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn finite(number: &str) -> Option<f32> {
    number
        .parse()
        .ok()
        .filter(|number: &f32| number.is_finite())
}

/// What stands between commas.
fn things(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').filter(move |_| value != "-")
}

/// All of them, if each is one and there is room.
fn all<T, const N: usize>(value: &str, read: impl Fn(&str) -> Option<T>) -> Option<ArrayVec<T, N>> {
    let mut all = ArrayVec::new();
    for thing in things(value) {
        all.try_push(read(thing)?).ok()?;
    }
    Some(all)
}

fn person(text: &str) -> Option<(Id, Sighting)> {
    let mut parts = text.split(':');
    let id = Id::new(parts.next()?)?;
    let bearing_deg = finite(parts.next()?)?;
    let distance_m = match parts.next()? {
        "?" => None,
        distance => Some(finite(distance)?),
    };
    let (sure, age_s) = (finite(parts.next()?)?, finite(parts.next()?)?);
    let seen = Sighting {
        bearing_deg,
        distance_m,
        sure,
        age_s,
    };
    Some((id, seen)).filter(|_| parts.next().is_none())
}

fn stands(text: &str) -> Option<Stands> {
    let (bearing, distance) = text.split_once(':')?;
    Some(Stands {
        bearing_deg: finite(bearing)?,
        distance_m: finite(distance)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::array;
    use tentacle_hat::drive::Tally;

    /// A number that stands in a line with so many digits behind the point.
    fn number(low: i32, high: i32, digits: i32) -> impl Strategy<Value = f64> {
        let scale = 10_f64.powi(digits);
        (low..=high).prop_map(move |n| f64::from(n) / scale)
    }

    fn output() -> impl Strategy<Value = Emitted> {
        prop_oneof![
            Just(Emitted::Limp),
            // As the parser reads it.
            number(5000, 25_000, 1).prop_map(|us| Emitted::Pulse((us as f32).into())),
            Just(Emitted::High),
        ]
    }

    fn someone() -> impl Strategy<Value = (Id, Sighting)> {
        let id = "[a-z]{1,9}\\.[a-zA-Z0-9_-]{1,20}";
        let distance = proptest::option::of(number(0, 10_000, 2));
        let (sure, age) = (number(0, 100, 2), number(0, 1000, 2));
        (id, number(-1800, 1800, 1), distance, sure, age).prop_map(
            |(id, bearing, distance, sure, age)| {
                let seen = Sighting {
                    bearing_deg: bearing as f32,
                    distance_m: distance.map(|distance| distance as f32),
                    sure: sure as f32,
                    age_s: age as f32,
                };
                (Id::new(&id).unwrap(), seen)
            },
        )
    }

    prop_compose! {
        fn playing()(
            mood in 0..Mood::ALL.len(),
            show: bool,
            folded: bool,
            bends in proptest::collection::vec((number(-999, 1000, 3), number(-999, 1000, 3)), 0..=4),
            keys in proptest::collection::vec(-5.0..5_f64, Key::COUNT),
            people in proptest::collection::vec(someone(), 0..=8),
            attended in proptest::option::of("[a-z]{1,9}\\.[a-z0-9]{1,9}"),
            heading_deg in proptest::option::of(-36_000.0..36_000_f32),
        ) -> crate::state::Playing {
            crate::state::Playing {
                mood: Mood::ALL[mood],
                show,
                folded,
                bends: bends.iter().map(|(x, y)| Bend { x: *x as f32, y: *y as f32 }).collect(),
                keys: keys.into_iter().collect(),
                people: people.into_iter().collect(),
                attended: attended.and_then(|id| Id::new(&id)),
                heading_deg,
            }
        }
    }

    prop_compose! {
        fn state()(
            t_us: u64,
            outputs in proptest::collection::vec(output(), 16),
            scene in "[a-z-]{2,24}|",
            counts: [u64; 5],
            stopping: bool,
            servos: u64,
            playing in playing(),
            people in proptest::collection::vec((number(-1800, 1800, 1), number(0, 10_000, 2)), 0..=9),
        ) -> State {
            let [frames, late, skipped, recoveries, bytes] = counts;
            State {
                t_us,
                outputs: array::from_fn(|i| outputs[i]),
                scene: ArrayString::from(&scene).unwrap(),
                tally: Tally { frames, late, skipped, recoveries },
                bytes,
                stopping,
                servos,
                playing,
                people: people.into_iter().map(|(bearing, distance)| Stands {
                    bearing_deg: bearing as f32,
                    distance_m: distance as f32,
                }).collect(),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same(state in state()) {
            prop_assert_eq!(state.to_string().parse(), Ok(state));
        }

        #[test]
        fn no_line_is_a_panic(line in "((t|scene|pulses|bends|people|attended|virtual|heading|wave\\.x\\.amplitude|servos)=[-0-9a-z.,:/?é]{0,9} ?){0,5}") {
            let _ = line.parse::<State>();
        }
    }

    #[test]
    fn a_field_of_tomorrow_is_ignored_and_a_bad_one_told() {
        let state: State = "t=1.500000 glow=purple late=3".parse().unwrap();
        assert_eq!((state.t_us, state.tally.late), (1_500_000, 3));
        let wrong = "t=1.500000 late=few".parse::<State>().unwrap_err();
        assert_eq!(wrong.to_string(), "\"late=few\" is no field of a state");
    }
}
