//! The interactive session, in a real terminal, on the virtual board.

mod common;
#[path = "common/terminal.rs"]
mod terminal;

use rexpect::process::signal::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use terminal::Terminal;

const LEFT: &str = "\x1b[D";
const RIGHT: &str = "\x1b[C";
const FAR_LEFT: &str = "\x1b[1;2D";
const FAR_RIGHT: &str = "\x1b[1;2C";
const DOWN: &str = "\x1b[B";
const SIZE: (u16, u16) = (80, 24);

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

/// A session on that folder, its chip kept beside the files.
fn session(folder: &Path, more: &[&str]) -> Terminal {
    let chip = folder.join("chip");
    let config = ["--config", folder.to_str().unwrap()];
    let chip = ["--chip", chip.to_str().unwrap()];
    let command = ["calibrate", "--board", "virtual"];
    let terminal = Terminal::start(SIZE, &[&command, &config[..], &chip, more].concat());
    terminal.wait_for("? help");
    terminal
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

#[test]
fn two_servos_are_measured_one_change_taken_back_and_all_saved() {
    let folder = hat_folder("session-two");
    let before = text(&folder);
    let mut terminal = session(&folder, &[]);
    terminal.wait_for("1 of 8 measured");
    terminal.wait_for("Space engages front-left.x. It may jump to 1500 µs, the middle of any");
    assert!(all_limp(&folder));

    // front-left.x: neutral 4 ticks up, ends 20 ticks to each side.
    terminal.enter(" ", "1498.2");
    assert_eq!(emitted(&folder, 0), Some(307));
    terminal.enter(&RIGHT.repeat(2), "1517.7");
    assert_eq!(emitted(&folder, 0), Some(311));
    terminal.enter("n", "front-left.x: neutral is 1517.7 µs");
    terminal.enter(FAR_LEFT, "1468.9");
    terminal.enter(FAR_LEFT, "1420.1");
    terminal.enter("[", "negative end is 1420.1 µs");
    terminal.enter(FAR_RIGHT, "1468.9");
    // An end on the wrong side of neutral is refused.
    terminal.enter("]", "Refused: ");
    terminal.enter("g", "front-left.x   0   1517.7");
    terminal.wait_for("engaged, set ]");
    terminal.enter(FAR_RIGHT, "1566.5");
    terminal.enter(FAR_RIGHT, "1615.3");
    terminal.enter("]", "engaged, unsaved");

    // front-right.x: a middle point, a neutral, and the neutral taken back.
    terminal.enter(
        &DOWN.repeat(2),
        "It may jump to its stored neutral, 1500 µs",
    );
    assert!(all_limp(&folder));
    terminal.enter(" ", "front-right.x  2   1498.2");
    terminal.enter(RIGHT, "1507.9");
    terminal.enter("n", "neutral is 1507.9 µs");
    terminal.enter(FAR_RIGHT, "1556.7");
    terminal.enter("m", "At which bend");
    terminal.enter("0.5\r", "bend 0.5 is 1556.7 µs");
    terminal.enter(&format!("{LEFT},"), "1542.1");
    terminal.enter("m0.75\r", "Refused: ");
    terminal.enter("u", "the last change is taken back");
    terminal.enter("m0.5\r", "bend 0.5 is 1542.1 µs");
    assert_eq!(text(&folder), before);

    terminal.enter("q", "Not saved yet: front-left.x, front-right.x.");
    terminal.enter("x", "a all straight");
    terminal.enter("s", "Saved front-left.x, front-right.x.");
    terminal.enter("?", "Ctrl-C leaves at once");
    terminal.enter("x", "a all straight");
    terminal.press("q");
    assert_eq!(terminal.end(), Ok(0));
    assert!(!terminal.is_taken_over());
    assert!(
        terminal
            .text()
            .contains("sudo systemctl start tentacle-hat")
    );
    assert!(all_limp(&folder));

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
        fs::read_to_string(folder.join("servos.toml.bak")).unwrap(),
        before
    );
}

/// Engages a servo and measures something that is not saved.
fn unsaved(folder: &Path, more: &[&str]) -> Terminal {
    let mut terminal = session(folder, more);
    terminal.enter(" ", "1498.2");
    terminal.enter(RIGHT, "1507.9");
    terminal.enter("n", "1 unsaved");
    assert_eq!(emitted(folder, 0), Some(309));
    terminal
}

