//! The program in a terminal of its own, and what stands on its screen.
#![allow(dead_code, unreachable_pub)]

use rexpect::process::PtyProcess;
use rexpect::process::signal::Signal;
use rexpect::process::wait::WaitStatus;
use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program in a pseudo-terminal.
pub struct Terminal {
    process: PtyProcess,
    keys: File,
    screen: Arc<Mutex<vt100::Parser>>,
    deaf: Arc<AtomicBool>,
}

impl Terminal {
    /// The program with these arguments in a terminal of `columns` by `rows`.
    pub fn start((columns, rows): (u16, u16), arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        // It opens as 0×0, and says its size only once a program asks.
        let script = format!("stty cols {columns} rows {rows}; exec \"$@\"");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_tentacle-hat")]);
        command.args(arguments).env("TERM", "xterm-256color");
        let process = PtyProcess::new(command).expect("a pseudo-terminal");
        let keys = process.get_file_handle().unwrap();
        let mut output = process.get_file_handle().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let written = Arc::clone(&screen);
        let deaf = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&deaf);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = output.read(&mut bytes) {
                while stopped.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(20));
                }
                written.lock().unwrap().process(&bytes[..n]);
            }
        });
        Self {
            process,
            keys,
            screen,
            deaf,
        }
    }

    /// From now on nobody reads what the program writes: the far end of a dead
    /// link.
    pub fn stop_reading(&self) {
        self.deaf.store(true, Ordering::Relaxed);
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Whether the program has the screen to itself.
    pub fn is_taken_over(&self) -> bool {
        self.screen.lock().unwrap().screen().alternate_screen()
    }

    /// Types `keys`.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Types `keys`, then waits until `text` stands on the screen.
    pub fn enter(&mut self, keys: &str, text: &str) {
        self.press(keys);
        self.wait_for(text);
    }

    /// Waits until `text` stands on the screen.
    pub fn wait_for(&self, text: &str) {
        let start = Instant::now();
        while !self.text().contains(text) {
            assert!(
                start.elapsed() < PATIENCE,
                "{text:?} never came:\n{}",
                self.text()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal).unwrap();
    }

    /// Waits for the program to end: its exit code, or the signal that ended it.
    pub fn end(&self) -> Result<i32, Signal> {
        let start = Instant::now();
        loop {
            match self.process.status() {
                Some(WaitStatus::Exited(_, code)) => {
                    // The last bytes may still be on their way.
                    thread::sleep(Duration::from_millis(200));
                    return Ok(code);
                }
                Some(WaitStatus::Signaled(_, signal, _)) => return Err(signal),
                _ => assert!(start.elapsed() < PATIENCE, "still runs:\n{}", self.text()),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
