//! The drawings in docs/build, held against their command, and both they and
//! tendon.pikchr against building.md: what it says is what a maker prints.

#[path = "../examples/drawings.rs"]
mod drawings;

use std::fs;
use std::path::Path;

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The cells of building.md's rows that start with `first`, and behind it.
fn rows(first: &str) -> Vec<Vec<String>> {
    let text = text("building.md");
    let rows = text
        .lines()
        .filter(|l| l.starts_with(&format!("| {first} |")));
    let cell = |text: &str| text.trim().to_owned();
    rows.map(|row| row.trim_matches('|').split('|').map(cell).collect())
        .collect()
}

/// The numbers in the second cell of the one row that starts with `first`.
fn measures(first: &str) -> Vec<f64> {
    let rows = rows(first);
    assert_eq!(rows.len(), 1, "{first}");
    numbers(&rows[0][1])
}

fn measure(first: &str) -> f64 {
    measures(first)[0]
}

fn numbers(text: &str) -> Vec<f64> {
    let parts = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    parts.filter_map(|part| part.parse().ok()).collect()
}

type Point = (f64, f64);

/// What a drawing consists of. It is of our own making: an element a line, all in
/// the units of the page.
struct Drawing(String);

impl Drawing {
    fn new(name: &str) -> Self {
        Self(text(&format!("docs/build/{name}")))
    }

    fn class<'a>(&'a self, class: &'a str) -> impl Iterator<Item = &'a str> {
        let mark = format!("class=\"{class}\"");
        self.0.lines().filter(move |line| line.contains(&mark))
    }

    /// Middle and diameter.
    fn circles(&self, class: &str) -> Vec<(Point, f64)> {
        let circle = |line| {
            (
                (number(line, "cx"), number(line, "cy")),
                2.0 * number(line, "r"),
            )
        };
        self.class(class).map(circle).collect()
    }

    fn polygons(&self, class: &str) -> Vec<Vec<Point>> {
        let corner = |pair: &str| {
            let (x, y) = pair.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        };
        let polygon = |line| attribute(line, "points").split(' ').map(corner).collect();
        self.class(class).map(polygon).collect()
    }
}

fn attribute<'a>(line: &'a str, name: &str) -> &'a str {
    let behind = line.split_once(&format!(" {name}=\"")).unwrap().1;
    behind.split_once('"').unwrap().0
}

fn number(line: &str, name: &str) -> f64 {
    attribute(line, name).parse().unwrap()
}

fn distance(a: Point, b: Point) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// Places are written to a hundredth.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.03
}

#[test]
fn the_files_are_what_the_command_draws() {
    for (name, svg) in drawings::sheets() {
        let again = "run `cargo run --example drawings -- docs/build`";
        assert!(
            text(&format!("docs/build/{name}")) == svg,
            "{name}: {again}"
        );
    }
}

#[test]
fn a_unit_is_a_millimetre_and_every_paper_holds_it() {
    for (name, _) in drawings::sheets() {
        let drawing = Drawing::new(name);
        let svg = drawing.0.lines().next().unwrap();
        let (wide, high) = (attribute(svg, "width"), attribute(svg, "height"));
        let (w, h) = (
            wide.strip_suffix("mm").unwrap(),
            high.strip_suffix("mm").unwrap(),
        );
        assert_eq!(attribute(svg, "viewBox"), format!("0 0 {w} {h}"));
        // A4 is 210 wide, Letter 279 high; few printers reach the last 10 mm.
        let (w, h): (f64, f64) = (w.parse().unwrap(), h.parse().unwrap());
        assert!(w <= 190.0 && h <= 259.0, "{name}: {w} x {h}");
        // No element moves or stretches another.
        assert!(!drawing.0.contains("transform"));

        let scale: Vec<_> = drawing.class("scale").collect();
        assert_eq!(scale.len(), 1);
        let bar = number(scale[0], "x2") - number(scale[0], "x1");
        assert!(close(bar, 100.0), "{name}: {bar}");
    }
}

