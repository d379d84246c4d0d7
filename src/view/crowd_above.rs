//! The people round the hat, from above: where each sense believes somebody, whom the hat
//! reaches for, and where virtual people are in truth.

use super::dots::Dots;
use super::palette::Palette;
use crate::state::State;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use tentacle_hat::units::Turns;

/// Somebody stands at the edge from this distance on, m.
const EDGE_M: f32 = 3.0;
/// As large as people look, in dots: a ring with room for a letter.
const SHOULDERS: f32 = 3.0;
/// From here on somebody is more likely there than not.
const LIKELY: f32 = 0.5;
/// With so many columns there is room for whole names.
const NAMES: u16 = 60;

/// A map of what is round the hat, in dots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map {
    pub(super) middle: (f32, f32),
    /// Where the hat ends, and where the map does.
    pub(super) brim: f32,
    pub(super) edge: f32,
}

impl Map {
    /// A place: near the brim who is near, however small the hat is in the room.
    fn at(&self, bearing_deg: f32, distance_m: f32) -> (f32, f32) {
        let bearing = Turns::from_deg(bearing_deg);
        let share = (distance_m / EDGE_M).clamp(0.0, 1.0);
        let radius = self.brim + (self.edge - self.brim) * share;
        let (x, y) = self.middle;
        (x - radius * bearing.sin(), y + radius * bearing.cos())
    }
}

/// Whether there is anybody to draw.
pub(super) fn is_any(state: &State) -> bool {
    !state.people.is_empty() || !state.playing.people.is_empty()
}

/// Draws the dots: a ring where a virtual person is, a line to whom the hat reaches for, and
/// a ray where it is not known how far away somebody is.
pub(super) fn draw(dots: &mut Dots, map: Map, state: &State, palette: Palette) {
    for (id, seen) in &state.playing.people {
        let attended = state.playing.attended == Some(*id);
        if attended || seen.distance_m.is_none() {
            let (from, to) = [0.0, seen.distance_m.unwrap_or(EDGE_M)]
                .map(|distance_m| map.at(seen.bearing_deg, distance_m))
                .into();
            let gap = if attended { 2 } else { 4 };
            dots.line(from, to, gap, style(seen.sure, attended, palette));
        }
    }
    for it in &state.people {
        let at = map.at(it.bearing_deg, it.distance_m);
        super::above::circle(dots, at, SHOULDERS, 1, palette.felt());
    }
}

/// Writes who it is whom senses believe to be there.
pub(super) fn names(buffer: &mut Buffer, area: Rect, map: Map, state: &State, palette: Palette) {
    // Whom it reaches for last, over the others.
    let attended = |id| state.playing.attended == Some(id);
    let mut people: Vec<_> = state.playing.people.iter().collect();
    people.sort_by_key(|(id, _)| attended(*id));
    for (id, seen) in people {
        let (x, y) = map.at(seen.bearing_deg, seen.distance_m.unwrap_or(EDGE_M));
        let name = match area.width {
            NAMES.. => id.as_str(),
            _ => &id.as_str()[..1],
        };
        let words = Span::styled(name, style(seen.sure, attended(*id), palette));
        let width = words.width() as u16;
        // Two dots make a column, four a row.
        let column = (x / 2.0) as u16;
        let left = column.saturating_sub((width - 1) / 2);
        let place = Rect {
            x: area.x + left.min(area.width.saturating_sub(width)),
            y: area.y + ((y / 4.0) as u16).min(area.height.saturating_sub(1)),
            width,
            height: 1,
        };
        words.render(place.intersection(area), buffer);
    }
}

/// As sure as it is, and most of all who is reached for.
fn style(sure: f32, attended: bool, palette: Palette) -> Style {
    match (attended, sure >= LIKELY) {
        (true, _) => palette.heading(),
        (false, true) => palette.ribbon(),
        (false, false) => palette.faint(),
    }
}
