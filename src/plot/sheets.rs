//! What is in a picture, from top to bottom.

use super::paper::{BAND, Frame, INK, LINE, PAPER, Panel, Paper, Point, SOFT, in_pixels};
use super::played::{GROWN_S, Limit, Moment, Played, SPECTRUM_S};
use super::welch::{self, spectrum};
use anyhow::Result;
use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos::{Center, Left, Right};
use std::f64::consts::TAU;
use tentacle_hat::units::Bend;

/// The colours of x and y.
const AXES: [(&str, RGBColor); 2] = [("x", RGBColor(20, 102, 168)), ("y", RGBColor(196, 87, 11))];

const WIDE: f64 = 1000.0;
const MARGIN: f64 = 24.0;
/// Heights of letters.
const TITLE: f64 = 19.0;
const HEADING: f64 = 15.0;
const SMALL: f64 = 12.0;

/// Strips of pulses: where their curves end; they begin behind the longest name and a pulse.
const CURVES_END: f64 = 900.0;
const A_PULSE: f64 = 62.0;
/// A letter of that height is about so wide.
const LETTER: f64 = 6.4;
const STRIP: f64 = 42.0;
const STRIP_TO_STRIP: f64 = 47.0;
const TENTACLE_GAP: f64 = 10.0;
/// Panels below them stand four in a row.
const PANEL_TO_PANEL: f64 = 243.0;
const PANEL: Frame = Frame {
    x: 66.0,
    y: 0.0,
    wide: 170.0,
    high: 170.0,
};
const PANEL_ROW: f64 = 232.0;

/// Powers that are drawn, as decimal logarithms of bend²/Hz.
const POWERS: (f64, f64) = (-6.0, 2.0);
/// What the band between 1/f and 1/f² is laid through, Hz.
const COMPARED_HZ: (f64, f64) = (0.05, 1.0);

fn colour(limit: Limit) -> RGBColor {
    match limit {
        Limit::Table => RGBColor(40, 125, 50),
        Limit::Speed => RGBColor(214, 0, 80),
        Limit::Total => RGBColor(122, 31, 162),
    }
}

/// The picture of the first `seconds` of a performance; and in words what its limits
/// do to it.
///
/// # Errors
/// The drawing crate's.
pub(crate) fn draw(played: &Played, title: &str, seconds: u64) -> Result<(String, String)> {
    let rig = &played.rig;
    let rows = rig.tentacles().len().div_ceil(4) as f64;
    let strips =
        STRIP_TO_STRIP * rig.servos().len() as f64 + TENTACLE_GAP * rig.tentacles().len() as f64;
    let (pulses_y, paths_y) = (62.0, 62.0 + 88.0 + strips + 38.0);
    let spectra_y = paths_y + 42.0 + rows * PANEL_ROW;
    let size = (WIDE, spectra_y + 44.0 + rows * PANEL_ROW);

    let mut svg = String::new();
    let paper = Paper::new(&mut svg, size)?;
    paper.write(title, (MARGIN, 32.0), TITLE, INK, Left)?;
    let shown = shown(played, seconds);
    let words = pulses(&paper, played, shown, seconds, pulses_y)?;
    paths(&paper, played, shown, paths_y)?;
    spectra(&paper, played, spectra_y)?;
    paper.finish()?;
    Ok((in_pixels(&svg, size), words))
}

/// The moments of the first seconds.
fn shown(played: &Played, seconds: u64) -> &[Moment] {
    let is_shown = |moment: &Moment| moment.t_us < seconds * 1_000_000;
    &played.moments[..played.moments.partition_point(is_shown)]
}

fn s(moment: &Moment) -> f64 {
    moment.t_us as f64 / 1e6
}

