//! `motion.toml`: how the hat moves.

use super::reader::{Reading, Section, number};
use tentacle_hat::motion::Motion;
use tentacle_hat::motion::wave::{AxisWave, Wave};
use tentacle_hat::units::{Frequency, Turns, within};

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
    root.finish();
    wave.map(Motion::Wave)
}

fn axis(section: &Section<'_>) -> Option<AxisWave> {
    let frequency = section.required("frequency-hz", |v| Ok(Frequency::from_hz(number(v)?)?));
    let amplitude = section.required("amplitude", |v| Ok(Wave::amplitude(number(v)?)?));
    let turns = |key| {
        section.required(key, |v| {
            Ok(Turns::new(within(number(v)?, -1.0, 1.0, "turns")?))
        })
    };
    let phase = turns("phase-turns");
    let tentacle_phase = turns("tentacle-phase-turns");
    section.finish();
    Some(AxisWave {
        frequency: frequency?,
        amplitude: amplitude?,
        phase: phase?,
        tentacle_phase: tentacle_phase?,
    })
}
