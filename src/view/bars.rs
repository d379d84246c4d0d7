//! A row per servo: its pulse and where that lies within its limits, or why it
//! has none.

use super::palette::Palette;
use crate::state::State;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::calibration::{Rig, Servo};

/// A pulse without its unit, and with it and a space to the bar.
const NUMBER: usize = " 1500".len();
const PULSE: usize = NUMBER + 4;
/// The shortest and the longest bar that are read at a glance.
const BAR: (usize, usize) = (12, 48);
/// A bar's last cell, in eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The columns and rows that show everything.
pub(super) fn size(rig: &Rig) -> (u16, u16) {
    let width = longest(rig) + PULSE + BAR.0;
    (width as u16, rig.servos().len() as u16)
}

fn longest(rig: &Rig) -> usize {
    let length = |servo| rig.servo_name(servo).to_string().len();
    (0..rig.servos().len()).map(length).max().unwrap_or(0)
}

/// Draws as many rows as fit into `area`. Where it is narrow, the bar goes first,
/// then the unit, then the names' beginnings.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, rig: &Rig, state: &State, palette: Palette) {
    let width = usize::from(area.width);
    let name = longest(rig).min(width.saturating_sub(NUMBER));
    let bar = width.checked_sub(name + PULSE).map(|bar| bar.min(BAR.1));
    for (row, (place, servo)) in area.rows().zip(rig.servos()).enumerate() {
        let colour = palette.tentacle(row / 2, 1.0);
        let label = shortened(&rig.servo_name(row).to_string(), name);
        let mut line = vec![Span::styled(format!("{label:<name$}"), colour)];
        line.extend(figures(servo, state.output(servo), bar, colour, palette));
        Line::from(line).render(place, buffer);
    }
}

/// A name that keeps its end, where the axis stands.
fn shortened(name: &str, width: usize) -> String {
    let count = name.chars().count();
    if count <= width {
        return name.to_owned();
    }
    let rest: String = name.chars().skip(count + 1 - width.max(1)).collect();
    format!("…{rest}")
}

/// A pulse and its bar, or why there is none.
fn figures(
    servo: &Servo,
    output: Emitted,
    bar: Option<usize>,
    colour: Style,
    palette: Palette,
) -> Vec<Span<'static>> {
    let faint = palette.faint();
    let us = match output {
        Emitted::Pulse(us) => us,
        Emitted::High => return vec![Span::styled(" stuck high", palette.alarm())],
        Emitted::Limp if servo.calibration.is_none() => {
            return vec![Span::styled(" no table", faint)];
        }
        Emitted::Limp => return vec![Span::styled(" limp", faint)],
    };
    let mut figures = vec![Span::raw(format!(" {us:4.0}"))];
    if let Some(bar) = bar {
        let share = servo.calibration.as_ref().map_or(0.0, |calibration| {
            let (low, high) = calibration.limits_us;
            (us as f32 - low) / (high - low).max(1e-3)
        });
        let filled = (share.clamp(0.0, 1.0) * (8 * bar) as f32).round() as usize;
        let full = "█".repeat(filled / 8) + EIGHTHS[filled % 8];
        let rest = bar - full.chars().count();
        figures.push(Span::styled(" µs ", faint));
        figures.push(Span::styled(full, colour));
        figures.push(Span::styled("·".repeat(rest), faint));
    }
    figures
}
