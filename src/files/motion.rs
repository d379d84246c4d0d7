//! `motion.toml`: how the hat moves.

use super::reader::{Reading, Section, number};
use tentacle_hat::motion::wave::{AxisWave, Field, Wave};

/// The motion for `tentacles` tentacles, or faults in the reading.
pub(super) fn motion(reading: &Reading<'_>, tentacles: usize) -> Option<Wave> {
    let table = reading.parse()?;
    let root = Section::root(reading, &table)?;
    let wave = root.section("wave").and_then(|section| {
        let axes = [section.section("x"), section.section("y")];
        let [x, y] = [&axes[0], &axes[1]].map(|s| s.as_ref().and_then(axis));
        section.finish();
        Wave::new(x?, y?, tentacles)
            .map_err(|error| axes[0].iter().for_each(|s| s.fault("amplitude", error)))
            .ok()
    });
    root.finish();
    wave
}

fn axis(section: &Section<'_>) -> Option<AxisWave> {
    let mut axis = AxisWave::STILL;
    let sound = Field::ALL.map(|field| {
        let set = |value: &_| Ok(axis.set(field, number(value)?)?);
        section.required(field.name(), set)
    });
    section.finish();
    sound.iter().all(Option::is_some).then_some(axis)
}
