//! A hat that listens, and guests who talk to it.

use super::bench::{Bench, PATIENCE, signal};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::Instant;

/// A hat in motion that listens.
pub struct Listening {
    pub bench: Bench,
    pub path: PathBuf,
    pub child: Child,
}

/// A path for a socket; one has at most 107 bytes.
pub fn socket_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("hat-{name}-{}", std::process::id()))
}

impl Listening {
    pub fn new(name: &str) -> Self {
        Self::with(name, &[])
    }

    pub fn with(name: &str, arguments: &[&str]) -> Self {
        Self::on(Bench::new(name), name, arguments)
    }

    /// With the files of a bench.
    pub fn on(bench: Bench, name: &str, arguments: &[&str]) -> Self {
        let path = socket_path(name);
        let _ = fs::remove_file(&path);
        let child = Self::start(&bench, &path, arguments);
        Self { bench, path, child }
    }

    fn start(bench: &Bench, path: &Path, arguments: &[&str]) -> Child {
        let mut command = bench.command(&["run", "--socket", path.to_str().unwrap()]);
        let child = command.args(arguments).spawn().unwrap();
        bench.wait("it listens", || UnixStream::connect(path).is_ok());
        // That one has left its place once this one is answered.
        let mut guest = Guest::at(path);
        assert_eq!(guest.ask("engage"), "ok");
        guest.leaves();
        child
    }

    /// Another one at the same place, after this one has ended.
    pub fn again(&mut self) {
        self.child = Self::start(&self.bench, &self.path, &[]);
    }

    pub fn guest(&self) -> Guest {
        Guest::at(&self.path)
    }

    /// Ends the hat in order.
    pub fn stop(&mut self) -> ExitStatus {
        signal(&self.child, "-TERM");
        self.child.wait().unwrap()
    }

    /// A figure of the process, in kB.
    pub fn memory_kb(&self, figure: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(figure));
        let number = line.unwrap().split_whitespace().nth(1);
        number.unwrap().parse().unwrap()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.path);
    }
}

/// Somebody who is connected.
pub struct Guest {
    pub stream: BufReader<UnixStream>,
}

impl Guest {
    pub fn at(path: &Path) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let stream = BufReader::new(stream);
        Self { stream }
    }

    pub fn say(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Closes his side, and waits for his place to be free.
    pub fn leaves(mut self) {
        self.stream.get_ref().shutdown(Shutdown::Write).unwrap();
        while self.hear().is_some() {}
    }

    /// The next line; nothing at the end, nor where one's words were thrown away.
    pub fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
            Ok(0) => {}
            Ok(_) => return Some(line.strip_suffix('\n').unwrap().to_owned()),
        }
        None
    }

    /// The answer to a line.
    pub fn ask(&mut self, line: &str) -> String {
        self.say(format!("{line}\n").as_bytes());
        self.hear().unwrap_or_else(|| panic!("{line:?}: no answer"))
    }

    /// Watches until a state has a field that begins so.
    pub fn sees(&mut self, field: &str) {
        let start = Instant::now();
        loop {
            let state = self.hear().expect("it goes on");
            if state.split(' ').any(|has| has.starts_with(field)) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "no {field}: {state}");
        }
    }
}
