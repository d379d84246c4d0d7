//! The calibration folder: `servos.toml` and `motion.toml`, read whole, checked
//! whole, every fault of both reported together.

mod motion;
mod reader;
mod servos;

pub(crate) use servos::Servos;

use crate::failure::{Exit, Failure};
use reader::Document;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use tentacle_hat::calibration::Rig;
use tentacle_hat::drive::Plan;

/// A file larger than this is no calibration file.
const MAX_BYTES: u64 = 1 << 20;

/// `calibration/servos.toml`: its tables are an example.
pub(crate) const SHIPPED_SERVOS: &str = include_str!("../../calibration/servos.toml");
/// `calibration/motion.toml`.
pub(crate) const SHIPPED_MOTION: &str = include_str!("../../calibration/motion.toml");

/// Where the two files come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A folder.
    Folder(PathBuf),
    /// The files in `calibration/`, compiled in: for the virtual board.
    Shipped,
}

impl Source {
    /// Reads and checks both files.
    ///
    /// # Errors
    /// All faults of both files, a line each.
    pub(crate) fn load(&self) -> Result<Plan, Failure> {
        let rig = self.load_rig();
        let tentacles = rig.as_ref().map_or(1, |rig| rig.tentacles().len());
        let motion = self.read("motion.toml", |document| {
            motion::motion(document, tentacles)
        });
        match (rig, motion) {
            (Ok(rig), Ok(motion)) => Ok(Plan { rig, motion }),
            (Err(faults), Ok(_)) | (Ok(_), Err(faults)) => Err(faults),
            (Err(servos), Err(motion)) if servos.message == motion.message => Err(servos),
            (Err(servos), Err(motion)) => Err(Failure {
                exit: servos.exit,
                message: format!("{servos}\n{motion}"),
            }),
        }
    }

    /// Reads and checks `servos.toml`.
    ///
    /// # Errors
    /// All its faults, a line each.
    pub(crate) fn load_rig(&self) -> Result<Rig, Failure> {
        let servos = self.read("servos.toml", servos::servos)?;
        Ok(servos.rig)
    }

    /// Checks the text of a `servos.toml` that is not there yet, as
    /// [`Self::load_rig`] would.
    ///
    /// # Errors
    /// All its faults, a line each.
    pub(crate) fn servos(&self, text: &str) -> Result<Servos, Failure> {
        self.check("servos.toml", text, servos::servos)
    }

    fn read<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&Document<'_>) -> Option<T>,
    ) -> Result<T, Failure> {
        let text = match (self, name) {
            (Self::Shipped, "servos.toml") => SHIPPED_SERVOS.to_owned(),
            (Self::Shipped, _) => SHIPPED_MOTION.to_owned(),
            (Self::Folder(folder), _) if !folder.is_dir() => {
                return Err(Failure::config(format_args!(
                    "{}: there is no such folder; `tentacle-hat calibrate` makes it, and \
                     `--config DIR` names another",
                    folder.display()
                )));
            }
            (Self::Folder(folder), _) => read(&folder.join(name))?,
        };
        self.check(name, &text, parse)
    }

    fn check<T>(
        &self,
        name: &str,
        text: &str,
        parse: impl FnOnce(&Document<'_>) -> Option<T>,
    ) -> Result<T, Failure> {
        let document = Document::new(text);
        let value = parse(&document);
        document
            .finish(&self.path(name), value)
            .map_err(Failure::config)
    }

    fn path(&self, name: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(name).display().to_string(),
            Self::Shipped => format!("calibration/{name}"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Shipped => f.write_str("the shipped calibration"),
        }
    }
}

/// The text of a file.
///
/// # Errors
/// Why it is none.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let say = |exit, what: &dyn fmt::Display| Failure {
        exit,
        message: format!("{}: {what}", path.display()),
    };
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => say(
            Exit::Config,
            &"there is no such file; `tentacle-hat calibrate` makes it",
        ),
        ErrorKind::PermissionDenied => say(
            Exit::Permission,
            &"may not be read by this user: run this with sudo",
        ),
        _ => say(Exit::Config, &error),
    })?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| say(Exit::Config, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        let what = "is larger than 1 MiB: no calibration file";
        return Err(say(Exit::Config, &what));
    }
    String::from_utf8(bytes).map_err(|_| say(Exit::Config, &"is not a text file (UTF-8)"))
}