#[test]
fn the_rings_are_those_of_building_md() {
    let drawing = Drawing::new("rings.svg");
    let rings = drawing.circles("ring");
    // Two tentacles a sheet, and two collars each, as wide as the tip's ring.
    let mut expected: Vec<f64> = Vec::new();
    for diameter in measures("rings, hat to tip") {
        expected.extend([diameter; 2]);
    }
    expected.extend([*expected.last().unwrap(); 4]);
    let diameters: Vec<f64> = rings.iter().map(|(_, diameter)| *diameter).collect();
    assert_eq!(diameters, expected);

    let (spines, tendons) = (drawing.circles("spine"), drawing.circles("tendon"));
    assert_eq!(tendons.len(), 4 * rings.len());
    let radius = measure("ring radius");
    for (i, (middle, diameter)) in rings.iter().enumerate() {
        assert_eq!(spines[i].0, *middle);
        let holes = &tendons[4 * i..4 * i + 4];
        for (j, (hole, wide)) in holes.iter().enumerate() {
            assert!(close(distance(*hole, *middle), radius));
            // 90° from the next.
            let next = holes[(j + 1) % 4].0;
            assert!(close(distance(*hole, next), radius * 2f64.sqrt()));
            // Wood and acrylic outside and inside of it.
            assert!(diameter / 2.0 - radius - wide / 2.0 >= 2.0);
            assert!(radius - wide / 2.0 - spines[i].1 / 2.0 >= 2.0);
        }
    }
}

#[test]
fn the_deck_is_that_of_building_md() {
    let drawing = Drawing::new("deck.svg");
    let (radius, horn) = (measure("ring radius"), measure("horn"));
    let deck = drawing.circles("deck")[0];
    assert_eq!(deck.1, measure("deck across"));

    let spines = drawing.circles("spine");
    let guides = drawing.circles("guide");
    assert_eq!((spines.len(), guides.len()), (4, 16));
    for (i, guide) in guides.iter().enumerate() {
        assert!(close(distance(guide.0, spines[i / 4].0), radius));
    }

    let pockets = drawing.polygons("pocket");
    let screws = drawing.circles("screw");
    assert_eq!((pockets.len(), screws.len()), (8, 16));
    let pocket = measures("servo pocket");
    for (corners, screws) in pockets.iter().zip(screws.chunks(2)) {
        let sides = [0, 1].map(|i| distance(corners[i], corners[i + 1]));
        let (long, short) = (sides[0].max(sides[1]), sides[0].min(sides[1]));
        assert!(
            close(long, pocket[0]) && close(short, pocket[1]),
            "{sides:?}"
        );
        // A rectangle, if its diagonals are alike too.
        let across = [0, 1].map(|i| distance(corners[i], corners[i + 2]));
        assert!(close(across[0], across[1]));
        assert!(close(
            distance(screws[0].0, screws[1].0),
            measure("servo screws")
        ));
    }
    for line in drawing.class("horn") {
        let a = (number(line, "x1"), number(line, "y1"));
        let b = (number(line, "x2"), number(line, "y2"));
        assert!(close(distance(a, b), 2.0 * horn));
    }
}

#[test]
fn between_any_two_holes_of_the_deck_there_is_wood() {
    let drawing = Drawing::new("deck.svg");
    let (middle, deck) = drawing.circles("deck")[0];
    // Each hole as points along its edge.
    let mut holes: Vec<Vec<Point>> = Vec::new();
    for class in ["spine", "guide", "screw", "cable", "mount"] {
        for ((x, y), diameter) in drawing.circles(class) {
            let around = (0..90).map(|i| f64::from(i * 4).to_radians().sin_cos());
            let r = diameter / 2.0;
            holes.push(
                around
                    .map(|(sin, cos)| (x + r * sin, y + r * cos))
                    .collect(),
            );
        }
    }
    for corners in drawing.polygons("pocket") {
        let edge = |i: usize| {
            let (a, b) = (corners[i], corners[(i + 1) % 4]);
            (0..60).map(move |j| {
                let t = f64::from(j) / 60.0;
                (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1))
            })
        };
        holes.push((0..4).flat_map(edge).collect());
    }
    for (i, hole) in holes.iter().enumerate() {
        for point in hole {
            assert!(deck / 2.0 - distance(*point, middle) >= 3.0, "the rim");
            for other in &holes[i + 1..] {
                let gap = other.iter().map(|p| distance(*point, *p));
                let gap = gap.fold(f64::INFINITY, f64::min);
                assert!(gap >= 1.4, "only {gap} mm near {point:?}");
            }
        }
    }
}

