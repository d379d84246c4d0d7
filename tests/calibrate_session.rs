//! The interactive session, in a real terminal, on the virtual board.

mod common;
mod session;

use rustix::process::Signal;
use session::{PATIENCE, Session};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const LEFT: &str = "\x1b[D";
const RIGHT: &str = "\x1b[C";
const FAR_LEFT: &str = "\x1b[1;2D";
const FAR_RIGHT: &str = "\x1b[1;2C";
const DOWN: &str = "\x1b[B";

/// A folder with a hat of which nothing is measured but front-right.x.
fn hat_folder(name: &str) -> PathBuf {
    let folder = common::folder(name);
    let shipped = include_str!("../calibration/servos.toml");
    let table = "table = [[-1, 1400], [1, 1600]]\n";
    let bare = shipped.replace(table, "").replacen(
        "channel = 2\n",
        "channel = 2 # spliced\ntable = [\n    [-1, 1400], # felt\n    [1, 1600], # seen\n]\n",
        1,
    );
    fs::write(folder.join("servos.toml"), bare).unwrap();
    let motion = include_str!("../calibration/motion.toml");
    fs::write(folder.join("motion.toml"), motion).unwrap();
    folder
}

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join("servos.toml")).unwrap()
}

/// The program in a terminal of the smallest size, its chip beside the files.
fn start(folder: &Path, arguments: &[&str]) -> Session {
    let config = ["--config", folder.to_str().unwrap()];
    Session::with(
        23,
        80,
        Some(folder.join("chip")),
        &[arguments, &config].concat(),
    )
}

/// A session on that folder.
fn session(folder: &Path, more: &[&str]) -> Session {
    let mut session = start(folder, &[&["calibrate"], more].concat());
    session.see("? help");
    session
}

/// Types `keys`, then watches until the screen shows `what`.
fn enter(session: &mut Session, keys: &str, what: &str) {
    session.press(keys);
    session.see(what);
}

/// A channel's pulse in ticks, from the registers of the chip; `None` for limp.
fn emitted(folder: &Path, channel: usize) -> Option<u16> {
    let registers = fs::read(folder.join("chip")).unwrap();
    let at = 6 + 4 * channel;
    let pair = |i: usize| u16::from_le_bytes([registers[i], registers[i + 1]]);
    (registers[at + 3] & 0x10 == 0).then(|| pair(at + 2) - pair(at))
}

fn all_limp(folder: &Path) -> bool {
    (0..16).all(|channel| emitted(folder, channel).is_none())
}

