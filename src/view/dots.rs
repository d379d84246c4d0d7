//! A picture of dots, eight to a character cell (braille), each with a style of
//! its own until a cell must settle on one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The dots of a cell: braille's bits, column by column (Unicode chart U2800).
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// A picture as large as an area of the screen; x to the right, y down.
#[derive(Clone, Debug)]
pub(super) struct Dots {
    area: Rect,
    dots: Vec<Option<Style>>,
}

impl Dots {
    pub(super) fn new(area: Rect) -> Self {
        let count = 8 * usize::from(area.width) * usize::from(area.height);
        Self {
            area,
            dots: vec![None; count],
        }
    }

    pub(super) fn width(&self) -> f32 {
        f32::from(2 * self.area.width)
    }

    pub(super) fn height(&self) -> f32 {
        f32::from(4 * self.area.height)
    }

    /// Sets (or with `None` clears) the dots within `radius` that `which` wants.
    pub(super) fn disc(
        &mut self,
        (x, y): (f32, f32),
        radius: f32,
        ink: Option<Style>,
        which: impl Fn(i32, i32) -> bool,
    ) {
        let radius = radius.max(0.5);
        let reach = |middle: f32| (middle - radius).ceil() as i32..=(middle + radius) as i32;
        for row in reach(y) {
            for column in reach(x) {
                let (right, down) = (column as f32 - x, row as f32 - y);
                if right * right + down * down <= radius * radius && which(column, row) {
                    self.set(column, row, ink);
                }
            }
        }
    }

    /// A thin line that sets every dot, or, with `gap` 2 or 3, one in so many.
    pub(super) fn line(&mut self, from: (f32, f32), to: (f32, f32), gap: usize, ink: Style) {
        let (right, down) = (to.0 - from.0, to.1 - from.1);
        let steps = right.abs().max(down.abs()).ceil().max(1.0);
        for i in (0..=steps as usize).step_by(gap) {
            let s = i as f32 / steps;
            let (x, y) = (from.0 + right * s, from.1 + down * s);
            self.set(x.round() as i32, y.round() as i32, Some(ink));
        }
    }

    /// Sets or clears a dot; outside of the picture nothing happens.
    pub(super) fn set(&mut self, x: i32, y: i32, ink: Option<Style>) {
        let (width, height) = (self.width() as i32, self.height() as i32);
        if (0..width).contains(&x) && (0..height).contains(&y) {
            self.dots[(y * width + x) as usize] = ink;
        }
    }

    /// Writes the picture to the screen. A cell takes the style of most of its
    /// dots; a cell without dots stays as it was.
    pub(super) fn render(&self, buffer: &mut Buffer) {
        let width = 2 * usize::from(self.area.width);
        for position in self.area.positions() {
            let (column, row) = (position.x - self.area.x, position.y - self.area.y);
            let first = usize::from(row) * 4 * width + usize::from(column) * 2;
            let mut cell = [None; 8];
            let mut bits = 0;
            for (i, dot) in cell.iter_mut().enumerate() {
                *dot = self.dots[first + i / 2 * width + i % 2];
                if dot.is_some() {
                    bits |= BITS[i % 2][i / 2];
                }
            }
            let votes = |style: &Style| cell.iter().flatten().filter(|s| *s == style).count();
            if let Some(style) = cell.iter().flatten().max_by_key(|style| votes(style))
                && let Some(symbol) = char::from_u32(0x2800 + u32::from(bits))
            {
                buffer[position].set_char(symbol).set_style(*style);
            }
        }
    }
}
