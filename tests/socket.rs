//! The cue socket: whatever is said to it is answered or thrown out, and the frames go
//! on as if nobody were there.

mod common;

use common::bench::{Bench, PATIENCE, signal, text};
use common::guest::{Guest, Listening, socket_path};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn what_is_no_cue_is_refused_with_the_reason_and_the_connection_stays() {
    let hat = Listening::new("sock-refused");
    let mut guest = hat.guest();
    for (line, answer) in [
        ("", "no: cue is missing: mood, scene, demo, fold,"),
        ("# fold", "no: \"#\" is no cue: mood, scene, demo, fold,"),
        ("dance", "no: \"dance\" is no cue: mood, scene, demo, fold,"),
        (
            "mood angry",
            "no: \"angry\" is no mood: lively, calm, still",
        ),
        ("scene nonsense", "no: \"nonsense\" is no scene: "),
        ("demo maybe", "no: \"maybe\" is no switch: on or off"),
        ("fold now", "no: nothing belongs after \"now\""),
        ("startle 400", "no: bearing must be -360 to 360"),
        ("startle NaN", "no: bearing must be -360 to 360"),
        (
            "person me 0 1",
            "no: \"me\" is no name of somebody: SOURCE.WORD",
        ),
        ("person a.b,c 0 1", "no: \"a.b,c\" is no name of somebody: "),
        ("person a.b", "no: bearing is missing: degrees clockwise"),
        ("person a.b 0 200", "no: distance must be 0 to 100"),
        ("person a.b 0 1 2", "no: sureness must be 0 to 1"),
        ("person a.b 0 1 1 60", "no: age must be 0 to 10"),
        ("heading 1e9", "no: heading must be -36000 to 36000"),
        (
            "set wave.z 1",
            "no: \"wave.z\" is no key: wave.x.frequency-hz",
        ),
        (
            "set wave.x.amplitude 2",
            "no: wave.x.amplitude = 2: must be 0 to 1",
        ),
        (
            "set wave.x.amplitude 1",
            "no: x and y together bend tentacle 1",
        ),
        ("watch 0", "no: `watch HZ` wants one number, above 0"),
        ("watch -1", "no: `watch HZ` wants one number, above 0"),
        ("watch NaN", "no: `watch HZ` wants one number, above 0"),
        (
            "watch 50.1",
            "no: `watch HZ` wants one number, above 0 and at most 50",
        ),
        ("watch 1 2", "no: `watch HZ` wants one number, above 0"),
        ("mood calm\0", "no: \"calm?\" is no mood"),
        ("\0", "no: \"?\" is no cue"),
        ("\u{1b}[2J", "no: \"?[2J\" is no cue"),
        (&"x".repeat(200), "no: \"xxxx"),
        (&"x".repeat(201), "no: a cue is at most 200 bytes long"),
    ] {
        let said = guest.ask(line);
        assert!(said.starts_with(answer), "{line:?}: {said}");
    }
    guest.say(b"\xff\xfe fold \x80\n");
    assert_eq!(guest.hear().unwrap(), "no: a cue is text, in UTF-8");
    for line in [
        "fold",
        " fold \r",
        "startle -90.5",
        "heading 725",
        "mood still",
        "engage",
    ] {
        assert_eq!(guest.ask(line), "ok", "{line:?}");
    }
    // At one place they might be one, who is called otherwise by now.
    for who in 0..4 {
        assert_eq!(guest.ask(&format!("person me.{who} {} 1", 60 * who)), "ok");
    }
    let crowded = guest.ask("person me.4 240 1");
    assert!(crowded.starts_with("no: 4 people are there"), "{crowded}");
}