/// The share of pulses that each limit holds back, of those that a servo is sent, or
/// all servos.
fn shares(moments: &[Moment], servo: Option<usize>) -> [f64; 3] {
    let (mut held, mut all) = ([0u32; 3], 0u32);
    for (i, sent) in moments.iter().flat_map(|m| m.sent.iter().enumerate()) {
        let (Some((_, limit)), true) = (sent, servo.is_none_or(|servo| servo == i)) else {
            continue;
        };
        all += 1;
        if let Some(limit) = limit {
            held[*limit as usize] += 1;
        }
    }
    held.map(|held| f64::from(held) / f64::from(all.max(1)))
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        p if p > 0.0 && p < 0.1 => "under 0.1 %".to_owned(),
        p => format!("{p:.1} %"),
    }
}

fn in_words(shares: [f64; 3]) -> String {
    let all = shares.iter().sum();
    let told = Limit::ALL
        .into_iter()
        .zip(shares)
        .filter(|(_, share)| *share > 0.0);
    let told: Vec<_> = told
        .map(|(limit, share)| format!("{} {}", limit.key(), percent(share)))
        .collect();
    match told.is_empty() {
        true => "No limit holds a pulse back.".to_owned(),
        false => format!(
            "Limits hold back {} of the pulses: {}.",
            percent(all),
            told.join(", ")
        ),
    }
}

/// Each servo's pulse over time, and what its table allows.
fn pulses(
    paper: &Paper<'_>,
    played: &Played,
    moments: &[Moment],
    seconds: u64,
    top: f64,
) -> Result<String> {
    let rig = &played.rig;
    let seconds = seconds as f64;
    let words = in_words(shares(moments, None));
    let heading = "Pulses over time; the band is what each servo's table allows";
    paper.write(heading, (MARGIN, top), HEADING, INK, Left)?;
    paper.write(&words, (MARGIN, top + 22.0), SMALL, INK, Left)?;
    let mut x = MARGIN;
    paper.write("held back by", (x, top + 42.0), SMALL, SOFT, Left)?;
    x += 84.0;
    for limit in Limit::ALL {
        paper.dash((x, top + 42.0), colour(limit), 3.0)?;
        paper.write(limit.key(), (x + 22.0, top + 42.0), SMALL, SOFT, Left)?;
        x += 50.0 + LETTER * limit.key().len() as f64;
    }

    let names = (0..rig.servos().len()).map(|i| rig.servo_name(i).to_string().len());
    let left = MARGIN + LETTER * names.max().unwrap_or(0) as f64 + A_PULSE;
    let wide = CURVES_END - left;
    let at_s = |s: f64| left + s / seconds * wide;
    // A scene has its name where it begins, if that has room.
    let mut changes: Vec<f64> = Vec::new();
    let mut free_x = 0.0;
    for scene in moments.chunk_by(|a, b| a.scene == b.scene) {
        let (name, begins_s) = (scene[0].scene, s(&scene[0]));
        changes.push(begins_s);
        let x = at_s(begins_s);
        if x >= free_x {
            paper.write(name, (x + 2.0, top + 70.0), SMALL, SOFT, Left)?;
            free_x = x + 4.0 + LETTER * name.len() as f64;
        }
    }

    let step = step(seconds);
    let ticks = || {
        (0..)
            .map(|k| f64::from(k) * step)
            .take_while(|s| *s <= seconds)
    };
    let mut y = top + 82.0;
    for (i, servo) in rig.servos().iter().enumerate() {
        let frame = Frame {
            x: left,
            y,
            wide,
            high: STRIP,
        };
        let middle = y + STRIP / 2.0;
        let name = rig.servo_name(i).to_string();
        paper.write(&name, (MARGIN, middle), SMALL, AXES[i % 2].1, Left)?;
        match &servo.calibration {
            None => {
                let why = "limp: not calibrated";
                paper.write(why, (left + 8.0, middle), SMALL, SOFT, Left)?;
            }
            Some(calibration) => {
                let (low, high) = calibration.limits_us;
                let (low, high) = (f64::from(low), f64::from(high));
                let room = (high - low).max(1.0) * 0.06;
                let panel = paper.panel(frame, 0.0..seconds, low - room..high + room);
                panel.fill((0.0, low), (seconds, high), BAND)?;
                for s in ticks() {
                    panel.curve(&[(s, low), (s, high)], PAPER, 1.0)?;
                }
                for s in &changes {
                    panel.curve(&[(*s, low - room), (*s, high + room)], LINE, 1.0)?;
                }
                for (us, at) in [(high, y + 6.0), (low, y + STRIP - 6.0)] {
                    let us = format!("{us:.0} µs");
                    paper.write(&us, (left - 6.0, at), SMALL, SOFT, Right)?;
                }
                strip(&panel, moments, i)?;
                let held: f64 = shares(moments, Some(i)).iter().sum();
                if held > 0.0 {
                    let held = percent(held);
                    paper.write(&held, (CURVES_END + 6.0, middle), SMALL, INK, Left)?;
                }
            }
        }
        y += STRIP_TO_STRIP + TENTACLE_GAP * (i % 2) as f64;
    }
    for s in ticks() {
        paper.write(&format!("{s} s"), (at_s(s), y), SMALL, SOFT, Center)?;
    }
    Ok(words)
}

