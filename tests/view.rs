//! The view in a pseudo-terminal: it shows what it should, follows the
//! terminal's size, and gives the terminal back however it ends.

mod common;
mod session;

use rustix::process::{Pid, Signal, kill_process};
use session::{PATIENCE, Session, settings};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn it_shows_the_hat_at_work() {
    let mut session = Session::start("work", &[]);
    session.see("frames/s");
    session.see("front-left.x");
    session.see(" µs ");
    session.see("50.0 frames/s");
    assert!(session.screen.screen().alternate_screen());
    assert!(session.screen.screen().hide_cursor());
    assert_ne!(settings(&session.terminal), session.before);
    session.press("q");
    let (status, shown) = session.end();
    assert!(status.success());
    assert!(shown.contains(" frames, "), "{shown}");
}

#[test]
fn it_follows_the_terminals_size() {
    let mut session = Session::start("size", &[]);
    session.see("back-left.y");
    session.resize(60, 200);
    // The last row, and the far end of the first.
    session.see("bytes/frame");
    let end = Instant::now() + PATIENCE;
    loop {
        session.look();
        let screen = session.screen.screen();
        let first = screen.contents_between(0, 150, 0, 200);
        let last = screen.contents_between(59, 0, 59, 80);
        if first.contains("bytes/frame") && last.contains("q leaves") {
            break;
        }
        assert!(Instant::now() < end, "{}", session.shown());
    }
    session.resize(3, 16);
    session.see("window too");
    session.resize(24, 80);
    session.see("back-left.y");
    session.press("q");
    assert!(session.end().0.success());
}

/// Leaves a running view and finds everything as it was.
fn left_by(test: &str, leave: impl Fn(&mut Session)) {
    let mut session = Session::start(test, &[]);
    session.see(" µs ");
    leave(&mut session);
    session.see("easing to neutral");
    let (status, shown) = session.end();
    assert!(status.success(), "{status}");
    assert!(shown.contains(" frames, "), "{shown}");
}

#[test]
fn q_leaves() {
    left_by("q", |session| session.press("q"));
}

/// Without a file, too; each sense sees him as it would a real one.
#[test]
fn a_key_puts_somebody_before_the_hat_and_takes_him_away() {
    let mut session = Session::start("person", &[]);
    session.see("frames/s");
    session.press("p");
    session.see("reaching");
    session.see(",. round");
    session.press("p");
    session.see("s startle");
    session.press("q");
    assert!(session.end().0.success());
}

#[test]
fn another_key_shows_the_keys() {
    left_by("other", |session| {
        session.press("x");
        session.see("^Z pauses  m mood");
        session.press("q");
    });
}

#[test]
fn ctrl_c_leaves() {
    left_by("ctrl-c", |session| session.press("\x03"));
}

#[test]
fn sigint_leaves() {
    left_by("sigint", |session| session.send(Signal::INT));
}

#[test]
fn sigterm_leaves() {
    left_by("sigterm", |session| session.send(Signal::TERM));
}

#[test]
fn sighup_leaves() {
    left_by("sighup", |session| session.send(Signal::HUP));
}

#[test]
fn the_end_of_its_time_gives_the_terminal_back() {
    let mut session = Session::start("seconds", &["--seconds", "2"]);
    session.see(" µs ");
    let (status, shown) = session.end();
    assert!(status.success());
    assert!(shown.contains(" frames, "), "{shown}");
}

/// Whether the servos went limp on their way, not at neutral.
fn dropped(trace: &Path) -> bool {
    let rows = fs::read_to_string(trace).unwrap();
    let last = rows.lines().rfind(|row| !row.ends_with(',')).unwrap();
    let pulses = last.split(',').skip(1);
    let mut away = pulses.map(|us| us.parse::<f64>().unwrap() - 1500.0);
    away.any(|us| us.abs() > 10.0)
}

#[test]
fn a_second_key_leaves_at_once() {
    // A machine that sleeps between the keys spoils a try, but not all of them.
    let trace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("view-twice.csv");
    let at_once = (0..5).any(|_| {
        let mut session = Session::start("twice", &["--trace", trace.to_str().unwrap()]);
        session.see(" 0:04");
        session.press("q");
        session.see("easing to neutral");
        session.press("q");
        assert!(session.end().0.success());
        dropped(&trace)
    });
    assert!(at_once);
}

