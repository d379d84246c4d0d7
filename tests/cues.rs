//! Cues: what they do to pulses, and that the same ones give the same frames.

mod common;

use common::sim::*;
use common::{Trace, folder, golden, hat as program, run};
use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use tentacle_hat::board::faulty::Fault;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::cue::Cue;
use tentacle_hat::drive::Order;

const SHEET: &str = "tests/fixtures/cues/every.cues";

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn cue(text: &str) -> Cue {
    text.parse().unwrap()
}

/// Plays a sheet over the plain wave: what is traced.
fn played(name: &str, sheet: &str) -> String {
    let wave = ["--config", "tests/releases/0.1.0"];
    Trace::of(
        name,
        &[&wave[..], &["--seconds", "41", "--cues", sheet]].concat(),
    )
    .0
}

#[test]
fn golden_trace_of_every_cue() {
    let text = played("cues-every", SHEET);
    golden("cues.csv", &text);
    assert_eq!(text, played("cues-again", SHEET));
}

/// What came in, late slots and all, gives the same pulses to the bit.
#[test]
fn a_record_plays_again() {
    let folder = folder("cues-record");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let sheet =
        "0.3 mood calm\n1 fold\n2 unfold\n2.1 startle -90\n3 demo on\n4.5 relax\n5 engage\n";
    fs::write(folder.join("sheet"), sheet).unwrap();
    let played = |from: &str, to: &str, rest: &[&str]| {
        let (cues, record, trace) = (path(from), path(to), path(&format!("{to}.csv")));
        let arguments = ["run", "--seconds", "6", "--view", "off", "--cues", &cues];
        let out = ["--record", &record, "--trace", &trace];
        run(&[&arguments[..], &out, rest].concat());
        read(&folder.join(format!("{to}.csv")))
    };
    let first = played("sheet", "record", &[]);
    // In real time some slots are late on a busy machine; the record tells which.
    let again = played("record", "copy", &["--unpaced"]);
    assert!(first == again, "the pulses differ");
    let (record, copy) = (read(&folder.join("record")), read(&folder.join("copy")));
    assert_eq!(record, copy);
    assert!(record.contains("\n2.10 startle -90\n"), "{record}");
    // The sheet alone, without what was noted, is another run if a slot was late.
    assert_eq!(first.lines().count(), 301);
}

#[test]
fn late_slots_are_played_again() {
    let folder = folder("cues-late");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (late, on_time) = (path("late"), path("on-time"));
    fs::write(&on_time, "# @ armed 0.04\n3 fold\n").unwrap();
    fs::write(
        &late,
        "# @ armed 0.10\n# @ late 3.10 3.90\n3 fold\n# @ stopped 6.0\n",
    )
    .unwrap();
    let played = |sheet: &str, name: &str| {
        let (record, trace) = (path(name), path(&format!("{name}.csv")));
        let arguments = ["run", "--seconds", "8", "--unpaced", "--cues", sheet];
        run(&[&arguments[..], &["--record", &record, "--trace", &trace]].concat());
        (
            read(&folder.join(name)),
            Trace::parse(&read(Path::new(&trace))),
        )
    };
    let (record, with) = played(&late, "with");
    let (_, without) = played(&on_time, "without");
    for note in [
        "# @ armed 0.10\n",
        "# @ late 3.10 3.90\n",
        "# @ stopped 6.00\n",
    ] {
        assert!(record.contains(note), "{note}: {record}");
    }
    let first = |trace: &Trace| trace.pulses(0).next().unwrap().0;
    assert_eq!((first(&with), first(&without)), (100_000, 40_000));
    // Nothing is written while slots pass.
    let held = |trace: &Trace| {
        let during = |(t, _): &(u64, f64)| (3_120_000..3_900_000).contains(t);
        let mut pulses: Vec<_> = trace.pulses(1).filter(during).map(|(_, us)| us).collect();
        pulses.dedup();
        pulses.len()
    };
    assert!(held(&with) <= 2 && held(&without) > 10);
}