#[test]
fn every_byte_there_is_makes_answers_and_nothing_else() {
    let hat = Listening::new("sock-bytes");
    let mut guest = hat.guest();
    let bytes: Vec<u8> = (0..4096_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    assert!(lines > 5);
    guest.say(&bytes);
    guest.say(b"\nfold\n");
    let mut answers: Vec<_> = (0..lines + 2).map(|_| guest.hear().unwrap()).collect();
    assert_eq!(answers.pop().unwrap(), "ok");
    assert!(answers.iter().all(|answer| answer.starts_with("no: ")));
}

#[test]
fn a_line_without_end_is_answered_once() {
    let hat = Listening::new("sock-endless");
    let mut guest = hat.guest();
    guest.say(&[b'x'; 20_000]);
    guest.say(b"\nfold\n");
    assert_eq!(guest.hear().unwrap(), "no: a cue is at most 200 bytes long");
    assert_eq!(guest.hear().unwrap(), "ok");
    // One that is not even ended when he leaves.
    guest.say(&[b'x'; 5000]);
    guest.stream.get_ref().shutdown(Shutdown::Write).unwrap();
    assert_eq!(guest.hear().unwrap(), "no: a cue is at most 200 bytes long");
    assert_eq!(guest.hear(), None);
}

#[test]
fn ten_thousand_lines_at_full_speed_are_all_answered_in_their_order() {
    let hat = Listening::new("sock-lines");
    let start = Instant::now();
    thread::scope(|scope| {
        for client in 0..8 {
            let (hat, mut guest) = (&hat, hat.guest());
            scope.spawn(move || {
                let mut says = guest.stream.get_ref().try_clone().unwrap();
                // A cue now and then; each takes a slot.
                let cue = |i: usize| i % 50 == 7;
                let writes = thread::spawn(move || {
                    for i in 0..1250 {
                        match cue(i) {
                            true => writeln!(says, "person me{client}.a {} 1", i % 360).unwrap(),
                            false => writeln!(says, "nonsense{client}-{i}").unwrap(),
                        }
                    }
                });
                for i in 0..1250 {
                    let answer = guest.hear().unwrap();
                    match cue(i) {
                        true => assert_eq!(answer, "ok"),
                        false => {
                            let echo = format!("no: \"nonsense{client}-{i}\" is no cue");
                            assert!(answer.starts_with(&echo), "{answer}");
                        }
                    }
                }
                writes.join().unwrap();
                let _ = hat;
            });
        }
    });
    println!("10,000 lines in {:?}", start.elapsed());
}

#[test]
fn a_thousand_connections_leave_room_for_the_next() {
    let hat = Listening::new("sock-thousand");
    let before = fs::read_dir(format!("/proc/{}/fd", hat.child.id()))
        .unwrap()
        .count();
    for i in 0..1000 {
        let mut stream = UnixStream::connect(&hat.path).unwrap();
        // Some leave at once, some say something first; all in vain or not.
        let _ = match i % 3 {
            0 => Ok(0),
            1 => stream.write(b"fold\n"),
            _ => stream.write(b"watch 50\n"),
        };
    }
    hat.bench.wait("there is a place", || {
        let mut guest = hat.guest();
        // Who is turned away may be so before he speaks.
        let _ = guest.stream.get_mut().write_all(b"unfold\n");
        guest.hear().is_some_and(|answer| answer == "ok")
    });
    hat.bench.wait("all are gone", || {
        let fds = fs::read_dir(format!("/proc/{}/fd", hat.child.id()));
        fds.unwrap().count() == before
    });
}

#[test]
fn a_ninth_is_turned_away_until_one_leaves() {
    let hat = Listening::new("sock-ninth");
    let mut guests: Vec<_> = (0..8).map(|_| hat.guest()).collect();
    for guest in &mut guests {
        assert_eq!(guest.ask("mood calm"), "ok");
    }
    let mut ninth = hat.guest();
    assert_eq!(ninth.hear().unwrap(), "no: 8 are connected already");
    assert_eq!(ninth.hear(), None);
    assert_eq!(guests[7].ask("mood lively"), "ok");
    guests.remove(3).leaves();
    let mut rare = hat.guest();
    assert_eq!(rare.ask("watch 0.001"), "state 1");
    assert!(rare.hear().is_some());
    // The next state is due to him in a quarter of an hour.
    drop(rare);
    hat.bench.wait("his place is free", || {
        let mut guest = hat.guest();
        let _ = guest.stream.get_mut().write_all(b"unfold\n");
        guest.hear().is_some_and(|answer| answer == "ok")
    });
}

#[test]
fn who_has_said_his_last_word_is_still_answered() {
    let hat = Listening::new("sock-half");
    let mut guest = hat.guest();
    // The last one without an end.
    guest.say(b"fold\nnonsense\nmood calm");
    guest.stream.get_ref().shutdown(Shutdown::Write).unwrap();
    assert_eq!(guest.hear().unwrap(), "ok");
    assert!(guest.hear().unwrap().starts_with("no: \"nonsense\""));
    assert_eq!(guest.hear().unwrap(), "ok");
    assert_eq!(guest.hear(), None);

    // Who only watches has nothing more to say anyway.
    let mut watcher = hat.guest();
    watcher.say(b"watch 50\n");
    watcher.stream.get_ref().shutdown(Shutdown::Write).unwrap();
    assert_eq!(watcher.hear().unwrap(), "state 1");
    watcher.sees("mood=calm");
    watcher.sees("folded=yes");

    // Who does not wait for his answers has said them all the same.
    hat.guest().say(b"mood still\nunfold\nmood lively\n");
    watcher.sees("folded=no");
    watcher.sees("mood=lively");
}

#[test]
fn who_does_not_read_is_dropped() {
    let mut hat = Listening::new("sock-unread");
    let mut watches = hat.guest();
    watches.say(b"watch 50\n");
    let mut talks = hat.guest();
    let says = thread::spawn(move || {
        // Until it is thrown out.
        while talks.stream.get_mut().write_all(b"nonsense\n").is_ok() {}
    });
    let mut left = [PollFd::new(watches.stream.get_ref(), PollFlags::empty())];
    let patience = Timespec::try_from(PATIENCE).unwrap();
    poll(&mut left, Some(&patience)).unwrap();
    assert!(left[0].revents().contains(PollFlags::HUP));
    says.join().unwrap();
    // What was sent before is whole.
    let mut rest = String::new();
    watches.stream.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("state 1\nt="), "{rest}");
    assert!(rest.ends_with('\n'));
    println!("{} states were kept for him", rest.lines().count() - 1);
    assert_eq!(hat.guest().ask("fold"), "ok");
    assert!(hat.stop().success());
}

