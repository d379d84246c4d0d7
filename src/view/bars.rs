//! A row per servo: its pulse, where that lies within its limits, whether it
//! holds.

use super::palette::Palette;
use crate::state::State;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::calibration::{Rig, Servo};

/// What stands around the bar: ` 1500 µs ` and ` no table`.
const PULSE: usize = 9;
const STATE: usize = 9;
/// The longest bar that is still read at a glance.
const BAR: usize = 48;
/// A bar's last cell, in eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Draws as many rows as fit into `area`.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, rig: &Rig, state: &State, palette: Palette) {
    let names: Vec<String> = (0..rig.servos().len())
        .map(|servo| rig.servo_name(servo).to_string())
        .collect();
    let width = usize::from(area.width);
    let name = names.iter().map(String::len).max().unwrap_or(0);
    let name = name.min(width.saturating_sub(PULSE + STATE + 4));
    let bar = width.saturating_sub(name + PULSE + STATE).min(BAR);
    for (row, place) in area.rows().take(names.len()).enumerate() {
        let colour = palette.tentacle(row / 2, 1.0);
        let label = shortened(&names[row], name);
        let mut line = vec![Span::styled(format!("{label:<name$}"), colour)];
        let servo = &rig.servos()[row];
        let output = state.output(servo);
        line.extend(figures(servo, output, bar, colour, palette));
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

fn figures(
    servo: &Servo,
    output: Emitted,
    bar: usize,
    colour: Style,
    palette: Palette,
) -> Vec<Span<'static>> {
    let faint = palette.faint();
    let (pulse, state) = match output {
        Emitted::Pulse(us) => (format!(" {us:4.0}"), Span::raw(" engaged")),
        Emitted::Limp if servo.calibration.is_none() => {
            ("    –".to_owned(), Span::styled(" no table", faint))
        }
        Emitted::Limp => ("    –".to_owned(), Span::styled(" limp", faint)),
        Emitted::High => (
            "    –".to_owned(),
            Span::styled(" stuck high", palette.alarm()),
        ),
    };
    let filled = match (output, &servo.calibration) {
        (Emitted::Pulse(us), Some(calibration)) => {
            let (low, high) = calibration.limits_us;
            let share = (us as f32 - low) / (high - low).max(1e-3);
            (share.clamp(0.0, 1.0) * (8 * bar) as f32).round() as usize
        }
        _ => 0,
    };
    let full = "█".repeat(filled / 8) + EIGHTHS[filled % 8];
    let rest = bar - full.chars().count();
    vec![
        Span::raw(pulse),
        Span::styled(" µs ", faint),
        Span::styled(full, colour),
        Span::styled("·".repeat(rest), faint),
        state,
    ]
}
