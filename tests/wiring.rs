//! wiring.md's table of channels and the picture's source, held against
//! calibration/servos.toml: what a builder solders is what the program drives.

use std::fs;
use std::path::Path;
use toml_edit::{Document, Item};

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// A servo as servos.toml has it.
struct Servo {
    channel: u16,
    tentacle: String,
    axis: &'static str,
    facing: u16,
}

fn servos() -> Vec<Servo> {
    let text = text("calibration/servos.toml");
    let document = Document::parse(&text).unwrap();
    let mut servos = Vec::new();
    for tentacle in document["tentacle"].as_array_of_tables().unwrap() {
        for axis in ["x", "y"] {
            servos.push(Servo {
                channel: number(&tentacle[axis]["channel"]),
                tentacle: tentacle["name"].as_str().unwrap().to_owned(),
                axis,
                facing: number(&tentacle["facing-deg"]),
            });
        }
    }
    servos.sort_by_key(|servo| servo.channel);
    servos
}

fn number(value: &Item) -> u16 {
    value.as_integer().unwrap().try_into().unwrap()
}

/// The rows below the heading of the table that starts with `first`.
fn table(markdown: &str, first: &str) -> Vec<Vec<String>> {
    let heading = format!("| {first} |");
    let below = markdown
        .lines()
        .skip_while(|line| !line.starts_with(&heading));
    let rows = below.skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(cell).collect();
    rows.map(cells).collect()
}

fn cell(text: &str) -> String {
    text.trim().to_owned()
}

#[test]
fn the_table_is_what_servos_toml_says() {
    let expected: Vec<Vec<String>> = servos()
        .iter()
        .map(|servo| {
            // y leans toward the facing, x to its right.
            let plus = match servo.axis {
                "x" => (servo.facing + 90) % 360,
                _ => servo.facing,
            };
            vec![
                servo.channel.to_string(),
                format!("{}.{}", servo.tentacle, servo.axis),
                servo.tentacle.clone(),
                servo.facing.to_string(),
                plus.to_string(),
                ((plus + 180) % 360).to_string(),
            ]
        })
        .collect();
    assert_eq!(expected.len(), 8);
    assert_eq!(table(&text("wiring.md"), "channel"), expected);
}

#[test]
fn the_picture_shows_what_servos_toml_says() {
    let picture = text("wiring.pikchr");
    // `servo("0", 5.85, "x")`: the words in quotes, in the order of the lines.
    let words = |kind: &str| -> Vec<Vec<String>> {
        let lines = picture.lines().filter(|line| line.starts_with(kind));
        let quoted = |line: &str| line.split('"').skip(1).step_by(2).map(cell).collect();
        lines.map(quoted).collect()
    };
    let servos = servos();
    let expected: Vec<_> = servos
        .iter()
        .map(|servo| vec![servo.channel.to_string(), servo.axis.to_owned()])
        .collect();
    assert_eq!(words("servo("), expected);

    let tentacle = |s: &Servo| vec![s.tentacle.clone(), format!("facing {}°", s.facing)];
    let mut expected: Vec<_> = servos.iter().map(tentacle).collect();
    expected.dedup();
    assert_eq!(words("tentacle("), expected);
}

#[test]
fn the_button_is_where_the_example_in_servos_toml_has_it() {
    let servos = text("calibration/servos.toml").replace("# [button]\n# gpio", "[button]\ngpio");
    let document = Document::parse(&servos).unwrap();
    let gpio = format!("GPIO {}", number(&document["button"]["gpio"]));
    let picture = text("wiring.pikchr");
    assert!(picture.contains(&format!("\"{gpio}  pin 16\"")));
    assert!(text("wiring.md").contains(&format!("**{gpio}, pin 16**")));
}

#[test]
fn the_senses_are_where_the_examples_in_servos_toml_have_them() {
    let servos = text("calibration/servos.toml");
    let (wiring, readme) = (text("wiring.md"), text("README.md"));
    let examples: Vec<_> = servos.split("# [[sense]]\n").skip(1).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let lines = example.lines().map_while(|line| line.strip_prefix("# "));
        let lines = lines.map(|line| cell(line.split(" # ").next().unwrap()));
        let lines = lines.collect::<Vec<_>>().join("\n");
        // The README has it without the comments.
        assert!(readme.contains(&format!("```\n[[sense]]\n{lines}\n```")));
        let example = Document::parse(&lines).unwrap();
        let place = match example["kind"].as_str() {
            Some("gpio") => format!("**GPIO {}, pin 18**", number(&example["gpio"])),
            // The radar's serial port is the one at this pin.
            _ => {
                assert_eq!(example["tty"].as_str(), Some("/dev/serial0"));
                "**GPIO 15, pin 10**".to_owned()
            }
        };
        assert!(wiring.contains(&place), "{place}");
    }
}