/// Waits for the board: the screen may show a key's effect a frame before.
fn wait_for(mut there: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !there() {
        assert!(Instant::now() < end, "the board never did");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn two_servos_are_measured_one_change_taken_back_and_all_saved() {
    let folder = hat_folder("session-two");
    let before = text(&folder);
    let mut desk = session(&folder, &[]);
    desk.see("1 of 8 measured");
    desk.see("Space engages front-left.x. It may jump to 1500 µs, the middle of any");
    wait_for(|| all_limp(&folder));

    // front-left.x: neutral 4 ticks up, ends 20 ticks to each side.
    enter(&mut desk, " ", "1498.2");
    wait_for(|| emitted(&folder, 0) == Some(307));
    enter(&mut desk, &RIGHT.repeat(2), "1517.7");
    wait_for(|| emitted(&folder, 0) == Some(311));
    enter(&mut desk, "n", "front-left.x: neutral is 1517.7 µs");
    enter(&mut desk, FAR_LEFT, "1468.9");
    enter(&mut desk, FAR_LEFT, "1420.1");
    enter(&mut desk, "[", "negative end is 1420.1 µs");
    enter(&mut desk, FAR_RIGHT, "1468.9");
    // An end on the wrong side of neutral is refused.
    enter(&mut desk, "]", "Refused: ");
    enter(&mut desk, "g", "front-left.x   0  1517.7");
    desk.see("engaged, lacks ]");
    enter(&mut desk, FAR_RIGHT, "1566.5");
    enter(&mut desk, FAR_RIGHT, "1615.3");
    enter(&mut desk, "]", "engaged, unsaved");

    // front-right.x: a middle point, a neutral, and the neutral taken back.
    enter(
        &mut desk,
        &DOWN.repeat(2),
        "It may jump to its stored neutral, 1500 µs",
    );
    wait_for(|| all_limp(&folder));
    enter(&mut desk, " ", "front-right.x  2  1498.2");
    enter(&mut desk, RIGHT, "1507.9");
    enter(&mut desk, "n", "neutral is 1507.9 µs");
    enter(&mut desk, FAR_RIGHT, "1556.7");
    enter(&mut desk, "m", "At which bend");
    enter(&mut desk, "0.5\r", "bend 0.5 is 1556.7 µs");
    enter(&mut desk, &format!("{LEFT},"), "1542.1");
    enter(&mut desk, "m0.75\r", "Refused: ");
    enter(&mut desk, "u", "the last change is taken back");
    enter(&mut desk, "m0.5\r", "bend 0.5 is 1542.1 µs");
    assert_eq!(text(&folder), before);

    enter(
        &mut desk,
        "q",
        "Not saved yet: front-left.x, front-right.x.",
    );
    enter(&mut desk, "x", "a all straight");
    enter(&mut desk, "s", "Saved front-left.x, front-right.x.");
    enter(&mut desk, "?", "Ctrl-C leaves at once");
    enter(&mut desk, "x", "a all straight");
    desk.press("q");
    let (status, shown) = desk.end();
    assert_eq!(status.code(), Some(0));
    assert!(shown.contains("Saved in "), "{shown}");
    // The service reads another file.
    assert!(!shown.contains("systemctl"), "{shown}");

    let expected = before
        .replacen(
            "channel = 0\n",
            "channel = 0\ntable = [[-1, 1420.1], [0, 1517.7], [1, 1615.3]]\n",
            1,
        )
        .replacen(
            "[-1, 1400], # felt\n",
            "[-1, 1400], # felt\n    [0, 1507.9],\n    [0.5, 1542.1],\n",
            1,
        );
    assert_eq!(text(&folder), expected);
    assert_eq!(
        fs::read_to_string(folder.join("servos.toml.bak.1")).unwrap(),
        before
    );
}

#[test]
fn a_save_that_is_under_way_is_waited_for_and_not_made_twice() {
    for keys in ["ss", "s\x03"] {
        let folder = hat_folder("session-saving");
        let before = text(&folder);
        let mut desk = session(&folder, &[]);
        enter(&mut desk, &DOWN.repeat(2), "front-right.x. It may jump");
        enter(&mut desk, "f", "turned round");
        // Both keys at once: the card has had no time for the first.
        desk.press(keys);
        if keys == "ss" {
            desk.see("Saved front-right.x.");
            desk.press("q");
        }
        let (status, shown) = desk.end();
        assert_eq!(status.code(), Some(0));
        assert!(shown.contains("Saved in "), "{shown}");
        assert!(!shown.contains("were not saved"), "{shown}");
        assert!(text(&folder).contains("[-1, 1600], # felt"));
        let backup = fs::read_to_string(folder.join("servos.toml.bak.1")).unwrap();
        assert_eq!(backup, before);
    }
}

/// Engages a servo and measures something that is not saved.
fn unsaved(folder: &Path, more: &[&str]) -> Session {
    let mut desk = session(folder, more);
    enter(&mut desk, " ", "1498.2");
    enter(&mut desk, RIGHT, "1507.9");
    enter(&mut desk, "n", "1 unsaved");
    assert_eq!(emitted(folder, 0), Some(309));
    desk
}

#[test]
fn killed_in_the_middle_it_leaves_the_file_byte_for_byte() {
    let folder = hat_folder("session-killed");
    let before = text(&folder);
    let mut desk = unsaved(&folder, &[]);
    desk.send(Signal::KILL);
    assert_eq!(desk.program.wait().unwrap().signal(), Some(9));
    assert_eq!(text(&folder), before);
    assert!(!folder.join("servos.toml.bak.1").exists());
    // The next session takes over no pulse of the one that died.
    let mut desk = session(&folder, &[]);
    wait_for(|| all_limp(&folder));
    desk.press("q");
    assert_eq!(desk.end().0.code(), Some(0));
}

#[test]
fn however_it_is_left_the_servos_are_limp_and_the_terminal_is_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let folder = hat_folder("session-signal");
        let before = text(&folder);
        let desk = unsaved(&folder, &[]);
        assert!(desk.screen.screen().alternate_screen());
        desk.send(signal);
        let (status, shown) = desk.end();
        assert_eq!(status.code(), Some(1), "{signal:?}");
        assert!(
            shown.contains("before the last changes were saved"),
            "{shown}"
        );
        assert_eq!(text(&folder), before);
    }
    // Ctrl-C asks nothing.
    let folder = hat_folder("session-interrupt");
    let before = text(&folder);
    let mut desk = unsaved(&folder, &[]);
    desk.press("\x03");
    let (status, shown) = desk.end();
    assert_eq!(status.code(), Some(0));
    let lost = "The last changes to front-left.x were not saved: neutral 1507.9 µs.";
    assert!(shown.replace('\n', "").contains(lost), "{shown}");
    assert_eq!(text(&folder), before);
    // A window that is closed.
    let folder = hat_folder("session-closed");
    let before = text(&folder);
    unsaved(&folder, &[]).close(|_| {});
    wait_for(|| all_limp(&folder));
    assert_eq!(text(&folder), before);
}