/// Seconds from one mark to the next: about ten in all.
fn step(seconds: f64) -> f64 {
    let steps = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0];
    let fits = |step: &f64| seconds / step <= 12.0;
    steps.into_iter().find(fits).unwrap_or(60.0)
}

/// A servo's pulses, and over them where a limit holds them back.
fn strip(panel: &Panel<'_>, moments: &[Moment], servo: usize) -> Result<()> {
    let point = |moment: &Moment| Some((s(moment), f64::from(moment.sent[servo]?.0)));
    let limit = |moment: &Moment| moment.sent[servo].and_then(|(_, limit)| limit);
    for part in moments.chunk_by(|a, b| a.sent[servo].is_some() == b.sent[servo].is_some()) {
        let points: Vec<Point> = part.iter().filter_map(point).collect();
        if !points.is_empty() {
            panel.curve(&points, AXES[servo % 2].1, 1.3)?;
        }
    }
    for part in moments.chunk_by(|a, b| limit(a) == limit(b)) {
        let Some(limit) = part.first().and_then(limit) else {
            continue;
        };
        let mut points: Vec<Point> = part.iter().filter_map(point).collect();
        // So that a single pulse is seen.
        let (last_s, last_us) = points[points.len() - 1];
        points.push((last_s + 0.02, last_us));
        panel.curve(&points, colour(limit), 3.0)?;
    }
    Ok(())
}

/// Where the panel of a tentacle stands, in a row of four.
fn panel_at(tentacle: usize, top: f64) -> Frame {
    Frame {
        x: PANEL.x + PANEL_TO_PANEL * (tentacle % 4) as f64,
        y: top + PANEL_ROW * (tentacle / 4) as f64,
        ..PANEL
    }
}

/// The name above a panel, in its middle.
fn name(paper: &Paper<'_>, played: &Played, tentacle: usize, at: Frame) -> Result<()> {
    let name = played.rig.tentacles()[tentacle].name;
    let middle = (at.x + at.wide / 2.0, at.y - 12.0);
    paper.write(&name, middle, SMALL, INK, Center)
}

/// Where a tentacle leans along an axis, whose servo is calibrated.
fn leans<'a>(
    played: &'a Played,
    moments: &'a [Moment],
    tentacle: usize,
    axis: usize,
) -> Option<impl Iterator<Item = Option<f64>> + 'a> {
    let servos = &played.rig.servos()[2 * tentacle..][..2];
    servos[axis].calibration.as_ref()?;
    let tentacle = (tentacle, &played.rig.tentacles()[tentacle]);
    let straight = tentacle.1.bend(Bend::STRAIGHT);
    let lean = move |moment: &Moment| {
        let bend = |axis: usize| {
            let (us, _) = moment.sent[2 * tentacle.0 + axis]?;
            Some(servos[axis].calibration.as_ref()?.table.bend_at(us))
        };
        let bends = [bend(0), bend(1)];
        bends[axis]?;
        let tip = tentacle.1.tip(Bend {
            x: bends[0].unwrap_or(straight.x),
            y: bends[1].unwrap_or(straight.y),
        });
        Some(f64::from([tip.x, tip.y][axis]))
    };
    Some(moments.iter().map(lean))
}

