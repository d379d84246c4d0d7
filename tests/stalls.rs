//! Whatever takes nothing more, or gives nothing: the frames go on, and a stop
//! is heard, eased and obeyed.

mod common;
mod session;

use common::bench::{Bench, Manager, PATIENCE, goes_home, signal, text};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use rustix::process::Signal;
use session::Session;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How many frames are seen while something stalls: two seconds of them.
const FRAMES: usize = 100;

/// Watches the chip until it was written so many more times.
fn frames_go_on(chip: &Path, mut meanwhile: impl FnMut()) {
    let mut before = fs::read(chip).unwrap();
    let (start, mut longest) = (Instant::now(), Duration::ZERO);
    for frame in 0..FRAMES {
        let since = Instant::now();
        loop {
            meanwhile();
            let now = fs::read(chip).unwrap();
            if now.len() == 256 && now != before {
                before = now;
                break;
            }
            assert!(since.elapsed() < PATIENCE, "the frames stop after {frame}");
            std::thread::sleep(Duration::from_millis(1));
        }
        longest = longest.max(since.elapsed());
    }
    println!(
        "{FRAMES} frames in {:?}, {longest:?} at most",
        start.elapsed()
    );
}

/// Stops the program by SIGTERM: it eases to neutral, relaxes and ends.
fn stops(child: &mut Child, chip: &Path) {
    signal(child, "-TERM");
    goes_home(child, chip);
}

/// A pipe that takes no byte more, and its other end.
fn full_pipe() -> (OwnedFd, OwnedFd) {
    let (out, into) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).unwrap();
    let mut file = File::from(into);
    while file.write(&[b'x'; 4096]).is_ok() {}
    rustix::fs::fcntl_setfl(&file, OFlags::WRONLY).unwrap();
    (out, file.into())
}

/// A hat that has something to say every second, and starts as `prepare` wants it.
fn talkative(bench: &Bench, prepare: impl FnOnce(&mut Command)) -> Child {
    let faults: Vec<String> = (1..60).map(|s| format!("nack@{s}.5,cut:9@{s}.7")).collect();
    let mut command = bench.command(&["run", "--faults", &faults.join(",")]);
    prepare(&mut command);
    let child = command.spawn().unwrap();
    bench.wait("all servos pulse", || bench.pulsing() == 8);
    child
}

#[test]
fn a_log_pipe_that_nobody_empties() {
    let bench = Bench::new("stall-log");
    let (_out, into) = full_pipe();
    let mut child = talkative(&bench, |command| {
        command.stderr(into);
    });
    frames_go_on(bench.chip.as_ref(), || {});
    stops(&mut child, bench.chip.as_ref());
}

