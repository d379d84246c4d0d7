//! Those who call at a hat's socket.

use super::{HEAD, SERVICES, reach};
use crate::failure::{Exit, Failure};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a hat may take to answer: its board may be late by a second.
const PATIENCE: Duration = Duration::from_secs(3);
/// No line of a hat is so long.
const LONGEST: usize = 1 << 14;

/// A connection to a hat.
#[derive(Debug)]
pub(crate) struct Call {
    path: PathBuf,
    hat: BufReader<UnixStream>,
    /// What came of a line so far.
    line: Vec<u8>,
}

/// What a hat says.
#[derive(Debug)]
pub(crate) enum Heard {
    Line(String),
    /// Nothing for so long.
    Nothing,
    /// Nothing any more.
    End,
}

impl Call {
    /// Connects to the hat that listens at `path`.
    ///
    /// # Errors
    /// There is none, or it may not be spoken to.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let open = || {
            let hat = reach(path)?;
            hat.set_nonblocking(false)?;
            Ok(BufReader::new(hat))
        };
        let hat = open().map_err(|error: std::io::Error| explain(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            hat,
            line: Vec::new(),
        })
    }

    /// Says a cue.
    ///
    /// # Errors
    /// Its answer, if that is not `ok`; there is none.
    pub(crate) fn cue(&mut self, line: &str) -> Result<(), Failure> {
        match self.ask(line)?.as_str() {
            "ok" => Ok(()),
            HEAD => Err(Failure::usage("`tentacle-hat watch` watches the hat")),
            answer => Err(Failure::other(answer)),
        }
    }

    /// Has the hat tell its states from now on, so many a second.
    ///
    /// # Errors
    /// It does not, or in other words than ours.
    pub(crate) fn watch(&mut self, hz: Option<&str>) -> Result<(), Failure> {
        let answer = self.ask(&format!("watch {}", hz.unwrap_or_default()))?;
        match answer.strip_prefix("no: ") {
            _ if answer == HEAD => Ok(()),
            Some(_) => Err(Failure::other(answer)),
            None => Err(Failure::other(format_args!(
                "{}: the hat says \"{answer}\" where \"{HEAD}\" is understood: it is of another \
                 version",
                self.path.display()
            ))),
        }
    }

    fn ask(&mut self, line: &str) -> Result<String, Failure> {
        // What nobody takes nobody answers. A hat hears a line, whatever is in it.
        let _ = writeln!(self.hat.get_mut(), "{}", line.replace('\n', " "));
        let why = match self.hear(PATIENCE) {
            Heard::Line(line) => return Ok(line),
            Heard::Nothing => "the hat does not answer; is its process stopped?",
            Heard::End => "the hat went away before it answered",
        };
        Err(Failure::other(format_args!(
            "{}: {why}",
            self.path.display()
        )))
    }

    /// The next line, if it comes in time.
    pub(crate) fn hear(&mut self, patience: Duration) -> Heard {
        let room = (LONGEST - self.line.len()) as u64;
        let timed = self.hat.get_ref().set_read_timeout(Some(patience));
        let read =
            timed.and_then(|()| (&mut self.hat).take(room).read_until(b'\n', &mut self.line));
        match read {
            Ok(_) if self.line.pop_if(|last| *last == b'\n').is_some() => {
                let line = std::mem::take(&mut self.line);
                Heard::Line(String::from_utf8_lossy(&line).into_owned())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Heard::Nothing,
            // Without its end it is no line.
            _ => Heard::End,
        }
    }
}

fn explain(path: &Path, error: &std::io::Error) -> Failure {
    let place = path.display();
    let is_services = path == Path::new(SERVICES);
    let (exit, why) = match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
            let start = match is_services {
                true => "`sudo systemctl start tentacle-hat` starts it; one that is run by hand \
                         listens with `run --socket PATH`"
                    .to_owned(),
                false => format!("`tentacle-hat run --socket {place}` starts one"),
            };
            (Exit::NoBoard, format!("no hat listens there: {start}"))
        }
        ErrorKind::PermissionDenied => {
            let why = "this user may not speak to the hat: `sudo usermod -aG tentacle-hat $USER`, \
                       and log in again";
            (Exit::Permission, why.to_owned())
        }
        ErrorKind::WouldBlock => (Exit::Other, "the hat does not answer".to_owned()),
        _ => (Exit::Other, error.to_string()),
    };
    let message = format!("{place}: {why}");
    Failure { exit, message }
}
