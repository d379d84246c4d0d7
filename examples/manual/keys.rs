//! The keys of the calibration files, for the manual: with the very bounds that the
//! program checks. `tests/manual.rs` holds their names to those that the program knows.

use tentacle_hat::calibration::{
    CHANNELS, Device, MAX_MARKS, MAX_POINTS, MAX_SENSES, MAX_TENTACLES, MIN_MARKS, Rig, ServoPlan,
};
use tentacle_hat::units::{Frequency, Microseconds, Timebase};

/// A file or a table in it, what it is, and its keys, each with its meaning.
pub(crate) struct Section {
    pub(crate) heading: &'static str,
    pub(crate) what: &'static str,
    pub(crate) keys: Vec<(&'static str, String)>,
}

pub(crate) fn sections() -> [Section; 10] {
    let between = |(low, high): (f64, f64), unit: &str| format!("{low} to {high} {unit}");
    let servo = vec![
        (
            "channel",
            format!(
                "The board's output that the servo is plugged into: 0 to {}.",
                CHANNELS - 1
            ),
        ),
        (
            "table",
            format!(
                "Points of [bend, pulse in µs], 2 to {MAX_POINTS}, from bend -1 to bend 1; pulses, \
                 {} to {}, rise all the way or fall. Without a table the servo stays limp.",
                Microseconds::MIN,
                Microseconds::MAX
            ),
        ),
        (
            "trim-us",
            format!(
                "Added to every pulse of the table, after a tendon has stretched: at most {} µs \
                 either way. 0 if it is not there.",
                ServoPlan::TRIM_US
            ),
        ),
        (
            "max-speed-us-per-s",
            format!(
                "How fast the pulse may change: {}. 2000 if it is not there.",
                between(ServoPlan::SPEED, "µs a second")
            ),
        ),
    ];
    let wave = vec![
        (
            "frequency-hz",
            format!("Swings a second: {}.", between(Frequency::RANGE_HZ, "Hz")),
        ),
        (
            "amplitude",
            "How far it leans: 0 to 1, which is the full safe bend.".to_owned(),
        ),
        (
            "phase-turns",
            "Where in its swing it begins: -1 to 1 turn.".to_owned(),
        ),
        (
            "tentacle-phase-turns",
            "How much later each tentacle swings than the one before: -1 to 1 turn.".to_owned(),
        ),
    ];
    [
        Section {
            heading: "SERVOS.TOML",
            what: "What hands and a screwdriver decide. `tentacle-hat calibrate` writes it; \
                   comments stay.",
            keys: vec![
                (
                    "i2c-bus",
                    "The bus that the board is on: 1 is /dev/i2c-1.".to_owned(),
                ),
                (
                    "address",
                    "The board's address: 0x40 without a solder jumper, up to 0x7f, but for 0x70."
                        .to_owned(),
                ),
                (
                    "pulse-rate-hz",
                    format!(
                        "Pulses a second: {}. Analogue servos want 50.",
                        between(Timebase::RATE_HZ, "Hz")
                    ),
                ),
                (
                    "oscillator-hz",
                    format!(
                        "The board's own clock: {}. `tentacle-hat calibrate clock` measures it.",
                        between(Timebase::OSCILLATOR_HZ, "Hz")
                    ),
                ),
                (
                    "oe-gpio",
                    "The BCM pin at the board's OE, if it is wired; none that the buses or the \
                     serial port take."
                        .to_owned(),
                ),
                ("button", "A table, if the hat has a button.".to_owned()),
                (
                    "sense",
                    format!("Up to {MAX_SENSES} tables, if something sees people for the hat."),
                ),
                (
                    "max-total-speed-us-per-s",
                    format!(
                        "What the supply can feed, over all servos together: {}.",
                        between(Rig::TOTAL_SPEED, "µs a second")
                    ),
                ),
                ("tentacle", format!("One to {MAX_TENTACLES} tables.")),
            ],
        },
        Section {
            heading: "[button]",
            what: "A push button. A press is the next mood (lively, calm, still), one of 0.8 s or \
                   more folds the tentacles or lets them go.",
            keys: vec![(
                "gpio",
                "The BCM pin at the button, whose other end is at ground: 0 to 27, and none that \
                 the buses, the serial port or OE take."
                    .to_owned(),
            )],
        },
        Section {
            heading: "[[sense]]",
            what: "What sees people, so that the hat reaches for them. After these keys come those \
                   of its kind.",
            keys: vec![
                (
                    "name",
                    "Letters, digits, - and _, up to 24. The hat calls whom it sees after it: \
                     front.1, or door.pin."
                        .to_owned(),
                ),
                (
                    "kind",
                    "\"ld2450\", the radar HLK-LD2450, or \"gpio\", a PIR or whatever else says at \
                     a pin that somebody is there."
                        .to_owned(),
                ),
                (
                    "facing-deg",
                    "Where its middle looks, clockwise from the wearer's front, seen from above: \
                     -360 to 360 degrees."
                        .to_owned(),
                ),
            ],
        },
        Section {
            heading: "[[sense]] of the kind ld2450",
            what: "A radar: where up to three people are.",
            keys: vec![
                (
                    "tty",
                    format!(
                        "The serial port it is at, in /dev, up to {} bytes: /dev/serial0 is at the \
                         Pi's pins 8 and 10. Each radar has its own.",
                        Device::new().capacity()
                    ),
                ),
                (
                    "mirrored",
                    "true if the radar counts to the left what others count to the right. \
                     `tentacle-hat check --senses` finds out. false if it is not there."
                        .to_owned(),
                ),
            ],
        },
        Section {
            heading: "[[sense]] of the kind gpio",
            what: "A PIR: that somebody is there, not where. The hat takes him to be where it \
                   faces.",
            keys: vec![
                (
                    "gpio",
                    "The BCM pin at its output: 0 to 27, and none that the buses, the serial port, \
                     OE, the button or another sense take."
                        .to_owned(),
                ),
                (
                    "active-high",
                    "false if low means that somebody is there. The Pi pulls the pin to the other \
                     side. true if it is not there."
                        .to_owned(),
                ),
            ],
        },
        Section {
            heading: "[[tentacle]]",
            what: "A tentacle.",
            keys: vec![
                ("name", "Letters, digits, - and _, up to 24.".to_owned()),
                (
                    "facing-deg",
                    "Where it points, clockwise from the wearer's front, seen from above: -360 to \
                     360 degrees."
                        .to_owned(),
                ),
                (
                    "compass",
                    format!(
                        "Where it was seen to point: {MIN_MARKS} to {MAX_MARKS} marks of [bearing, \
                         lean, bend x, bend y], all round the hat. The bearing is in degrees \
                         clockwise from the wearer's front, -360 to 360; the lean, 0 to 1, is how far \
                         it was to lean; the bends, each -1 to 1 and both within the unit circle, \
                         are what its servos held. From them it is told what to do to point where \
                         it is to; `calibrate compass` measures them. Without a compass the tables \
                         alone say where it points."
                    ),
                ),
                (
                    "x",
                    "The servo that leans it to the right of where it faces.".to_owned(),
                ),
                (
                    "y",
                    "The servo that leans it toward where it faces.".to_owned(),
                ),
            ],
        },
        Section {
            heading: "[tentacle.x], [tentacle.y]",
            what: "A servo.",
            keys: servo,
        },
        Section {
            heading: "MOTION.TOML",
            what: "How the hat moves. People write it, or `w` in the view.",
            keys: vec![
                (
                    "wave",
                    "The tables of the wave's two axes, x and y.".to_owned(),
                ),
                (
                    "life",
                    "How much the wave is alive. Without this table it is not.".to_owned(),
                ),
            ],
        },
        Section {
            heading: "[wave.x], [wave.y]",
            what: "A sine wave along an axis. Both amplitudes together stay within the unit circle.",
            keys: wave,
        },
        Section {
            heading: "[life]",
            what: "Each tentacle's life of its own.",
            keys: vec![(
                "depth",
                "0 to 1: 0 is the plain wave, at 1 each tentacle wanders where it likes; between \
                 them the wave drifts, swells and rests, and now and then there is a gesture."
                    .to_owned(),
            )],
        },
    ]
}
