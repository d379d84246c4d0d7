//! Pictures of the motion: those in docs/ are what the commands of README.md draw, and no
//! file that is not one is overwritten.
#![cfg(feature = "plot")]

mod common;

use common::calibration::{shipped, with_compass};
use common::{folder, hat, run};
use std::fs;
use std::path::Path;

/// A picture, and how README.md makes it.
const PICTURES: [(&str, &[&str]); 4] = [
    ("wave", &["--config", "tests/releases/0.1.0"]),
    ("life", &[]),
    ("show", &["--demo"]),
    (
        "crowd",
        &["--people", "examples/fair.people", "--seconds", "600"],
    ),
];

/// The picture that these options draw, and what is said of it.
fn plot(name: &str, options: &[&str]) -> (String, String) {
    let path = folder(&format!("plot-{name}")).join("plot.svg");
    let output = run(&[&["plot", "--output", path.to_str().unwrap()], options].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    (fs::read_to_string(path).unwrap(), said)
}

/// The words in a picture.
fn words(svg: &str) -> Vec<&str> {
    let lines = svg.lines().collect::<Vec<_>>();
    let behind = lines
        .windows(2)
        .filter(|pair| pair[0].starts_with("<text "));
    behind.map(|pair| pair[1]).collect()
}

#[test]
fn the_pictures_are_what_readme_draws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    for (name, options) in PICTURES {
        let file = format!("docs/plot-{name}.svg");
        let words = [
            &["plot", "--board", "virtual"],
            options,
            &["--output", &file],
        ]
        .concat();
        let command = format!("cargo run --release -- {}\n", words.join(" "));
        assert!(readme.contains(&command), "README.md lacks {command}");
        assert!(
            readme.contains(&format!("({file})")),
            "README.md shows no {file}"
        );
        let (svg, _) = plot(name, options);
        let kept = fs::read_to_string(root.join(&file)).unwrap_or_default();
        assert!(svg == kept, "{file} is another one now: {command}");
        assert!(svg.len() < 300_000, "{file}: {} bytes", svg.len());
    }
}

#[test]
fn everything_has_its_name_and_unit() {
    let (svg, said) = plot("names", &["--seconds", "60"]);
    let words = words(&svg);
    let servos = ["front-left", "front-right", "back-right", "back-left"]
        .iter()
        .flat_map(|name| [format!("{name}.x"), format!("{name}.y")]);
    let others = [
        "60 s",
        "1596 µs",
        "1401 µs",
        "bend x, 1 is right",
        "bend y",
        "1 Hz",
        "bend²/Hz",
    ];
    for word in servos
        .chain(others.map(str::to_owned))
        .chain(["life".to_owned()])
    {
        assert!(words.contains(&word.as_str()), "{word}: {words:?}");
    }
    assert!(
        words
            .iter()
            .any(|word| word.contains("between 1/f and 1/f²"))
    );
    let none = "No limit holds a pulse back.";
    assert!(words.contains(&none) && said.contains(none), "{said}");
}

#[test]
fn a_compass_changes_pulses_and_not_where_tips_go() {
    let files = shipped("plot-compass-files");
    let config = ["--config", files.to_str().unwrap()];
    let (plain, _) = plot("plain", &config);
    let servos = fs::read_to_string(files.join("servos.toml")).unwrap();
    fs::write(files.join("servos.toml"), with_compass(&servos, 0.0)).unwrap();
    let (aimed, said) = plot("aimed", &config);
    assert!(said.contains("No limit holds a pulse back."), "{said}");
    // What is drawn of front-left: its pulses first, and its way as the first in ink.
    let drawn = |svg: &str, stroke: &str| -> Vec<(f64, f64)> {
        let mut lines = svg.lines().filter(|line| line.starts_with("<polyline"));
        let line = lines.find(|line| line.contains(stroke)).unwrap();
        let points = line.split("points=\"").nth(1).unwrap().split('"').next();
        let point = |point: &str| {
            let (x, y) = point.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        };
        points.unwrap().split_whitespace().map(point).collect()
    };
    // As far as it goes to each side: points on straight ways are left out.
    let extent = |svg: &str, stroke: &str| {
        let points = drawn(svg, stroke);
        let most = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).fold(f64::MIN, f64::max);
        [most(|p| p.0), most(|p| -p.0), most(|p| p.1), most(|p| -p.1)]
    };
    let furthest = |stroke: &str| {
        let [plain, aimed] = [&plain, &aimed].map(|svg| extent(svg, stroke));
        let apart = plain.iter().zip(aimed).map(|(a, b)| (a - b).abs());
        apart.fold(0.0, f64::max)
    };
    let (pulses, way) = (furthest("#1466A8"), furthest("#22252B"));
    println!("{pulses} {way}");
    assert!(pulses > 10.0 && way < 5.0);
}

