//! Virtual people, through the whole program: bytes of sensors, cues, pulses.

mod common;

use common::{Trace, folder, hat as program, run};
use std::fs;

const PARTY: &str = "examples/party.people";
/// A servo of the tentacle that is nearest to whoever stands ahead on the left: front-left.y
/// leans outward where its pulse grows.
const OUTWARD: usize = 1;

/// What `run` says of a people file, and its exit code.
fn refused(text: &str, rest: &[&str]) -> (String, Option<i32>) {
    let path = folder("people-refused").join("x.people");
    fs::write(&path, text).unwrap();
    let people = ["run", "--people", path.to_str().unwrap()];
    let out = program(&[&people[..], rest].concat()).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    (
        said.replace(path.to_str().unwrap(), "FILE"),
        out.status.code(),
    )
}

#[test]
fn the_same_people_make_the_same_bytes_and_a_record_of_them_too() {
    let folder = folder("people-record");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let played = |name: &str, rest: &[&str]| {
        let (trace, record) = (path(&format!("{name}.csv")), path(&format!("{name}.cues")));
        let fixed = ["run", "--unpaced", "--seconds", "40"];
        let out = ["--trace", &trace, "--record", &record];
        run(&[&fixed[..], &out, rest].concat());
        [trace, record].map(|path| fs::read_to_string(path).unwrap())
    };
    let first = played("first", &["--people", PARTY]);
    assert!(
        first == played("second", &["--people", PARTY]),
        "twice is not the same"
    );
    let other = played("other", &["--people", PARTY, "--seed", "5"]);
    assert!(
        first[1].matches(" person front.").count() > 200,
        "{}",
        first[1]
    );
    assert!(first[0] != other[0], "chance has no seed");
    // Without its people, and beside them, a record says the same.
    let record = path("first.cues");
    let again = played("again", &["--cues", &record]);
    assert!(first == again, "the record plays something else");
    let beside = played("beside", &["--cues", &record, "--people", PARTY]);
    assert!(first == beside, "people are told twice");
}

#[test]
fn whoever_comes_is_reached_for_until_he_is_gone() {
    let path = folder("people-reach").join("x.people");
    fs::write(&path, "10 ann 0 1.2\n10 head 0\n20 head 90\n20 ann gone\n").unwrap();
    let people = ["--seconds", "32", "--people", path.to_str().unwrap()];
    let still = folder("people-still").join("x.cues");
    // Nothing else is in the way.
    let wave = "0 set wave.x.amplitude 0\n0 set wave.y.amplitude 0\n0 set life.depth 0\n";
    fs::write(&still, wave).unwrap();
    let (_, trace) = Trace::of(
        "people-trace",
        &[&people[..], &["--cues", still.to_str().unwrap()]].concat(),
    );
    let leans = |from: u64, until: u64| {
        let pulses = trace.pulses(OUTWARD);
        let within =
            pulses.filter(|(t_us, _)| (from * 1_000_000..until * 1_000_000).contains(t_us));
        let pulses: Vec<_> = within.map(|(_, us)| us).collect();
        pulses.iter().sum::<f64>() / pulses.len() as f64
    };
    let (alone, ahead, after) = (leans(5, 10), leans(11, 13), leans(29, 32));
    assert!(ahead > alone + 30.0, "{alone} {ahead}");
    assert!((after - alone).abs() < 10.0, "{alone} {after}");
}

#[test]
fn faults_are_told_with_their_lines_and_a_real_board_has_no_virtual_people() {
    let (said, code) = refused(
        "1 ann 0 2\nsoon ann 0 2\n2 bob gone\n",
        &["--board", "virtual"],
    );
    let expected = "FILE:2: \"soon\" is no moment: a line is SECONDS NAME BEARING DISTANCE, as in \
                    `2.5 ann -40 1.5`\nFILE:3: nobody called bob is there\n";
    assert_eq!((said.as_str(), code), (expected, Some(78)));
    let (said, code) = refused("", &["--board", "pi"]);
    let expected = "--people needs `--board virtual`: a real hat has real sensors\n";
    assert_eq!((said.as_str(), code), (expected, Some(2)));
}

#[test]
fn the_senses_of_the_files_see_them() {
    let folder = folder("people-senses");
    let servos = fs::read_to_string("calibration/servos.toml").unwrap();
    let senses = "\n[[sense]]\nname = \"nape\"\nkind = \"gpio\"\ngpio = 22\nfacing-deg = 180\n\
                  \n[[sense]]\nname = \"eye\"\nkind = \"ld2450\"\ntty = \"/dev/serial0\"\n\
                  facing-deg = 0\nmirrored = true\n";
    fs::write(folder.join("servos.toml"), servos + senses).unwrap();
    fs::copy("calibration/motion.toml", folder.join("motion.toml")).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::write(
        folder.join("people"),
        "1 ann -30 2\n4 ann 30 2\n5 ann gone\n8 bob 150 2\n11 bob -150 2\n",
    )
    .unwrap();
    let config = folder.to_str().unwrap();
    let out = run(&[
        "run",
        "--unpaced",
        "--seconds",
        "20",
        "--config",
        config,
        "--people",
        &path("people"),
        "--record",
        &path("record"),
    ]);
    assert!(!String::from_utf8(out.stderr).unwrap().contains("[[sense]]"));
    let record = fs::read_to_string(folder.join("record")).unwrap();
    let cues: Vec<_> = record
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let of = |second: &str, who: &str| {
        let is = |line: &&&str| line.starts_with(second) && line.contains(who);
        cues.iter().filter(is).count()
    };
    assert_eq!((of("1.", "nape"), of("8.", "eye")), (0, 0), "{record}");
    assert!(
        of("1.", "eye.1 -") > 5 && of("3.", "eye.1 ") > 5,
        "{record}"
    );
    assert!(
        of("9.", "nape.pin 180 ? ") == 2 || of("9.", "nape.pin -180 ? ") == 2,
        "{record}"
    );
    assert_eq!(of("", "nape.pin gone"), 1, "{record}");
}