#[test]
fn a_state_tells_what_the_manual_says() {
    let hat = Listening::new("sock-state");
    let mut guest = hat.guest();
    assert_eq!(guest.ask("person me.a 42 ? 0.5"), "ok");
    assert_eq!(guest.ask("heading 725.25"), "ok");
    assert_eq!(guest.ask("set wave.x.amplitude 0.25"), "ok");
    assert_eq!(guest.ask("watch"), "state 1");
    guest.sees("people=me.a:42.0:?:0.50:0.");
    guest.sees("heading=725.25");
    guest.sees("wave.x.amplitude=0.25");
    let state = guest.hear().unwrap();
    assert!(
        (300..900).contains(&state.len()),
        "{}: {state}",
        state.len()
    );
    let told = include_str!("../docs/cues.md");
    for (key, _) in state.split(' ').map(|field| field.split_once('=').unwrap()) {
        // The keys of motion.toml are told as such.
        let told = told.contains(&format!("| `{key}` |"));
        assert!(
            told || key.starts_with("wave.") || key.starts_with("life."),
            "docs/cues.md does not tell {key}"
        );
    }
    let pulses = state
        .split(" pulses=")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    assert_eq!(pulses.split(',').count(), 16);
    // So often as it was asked for, by the hat's own time.
    let mut moment = || {
        let state = guest.hear().unwrap();
        let t = state.strip_prefix("t=").unwrap().split(' ').next().unwrap();
        t.parse::<f64>().unwrap()
    };
    let (first, mut last) = (moment(), 0.0);
    for _ in 0..20 {
        last = moment();
    }
    // A busy machine may take longer, but nobody is told too much.
    assert!(last - first > 1.99, "20 states in {} s", last - first);
}

#[test]
fn the_manual_has_the_words_of_the_program() {
    let told = include_str!("../docs/cues.md");
    let help = common::hat(&["cue", "--help"]).output().unwrap();
    let help = text(&help.stdout);
    use tentacle_hat::cue::{LONGEST, VERBS};
    use tentacle_hat::motion::{Key, Mood, Scene};
    let words = VERBS.map(str::to_owned).into_iter();
    let words = words.chain(Mood::ALL.map(|mood| mood.name().to_owned()));
    let words = words.chain(Scene::all().map(|scene| scene.name().to_owned()));
    let words = words.chain(Key::all().map(|key| key.to_string()));
    for word in words {
        assert!(told.contains(&word), "docs/cues.md does not tell {word}");
        assert!(help.contains(&word), "`cue --help` does not tell {word}");
    }
    assert!(told.contains(&format!("at most {LONGEST} bytes")));
    // Each example is a cue.
    let examples = told.lines().chain(help.lines());
    let examples = examples.filter_map(|line| line.trim().strip_prefix("tentacle-hat cue "));
    let examples: Vec<_> = examples.filter(|line| !line.starts_with('-')).collect();
    assert!(examples.len() > 5);
    for example in examples {
        let example = example.split('#').next().unwrap();
        assert!(
            example.parse::<tentacle_hat::cue::Cue>().is_ok(),
            "{example}"
        );
    }
}