/// building.md's sums, from its own figures.
#[test]
fn the_sums_are_right() {
    let (radius, horn) = (measure("ring radius"), measure("horn"));
    for us in [100.0, 200.0, 300.0, 400.0, 440.0f64] {
        let row = &rows(&us.to_string())[0];
        let turn = us / 10.0;
        let travel = horn * turn.to_radians().sin();
        let bend = (travel / radius).to_degrees();
        let expected = [
            format!("{turn}"),
            format!("{travel:.1}"),
            format!("{bend:.0}"),
        ];
        assert_eq!(row[1..], expected);
    }

    let length = measure("deck to tip ring") / 1000.0;
    let tentacle = measure("tentacle") / 1000.0;
    let parts = [
        "eight acrylic rings",
        "spring and wire",
        "skin and wadding",
        "suckers",
    ];
    assert_eq!(parts.map(measure).iter().sum::<f64>(), measure("tentacle"));
    let wire = measure("piano wire") / 1000.0;
    let stiffness = 210e9 * std::f64::consts::PI * wire.powi(4) / 64.0;
    let full = 60f64.to_radians();
    let (guide, friction) = (74f64.to_radians(), measure("friction µ"));
    let bent = (2.0 * stiffness * full / length, guide + full);
    let level = (tentacle * 9.81 * length / 2.0, guide);
    for (name, (moment, around)) in [("bent fully", bent), ("lying level", level)] {
        let pull = moment / (radius / 1000.0);
        let line = pull * (friction * around).exp();
        // A kgf·cm is 0.0981 N·m.
        let torque = line * horn / 1000.0 / 0.0981;
        let expected = [
            format!("{moment:.3}"),
            format!("{pull:.1}"),
            format!("{line:.1}"),
            format!("{torque:.1}"),
        ];
        assert_eq!(rows(name)[0][1..], expected, "{name}");
    }
    // It stands, by Greenhill's sum.
    assert!(stiffness > 1.5 * tentacle * 9.81 * length * length / 7.84);
}

#[test]
fn the_picture_shows_what_building_md_says() {
    let picture = text("tendon.pikchr");
    let mm = |name: &str| format!("\"{} mm\"", measure(name));
    for name in ["ring radius", "ring to ring", "deck to tip ring"] {
        assert!(picture.contains(&mm(name)), "{name}");
    }
    assert!(picture.contains(&format!("\"horn {} mm\"", measure("horn"))));
    let apart = 2.0 * measure("ring radius");
    assert!(picture.contains(&format!("\"two guides, {apart} mm apart\"")));
    // 0.05 of the picture's inches to a millimetre.
    let rings: Vec<f64> = picture
        .lines()
        .filter_map(|line| line.strip_prefix("ring("))
        .map(|arguments| (numbers(arguments)[0] / 0.05).round())
        .collect();
    assert_eq!(rings, measures("rings, hat to tip"));
}

#[test]
fn the_four_quarters_of_the_card_have_every_bearing_once() {
    let mut told = Vec::new();
    for quarter in 1..=4 {
        let drawing = Drawing::new(&format!("card-{quarter}.svg"));
        // The one bearing that is no edge, from the corner where the edges meet.
        let [up, right]: [&str; 2] = drawing
            .class("edge")
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let middle = (number(up, "x1"), number(up, "y1"));
        assert_eq!(middle, (number(right, "x1"), number(right, "y1")));
        assert!(close(number(up, "x2"), middle.0) && number(up, "y2") < middle.1);
        assert!(close(number(right, "y2"), middle.1) && number(right, "x2") > middle.0);
        let bearing = drawing.class("bearing").next().unwrap();
        let (x, y) = (
            number(bearing, "x2") - middle.0,
            middle.1 - number(bearing, "y2"),
        );
        assert!(close(x, y) && x > 100.0, "{x} {y}");
        let degrees = |line: &str| {
            let text = line.strip_suffix("°</text>")?;
            text.rsplit('>').next().unwrap().parse::<u16>().ok()
        };
        let all: Vec<u16> = drawing.0.lines().filter_map(degrees).collect();
        // Clockwise, as they are drawn.
        let first = 90 * (quarter - 1);
        assert_eq!(all, [0, 15, 30, 45, 60, 75, 90].map(|d| (first + d) % 360));
        told.extend(all);
    }
    assert_eq!(told.len(), 28);
}