#[test]
fn a_panic_relaxes_and_gives_the_terminal_back() {
    let folder = hat_folder("session-panic");
    let before = text(&folder);
    let mut desk = session(&folder, &["--faults", "panic@15"]);
    enter(&mut desk, " ", "1498.2");
    desk.see("a fault on schedule");
    assert_eq!(desk.end().0.code(), Some(101));
    assert_eq!(text(&folder), before);
}

#[test]
fn a_lost_board_is_told_and_found_again() {
    let folder = hat_folder("session-lost");
    let mut desk = unsaved(&folder, &["--faults", "nack@15+2"]);
    desk.see("The board is lost");
    desk.see("nobody answers");
    enter(&mut desk, " ", "The board does not answer");
    desk.see("The board is there again");
    wait_for(|| all_limp(&folder));
    // What was measured is kept, and is where it starts from.
    enter(&mut desk, " ", "front-left.x is engaged");
    desk.see("engaged, lacks []");
    wait_for(|| emitted(&folder, 0) == Some(309));
    desk.press("\x03");
    assert_eq!(desk.end().0.code(), Some(0));
}

#[test]
fn a_moment_of_trouble_on_the_bus_leaves_a_servo_where_it_is() {
    for (name, faults) in [("nacks", "nack@8+0.9"), ("cuts", "cut:3@8+0.9")] {
        let folder = hat_folder(&format!("session-{name}"));
        let start = Instant::now();
        let mut desk = unsaved(&folder, &["--faults", faults]);
        // Into the midst of it, if the machine is quick enough; else it was before.
        while start.elapsed() < Duration::from_millis(8_400) {
            desk.look();
        }
        // A jog that begins during it ends when it is over, from where it was.
        desk.press(RIGHT);
        let mut limp = false;
        wait_for(|| {
            desk.look();
            limp |= emitted(&folder, 0).is_none();
            limp || emitted(&folder, 0) == Some(311)
        });
        assert!(!limp, "{faults}:\n{}", desk.shown());
        desk.see("1517.7");
        assert!(!desk.shown().contains("lost"), "{}", desk.shown());
        desk.press("\x03");
        assert_eq!(desk.end().0.code(), Some(0));
    }
}

#[test]
fn a_chip_that_lost_power_leaves_no_servo_engaged() {
    let folder = hat_folder("session-power");
    let mut desk = unsaved(&folder, &["--faults", "power@8+0.1"]);
    desk.see("had lost its power");
    desk.see("limp, lacks []");
    wait_for(|| all_limp(&folder));
    // It wakes where it was measured, not where it was.
    enter(&mut desk, " ", "front-left.x is engaged");
    wait_for(|| emitted(&folder, 0) == Some(309));
}

#[test]
fn a_terminal_that_takes_nothing_more_does_not_hold_up_the_board() {
    let folder = hat_folder("session-dead-link");
    let mut desk = session(&folder, &[]);
    enter(&mut desk, " ", "1498.2");
    // From here on nobody reads what it writes: the far end of a dead link.
    // Help covers the screen and goes again: more than a terminal buffers.
    for _ in 0..200 {
        desk.press("?");
        std::thread::sleep(Duration::from_millis(15));
    }
    desk.press(RIGHT);
    let end = Instant::now() + PATIENCE;
    while emitted(&folder, 0) != Some(309) {
        assert!(Instant::now() < end, "{:?}", emitted(&folder, 0));
    }
    desk.send(Signal::TERM);
    assert_eq!(desk.program.wait().unwrap().code(), Some(1));
    wait_for(|| all_limp(&folder));
}

#[test]
fn two_sessions_do_not_share_a_board() {
    let folder = hat_folder("session-lock");
    let chip = folder.join("chip");
    // The device file is there before anybody drives it.
    common::run(&["relax", "--chip", chip.to_str().unwrap()]);
    let _first = session(&folder, &[]);
    let clock = "calibrate clock --commanded-us 1500 --measured-us 1500";
    for command in ["calibrate", clock] {
        let second = start(&folder, &command.split(' ').collect::<Vec<_>>());
        let (status, shown) = second.end();
        assert_eq!(status.code(), Some(75), "{shown}");
        assert!(shown.contains("kill "), "{shown}");
    }
    // The file is nobody's board: set and trim work beside it.
    let config = folder.to_str().unwrap();
    let arguments = [
        "calibrate",
        "trim",
        "front-right.x",
        "5",
        "--config",
        config,
    ];
    common::run(&arguments);
}

