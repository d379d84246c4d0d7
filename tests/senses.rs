//! Senses of the real world, on threads of their own: a radar at a pseudo-terminal, which
//! is unplugged, garbled, slow, not there, or somebody else's.

mod common;

use common::bench::{Bench, PATIENCE, signal, text};
use common::guest::Listening;
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Somebody 45 degrees to the right of where the radar looks, 1.41 m away.
const FRAME: [u8; 30] = [
    0xAA, 0xFF, 0x03, 0x00, 0xE8, 0x83, 0xE8, 0x83, 0x10, 0x00, 0x40, 0x01, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0x55, 0xCC,
];

/// A serial port with a name that stays while the radar comes and goes.
struct Port(PathBuf);

impl Port {
    fn new(name: &str) -> Self {
        let path = format!("/dev/shm/hat-{name}-{}", std::process::id());
        let _ = fs::remove_file(&path);
        Self(path.into())
    }

    fn name(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// A radar is plugged in; dropped, it is unplugged.
    fn plug(&self) -> File {
        let radar = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&radar).unwrap();
        unlockpt(&radar).unwrap();
        let port = ptsname(&radar, Vec::new()).unwrap().into_string().unwrap();
        // Before the hat opens it, what is sent would come back.
        let slave = open(&*port, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let mut ways = tcgetattr(&slave).unwrap();
        ways.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &ways).unwrap();
        let _ = fs::remove_file(&self.0);
        symlink(port, &self.0).unwrap();
        radar.into()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A table of a radar called `front`.
fn radar(port: &str) -> String {
    format!("\n[[sense]]\nname = \"front\"\nkind = \"ld2450\"\ntty = \"{port}\"\nfacing-deg = 0\n")
}

/// A hat with these senses, and the lines that it says.
fn hat(name: &str, senses: &str, arguments: &[&str]) -> (Listening, Receiver<String>) {
    let bench = Bench::new(name);
    let servos = bench.folder.join("servos.toml");
    let text = fs::read_to_string(&servos).unwrap() + senses;
    fs::write(servos, text).unwrap();
    let mut hat = Listening::on(bench, name, arguments);
    let stderr = BufReader::new(hat.child.stderr.take().unwrap());
    let (said, lines) = channel();
    thread::spawn(move || stderr.lines().try_for_each(|line| said.send(line.unwrap())));
    (hat, lines)
}

/// The next line about a sense.
fn line(lines: &Receiver<String>) -> String {
    loop {
        let line = lines.recv_timeout(PATIENCE).expect("it says something");
        if line.contains("sense") {
            return line;
        }
    }
}

/// Sends the same bytes again and again, until it is unplugged.
struct Radar {
    port: PathBuf,
    unplugged: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Radar {
    fn sends(port: &Port, bytes: &'static [u8], every: Duration) -> Self {
        Self::tells(port, every, |_| bytes.to_vec())
    }

    fn tells(
        port: &Port,
        every: Duration,
        frame: impl Fn(u32) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let mut radar = port.plug();
        let unplugged = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&unplugged);
        let send = move || {
            for i in (0..).take_while(|_| !ends.load(Ordering::Relaxed)) {
                radar.write_all(&frame(i)).unwrap();
                thread::sleep(every);
            }
        };
        Self {
            port: port.0.clone(),
            unplugged,
            thread: Some(thread::spawn(send)),
        }
    }
}

impl Drop for Radar {
    fn drop(&mut self) {
        // First, so that nobody finds another test's radar there.
        let _ = fs::remove_file(&self.port);
        self.unplugged.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

const TENTH: Duration = Duration::from_millis(100);

#[test]
fn who_stands_before_a_radar_is_reached_for() {
    let port = Port::new("radar-seen");
    let _radar = Radar::sends(&port, &FRAME, TENTH);
    let (mut hat, lines) = hat("radar-seen", &radar(port.name()), &[]);
    let mut guest = hat.guest();
    guest.say(b"watch 20\n");
    guest.sees("people=front.1:45.0:1.41:0.80:0.");
    guest.sees("scene=reaching");
    assert_eq!(hat.stop().code(), Some(0));
    let said: Vec<_> = lines.into_iter().collect();
    assert!(!said.iter().any(|line| line.contains("sense")), "{said:?}");
}

#[test]
fn unplugged_garbled_and_plugged_in_again_it_says_so_once_and_comes_back() {
    let port = Port::new("radar-trouble");
    let good = Radar::sends(&port, &FRAME, TENTH);
    let (mut hat, lines) = hat("radar-trouble", &radar(port.name()), &[]);
    let mut guest = hat.guest();
    guest.say(b"watch 20\n");
    guest.sees("people=front.1:");
    drop(good);
    let place = port.name();
    let loss = format!("the hat goes on without its sense front at {place}: ");
    let said = line(&lines);
    assert_eq!(
        said,
        format!("{loss}Input/output error (os error 5); is it still plugged in?")
    );
    guest.sees("people=-");
    // The bytes of another rate.
    let garbled = Radar::sends(&port, b"\x1c\xe0\xff\x03\x80\x00\xfc", TENTH);
    let said = line(&lines);
    assert!(
        said.starts_with(&format!(
            "{loss}what comes from it are no frames of an LD2450"
        )),
        "{said}"
    );
    guest.sees("people=-");
    drop(garbled);
    let _good = Radar::sends(&port, &FRAME, TENTH);
    guest.sees("people=front.1:");
    guest.sees("scene=reaching");
    assert_eq!(line(&lines), format!("the sense front at {place} works"));
    assert_eq!(hat.stop().code(), Some(0));
    // And nothing else: it was tried every second.
    let more: Vec<_> = lines.into_iter().collect();
    assert!(!more.iter().any(|line| line.contains("sense")), "{more:?}");
}

#[test]
fn a_radar_that_drips_byte_by_byte_is_understood_and_keeps_nobody_waiting() {
    let port = Port::new("radar-slow");
    let mut slow = port.plug();
    let (mut hat, lines) = hat("radar-slow", &radar(port.name()), &[]);
    let said = line(&lines);
    assert!(
        said.contains("nothing comes from it: is the radar's 5 V there"),
        "{said}"
    );
    let mut guest = hat.guest();
    guest.say(b"watch 50\n");
    let drip = thread::spawn(move || {
        for byte in FRAME.iter().cycle().take(30 * FRAME.len()) {
            slow.write_all(&[*byte]).unwrap();
            thread::sleep(Duration::from_millis(3));
        }
        slow
    });
    guest.sees("people=front.1:45.0:1.41:");
    // It hangs, plugged in: a stop is heard all the same.
    let _slow = drip.join().unwrap();
    assert_eq!(hat.stop().code(), Some(0));
}

#[test]
fn two_senses_at_one_port_by_two_names() {
    let port = Port::new("radar-shared");
    let _radar = Radar::sends(&port, &FRAME, TENTH);
    let other = Port::new("radar-shared-too");
    symlink(fs::read_link(&port.0).unwrap(), &other.0).unwrap();
    let tables = radar(port.name()) + &radar(other.name()).replace("front", "back");
    let (mut hat, lines) = hat("radar-shared", &tables, &[]);
    let said = line(&lines);
    assert!(
        said.ends_with(
            "another program reads from it, or another sense, by another name of the port"
        ),
        "{said}"
    );
    let mut guest = hat.guest();
    guest.say(b"watch 20\n");
    guest.sees("scene=reaching");
    assert_eq!(hat.stop().code(), Some(0));
}

#[test]
fn what_is_no_port_is_told_with_its_remedy() {
    let missing = Port::new("radar-missing");
    let tables = radar(missing.name())
        + &radar("/dev/null").replace("front", "back")
        + &radar("/dev/ttyAMA99").replace("front", "left");
    let (mut hat, lines) = hat("radar-missing", &tables, &[]);
    let mut said = [(); 3].map(|()| line(&lines));
    said.sort();
    let ends = |line: &str, end: &str| assert!(line.ends_with(end), "{line}");
    ends(
        &said[0],
        "it is no serial port: correct `tty` in servos.toml",
    );
    ends(
        &said[1],
        "is its adapter plugged in? Or correct `tty` in servos.toml: `ls /dev/tty*`",
    );
    ends(
        &said[2],
        "turn the port on with `sudo raspi-config nonint do_serial_hw 0` and restart the Pi, or \
         correct `tty` in servos.toml",
    );
    assert_eq!(hat.stop().code(), Some(0));
}

#[test]
fn who_may_not_read_the_port_is_told_how_he_may() {
    if !rustix::process::getuid().is_root() {
        println!("only root can become somebody else");
        return;
    }
    let port = Port::new("radar-denied");
    let _radar = port.plug();
    let bench = Bench::new("radar-denied");
    let servos = bench.folder.join("servos.toml");
    let tables = fs::read_to_string(&servos).unwrap() + &radar(port.name());
    fs::write(&servos, tables).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tentacle-hat"));
    command.args(["--board", "virtual", "--config"]);
    command.arg(&bench.folder).args(["run", "--seconds", "2"]);
    command.stdin(Stdio::null()).uid(65_534).gid(65_534);
    let Ok(output) = command.output() else {
        println!("another user may not even run the program here");
        return;
    };
    let said = text(&output.stderr);
    let remedy = "join the group with `sudo usermod -aG dialout $USER` and log in again";
    assert!(said.contains(remedy), "{said}");
    assert_eq!(output.status.code(), Some(0), "{said}");
}

#[test]
fn a_sense_that_the_files_no_longer_name_lets_its_port_go() {
    let port = Port::new("radar-reload");
    let _radar = Radar::sends(&port, &FRAME, TENTH);
    let (mut hat, _lines) = hat("radar-reload", &radar(port.name()), &["--reload"]);
    let mut guest = hat.guest();
    guest.say(b"watch 20\n");
    guest.sees("people=front.1:");
    let servos = hat.bench.folder.join("servos.toml");
    let with = fs::read_to_string(&servos).unwrap();
    let without = with.replace(&radar(port.name()), "");
    fs::write(&servos, without).unwrap();
    guest.sees("people=-");
    fs::write(
        &servos,
        with.replace("facing-deg = 0\n", "facing-deg = 90\n"),
    )
    .unwrap();
    guest.sees("people=front.1:135.0:");
    assert_eq!(hat.stop().code(), Some(0));
}

/// Somebody who walks past again and again, 2 m away, from x = 2 m to -2 m.
fn walk(i: u32) -> Vec<u8> {
    let x = 2000 - 100 * (i as i32 % 41);
    let sign = if x >= 0 { 0x8000 } else { 0 };
    let mut frame = FRAME;
    frame[4..6].copy_from_slice(&(x.unsigned_abs() as u16 | sign).to_le_bytes());
    frame[6..8].copy_from_slice(&0x87D0_u16.to_le_bytes());
    frame.to_vec()
}

#[test]
fn somebody_who_walks_past_tells_which_side_is_which() {
    let port = Port::new("radar-walk");
    let _radar = Radar::tells(&port, TENTH, walk);
    let bench = Bench::new("radar-walk");
    let servos = bench.folder.join("servos.toml");
    let before = fs::read_to_string(&servos).unwrap() + &radar(port.name());
    fs::write(&servos, &before).unwrap();
    let mut check = bench.command(&["check", "--senses"]).spawn().unwrap();
    let kept = before.clone() + "mirrored = true\n";
    bench.wait("the side is kept", || {
        fs::read_to_string(&servos).unwrap() == kept
    });
    let mut lines = BufReader::new(check.stdout.take().unwrap()).lines();
    let mut hear = |words: &str| {
        let mut line = lines.by_ref().map(Result::unwrap);
        let found = line.find(|line| line.contains(words));
        found.unwrap_or_else(|| panic!("no {words}"))
    };
    hear("· front: which side is which is not known yet");
    hear("✓ front: somebody ");
    hear("✓ front: it counts to its left what is on its right: mirrored = true");
    // And from then on by what is kept.
    hear("✓ front: somebody ");
    signal(&check, "-INT");
    assert_eq!(check.wait().unwrap().code(), Some(0));
}

#[test]
fn beside_a_hat_that_moves_its_senses_are_told_by_the_hat() {
    let port = Port::new("radar-beside");
    let _radar = Radar::sends(&port, &FRAME, TENTH);
    let (mut hat, _lines) = hat("radar-beside", &radar(port.name()), &[]);
    let mut guest = hat.guest();
    guest.say(b"watch 20\n");
    guest.sees("people=front.1:");
    let socket = hat.path.to_str().unwrap();
    let check = ["check", "--senses", "--socket", socket];
    let mut check = hat.bench.command(&check).spawn().unwrap();
    let mut lines = BufReader::new(check.stdout.take().unwrap()).lines();
    let told = "✓ front: somebody 45° to the right, 1.4 m away";
    assert!(lines.any(|line| line.unwrap() == told));
    // It does not outlive the hat.
    assert_eq!(hat.stop().code(), Some(0));
    assert!(lines.any(|line| line.unwrap() == "✗ the hat is gone"));
    assert_eq!(check.wait().unwrap().code(), Some(69));
}

#[test]
fn who_reads_no_more_ends_it() {
    let port = Port::new("radar-head");
    let _radar = Radar::sends(&port, &FRAME, TENTH);
    let bench = Bench::new("radar-head");
    let servos = bench.folder.join("servos.toml");
    let tables = fs::read_to_string(&servos).unwrap() + &radar(port.name());
    fs::write(&servos, tables).unwrap();
    let mut check = bench.command(&["check", "--senses"]).spawn().unwrap();
    let mut stdout = BufReader::new(check.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    bench.wait("it ends", || check.try_wait().unwrap().is_some());
}

#[test]
fn without_senses_there_is_nothing_to_see() {
    let output = Bench::new("no-senses").output(&["check", "--senses"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("servos.toml has no [[sense]]"));
}