/// The way of each tentacle's tip.
fn paths(paper: &Paper<'_>, played: &Played, moments: &[Moment], top: f64) -> Result<()> {
    let heading = "Tips from above: bend x against bend y; the circle is the full safe bend";
    paper.write(heading, (MARGIN, top), HEADING, INK, Left)?;
    for tentacle in 0..played.rig.tentacles().len() {
        let at = panel_at(tentacle, top + 44.0);
        name(paper, played, tentacle, at)?;
        let panel = paper.panel(at, -1.08..1.08, -1.08..1.08);
        let around = (0..=90).map(|k| TAU * f64::from(k) / 90.0);
        let circle: Vec<_> = around
            .map(|turn| (libm::cos(turn), libm::sin(turn)))
            .collect();
        panel.surface(&circle, BAND)?;
        panel.curve(&[(-1.0, 0.0), (1.0, 0.0)], PAPER, 1.0)?;
        panel.curve(&[(0.0, -1.0), (0.0, 1.0)], PAPER, 1.0)?;
        let (middle_x, middle_y) = (at.x + at.wide / 2.0, at.y + at.high / 2.0);
        let bottom = at.y + at.high;
        for (bend, word) in [(-1.0, "−1"), (0.0, "0"), (1.0, "1")] {
            let (x, y) = (bend / 1.08 * at.wide / 2.0, bend / 1.08 * at.high / 2.0);
            paper.write(word, (middle_x + x, bottom + 9.0), SMALL, SOFT, Center)?;
            paper.write(word, (at.x - 4.0, middle_y - y), SMALL, SOFT, Right)?;
        }
        paper.write(
            "bend x, 1 is right",
            (middle_x, bottom + 25.0),
            SMALL,
            SOFT,
            Center,
        )?;
        paper.write("bend y", (at.x - 4.0, middle_y - 42.0), SMALL, SOFT, Right)?;
        paper.write(
            "1 is out",
            (at.x - 4.0, middle_y - 26.0),
            SMALL,
            SOFT,
            Right,
        )?;
        let axes = [0, 1].map(|axis| leans(played, moments, tentacle, axis));
        let [Some(x), Some(y)] = axes else {
            let why = "not calibrated";
            paper.write(why, (middle_x, middle_y - 12.0), SMALL, SOFT, Center)?;
            continue;
        };
        let points: Vec<Point> = x.zip(y).filter_map(|(x, y)| x.zip(y)).collect();
        if !points.is_empty() {
            panel.curve(&points, INK, 1.0)?;
        }
    }
    Ok(())
}