#[test]
fn killed_in_the_middle_it_leaves_the_file_byte_for_byte() {
    let folder = hat_folder("session-killed");
    let before = text(&folder);
    let mut terminal = unsaved(&folder, &[]);
    terminal.signal(Signal::SIGKILL);
    assert_eq!(terminal.end(), Err(Signal::SIGKILL));
    assert_eq!(text(&folder), before);
    assert!(!folder.join("servos.toml.bak").exists());
    // The next session takes over no pulse of the one that died.
    let mut terminal = session(&folder, &[]);
    assert!(all_limp(&folder));
    terminal.press("q");
    assert_eq!(terminal.end(), Ok(0));
}

#[test]
fn however_it_is_left_the_servos_are_limp_and_the_terminal_is_back() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let folder = hat_folder("session-signal");
        let before = text(&folder);
        let mut terminal = unsaved(&folder, &[]);
        assert!(terminal.is_taken_over());
        terminal.signal(signal);
        assert_eq!(terminal.end(), Ok(1), "{signal}");
        assert!(all_limp(&folder), "{signal}");
        assert!(!terminal.is_taken_over(), "{signal}");
        assert!(
            terminal
                .text()
                .contains("before the last changes were saved")
        );
        assert_eq!(text(&folder), before);
    }
    // Ctrl-C asks nothing.
    let folder = hat_folder("session-interrupt");
    let before = text(&folder);
    let mut terminal = unsaved(&folder, &[]);
    terminal.press("\x03");
    assert_eq!(terminal.end(), Ok(0));
    assert!(all_limp(&folder) && !terminal.is_taken_over());
    assert_eq!(text(&folder), before);
}

#[test]
fn a_panic_relaxes_and_gives_the_terminal_back() {
    let folder = hat_folder("session-panic");
    let before = text(&folder);
    let mut terminal = session(&folder, &["--faults", "panic@15"]);
    terminal.enter(" ", "1498.2");
    terminal.wait_for("a fault on schedule");
    assert_eq!(terminal.end(), Ok(101));
    assert!(all_limp(&folder) && !terminal.is_taken_over());
    assert_eq!(text(&folder), before);
}

#[test]
fn a_lost_board_is_told_and_found_again() {
    let folder = hat_folder("session-lost");
    let mut terminal = unsaved(&folder, &["--faults", "nack@15+2"]);
    terminal.wait_for("The board is lost");
    terminal.wait_for("nobody answers");
    terminal.enter(" ", "The board does not answer");
    terminal.wait_for("The board is there again");
    assert!(all_limp(&folder));
    // What was measured is kept, and is where it starts from.
    terminal.enter(" ", "front-left.x is engaged");
    terminal.wait_for("engaged, set [ ]");
    assert_eq!(emitted(&folder, 0), Some(309));
    terminal.press("\x03");
    assert_eq!(terminal.end(), Ok(0));
}

#[test]
fn a_chip_that_lost_power_leaves_no_servo_engaged() {
    let folder = hat_folder("session-power");
    let terminal = unsaved(&folder, &["--faults", "power@15+0.1"]);
    terminal.wait_for("limp, set [ ]");
    assert!(all_limp(&folder));
}

#[test]
fn a_terminal_that_takes_nothing_more_does_not_hold_up_the_board() {
    let folder = hat_folder("session-dead-link");
    let mut terminal = session(&folder, &[]);
    terminal.enter(" ", "1498.2");
    terminal.stop_reading();
    // Help covers the screen and goes again: more than a terminal buffers.
    for _ in 0..200 {
        terminal.press("?");
        std::thread::sleep(std::time::Duration::from_millis(15));
    }
    terminal.press(RIGHT);
    let start = std::time::Instant::now();
    while emitted(&folder, 0) != Some(309) {
        assert!(start.elapsed().as_secs() < 60, "{:?}", emitted(&folder, 0));
    }
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.end(), Ok(1));
    assert!(all_limp(&folder));
}

