//! Draws the sheets to print for `building.md`, in millimetres, into a folder:
//! `cargo run --example drawings -- docs/build`.
//!
//! Other servos, another spine? Change a constant and run it again.

use std::fmt::Write as _;
use std::{env, fs, io, path::PathBuf};

/// A point of a sheet: right of its left edge, below its top edge.
type Point = (f64, f64);

// What both A4 (210 x 297) and Letter (216 x 279) can print, with a margin of 10 mm or more.
const PAGE: Point = (190.0, 254.0);
/// Long enough that a print at 97 % ("fit to page") is 3 mm off.
const SCALE_BAR: f64 = 100.0;

/// From the spine to each tendon. The same in every ring, however wide it is: so a tendon's
/// travel is this times the bend, and the tentacle bends alike along its length.
const TENDON_RADIUS: f64 = 8.0;
/// A net-curtain spring, about. Measure yours.
const SPINE: f64 = 5.0;
/// Five times the line, so that its edges can be rounded with a bigger drill.
const TENDON_HOLE: f64 = 1.5;
/// From the hat to the tip. The last still has 2 mm of rim outside of its holes.
const RINGS: [f64; 8] = [36.0, 34.0, 32.0, 30.0, 28.0, 26.0, 24.0, 22.0];
/// Glued on the deck around the foot of the spine, two a tentacle.
const COLLAR: f64 = RINGS[7];
const TENTACLES_A_SHEET: usize = 2;

/// A 9 g servo, the common SG90 or MG90S: of the copies that people measured the largest case
/// was 22.92 x 12.38 mm. About half a millimetre more lets it in and leaves the tabs to lie on.
const POCKET: Point = (23.5, 12.8);
/// Between the two screws: 27.94 and 28.32 mm were measured, in holes with room for either.
const SCREWS: f64 = 28.0;
/// A pilot hole for the screws that come with the servo.
const SCREW_HOLE: f64 = 1.5;
/// From the middle of the case to the shaft: 22.92 / 2 - 6.19.
const SHAFT: f64 = 5.27;
/// From the shaft to the hole that the line is tied to.
const HORN: f64 = 12.0;

/// It must pass a hat that is 150 mm wide inside.
const DECK: f64 = 146.0;
/// From the deck's middle to each spine.
const SPINES: f64 = 50.0;
/// From a spine to the shafts of its two servos. Less, and a horn meets the next servo's screws.
const REACH: f64 = 26.0;
/// For a piece of the PTFE tube that 3D printers are fed through: 4 mm outside, 2 mm inside.
const GUIDE_HOLE: f64 = 4.0;
const CABLE_HOLE: f64 = 16.0;
/// M3, for the brackets that hold the deck in the hat.
const MOUNT_HOLE: f64 = 3.2;
const MOUNTS: f64 = 66.0;
/// Beside each tentacle, on the side where its y servo is not.
const MOUNT_BESIDE: f64 = -36.0;
/// From the middle of the card of bearings to its edge: as wide as a page.
const CARD: f64 = 180.0;
/// Hats' brims are about so wide; dashes help to put one in the middle.
const BRIMS: [f64; 3] = [260.0, 300.0, 340.0];
/// Facing and channels (x, y), as in calibration/servos.toml.
const TENTACLES: [(&str, f64, u8, u8); 4] = [
    ("front-left", 315.0, 0, 1),
    ("front-right", 45.0, 2, 3),
    ("back-right", 135.0, 4, 5),
    ("back-left", 225.0, 6, 7),
];

#[allow(dead_code)] // the test takes `sheets`
fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).expect("usage: drawings FOLDER"));
    fs::create_dir_all(&folder)?;
    for (name, svg) in sheets() {
        fs::write(folder.join(name), svg)?;
    }
    Ok(())
}