/// How fast each axis moves, and how much.
fn spectra(paper: &Paper<'_>, played: &Played, top: f64) -> Result<()> {
    let heading = "Spectra of the bends: how much each axis moves at each frequency";
    paper.write(heading, (MARGIN, top), HEADING, INK, Left)?;
    let (low_hz, high_hz) = welch::RANGE_HZ;
    let words = format!(
        "From {} minutes of the same performance, {GROWN_S} s on: means of {} s each (Welch), \
         resolution {:.4} Hz. The band lies between 1/f and 1/f².",
        SPECTRUM_S / 60,
        welch::WINDOW_S,
        welch::RESOLUTION_HZ
    );
    paper.write(&words, (MARGIN, top + 22.0), SMALL, INK, Left)?;
    for (i, (axis, colour)) in AXES.iter().enumerate() {
        let x = WIDE - 100.0 + 42.0 * i as f64;
        paper.dash((x, top), *colour, 1.6)?;
        paper.write(axis, (x + 21.0, top), SMALL, *colour, Left)?;
    }
    let a_second = 1e6 / f64::from(played.rig.timebase().period_us());
    let grown = |moment: &Moment| moment.t_us < GROWN_S * 1_000_000;
    let moments = &played.moments[played.moments.partition_point(grown)..];
    let x = [low_hz, high_hz].map(libm::log10);
    for tentacle in 0..played.rig.tentacles().len() {
        let at = panel_at(tentacle, top + 60.0);
        name(paper, played, tentacle, at)?;
        let panel = paper.panel(at, x[0]..x[1], POWERS.0..POWERS.1);
        let held = |power: f64| power.clamp(POWERS.0, POWERS.1);
        let axes = [0, 1].map(|axis| {
            // A servo that is limp for a while does not move meanwhile.
            let mut before = 0.0;
            let signal = leans(played, moments, tentacle, axis)?.map(|bend| {
                before = bend.unwrap_or(before);
                before
            });
            let points = spectrum(&signal.collect::<Vec<_>>(), a_second);
            let log = |(hz, power): (f64, f64)| (libm::log10(hz), held(libm::log10(power)));
            Some(points.into_iter().map(log).collect::<Vec<Point>>())
        });
        // The mean power of what is compared, were it to fall as f^-1.5.
        let compared = libm::log10(COMPARED_HZ.0)..libm::log10(COMPARED_HZ.1);
        let pivot = (compared.start + compared.end) / 2.0;
        let levels = axes.iter().flatten().flatten();
        let is_seen = |(hz, power): &&Point| compared.contains(hz) && *power > POWERS.0;
        let levels = levels.filter(is_seen);
        let levels: Vec<f64> = levels
            .map(|(hz, power)| power + 1.5 * (hz - pivot))
            .collect();
        if !levels.is_empty() {
            let level = levels.iter().sum::<f64>() / levels.len() as f64;
            let hz = |k: i32| x[0] + (x[1] - x[0]) * f64::from(k) / 100.0;
            let edge = |k: i32, slope: f64| (hz(k), held(level - slope * (hz(k) - pivot)));
            let there = (0..=100).map(|k| edge(k, 1.0));
            let back = (0..=100).rev().map(|k| edge(k, 2.0));
            panel.surface(&there.chain(back).collect::<Vec<_>>(), BAND)?;
        }
        for hz in [-2.0, -1.0, 0.0] {
            panel.curve(&[(hz, POWERS.0), (hz, POWERS.1)], LINE, 0.7)?;
        }
        for (power, word) in [
            (-6.0, "10⁻⁶"),
            (-4.0, "10⁻⁴"),
            (-2.0, "0.01"),
            (0.0, "1"),
            (2.0, "100"),
        ] {
            panel.curve(&[(x[0], power), (x[1], power)], LINE, 0.7)?;
            let y = at.y + (POWERS.1 - power) / (POWERS.1 - POWERS.0) * at.high;
            paper.write(word, (at.x - 4.0, y), SMALL, SOFT, Right)?;
        }
        for (hz, word) in [(-2.0, "0.01"), (-1.0, "0.1"), (0.0, "1 Hz")] {
            let x = at.x + (hz - x[0]) / (x[1] - x[0]) * at.wide;
            paper.write(word, (x, at.y + at.high + 11.0), SMALL, SOFT, Center)?;
        }
        let unit = (at.x - 4.0, at.y + at.high / 8.0);
        paper.write("bend²/Hz", unit, SMALL, SOFT, Right)?;
        let middle = (at.x + at.wide / 2.0, at.y + at.high / 2.0);
        if axes.iter().all(Option::is_none) {
            paper.write("not calibrated", middle, SMALL, SOFT, Center)?;
        }
        for (points, (_, colour)) in axes.iter().zip(AXES) {
            if let Some(points) = points {
                panel.curve(points, colour, 1.3)?;
            }
        }
    }
    Ok(())
}
