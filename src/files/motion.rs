//! `motion.toml`: how the hat moves.

use super::reader::{Reading, Section, number};
use tentacle_hat::motion::Motion;
use tentacle_hat::motion::wave::{AxisWave, Field, Wave};
use tentacle_hat::units::within;

/// The motion for `tentacles` tentacles, or faults in the reading.
pub(super) fn motion(reading: &Reading<'_>, tentacles: usize) -> Option<Motion> {
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
    // Files of 0.1.0 have no life.
    let depth = match root.optional_section("life") {
        Some(section) => {
            let depth = section.required("depth", |v| Ok(within(number(v)?, 0.0, 1.0, "")? as f32));
            section.finish();
            depth
        }
        None => Some(0.0),
    };
    root.finish();
    Some(Motion {
        wave: wave?,
        depth: depth?,
    })
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