#[test]
fn a_record_of_something_else_is_refused() {
    let folder = folder("cues-refused");
    let record = folder.join("record");
    let path = record.to_str().unwrap();
    run(&["run", "--unpaced", "--seconds", "2", "--record", path]);
    let refused = |arguments: &[&str]| {
        let run = ["run", "--unpaced", "--seconds", "1", "--cues", path];
        let output = program(&[&run[..], arguments].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(78));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&["--seed", "5"]).contains("`--seed 0`"));
    let files = folder.join("files");
    fs::create_dir(&files).unwrap();
    fs::copy("calibration/servos.toml", files.join("servos.toml")).unwrap();
    let motion = read(Path::new("calibration/motion.toml"));
    fs::write(files.join("motion.toml"), motion.replace("0.70", "0.69")).unwrap();
    let said = refused(&["--config", files.to_str().unwrap()]);
    assert!(
        said.contains("another motion.toml") && said.contains("# @ "),
        "{said}"
    );
    let text = read(&record);
    let version = format!("version {}", env!("CARGO_PKG_VERSION"));
    fs::write(&record, text.replace(&version, "version 9.9.9")).unwrap();
    assert!(refused(&[]).contains("version 9.9.9"));
    // Without its notes it is a sheet.
    let bare: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("# @"))
        .collect();
    fs::write(&record, bare.join("\n")).unwrap();
    run(&[
        "run",
        "--unpaced",
        "--seconds",
        "1",
        "--cues",
        path,
        "--seed",
        "5",
    ]);
}

#[test]
fn a_record_says_what_nobody_can_play_again() {
    let folder = folder("cues-broken");
    let record = folder.join("record");
    let path = record.to_str().unwrap();
    let faults = ["--faults", "power@2+1.5"];
    run(&[
        &["run", "--unpaced", "--seconds", "6", "--record", path],
        &faults[..],
    ]
    .concat());
    let again = ["run", "--unpaced", "--seconds", "6", "--cues", path];
    let output = program(&again).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(path) && said.contains("cannot be played again"),
        "{said}"
    );
}

/// What a sheet alone does not do again is refused, also where it came before the first frame.
#[test]
fn a_record_says_how_its_beginning_was_another() {
    let folder = folder("cues-beginning");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (record, chip) = (path("record"), path("chip"));
    let recorded = |arguments: &[&str]| {
        let run = ["run", "--unpaced", "--seconds", "3", "--record", &record];
        program(&[arguments, &run].concat()).output().unwrap();
        read(Path::new(&record))
    };
    // The board is there after half a second; cues without one do other things.
    let faults = ["--faults", "nack@0+0.5"];
    assert!(!recorded(&faults).contains("# @ broken"));
    let demo = ["--demo", "--seconds", "3", "--record", &record];
    run(&[&["run", "--unpaced"], &faults[..], &demo].concat());
    let said = "# @ broken 0.00 a cue came before the board was there\n0.00 demo on\n";
    assert!(read(Path::new(&record)).contains(said));
    // The very first frame does not reach the board.
    let said = recorded(&["--faults", "nack@0.035+0.03"]);
    let first = "# @ armed 0.04\n# @ broken 0.00 a frame did not reach the board\n";
    assert!(said.contains(first), "{said}");
    // It is lost for good.
    let said = recorded(&["--faults", "reads@1+9"]);
    assert!(said.contains(" the board was lost\n"), "{said}");
    // Another process left its pulses.
    let kept = ["--chip", &chip];
    let mut other = program(&[&kept[..], &["run", "--view", "off"]].concat());
    let mut other = other.spawn().unwrap();
    let is_engaged = |registers: Vec<u8>| registers.get(9).is_some_and(|off| off & 0x10 == 0);
    while !fs::read(&chip).is_ok_and(is_engaged) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    other.kill().unwrap();
    other.wait().unwrap();
    let said = recorded(&kept);
    assert!(
        said.contains(" taken over from another process\n"),
        "{said}"
    );
}

#[test]
fn a_sheet_with_faults_is_refused_before_anything_moves() {
    let folder = folder("cues-bad");
    let sheet = folder.join("sheet");
    fs::write(&sheet, "1 fold\n0 unfold\n2 startle north\n").unwrap();
    let path = sheet.to_str().unwrap();
    let output = program(&["run", "--unpaced", "--cues", path])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = said.lines().collect();
    assert!(
        lines[0].starts_with(&format!("{path}:2: 0 s is before")),
        "{said}"
    );
    assert!(
        lines[1].starts_with(&format!("{path}:3: \"north\" is no bearing")),
        "{said}"
    );

    // What only the moving hat can refuse, it says, and goes on.
    fs::write(&sheet, "1 set wave.x.amplitude 1\n").unwrap();
    let output = run(&["run", "--unpaced", "--seconds", "2", "--cues", path]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&format!("{path}:1: not done: x and y together")),
        "{said}"
    );
}