#[test]
fn the_socket_is_the_groups_and_goes_with_the_hat() {
    let mut hat = Listening::new("sock-mode");
    let mode = fs::metadata(&hat.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o660);
    // Another hat leaves it alone.
    let other = Bench::new("sock-other");
    let path = hat.path.clone();
    let arguments = ["run", "--socket", path.to_str().unwrap()];
    let output = other.output(&arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert!(said.contains("another hat listens there"), "{said}");
    assert_eq!(hat.guest().ask("fold"), "ok");

    // What a killed one left behind is replaced.
    hat.child.kill().unwrap();
    hat.child.wait().unwrap();
    assert!(hat.path.exists());
    hat.again();
    assert_eq!(hat.guest().ask("fold"), "ok");
    assert!(hat.stop().success());
    assert!(!hat.path.exists());

    // What is no socket is nobody's to replace.
    fs::write(&hat.path, "mine").unwrap();
    let output = other.output(&arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no cue socket: "), "{said}");
    assert_eq!(fs::read_to_string(&hat.path).unwrap(), "mine");
}

#[test]
fn a_hat_that_is_stopped_but_lives_keeps_its_socket() {
    // One that takes no connection more.
    let path = socket_path("sock-full");
    let _ = fs::remove_file(&path);
    let _busy = UnixListener::bind(&path).unwrap();
    let mut waiting = Vec::new();
    loop {
        let flags = rustix::net::SocketFlags::NONBLOCK;
        let (unix, stream) = (
            rustix::net::AddressFamily::UNIX,
            rustix::net::SocketType::STREAM,
        );
        let socket = rustix::net::socket_with(unix, stream, flags, None).unwrap();
        let address = rustix::net::SocketAddrUnix::new(&path).unwrap();
        if rustix::net::connect(&socket, &address).is_err() {
            break;
        }
        waiting.push(socket);
    }
    let bench = Bench::new("sock-full");
    let output = bench.output(&["run", "--socket", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(75), "{}", text(&output.stderr));
    let output = bench.output(&["cue", "fold", "--socket", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("the hat does not answer"), "{said}");
    fs::remove_file(path).unwrap();
}

#[test]
fn a_service_listens_in_its_own_folder_and_moves_without_if_it_must() {
    let bench = Bench::new("sock-service");
    let folder = socket_path("sock-service");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let mut command = bench.command(&["run"]);
    let child = command.env("RUNTIME_DIRECTORY", &folder).spawn().unwrap();
    let path = folder.join("cue");
    bench.wait("it listens", || UnixStream::connect(&path).is_ok());
    assert_eq!(Guest::at(&path).ask("fold"), "ok");
    signal(&child, "-TERM");
    assert!(child.wait_with_output().unwrap().status.success());
    assert!(!path.exists());

    fs::remove_dir(&folder).unwrap();
    let mut command = bench.command(&["run", "--seconds", "1"]);
    let output = command.env("RUNTIME_DIRECTORY", &folder).output().unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(
        said.matches("the hat moves without it").count(),
        1,
        "{said}"
    );
    // Asked for, it must be there.
    let output = bench.output(&["run", "--socket", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}

/// Frames and late ones of so many seconds of a hat, meanwhile and at the end, and what
/// the most memory is that it took.
fn ten_seconds(hat: &mut Listening, hostile: impl FnOnce(&Listening)) -> (String, u64) {
    let bench = &hat.bench;
    bench.wait("all servos pulse", || bench.pulsing() == 8);
    let before = hat.memory_kb("VmHWM");
    hostile(hat);
    let grown = hat.memory_kb("VmHWM") - before;
    assert!(hat.stop().success());
    let mut said = String::new();
    let stderr = hat.child.stderr.as_mut().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    (said, grown)
}

#[test]
fn a_hostile_client_costs_no_frame_and_no_memory() {
    let whole = Duration::from_secs(10);
    let mut quiet = Listening::new("sock-quiet");
    let (said, grown) = ten_seconds(&mut quiet, |_| thread::sleep(whole));
    println!("nobody there: {}, {grown} kB more", said.trim());

    let mut hat = Listening::new("sock-hostile");
    let (said, grown) = ten_seconds(&mut hat, |hat| {
        let until = Instant::now() + whole;
        let mut unread = hat.guest();
        unread.say(b"watch 50\n");
        thread::scope(|scope| {
            // Both come back when they are thrown out.
            for line in [&b"startle 90\n"[..], b"nonsense\n"] {
                scope.spawn(move || {
                    while Instant::now() < until {
                        if let Ok(mut stream) = UnixStream::connect(&hat.path) {
                            let wait = Some(Duration::from_millis(100));
                            stream.set_write_timeout(wait).unwrap();
                            while Instant::now() < until && stream.write_all(line).is_ok() {}
                        }
                    }
                });
            }
            scope.spawn(move || {
                for _ in 0..1000 {
                    let _ = UnixStream::connect(&hat.path);
                    thread::sleep(whole / 1100);
                }
            });
        });
    });
    println!("a hostile client: {}, {grown} kB more", said.trim());
    assert!(said.contains(", 0 skipped, "), "{said}");
    assert!(grown < 200, "{grown} kB more");
}