#[test]
fn what_another_hand_wrote_meanwhile_is_not_overwritten() {
    let folder = hat_folder("session-meanwhile");
    let mut desk = session(&folder, &[]);
    enter(&mut desk, &DOWN.repeat(2), "front-right.x. It may jump");
    enter(&mut desk, "f", "turned round");
    // A comment is kept.
    let edited = text(&folder) + "# bought in Leeds\n";
    fs::write(folder.join("servos.toml"), &edited).unwrap();
    enter(&mut desk, "s", "Saved front-right.x.");
    let saved = text(&folder);
    assert!(saved.ends_with("# bought in Leeds\n"));
    assert!(
        saved.contains("[-1, 1600], # felt\n    [1, 1400], # seen"),
        "{saved}"
    );
    // A number is not guessed at.
    let config = folder.to_str().unwrap();
    common::run(&[
        "calibrate",
        "trim",
        "front-right.x",
        "5",
        "--config",
        config,
    ]);
    let trimmed = text(&folder);
    enter(&mut desk, "f", "turned round");
    enter(&mut desk, "s", "Not saved: ");
    desk.see("note your numbers");
    assert_eq!(text(&folder), trimmed);
    desk.press("\x03");
    let (status, shown) = desk.end();
    assert_eq!(status.code(), Some(0));
    // The servo is in the file, but not as it was left.
    let lost = "The last changes to front-right.x were not saved: \
                negative end 1400 µs, positive end 1600 µs.";
    assert!(shown.contains("Saved in "), "{shown}");
    assert!(shown.replace('\n', "").contains(lost), "{shown}");
}

#[test]
fn without_a_folder_it_is_a_rehearsal_in_one_of_its_own() {
    let folder = common::folder("session-rehearsal");
    let mut desk = Session::within(&folder, &["calibrate"]);
    desk.see("0 of 8 measured · rehearsal/servos.toml");
    enter(&mut desk, " ", "1498.2");
    enter(&mut desk, "[", "1 unsaved");
    enter(&mut desk, &RIGHT.repeat(4), "1537.2");
    enter(&mut desk, "]", "1 of 8 measured");
    enter(&mut desk, "s", "Saved front-left.x.");
    desk.press("q");
    let (status, shown) = desk.end();
    assert_eq!(status.code(), Some(0));
    let next = "`tentacle-hat run --board virtual --config rehearsal` sets it in motion.";
    assert!(shown.contains(next), "{shown}");
    assert!(folder.join("rehearsal/servos.toml").exists());
}

#[test]
fn what_makes_a_session_vain_is_told_before_it() {
    let folder = hat_folder("session-vain");
    let config = folder.to_str().unwrap();
    let small = Session::with(22, 80, None, &["calibrate", "--config", config]);
    let (status, shown) = small.end();
    assert_eq!(status.code(), Some(1));
    assert!(shown.contains("the session needs 80x23"), "{shown}");

    let output = common::hat(&["calibrate", "--config", config])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("calibrate set"), "{said}");

    let broken = text(&folder).replacen("channel = 3", "channel = 2", 1);
    fs::write(folder.join("servos.toml"), &broken).unwrap();
    let desk = Session::with(24, 80, None, &["calibrate", "--config", config]);
    let (status, shown) = desk.end();
    assert_eq!(status.code(), Some(78));
    let shown = shown.replace('\n', "");
    assert!(
        shown.contains("front-right.y.channel = 2: another servo"),
        "{shown}"
    );
    assert_eq!(text(&folder), broken);
}

#[test]
fn a_window_made_too_small_says_so_and_a_large_one_shows_all() {
    let folder = hat_folder("session-first").join("new");
    let config = folder.to_str().unwrap();
    let mut desk = Session::with(40, 120, None, &["calibrate", "--config", config]);
    desk.see("0 of 8 measured");
    // Nothing is made before something is saved.
    assert!(!folder.exists());
    enter(&mut desk, "s", "Nothing new to save.");
    enter(&mut desk, " ", "1498.2");
    enter(&mut desk, FAR_LEFT, "1449.4");
    enter(&mut desk, "[", "lacks n]");
    enter(&mut desk, FAR_RIGHT, "1498.2");
    enter(&mut desk, FAR_RIGHT, "1547.0");
    enter(
        &mut desk,
        "]",
        "neutral, the middle of both ends, is 1498.2 µs; u takes it back",
    );
    enter(&mut desk, "s", "Saved front-left.x.");
    enter(&mut desk, "a", "front-left x● y○");
    desk.resize(20, 70);
    desk.see("70x20; make it 80x23");
    desk.resize(23, 80);
    desk.see("front-left x● y○");
    enter(&mut desk, " ", "All limp.");
    desk.press("q");
    assert_eq!(desk.end().0.code(), Some(0));
    let tables = text(&folder).matches("table = ").count();
    assert_eq!(tables, 1);
    common::run(&["run", "--seconds", "1", "--unpaced", "--config", config]);
}