#[test]
fn the_shipped_sketch_plays() {
    let said = run(&[
        "run",
        "--unpaced",
        "--seconds",
        "40",
        "--cues",
        "examples/stage-fright.cues",
    ]);
    let said = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// Pseudo-random numbers, the same each time.
fn random() -> impl FnMut(u64) -> u64 {
    let mut state = 1u64;
    move |below| {
        // Knuth's multiplier; the upper bits are the random ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    }
}

/// Any cue at all, in words.
fn any(random: &mut impl FnMut(u64) -> u64) -> String {
    let degrees = random(720) as i64 - 360;
    match random(16) {
        0 => "mood still".to_owned(),
        1 => "mood calm".to_owned(),
        2 | 3 => "mood lively".to_owned(),
        4 => format!(
            "scene {}",
            ["bows", "mirror", "curl-in", "rest"][random(4) as usize]
        ),
        5 => "demo on".to_owned(),
        6 => "demo off".to_owned(),
        7 => "fold".to_owned(),
        8 | 9 => "unfold".to_owned(),
        10 => format!("startle {degrees}"),
        11 => format!("person a.{} {degrees} {}", random(6), random(5)),
        12 => format!("heading {degrees}"),
        13 => format!("set wave.x.frequency-hz 0.{}", 1 + random(9)),
        14 => "relax".to_owned(),
        _ => "engage".to_owned(),
    }
}

#[test]
fn a_thousand_cues_keep_the_invariants() {
    let (chip, hat) = (fresh(), hat_with(50, 1100.0, 1900.0, 2000.0));
    let mut random = random();
    let mut sim = Sim::new(&chip);
    let mut t_us = 0;
    for _ in 0..1000 {
        t_us += [0, 1000 * random(100), 1000 * random(3000)][random(3) as usize];
        sim.cues.push_back((t_us, cue(&any(&mut random))));
    }
    // Through trouble on the bus, too.
    sim.faults(|t| (t / SECOND % 50 == 7 && t % 3 == 0).then_some(Fault::Nack));
    let (tally, watcher) = sim.play(&hat, for_seconds(t_us / SECOND + 10));
    watcher.assert_unbroken();
    assert!(tally.frames > 10_000 && sim.cues.is_empty(), "{tally}");
    assert_relaxed(&chip);
}

#[test]
fn relaxed_at_once_and_engaged_softly() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    sim.cues = [(5 * SECOND, cue("relax")), (8 * SECOND, cue("engage"))].into();
    let engaged = engaged(&sim);
    let (tally, watcher) = sim.play(&hat, for_seconds(12));
    watcher.assert_unbroken();
    assert_eq!(tally.recoveries, 0);
    let engaged = engaged.borrow();
    let when = |(t, _): &&(u64, usize)| (5 * SECOND..11 * SECOND).contains(t);
    let engaged: Vec<_> = engaged.iter().filter(when).collect();
    let (off, on) = engaged.split_at(8);
    // All in the next cycle, each with the end of its pulse; one by one after the other cue.
    assert!(off.iter().all(|(t, _)| *t < 5 * SECOND + 45_000), "{off:?}");
    assert_eq!((off[7].1, on.len()), (0, 8), "{engaged:?}");
    assert!(
        (8 * SECOND..8 * SECOND + 45_000).contains(&on[0].0),
        "{on:?}"
    );
    for pair in on.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= 95_000, "{on:?}");
    }
}

#[test]
fn what_came_while_the_board_was_lost_changes_states_only() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    sim.events(|t, chip| match t {
        3_000_000 => chip.borrow_mut().power(false),
        9_000_000 => chip.borrow_mut().power(true),
        _ => {}
    });
    sim.cues = [
        (5 * SECOND, cue("startle 90")),
        (6 * SECOND, cue("mood calm")),
    ]
    .into();
    let (tally, watcher) = sim.play(&hat, for_seconds(16));
    watcher.assert_unbroken();
    assert_eq!(tally.recoveries, 1);
    let scenes: Vec<_> = sim
        .slots
        .iter()
        .filter(|s| s.t_us > 9 * SECOND)
        .map(|s| s.scene)
        .collect();
    assert!(
        scenes.len() > 100 && scenes.iter().all(|scene| *scene == "wave"),
        "{scenes:?}"
    );
}