#[test]
fn two_sessions_do_not_share_a_board() {
    let folder = hat_folder("session-lock");
    let chip = folder.join("chip");
    // The device file is there before anybody drives it.
    common::run(&["relax", "--chip", chip.to_str().unwrap()]);
    let _first = session(&folder, &[]);
    let config = folder.to_str().unwrap();
    for command in [
        &["calibrate"][..],
        &[
            "calibrate",
            "clock",
            "--commanded-us",
            "1500",
            "--measured-us",
            "1500",
        ],
    ] {
        let mut arguments = vec!["--board", "virtual", "--config", config];
        arguments.extend(["--chip", chip.to_str().unwrap()]);
        arguments.extend(command);
        let second = Terminal::start(SIZE, &arguments);
        assert_eq!(second.end(), Ok(75), "{}", second.text());
        assert!(second.text().contains("kill "), "{}", second.text());
    }
    // The file is nobody's board: set and trim work beside it.
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
    let mut terminal = session(&folder, &[]);
    terminal.enter(&DOWN.repeat(2), "front-right.x. It may jump");
    terminal.enter("f", "turned round");
    // A comment is kept.
    let edited = text(&folder) + "# bought in Leeds\n";
    fs::write(folder.join("servos.toml"), &edited).unwrap();
    terminal.enter("s", "Saved front-right.x.");
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
    terminal.enter("f", "turned round");
    terminal.enter("s", "Not saved: ");
    terminal.wait_for("was changed by somebody else meanwhile");
    assert_eq!(text(&folder), trimmed);
    terminal.press("\x03");
    assert_eq!(terminal.end(), Ok(0));
}

#[test]
fn without_a_folder_it_is_a_rehearsal_and_says_so() {
    let mut terminal = Terminal::start(SIZE, &["calibrate", "--board", "virtual"]);
    terminal.wait_for("there is nothing to save to without --config DIR");
    terminal.enter(" ", "1498.2");
    terminal.enter("n", "1 unsaved");
    terminal.enter("s", "Not saved: there is nothing to save to");
    terminal.press("q");
    assert_eq!(terminal.end(), Ok(0));
}

#[test]
fn what_makes_a_session_vain_is_told_before_it() {
    let folder = hat_folder("session-vain");
    let config = folder.to_str().unwrap();
    let arguments = ["calibrate", "--board", "virtual", "--config", config];
    let small = Terminal::start((79, 24), &arguments);
    assert_eq!(small.end(), Ok(1));
    assert!(
        small.text().contains("the session needs 80x24"),
        "{}",
        small.text()
    );

    let output = common::hat(&["calibrate", "--config", config])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("calibrate set"), "{said}");

    let broken = text(&folder).replacen("channel = 3", "channel = 2", 1);
    fs::write(folder.join("servos.toml"), &broken).unwrap();
    let terminal = Terminal::start(SIZE, &arguments);
    assert_eq!(terminal.end(), Ok(78));
    let said = terminal.text().replace('\n', "");
    assert!(
        said.contains("front-right.y.channel = 2: another servo"),
        "{said}"
    );
    assert_eq!(text(&folder), broken);
}

#[test]
fn a_window_made_too_small_says_so_and_a_large_one_shows_all() {
    let folder = hat_folder("session-first").join("new");
    let config = folder.to_str().unwrap();
    let arguments = ["calibrate", "--board", "virtual", "--config", config];
    let mut terminal = Terminal::start((120, 40), &arguments);
    terminal.wait_for("0 of 8 measured");
    // Nothing is made before something is saved.
    assert!(!folder.exists());
    terminal.enter(" ", "1498.2");
    terminal.enter(FAR_LEFT, "1449.4");
    terminal.enter("[", "set n ]");
    terminal.enter(FAR_RIGHT, "1498.2");
    terminal.enter(FAR_RIGHT, "1547.0");
    terminal.enter("]s", "Saved front-left.x.");
    terminal.enter("a", "front-left x● y○");
    terminal.enter(" ", "All limp.");
    terminal.press("q");
    assert_eq!(terminal.end(), Ok(0));
    let tables = text(&folder).matches("table = ").count();
    assert_eq!(tables, 1);
    common::run(&["run", "--seconds", "1", "--unpaced", "--config", config]);
}