#[test]
fn a_panic_that_nobody_hears_of_relaxes_all_the_same() {
    let bench = Bench::new("stall-panic");
    let (_out, into) = full_pipe();
    let mut command = bench.command(&["run", "--faults", "panic@3"]);
    let mut child = command.stderr(into).spawn().unwrap();
    bench.wait("all servos pulse", || bench.pulsing() == 8);
    let mut status = None;
    bench.wait("it ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(101));
    assert_eq!(bench.pulsing(), 0);
}

#[test]
fn a_notify_socket_that_nobody_reads() {
    let bench = Bench::new("stall-notify");
    let manager = Manager::new(&bench);
    let filler = std::os::unix::net::UnixDatagram::unbound().unwrap();
    filler.set_nonblocking(true).unwrap();
    let full = loop {
        if let Err(error) = filler.send_to(b"x", &manager.path) {
            break error;
        }
    };
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    let mut child = talkative(&bench, |command| {
        command.env("NOTIFY_SOCKET", &manager.path);
    });
    frames_go_on(bench.chip.as_ref(), || {});
    stops(&mut child, bench.chip.as_ref());
}

/// A hat whose trace goes into a pipe that nobody has read so far, and is full.
fn traced_into_a_full_pipe(name: &str) -> (Bench, Child, File) {
    let bench = Bench::new(name);
    let fifo = bench.folder.join("trace");
    make_fifo(&fifo);
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let reader = rustix::fs::open(&fifo, flags, Mode::empty()).unwrap();
    fcntl_setpipe_size(&reader, 4096).unwrap();
    let mut command = bench.command(&["run", "--trace", fifo.to_str().unwrap()]);
    let child = command.spawn().unwrap();
    bench.wait("all servos pulse", || bench.pulsing() == 8);
    // 12 kB of buffers and 128 rows take six seconds; then rows are dropped.
    for _ in 0..5 {
        frames_go_on(bench.chip.as_ref(), || {});
    }
    (bench, child, reader.into())
}

fn make_fifo(path: &Path) {
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, path, FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn a_trace_into_a_pipe_that_nobody_reads() {
    let (bench, mut child, _reader) = traced_into_a_full_pipe("stall-trace");
    stops(&mut child, bench.chip.as_ref());
    let said = text(&child.wait_with_output().unwrap().stderr);
    assert!(said.contains("nobody takes its last rows"), "{said}");
}

#[test]
fn a_trace_that_is_read_again_says_where_rows_are_lost() {
    let (bench, mut child, mut reader) = traced_into_a_full_pipe("stall-trace-again");
    rustix::fs::fcntl_setfl(&reader, OFlags::RDONLY).unwrap();
    let rows = std::thread::spawn(move || {
        let mut rows = String::new();
        reader.read_to_string(&mut rows).unwrap();
        rows
    });
    frames_go_on(bench.chip.as_ref(), || {});
    stops(&mut child, bench.chip.as_ref());
    let rows = rows.join().unwrap();
    // The rows before it, as many as it says, and those after it are a row a slot.
    let (before, after) = rows.split_once("# ").expect("nothing was lost?");
    let (lost, after) = after.split_once(" rows are lost here").unwrap();
    let time = |row: &str| row.split(',').next().unwrap().parse::<u64>().unwrap();
    let last = time(before.lines().last().unwrap());
    let next = time(after.lines().nth(1).unwrap());
    assert_eq!((next - last) / 20_000 - 1, lost.parse::<u64>().unwrap());
}

#[test]
fn a_terminal_that_is_stopped() {
    let mut session = Session::start("stall-terminal", &["--view", "off", "--demo"]);
    let chip = session.chip.clone().unwrap();
    session.see("round-the-hat");
    // Ctrl-S: from here on a scene's name waits for Ctrl-Q, which never comes.
    session.press("\x13");
    // The next scene begins 7.5 s after the first.
    for _ in 0..5 {
        frames_go_on(&chip, || {});
    }
    session.send(Signal::TERM);
    let status = session.ends_unread();
    assert!(status.success(), "{status}");
    let registers = fs::read(chip).unwrap();
    assert!((0..8).all(|channel| registers[9 + 4 * channel] & 0x10 != 0));
}

/// A service whose next `servos.toml` is made by `spoil`, and what is said of it.
fn reloads(name: &str, spoil: impl FnOnce(&Path), hears: &str) -> String {
    let bench = Bench::new(name);
    let mut manager = Manager::new(&bench);
    let mut command = bench.command(&["run"]);
    let mut child = command.env("NOTIFY_SOCKET", &manager.path).spawn().unwrap();
    bench.wait("all servos pulse", || bench.pulsing() == 8);
    spoil(&bench.folder.join("servos.toml"));
    signal(&child, "-HUP");
    manager.hear("RELOADING=1");
    frames_go_on(bench.chip.as_ref(), || {});
    manager.hear(hears);
    stops(&mut child, bench.chip.as_ref());
    text(&child.wait_with_output().unwrap().stderr)
}

#[test]
fn a_reload_from_a_pipe_that_nobody_fills() {
    reloads(
        "stall-fifo",
        |servos| {
            fs::remove_file(servos).unwrap();
            make_fifo(servos);
        },
        "WATCHDOG=1",
    );
}

#[test]
fn a_reload_of_twenty_thousand_bad_keys() {
    let said = reloads(
        "stall-keys",
        |servos| {
            let good = fs::read_to_string(servos).unwrap();
            let keys: String = (0..20_000).map(|i| format!("wobble{i} = 1\n")).collect();
            fs::write(
                servos,
                good.replacen("[[tentacle]]", &(keys + "[[tentacle]]"), 1),
            )
            .unwrap();
        },
        "refused",
    );
    assert!(said.contains("and 19980 more faults"), "{said}");
}
