//! What the session tells its builder to do and to feel for.

use super::bearings::Pointing;
use super::{Felt, Mode, Session};

/// The advice for where the session stands: paragraphs.
pub(crate) fn guide(session: &Session) -> Vec<String> {
    if let Some(why) = &session.lost {
        let back = "It is looked for four times a second; what you measured is kept, and s still \
                    saves it.";
        return vec![why.clone(), back.to_owned()];
    }
    match &session.mode {
        Mode::AllStraight { .. } => all_straight(),
        Mode::Compass => compass(session.pointing()),
        Mode::Bend(text) => bend(text),
        Mode::Leave => leave(session),
        Mode::Help | Mode::Bench => bench(session.chosen()),
    }
}

fn all_straight() -> Vec<String> {
    vec![
        "All straight: every tentacle stands upright, no line hangs, nothing hums. (The picture \
         is from above, the wearer's front toward you.)"
            .to_owned(),
        "A crooked one: ↑ ↓ choose its servo, ← → straighten it, n makes that its neutral. \
         Space makes all limp. p lets all point to one bearing after another, to be looked at."
            .to_owned(),
    ]
}

fn compass(tentacle: &Pointing) -> Vec<String> {
    let rows = tentacle.rows();
    [tentacle.advice(), String::new()]
        .into_iter()
        .chain(rows)
        .collect()
}

fn bend(text: &str) -> Vec<String> {
    vec![
        format!("At which bend does the tentacle stand now?  {text}▏"),
        "0.5 is half of its full bend to the positive side, -0.5 to the negative. Enter puts a \
         point there, d deletes the one there is, Esc does nothing."
            .to_owned(),
    ]
}

fn leave(session: &Session) -> Vec<String> {
    let servos = session.unsaved().map(|(_, servo)| servo.name.clone());
    let compasses = session.unsaved_marks();
    let compasses = compasses.map(|(_, it)| format!("the compass of {}", it.name));
    let unfinished = session.unfinished();
    let unfinished = unfinished.map(|it| format!("the unfinished compass of {}", it.name));
    let names: Vec<String> = servos.chain(compasses).chain(unfinished).collect();
    vec![
        format!("Not saved yet: {}.", names.join(", ")),
        "s saves and leaves, q leaves without saving, any other key stays.".to_owned(),
    ]
}

fn bench(servo: &Felt) -> Vec<String> {
    let Felt { name, points, .. } = servo;
    if !servo.jog.is_engaged() {
        let neutral = servo.neutral_us();
        let jump = match points.neutral() {
            Some(_) => format!("may jump to its stored neutral, {neutral:.0} µs"),
            None => format!("may jump to {neutral:.0} µs, the middle of any servo"),
        };
        return vec![
            format!(
                "Space engages {name}. It {jump}: hold the tentacle loosely, fingers off the \
                     horn and the lines."
            ),
            match points.are_a_table() {
                true => MEASURED.to_owned(),
                false => next(servo),
            },
        ];
    }
    let mut advice = vec![next(servo)];
    let between = points
        .iter()
        .filter(|p| !matches!(p.bend, -1.0 | 0.0 | 1.0));
    let between: Vec<String> = between
        .map(|p| format!("bend {} at {} µs", p.bend, p.width.get()))
        .collect();
    if !between.is_empty() {
        advice.push(format!("Points between: {}.", between.join(", ")));
    }
    advice
}

const MEASURED: &str = "It is measured; engaged, t sweeps it from end to end. After the last \
                        servo, a stands all of them straight; then c points each tentacle.";

/// What is to be measured next on this servo.
fn next(servo: &Felt) -> String {
    let (left, right) = match servo.name.ends_with(".x") {
        true => (
            "to the tentacle's left, as seen from the wearer's head",
            "to the tentacle's right, as seen from the wearer's head",
        ),
        false => (
            "inward, over the wearer's head",
            "outward, the way the tentacle faces",
        ),
    };
    let end = |side: &str, key: char, which: &str| {
        format!(
            "{which} end, {side}: where the tentacle bends no further, or the servo hums, go back \
             20 µs; {key} sets it there."
        )
    };
    let points = &servo.points;
    if points.neutral().is_none() {
        "Neutral: ← → until the tentacle stands straight; n sets it. A line hangs? Slack goes \
         into its knot. Far from 1500 µs? Then move the horn by a tooth instead, so that both \
         ends get room."
            .to_owned()
    } else if points.at(-1.0).is_none() {
        end(left, '[', "Negative")
    } else if points.at(1.0).is_none() {
        end(right, ']', "Positive")
    } else {
        format!(
            "Measured. t sweeps it slowly from end to end: no line may hang, nothing may hum. \
             Positive must be {right}; if it is not, f turns it round. If the bend is uneven, m \
             adds a point between."
        )
    }
}

/// The one word for what a servo does, and what it lacks.
pub(crate) fn state(servo: &Felt) -> String {
    let pulse = &servo.jog;
    let does = match (pulse.is_engaged(), pulse.is_sweeping(), pulse.is_moving()) {
        (false, ..) => "limp",
        (_, true, _) => "sweeping",
        (_, _, true) => "moving",
        _ => "engaged",
    };
    let lacks: String = [(-1.0, "["), (0.0, "n"), (1.0, "]")]
        .iter()
        .filter(|(bend, _)| servo.points.at(*bend).is_none())
        .map(|(_, key)| *key)
        .collect();
    if !servo.points.are_a_table() {
        format!("{does}, lacks {lacks}")
    } else if !servo.is_saved() {
        format!("{does}, unsaved")
    } else {
        does.to_owned()
    }
}

/// All keys, a line each.
pub(crate) const HELP: [&str; 20] = [
    "↑ ↓      choose a servo; the one before goes limp",
    "Space    engage it, or make everything limp",
    "← →      jog 10 µs",
    "Shift ← → or < >   jog 50 µs",
    ", .      jog one tick, the board's finest step",
    "Enter    stop where it is",
    "n        this is neutral (bend 0)",
    "[ ]      this is the negative end (bend -1), the positive end (bend 1)",
    "m        this is a point between: asks for its bend, or deletes one",
    "f        turn round: negative becomes positive",
    "g        go to neutral",
    "t        sweep slowly through what is set",
    "w        wiggle a little: is it the right servo?",
    "a        all straight: every measured servo at neutral; p points all of them",
    "c        the compass: turns a measured tentacle to the bearings of the card",
    "u        take back the last change",
    "s        save; `calibrate restore` brings the file before back",
    "q        leave; asks if something is not saved. Ctrl-C leaves at once,",
    "         Ctrl-Z goes back to the shell, and fg comes back",
    "After 30 s without a key everything goes limp by itself.",
];