#[test]
fn a_stop_comes_before_everything() {
    for text in ["relax", "mood still", "fold", "startle", "demo on"] {
        let (chip, hat) = (fresh(), hat());
        let mut sim = Sim::new(&chip);
        sim.cues = [(4 * SECOND, cue(text))].into();
        sim.orders = Box::new(|t| match t {
            0..4_100_000 => Order::Play,
            _ => Order::Stop,
        });
        let (_, watcher) = sim.play(&hat, for_seconds(60));
        watcher.assert_unbroken();
        assert!(sim.now_us() < 5_200_000, "{text}: {}", sim.now_us());
        assert_relaxed(&chip);
    }
}

/// Moments at which the number of engaged servos changed, and what it was then.
fn engaged(sim: &Sim<'_>) -> Rc<RefCell<Vec<(u64, usize)>>> {
    let engaged = Rc::new(RefCell::new(vec![(0, 0)]));
    let seen = Rc::clone(&engaged);
    sim.watch(move |t, chip| {
        let count = (0..8)
            .filter(|c| chip.emitted(ch(*c)) != Emitted::Limp)
            .count();
        if seen.borrow().last().unwrap().1 != count {
            seen.borrow_mut().push((t, count));
        }
    });
    engaged
}

#[test]
fn who_stands_still_is_not_engaged_for_a_moment() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    sim.cues = [
        (6 * SECOND, cue("mood still")),
        (8 * SECOND, cue("relax")),
        (9 * SECOND, cue("engage")),
    ]
    .into();
    let engaged = engaged(&sim);
    let (_, watcher) = sim.play(&hat, for_seconds(20));
    watcher.assert_unbroken();
    let engaged = engaged.borrow();
    assert!(engaged.iter().all(|(t, _)| *t < 9 * SECOND), "{engaged:?}");
}

#[test]
fn still_on_a_board_that_comes_back_it_stands_straight_before_it_is_limp() {
    let (chip, hat) = (fresh(), hat_with(50, 1100.0, 1900.0, 400.0));
    let mut sim = Sim::new(&chip);
    // The chip goes on with what it emits.
    sim.absent = Box::new(|_| false);
    sim.faults(|t| (6 * SECOND..9 * SECOND).contains(&t).then_some(Fault::Nack));
    sim.cues = [(7 * SECOND, cue("mood still"))].into();
    let last = Rc::new(RefCell::new([1500.0; 8]));
    let seen = Rc::clone(&last);
    sim.watch(move |_, chip| {
        for (channel, last) in seen.borrow_mut().iter_mut().enumerate() {
            if let Emitted::Pulse(us) = chip.emitted(ch(channel)) {
                *last = us;
            }
        }
    });
    let (tally, watcher) = sim.play(&hat, for_seconds(20));
    watcher.assert_unbroken();
    assert_eq!(tally.recoveries, 1);
    let last = last.borrow();
    assert!(last.iter().all(|us| (us - 1500.0).abs() < 5.0), "{last:?}");
}

#[test]
fn what_is_asked_for_with_the_engagement_is_played() {
    let (chip, hat) = (fresh(), hat());
    let mut sim = Sim::new(&chip);
    sim.cues = [
        (4 * SECOND, cue("relax")),
        (5 * SECOND, cue("scene bows")),
        (6 * SECOND, cue("scene circles")),
        (6 * SECOND, cue("engage")),
        (15 * SECOND, cue("relax")),
        (16 * SECOND, cue("scene bows")),
        (17 * SECOND, cue("engage")),
    ]
    .into();
    let (_, watcher) = sim.play(&hat, for_seconds(20));
    watcher.assert_unbroken();
    let scene = |t: u64| sim.slots.iter().find(|s| s.t_us >= t).unwrap().scene;
    assert_eq!(scene(8 * SECOND), "circles");
    // What came before is over.
    assert_eq!(scene(18 * SECOND), "wave");
}
