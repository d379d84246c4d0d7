//! The program in a pseudo-terminal, as its user sees it.
//!
//! `setsid --ctty` (util-linux) gives the program the terminal.
#![allow(dead_code)]

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// Nothing here takes a tenth as long, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Gives the program the terminal, and the signals that a terminal's programs
/// have: what a script starts with `&` or `nohup` ignores some.
const SETSID: [&str; 4] = ["env", "--default-signal", "setsid", "--ctty"];

/// A terminal, and the program in it.
pub(crate) struct Session {
    /// The terminal's user: what is typed and what is seen.
    pub(crate) user: File,
    /// The terminal itself, kept open to ask for its state afterwards.
    pub(crate) terminal: OwnedFd,
    pub(crate) before: String,
    pub(crate) program: Child,
    pub(crate) screen: vt100::Parser,
    pub(crate) chip: Option<PathBuf>,
}

fn window(rows: u16, columns: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// All that `stty -a` shows but for the size.
pub(crate) fn settings(terminal: &OwnedFd) -> String {
    let Termios {
        input_modes,
        output_modes,
        control_modes,
        local_modes,
        special_codes,
        ..
    } = tcgetattr(terminal).unwrap();
    format!("{input_modes:?} {output_modes:?} {control_modes:?} {local_modes:?} {special_codes:?}")
}

impl Session {
    /// Runs `run` with `arguments` in a terminal of 24 × 80.
    pub(crate) fn start(test: &str, arguments: &[&str]) -> Self {
        Self::start_as(test, arguments, &SETSID)
    }

    /// The same, by way of another program.
    pub(crate) fn start_as(test: &str, arguments: &[&str], by: &[&str]) -> Self {
        let chip = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("view-{test}.chip"));
        let _ = fs::remove_file(&chip);
        Self::spawn(24, 80, Some(chip), &[&["run"], arguments].concat(), by)
    }

    /// Runs the program on the virtual board, which may be kept in a file.
    pub(crate) fn with(rows: u16, columns: u16, chip: Option<PathBuf>, arguments: &[&str]) -> Self {
        Self::spawn(rows, columns, chip, arguments, &SETSID)
    }

    /// The same, in another folder.
    pub(crate) fn within(folder: &Path, arguments: &[&str]) -> Self {
        let by = ["env", "-C", folder.to_str().unwrap()];
        Self::spawn(24, 80, None, arguments, &[&by[..], &SETSID].concat())
    }

    fn spawn(
        rows: u16,
        columns: u16,
        chip: Option<PathBuf>,
        arguments: &[&str],
        by: &[&str],
    ) -> Self {
        let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&user).unwrap();
        unlockpt(&user).unwrap();
        let path = ptsname(&user, Vec::new()).unwrap();
        let mode = rustix::fs::Mode::empty();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = rustix::fs::open(path, flags, mode).unwrap();
        let before = settings(&terminal);
        tcsetwinsize(&user, window(rows, columns)).unwrap();

        let end = || terminal.try_clone().unwrap();
        let program = Command::new(by[0])
            .args(&by[1..])
            .arg(env!("CARGO_BIN_EXE_tentacle-hat"))
            .args(arguments)
            .args(["--board", "virtual"])
            .args(chip.iter().flat_map(|chip| [Path::new("--chip"), chip]))
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .env_remove("RUST_BACKTRACE")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        Self {
            user: user.into(),
            before,
            terminal,
            program,
            screen: vt100::Parser::new(rows, columns, 0),
            chip,
        }
    }

    /// Takes up what the program has written, waiting for it a little.
    pub(crate) fn look(&mut self) {
        let wait = Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let mut ready = [PollFd::new(&self.user, PollFlags::IN)];
        if poll(&mut ready, Some(&wait)).unwrap() > 0 {
            let mut bytes = [0; 1 << 16];
            let count = self.user.read(&mut bytes).unwrap();
            self.screen.process(&bytes[..count]);
        }
    }

    pub(crate) fn shown(&self) -> String {
        self.screen.screen().contents()
    }

    /// Watches until the screen shows `what`.
    pub(crate) fn see(&mut self, what: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.shown().contains(what) {
            assert!(Instant::now() < end, "no {what:?} in:\n{}", self.shown());
            self.look();
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.user.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.program), signal).unwrap();
    }

    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        tcsetwinsize(&self.user, window(rows, columns)).unwrap();
        self.screen.screen_mut().set_size(rows, columns);
    }

    /// Watches the program end, and finds the terminal as it was and all
    /// channels of the board off.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            self.look();
            if let Some(status) = self.program.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "does not end:\n{}", self.shown());
        };
        self.look();
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert_eq!(settings(&self.terminal), self.before);
        if let Some(chip) = &self.chip {
            let registers = fs::read(chip).unwrap();
            // OFF_H of each channel, whose bit 4 stops the pulses.
            for channel in 0..8 {
                assert_eq!(registers[9 + 4 * channel] & 0x10, 0x10, "channel {channel}");
            }
        }
        (status, self.shown())
    }

    /// Takes the terminal away, as closing its window does, lets `then` happen,
    /// and watches the program end.
    pub(crate) fn close(self, then: impl FnOnce(&mut Child)) -> ExitStatus {
        let Self {
            user,
            terminal,
            mut program,
            ..
        } = self;
        drop((user, terminal));
        then(&mut program);
        ended(&mut program)
    }

    /// Waits for the program's end without reading what it writes.
    pub(crate) fn ends_unread(mut self) -> ExitStatus {
        ended(&mut self.program)
    }
}

fn ended(program: &mut Child) -> ExitStatus {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = program.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < end, "still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}
