//! The calibration folder: `servos.toml` and `motion.toml`, read whole, checked
//! whole, every fault of both reported together.

mod motion;
mod reader;
mod servos;

use crate::failure::Failure;
use reader::Document;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use tentacle_hat::calibration::Rig;
use tentacle_hat::drive::Plan;

/// A file larger than this is no calibration file.
const MAX_BYTES: u64 = 1 << 20;

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
        let (servos, motion) = match self {
            Self::Folder(folder) => {
                if !folder.is_dir() {
                    return Err(Failure::config(format_args!(
                        "{}: there is no such folder; `--config DIR` names the one with \
                         servos.toml and motion.toml",
                        folder.display()
                    )));
                }
                (
                    read(&folder.join("servos.toml")),
                    read(&folder.join("motion.toml")),
                )
            }
            Self::Shipped => (
                Ok(include_str!("../../calibration/servos.toml").to_owned()),
                Ok(include_str!("../../calibration/motion.toml").to_owned()),
            ),
        };
        let rig = servos.and_then(|text| self.check("servos.toml", &text, servos::rig));
        let tentacles = rig.as_ref().map_or(1, |rig: &Rig| rig.tentacles().len());
        let motion = motion.and_then(|text| {
            self.check("motion.toml", &text, |document| {
                motion::motion(document, tentacles)
            })
        });
        match (rig, motion) {
            (Ok(rig), Ok(motion)) => Ok(Plan { rig, motion }),
            (Err(faults), Ok(_)) | (Ok(_), Err(faults)) => Err(Failure::config(faults)),
            (Err(servos), Err(motion)) => Err(Failure::config(format_args!("{servos}\n{motion}"))),
        }
    }

    fn check<T>(
        &self,
        name: &str,
        text: &str,
        parse: impl FnOnce(&Document<'_>) -> Option<T>,
    ) -> Result<T, String> {
        let path = match self {
            Self::Folder(folder) => folder.join(name).display().to_string(),
            Self::Shipped => format!("calibration/{name}"),
        };
        let document = Document::new(text);
        let value = parse(&document);
        document.finish(&path, value)
    }
}

/// The text of a file, or why it is none.
fn read(path: &Path) -> Result<String, String> {
    let say = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let file = File::open(path).map_err(|error| say(&error))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| say(&error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(say(&"is larger than 1 MiB: no calibration file"));
    }
    String::from_utf8(bytes).map_err(|_| say(&"is not a text file (UTF-8)"))
}
