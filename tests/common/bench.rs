//! The program on a virtual chip kept in a file, and who starts and watches it.

use super::{folder, hat};
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Long enough for any machine; only a hang takes it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A virtual chip kept in a file, and the calibration that drives it.
pub struct Bench {
    pub folder: PathBuf,
    pub chip: String,
}

impl Bench {
    pub fn new(name: &str) -> Self {
        let folder = folder(name);
        for file in ["servos.toml", "motion.toml"] {
            let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("calibration");
            fs::copy(shipped.join(file), folder.join(file)).unwrap();
        }
        let chip = folder.join("chip").to_str().unwrap().to_owned();
        Self { folder, chip }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = hat(&["--chip", &self.chip, "--config"]);
        command.arg(&self.folder).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// A hat in motion.
    pub fn running(&self) -> Child {
        let child = self.command(&["run"]).spawn().unwrap();
        self.wait("all servos pulse", || self.pulsing() == 8);
        child
    }

    pub fn wait(&self, what: &str, mut there: impl FnMut() -> bool) {
        let start = Instant::now();
        while !there() {
            assert!(start.elapsed() < PATIENCE, "waited for: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// How many channels are not full-off.
    pub fn pulsing(&self) -> usize {
        let Ok(registers) = fs::read(&self.chip) else {
            return 0;
        };
        let on = |c: &usize| {
            registers
                .get(9 + 4 * c)
                .is_some_and(|off_h| off_h & 0x10 == 0)
        };
        (0..16).filter(on).count()
    }
}

pub fn signal(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &pid])
            .status()
            .unwrap()
            .success()
    );
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A service manager's socket.
pub struct Manager {
    pub socket: UnixDatagram,
    pub path: PathBuf,
    pub heard: Vec<String>,
}

impl Manager {
    pub fn new(bench: &Bench) -> Self {
        // A socket's path has at most 107 bytes.
        let name = bench.folder.file_name().unwrap().to_str().unwrap();
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            path,
            heard: Vec::new(),
        }
    }

    /// Listens until something with `what` in it is said.
    pub fn hear(&mut self, what: &str) -> String {
        let mut buffer = [0; 4096];
        let start = Instant::now();
        loop {
            // A watchdog is fed meanwhile.
            let in_time = start.elapsed() < PATIENCE;
            let Some(length) = in_time
                .then(|| self.socket.recv(&mut buffer).ok())
                .flatten()
            else {
                panic!("never heard {what:?}, only {:?}", self.heard)
            };
            let message = text(&buffer[..length]);
            self.heard.push(message.clone());
            if message.contains(what) {
                return message;
            }
        }
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Watches a program that was told to stop until it ends well or badly: it must
/// have relaxed, and gone to neutral before. Tells how long both took.
pub fn goes_home(child: &mut Child, chip: &Path) {
    let start = Instant::now();
    let (mut relaxed, mut last, mut longest) = (None, Vec::new(), Duration::ZERO);
    let mut looked = start;
    let status = loop {
        let ended = child.try_wait().unwrap();
        let registers = fs::read(chip).unwrap();
        if registers.len() == 256 && relaxed.is_none() {
            longest = longest.max(looked.elapsed());
            looked = Instant::now();
            match (0..8).all(|channel| registers[9 + 4 * channel] & 0x10 != 0) {
                true => relaxed = Some(start.elapsed()),
                false => last = registers,
            }
        }
        if let Some(status) = ended {
            break status;
        }
        assert!(start.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(1));
    };
    let ended = start.elapsed();
    println!("relaxed after {relaxed:?}, ended after {ended:?}: {status}");
    assert!(relaxed.is_some());
    if longest > Duration::from_millis(15) {
        println!("the machine was too busy to see the last frames: {longest:?}");
        return;
    }
    // OFF less ON: 307 ticks at neutral.
    for channel in 0..8 {
        let pair = |at: usize| i32::from(u16::from_le_bytes([last[at], last[at + 1]]));
        let ticks = pair(8 + 4 * channel) - pair(6 + 4 * channel);
        assert!((ticks - 307).abs() <= 8, "channel {channel}: {ticks} ticks");
    }
}
