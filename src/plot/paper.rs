//! What pictures are drawn on: places and sizes in pixels, curves without needless points.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle};
use std::ops::Range;

/// The drawing crate knows whole pixels, and this many of its are one.
const FINE: f64 = 10.0;
/// A curve is drawn as exactly as this, px.
const EXACT: f64 = 0.15;

pub(super) const PAPER: RGBColor = RGBColor(252, 251, 248);
pub(super) const INK: RGBColor = RGBColor(34, 37, 43);
pub(super) const SOFT: RGBColor = RGBColor(95, 98, 105);
pub(super) const LINE: RGBColor = RGBColor(205, 202, 193);
pub(super) const BAND: RGBColor = RGBColor(231, 228, 218);

pub(super) type Point = (f64, f64);

/// A rectangle of the paper, px: its upper left corner, and how wide and high it is.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) wide: f64,
    pub(super) high: f64,
}

/// A sheet with its own background, so that it reads on light and on dark.
pub(super) struct Paper<'a>(DrawingArea<SVGBackend<'a>, Shift>);

fn fine(px: f64) -> i32 {
    (px * FINE).round() as i32
}

fn stroke(colour: RGBColor, px: f64) -> ShapeStyle {
    ShapeStyle::from(colour).stroke_width(fine(px) as u32)
}

impl<'a> Paper<'a> {
    /// An empty one.
    pub(super) fn new(svg: &'a mut String, (wide, high): Point) -> Result<Self> {
        let size = (fine(wide) as u32, fine(high) as u32);
        let area = SVGBackend::with_string(svg, size).into_drawing_area();
        area.fill(&PAPER)?;
        Ok(Self(area))
    }

    /// Ends the drawing.
    pub(super) fn finish(self) -> Result<()> {
        Ok(self.0.present()?)
    }

    /// Writes words, so many px high, with the middle of their line at a place; they
    /// begin there, end there or stand around it.
    pub(super) fn write(
        &self,
        words: &str,
        (x, y): Point,
        px: f64,
        colour: RGBColor,
        from: HPos,
    ) -> Result<()> {
        // The drawing crate makes its fonts smaller by this.
        let font = ("sans-serif", px * FINE * 1.24).into_font();
        let font = match px > 13.0 {
            true => font.style(FontStyle::Bold),
            false => font,
        };
        let style = TextStyle::from(font).color(&colour);
        let style = style.pos(Pos::new(from, VPos::Center));
        Ok(self.0.draw(&Text::new(words, (fine(x), fine(y)), style))?)
    }

    /// A short line of a colour, as in a legend.
    pub(super) fn dash(&self, (x, y): Point, colour: RGBColor, px: f64) -> Result<()> {
        let ends = vec![(fine(x), fine(y)), (fine(x + 16.0), fine(y))];
        Ok(self.0.draw(&PathElement::new(ends, stroke(colour, px)))?)
    }

    /// A part of it where points are (x, y) within those ranges.
    pub(super) fn panel(&self, at: Frame, x: Range<f64>, y: Range<f64>) -> Panel<'a> {
        let per = (at.wide / (x.end - x.start), at.high / (y.end - y.start));
        let (left, top) = (fine(at.x), fine(at.y));
        let (right, bottom) = (fine(at.x + at.wide), fine(at.y + at.high));
        let coordinates =
            Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(x, y, (left..right, bottom..top));
        Panel {
            area: self.0.apply_coord_spec(coordinates),
            per,
        }
    }
}

/// A part of a sheet with coordinates of its own.
pub(super) struct Panel<'a> {
    area: DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    /// Pixels to one of them.
    per: Point,
}

impl Panel<'_> {
    /// A curve.
    pub(super) fn curve(&self, points: &[Point], colour: RGBColor, px: f64) -> Result<()> {
        let points = thin(points, self.per);
        Ok(self
            .area
            .draw(&PathElement::new(points, stroke(colour, px)))?)
    }

    /// A rectangle between two corners.
    pub(super) fn fill(&self, a: Point, b: Point, colour: RGBColor) -> Result<()> {
        Ok(self.area.draw(&Rectangle::new([a, b], colour.filled()))?)
    }

    /// A surface.
    pub(super) fn surface(&self, points: &[Point], colour: RGBColor) -> Result<()> {
        let points = thin(points, self.per);
        Ok(self.area.draw(&Polygon::new(points, colour.filled()))?)
    }
}

/// Leaves away what lies as good as on the line between its neighbours (Ramer, Douglas
/// and Peucker); `per` are pixels to one of the points' units.
fn thin(points: &[Point], per: Point) -> Vec<Point> {
    let mut kept = vec![false; points.len()];
    let mut parts = Vec::new();
    if let Some(last) = points.len().checked_sub(1) {
        (kept[0], kept[last]) = (true, true);
        parts.push((0, last));
    }
    while let Some((from, to)) = parts.pop() {
        let off = |i: usize| off_line(points[i], points[from], points[to], per);
        let mut furthest = (from, EXACT * EXACT);
        for i in from + 1..to {
            let off = off(i);
            if off > furthest.1 {
                furthest = (i, off);
            }
        }
        if furthest.0 > from {
            kept[furthest.0] = true;
            parts.push((from, furthest.0));
            parts.push((furthest.0, to));
        }
    }
    let kept = points.iter().zip(kept).filter(|(_, kept)| *kept);
    kept.map(|(point, _)| *point).collect()
}

/// The square of a point's distance from the line between two others, px².
fn off_line(point: Point, a: Point, b: Point, per: Point) -> f64 {
    let px = |from: Point, to: Point| ((to.0 - from.0) * per.0, (to.1 - from.1) * per.1);
    let (line, way) = (px(a, b), px(a, point));
    let square = line.0 * line.0 + line.1 * line.1;
    let along = match square > 0.0 {
        true => ((way.0 * line.0 + way.1 * line.1) / square).clamp(0.0, 1.0),
        false => 0.0,
    };
    let off = (way.0 - along * line.0, way.1 - along * line.1);
    off.0 * off.0 + off.1 * off.1
}

/// The picture's own size is in pixels.
pub(super) fn in_pixels(svg: &str, (wide, high): Point) -> String {
    let fine_size = format!("width=\"{}\" height=\"{}\"", fine(wide), fine(high));
    svg.replacen(
        &fine_size,
        &format!("width=\"{wide}\" height=\"{high}\""),
        1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thinned_curve_is_where_it_was() {
        let sine = |k: u32| (f64::from(k) / 50.0, (f64::from(k) / 100.0).sin());
        let points: Vec<_> = (0..3000).map(sine).collect();
        let per = (14.0, 25.0);
        let thinned = thin(&points, per);
        assert!(thinned.len() < 200, "{}", thinned.len());
        for point in points {
            let off = |pair: &[Point]| off_line(point, pair[0], pair[1], per);
            let off = thinned.windows(2).map(off).fold(f64::INFINITY, f64::min);
            assert!(off <= EXACT * EXACT);
        }
    }
}