#[test]
fn what_limits_hold_back_is_told() {
    let files = folder("plot-limits");
    let servos = include_str!("../calibration/servos.toml");
    // Wide tables for all but one servo, which has none, and one that is slow.
    let servos = servos
        .replacen("table = [[-1, 1400], [1, 1600]]\n", "", 1)
        .replace("[[-1, 1400], [1, 1600]]", "[[-1, 1000], [1, 2000]]")
        .replacen("max-speed-us-per-s = 2000", "max-speed-us-per-s = 300", 2)
        .replace(
            "max-total-speed-us-per-s = 8000",
            "max-total-speed-us-per-s = 2600",
        );
    fs::write(files.join("servos.toml"), servos).unwrap();
    let motion = include_str!("releases/0.1.0/motion.toml");
    fs::write(files.join("motion.toml"), motion).unwrap();
    let (svg, said) = plot("held", &["--config", files.to_str().unwrap()]);
    let words = words(&svg);
    assert!(words.contains(&"limp: not calibrated"), "{words:?}");
    let share = |key: &str| -> f64 {
        let behind = said
            .split_once(&format!("{key} "))
            .unwrap_or_else(|| panic!("{said}"))
            .1;
        behind.split(' ').next().unwrap().parse().unwrap()
    };
    // The slow one goes up and down a straight line nearly all the time, one of seven; now and
    // then all together are too fast.
    assert!((5.0..14.3).contains(&share("max-speed-us-per-s")), "{said}");
    assert!(share("max-total-speed-us-per-s") > 1.0, "{said}");
    assert!(svg.contains("#D60050") && svg.contains("#7A1FA2"));
}

#[test]
fn cues_are_played_as_run_plays_them() {
    let folder = folder("plot-cues");
    let sheet = folder.join("sheet.cues");
    fs::write(&sheet, "5 fold\n15 scene circles\n20 unfold\n").unwrap();
    let (svg, _) = plot(
        "cued",
        &["--cues", sheet.to_str().unwrap(), "--seconds", "30"],
    );
    let words = words(&svg);
    assert!(
        words.contains(&"folded") && words.contains(&"circles"),
        "{words:?}"
    );
    assert!(words.contains(&"the shipped calibration, cues of sheet.cues: 30 s, seed 0"));
    let (other, _) = plot("seed", &["--seed", "1"]);
    assert_ne!(other, plot("seed-0", &[]).0);
}

/// One that `run` refuses, too.
#[test]
fn of_a_record_the_cues_alone_are_drawn() {
    let sheet = folder("plot-record").join("record");
    let record =
        "# @ version 0.0.9\n# @ glow purple\n20.0 fold\n# @ broken 30.00 the board was lost\n";
    fs::write(&sheet, record).unwrap();
    let (svg, _) = plot("of-record", &["--cues", sheet.to_str().unwrap()]);
    assert!(words(&svg).contains(&"folded"), "{:?}", words(&svg));
}

#[test]
fn nothing_else_is_overwritten() {
    let folder = folder("plot-refused");
    let refused = |path: &Path, options: &[&str]| {
        let output = hat(&["plot", "--output"])
            .arg(path)
            .args(options)
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let drawing = folder.join("drawing.svg");
    fs::write(&drawing, "<svg/>").unwrap();
    let said = refused(&drawing, &[]);
    assert!(
        said.contains("is no picture of `tentacle-hat plot`"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&drawing).unwrap(), "<svg/>");
    let said = refused(&folder.join("none/plot.svg"), &[]);
    assert!(said.contains("none/plot.svg: No such file"), "{said}");
    let said = refused(&folder.join("plot.png"), &[]);
    assert!(said.contains("ends with .svg"), "{said}");
    for seconds in ["0", "601"] {
        let said = refused(&folder.join("plot.svg"), &["--seconds", seconds]);
        assert!(said.contains("1..=600"), "{said}");
    }
    // Its own it draws anew, a shorter one over a longer one.
    let own = folder.join("own.svg");
    for seconds in ["60", "2"] {
        run(&[
            "plot",
            "--output",
            own.to_str().unwrap(),
            "--seconds",
            seconds,
        ]);
    }
    assert!(fs::read_to_string(own).unwrap().ends_with("</svg>\n"));
}