#[test]
fn a_closed_window_ends_it() {
    let mut session = Session::start("closed", &[]);
    session.see(" µs ");
    let status = session.close(|_| {});
    assert!(status.success(), "{status}");
}

#[test]
fn a_terminal_that_takes_nothing_more_holds_nobody() {
    let mut session = Session::start("stalled", &[]);
    session.see(" µs ");
    session.resize(60, 200);
    // Time enough to fill the terminal's buffer, which nobody empties; with too
    // little, the test asks for less.
    std::thread::sleep(Duration::from_secs(3));
    session.send(Signal::TERM);
    session.ends_unread();
}

#[test]
fn without_its_terminal_the_hat_goes_on() {
    // No controlling terminal, so no SIGHUP, and who disowned it wants it so.
    let mut session = Session::start_as("disowned", &[], &["setsid"]);
    session.see(" µs ");
    let chip = session.chip.clone().unwrap();
    let status = session.close(|program| {
        let mut before = fs::read(&chip).unwrap();
        for _ in 0..50 {
            let end = Instant::now() + PATIENCE;
            while fs::read(&chip).unwrap() == before {
                assert!(Instant::now() < end, "the pulses stand still");
            }
            before = fs::read(&chip).unwrap();
        }
        assert_eq!(program.try_wait().unwrap(), None, "it ended by itself");
        kill_process(Pid::from_child(program), Signal::TERM).unwrap();
    });
    assert!(status.success(), "{status}");
}

#[test]
fn a_panic_in_the_loop_gives_the_terminal_back_and_is_told() {
    let mut session = Session::start("panic", &["--faults", "panic@2.5"]);
    session.see(" µs ");
    let (status, shown) = session.end();
    assert_eq!(status.code(), Some(101));
    assert!(shown.contains("a fault on schedule"), "{shown}");
}

#[test]
fn a_panic_in_the_view_gives_the_terminal_back_and_is_told() {
    let trace = common::folder("view-panic").join("trace.csv");
    let options = ["--faults", "view@5", "--trace", trace.to_str().unwrap()];
    let mut session = Session::start("view-panic", &options);
    session.see(" µs ");
    let (status, shown) = session.end();
    // As after any stop, the servos went home before they went limp.
    let trace = common::Trace::parse(&fs::read_to_string(trace).unwrap());
    for servo in 0..8 {
        let (_, us) = trace.pulses(servo).last().unwrap();
        assert!((us - 1500.0).abs() < 5.0, "{us} µs");
    }
    assert_eq!(status.code(), Some(1));
    assert!(shown.contains("a fault on schedule"), "{shown}");
    assert!(shown.contains("the view broke down"), "{shown}");
}

#[test]
fn what_went_wrong_is_shown_and_told_again_afterwards() {
    let mut session = Session::start("notice", &["--faults", "power@2.0+0.3"]);
    session.see("does not hold what");
    assert!(session.screen.screen().alternate_screen());
    session.press("q");
    let (status, shown) = session.end();
    assert!(status.success());
    assert!(
        shown.contains("the board does not hold what was written"),
        "{shown}"
    );
}

#[test]
fn without_the_view_a_terminal_is_told_the_scene() {
    let mut session = Session::start("off", &["--view", "off", "--seconds", "1"]);
    session.see("life");
    assert!(!session.screen.screen().alternate_screen());
    let (status, shown) = session.end();
    assert!(status.success());
    assert!(shown.starts_with("life"), "{shown}");
}

#[test]
fn elsewhere_it_is_silent_or_refuses() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_tentacle-hat"))
            .args(["run", "--board", "virtual", "--seconds", "1"])
            .args(arguments)
            .output()
            .unwrap()
    };
    let quiet = run(&["--unpaced"]);
    assert!(quiet.status.success());
    assert_eq!(quiet.stdout, b"");
    let told = String::from_utf8(quiet.stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "only the summary: {told}");

    for (arguments, remedy) in [
        (vec!["--view", "on"], "needs a terminal"),
        (vec!["--view", "on", "--unpaced"], "do not go together"),
    ] {
        let refused = run(&arguments);
        assert_eq!(refused.status.code(), Some(2));
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(told.contains(remedy), "{told}");
    }
}