/// Every sheet with its file's name.
pub(crate) fn sheets() -> [(&'static str, String); 6] {
    [
        ("rings.svg", rings()),
        ("deck.svg", deck()),
        ("card-1.svg", card(1)),
        ("card-2.svg", card(2)),
        ("card-3.svg", card(3)),
        ("card-4.svg", card(4)),
    ]
}

fn rings() -> String {
    let mut sheet = Sheet::new(
        "Rings for two tentacles: print twice",
        "3 mm acrylic or plywood. 1 is next to the hat, 8 is the tip; C is glued on the deck.",
    );
    let mut y = 40.0;
    let mut all: Vec<(String, f64)> = Vec::new();
    for (i, diameter) in RINGS.iter().enumerate() {
        all.extend(vec![((i + 1).to_string(), *diameter); TENTACLES_A_SHEET]);
    }
    all.extend(vec![("C".to_owned(), COLLAR); 2 * TENTACLES_A_SHEET]);
    for row in all.chunks(4) {
        let wide: f64 = row.iter().map(|(_, diameter)| diameter + 6.0).sum();
        let mut x = (PAGE.0 - wide) / 2.0;
        y += row[0].1 / 2.0;
        for (name, diameter) in row {
            x += diameter / 2.0 + 3.0;
            ring(&mut sheet, (x, y), name, *diameter);
            x += diameter / 2.0 + 3.0;
        }
        y += row[0].1 / 2.0 + 4.0;
    }
    let notes = [
        format!(
            "Tendon holes: {TENDON_HOLE} mm, {TENDON_RADIUS} mm from the middle. Spine: {SPINE} mm."
        ),
        "The line in the rim is the facing: thread all rings with it on one side.".to_owned(),
        "Round the edges of every tendon hole, on both sides, before anything is glued.".to_owned(),
    ];
    for (i, note) in notes.iter().enumerate() {
        sheet.text((PAGE.0 / 2.0, y + 8.0 + 6.0 * i as f64), 4.0, note);
    }
    sheet.end()
}

fn ring(sheet: &mut Sheet, middle: Point, name: &str, diameter: f64) {
    sheet.circle("ring", middle, diameter);
    sheet.circle("spine", middle, SPINE);
    for angle in [0.0, 90.0, 180.0, 270.0] {
        sheet.circle("tendon", from(middle, angle, TENDON_RADIUS), TENDON_HOLE);
    }
    let rim = diameter / 2.0;
    sheet.line("mark", from(middle, 0.0, rim - 2.0), from(middle, 0.0, rim));
    let (x, y) = from(middle, 45.0, (SPINE / 2.0 + rim) / 2.0);
    sheet.text((x, y + 1.2), 3.4, name);
}

fn deck() -> String {
    let mut sheet = Sheet::new(
        "Servo deck, seen from above",
        "3 to 4 mm plywood. Black is cut or drilled; grey is only for the eye.",
    );
    let middle = (PAGE.0 / 2.0, 40.0 + DECK / 2.0);
    sheet.circle("deck", middle, DECK);
    sheet.circle("cable", middle, CABLE_HOLE);
    sheet.text((middle.0, middle.1 + 1.2), 3.4, "cables");
    let (x, y) = from(middle, 0.0, DECK / 2.0);
    sheet.text((x, y + 6.0), 4.0, "front");
    for (name, facing, channel_x, channel_y) in TENTACLES {
        let spine = from(middle, facing, SPINES);
        sheet.circle("spine", spine, SPINE);
        for side in [0.0, 90.0, 180.0, 270.0] {
            let guide = from(spine, facing + side, TENDON_RADIUS);
            sheet.circle("guide", guide, GUIDE_HOLE);
        }
        // Where no line runs.
        let (x, y) = from(spine, facing - 60.0, 20.0);
        sheet.text((x, y + 1.0), 3.0, name);
        // Each sits where the lines of its pair run side by side: the pair of x is
        // across the facing, so its servo is inward; that of y is to the right.
        let (inward, right) = (facing + 180.0, facing + 90.0);
        servo(
            &mut sheet,
            spine,
            inward,
            facing + 270.0,
            &format!("{channel_x} x"),
        );
        servo(
            &mut sheet,
            spine,
            right,
            facing + 180.0,
            &format!("{channel_y} y"),
        );
        let mount = from(middle, facing + MOUNT_BESIDE, MOUNTS);
        sheet.circle("mount", mount, MOUNT_HOLE);
    }
    let notes = [
        "Even channels are the x servos: put them in from below, tabs under the deck.".to_owned(),
        "Odd channels are the y servos: put them in from above, tabs on top of the deck."
            .to_owned(),
        "All shafts point down. The guides of x stick out 5 mm below, so that no lines touch."
            .to_owned(),
        format!(
            "Pockets {} x {} mm, screws {SCREWS} mm apart: measure your servos first.",
            POCKET.0, POCKET.1
        ),
    ];
    for (i, note) in notes.iter().enumerate() {
        let below = middle.1 + DECK / 2.0 + 10.0 + 6.0 * i as f64;
        sheet.text((PAGE.0 / 2.0, below), 4.0, note);
    }
    sheet.end()
}

/// A servo whose shaft lies in direction `toward` of the spine, its case in direction `along`
/// of the shaft.
fn servo(sheet: &mut Sheet, spine: Point, toward: f64, along: f64, name: &str) {
    let shaft = from(spine, toward, REACH);
    let case = from(shaft, along, SHAFT);
    let corner = |a: f64, b: f64| from(from(case, along, a), along + 90.0, b);
    let (a, b) = (POCKET.0 / 2.0, POCKET.1 / 2.0);
    let corners = [corner(a, b), corner(a, -b), corner(-a, -b), corner(-a, b)];
    sheet.polygon("pocket", &corners);
    for end in [1.0, -1.0] {
        sheet.circle("screw", corner(end * SCREWS / 2.0, 0.0), SCREW_HOLE);
    }
    // The horn at 1500 µs, square to its two lines.
    let arm = |end: f64| from(shaft, toward + 90.0, end * HORN);
    sheet.line("horn", arm(1.0), arm(-1.0));
    sheet.circle("shaft", shaft, 4.7);
    for end in [1.0, -1.0] {
        let guide = from(spine, toward + 90.0, end * TENDON_RADIUS);
        sheet.line("line", guide, arm(end));
    }
    let (x, y) = corner(5.0, if toward > along { 3.4 } else { -3.4 });
    sheet.text((x, y + 1.2), 3.4, name);
}

/// A quarter of the card on which the hat stands while its tentacles are turned to bearings.
fn card(quarter: u16) -> String {
    let mut sheet = Sheet::new(
        &format!("Card of bearings, {quarter} of 4"),
        "Cut along the two edges and glue the four on cardboard, numbers clockwise.",
    );
    let middle = (7.0, 34.0 + CARD);
    for degrees in (0..=90).step_by(5) {
        let bearing = 90 * (quarter - 1) + degrees;
        let (class, from_mm) = match degrees {
            0 | 90 => ("edge", 0.0),
            45 => ("bearing", 20.0),
            d if d % 15 == 0 => ("mark", 60.0),
            _ => ("mark", 150.0),
        };
        let angle = f64::from(degrees);
        let to_mm = if degrees % 15 == 0 { CARD } else { CARD - 10.0 };
        sheet.line(
            class,
            from(middle, angle, from_mm),
            from(middle, angle, to_mm),
        );
        // Beside the line, and none of those at the edges is cut off.
        let beside = match degrees {
            0 => 2.6,
            90 => -2.6,
            _ => 1.9,
        };
        if degrees % 15 == 0 {
            let (x, y) = from(middle, angle + beside, CARD - 8.0);
            sheet.text((x, y + 1.2), 4.0, &format!("{}°", bearing % 360));
        }
    }
    for brim in BRIMS {
        let arc = |degrees: i32| from(middle, f64::from(degrees), brim / 2.0);
        for degrees in (0..90).step_by(3) {
            sheet.line("brim", arc(degrees), arc(degrees + 1));
        }
    }
    let y = middle.1 + 10.0;
    let notes = [
        "0° is the wearer's front. Stand the hat on it so that the brim is as far from one ring",
        "of dashes all round, and its front points to 0°. A tentacle is right when it leans the",
        "way of a line, side by side with it, seen straight from above.",
    ];
    for (i, note) in notes.iter().enumerate() {
        sheet.text((PAGE.0 / 2.0, y + 6.0 * i as f64), 4.0, note);
    }
    sheet.end()
}

/// `distance` away in a direction in degrees, clockwise from the top of the sheet.
fn from((x, y): Point, degrees: f64, distance: f64) -> Point {
    let (sin, cos) = degrees.to_radians().sin_cos();
    (x + distance * sin, y - distance * cos)
}

/// An SVG whose units are millimetres. What is drawn says by its class what it is.
struct Sheet(String);

impl Sheet {
    fn new(title: &str, below: &str) -> Self {
        let (wide, high) = PAGE;
        let mut sheet = Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}mm\" height=\"{high}mm\" \
             viewBox=\"0 0 {wide} {high}\" font-family=\"sans-serif\" text-anchor=\"middle\">\n\
             <rect width=\"{wide}\" height=\"{high}\" fill=\"white\"/>\n"
        ));
        sheet.text((wide / 2.0, 7.0), 6.0, title);
        sheet.text((wide / 2.0, 14.0), 4.0, below);
        let (left, y) = ((wide - SCALE_BAR) / 2.0, 22.0);
        let right = left + SCALE_BAR;
        sheet.line("scale", (left, y), (right, y));
        sheet.line("cut", (left, y - 2.0), (left, y + 2.0));
        sheet.line("cut", (right, y - 2.0), (right, y + 2.0));
        let check = "This bar is 100 mm long on paper: print at 100 %, not \"fit to page\".";
        sheet.text((wide / 2.0, 28.0), 4.0, check);
        sheet
    }

    fn circle(&mut self, class: &str, (x, y): Point, diameter: f64) {
        let (x, y, r) = (mm(x), mm(y), mm(diameter / 2.0));
        let pen = pen(class);
        self.line_of(format_args!(
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"{pen}/>"
        ));
    }

    fn line(&mut self, class: &str, a: Point, b: Point) {
        let (x1, y1, x2, y2) = (mm(a.0), mm(a.1), mm(b.0), mm(b.1));
        let pen = pen(class);
        self.line_of(format_args!(
            "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"{pen}/>"
        ));
    }

    fn polygon(&mut self, class: &str, corners: &[Point]) {
        let points: Vec<String> = corners
            .iter()
            .map(|(x, y)| format!("{},{}", mm(*x), mm(*y)))
            .collect();
        let (points, pen) = (points.join(" "), pen(class));
        self.line_of(format_args!(
            "<polygon class=\"{class}\" points=\"{points}\"{pen}/>"
        ));
    }

    fn text(&mut self, (x, y): Point, size: f64, words: &str) {
        let (x, y) = (mm(x), mm(y));
        self.line_of(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\">{words}</text>"
        ));
    }

    fn line_of(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a string takes everything");
    }

    fn end(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

/// Black is cut, grey is not.
fn pen(class: &str) -> &'static str {
    match class {
        "horn" => " fill=\"none\" stroke=\"#999\" stroke-width=\"0.8\"",
        "brim" => " fill=\"none\" stroke=\"#999\" stroke-width=\"0.3\"",
        "bearing" => " fill=\"none\" stroke=\"black\" stroke-width=\"0.6\"",
        "line" => " fill=\"none\" stroke=\"#999\" stroke-width=\"0.3\" stroke-dasharray=\"1.5 1\"",
        "mark" | "shaft" => " fill=\"none\" stroke=\"#999\" stroke-width=\"0.5\"",
        _ => " fill=\"none\" stroke=\"black\" stroke-width=\"0.2\"",
    }
}

/// To a hundredth, which is finer than any saw, and so the same on every machine.
fn mm(value: f64) -> f64 {
    // Adding nothing turns -0 into 0.
    (value * 100.0).round() / 100.0 + 0.0
}
