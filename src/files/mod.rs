//! The calibration folder: `servos.toml` and `motion.toml`, read whole, checked
//! whole, their faults reported together; and both edited and saved whole.

mod backups;
mod differences;
mod edit;
mod look;
mod marks;
mod motion;
mod points;
mod reader;
mod senses;
mod servos;
mod slips;
mod store;
mod tune;
mod whole;

#[cfg(test)]
pub(crate) use edit::Document;
pub(crate) use points::{Points, UNMEASURED_NEUTRAL, place, tenths};
pub(crate) use servos::Servos;
pub(crate) use store::Store;

use crate::failure::{Exit, Failure};
use reader::Reading;
use std::fmt;
use std::path::{Path, PathBuf};
use tentacle_hat::calibration::{BoardPlan, Rig};
use tentacle_hat::motion::Hat;

/// `calibration/servos.toml`: its tables are an example.
pub(crate) const SHIPPED_SERVOS: &str = include_str!("../../calibration/servos.toml");
/// `calibration/motion.toml`.
pub(crate) const SHIPPED_MOTION: &str = include_str!("../../calibration/motion.toml");

/// Where the service finds its files.
const SERVICE_FOLDER: &str = "/etc/tentacle-hat";

/// Where the two files come from.
#[derive(Clone, Debug)]
pub(crate) enum Files {
    /// The folder that the service on this Pi reads.
    Service,
    /// Another folder.
    Folder(PathBuf),
    /// The files in `calibration/`, compiled in: for the virtual board.
    Shipped,
}

impl Files {
    /// The files in `folder`, for the board of a Pi or for the virtual one; if
    /// none is named, those that belong to it.
    pub(crate) fn of(folder: Option<PathBuf>, is_virtual: bool) -> Self {
        match folder {
            None if is_virtual => Self::Shipped,
            None => Self::Service,
            Some(folder) if !is_virtual && folder == Path::new(SERVICE_FOLDER) => Self::Service,
            Some(folder) => Self::Folder(folder),
        }
    }

    /// Where a calibration is saved: in the place of the shipped files, which
    /// stay as they are, a rehearsal.
    fn calibrated(&self) -> &Path {
        self.folder().unwrap_or(Path::new("rehearsal"))
    }

    /// The folder, but for the shipped files.
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Service => Some(Path::new(SERVICE_FOLDER)),
            Self::Folder(folder) => Some(folder),
            Self::Shipped => None,
        }
    }

    /// Where both files are, but for the shipped ones.
    pub(crate) fn paths(&self) -> Option<[PathBuf; 2]> {
        let folder = self.folder()?;
        Some(["servos.toml", "motion.toml"].map(|name| folder.join(name)))
    }

    /// What a command line needs to mean the same files.
    pub(crate) fn option(&self) -> String {
        match self {
            Self::Service => String::new(),
            Self::Folder(folder) => format!(" --config {}", look::shown(folder)),
            Self::Shipped => " --board virtual".to_owned(),
        }
    }

    /// Reads and checks both files.
    ///
    /// # Errors
    /// All faults of both files, a line each.
    pub(crate) fn load(&self) -> Result<Hat, Failure> {
        let servos = self.read("servos.toml", servos::servos);
        let tentacles = servos.as_ref().map_or(1, |servos| servos.plans.len());
        let motion = self.read("motion.toml", |reading| motion::motion(reading, tentacles));
        match (servos, motion) {
            (Ok(Servos { rig, senses, .. }), Ok(motion)) => Ok(Hat {
                rig,
                motion,
                senses,
            }),
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

    /// Where the board is, as far as a bad `servos.toml` can be read.
    pub(crate) fn legible_board(&self) -> BoardPlan {
        let text = |folder: &Path| look::read(&folder.join("servos.toml")).ok();
        let text = self.folder().and_then(text).unwrap_or_default();
        servos::legible_board(&text)
    }

    /// Checks the text of a `servos.toml` that is not there yet, where a
    /// calibration is saved, as [`Self::load_rig`] would.
    ///
    /// # Errors
    /// All its faults, a line each.
    pub(crate) fn servos(&self, text: &str) -> Result<Servos, Failure> {
        let path = self.calibrated().join("servos.toml");
        check(&path, text, servos::servos)
    }

    fn read<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&Reading<'_>) -> Option<T>,
    ) -> Result<T, Failure> {
        let text = match (self.folder(), name) {
            (None, "servos.toml") => SHIPPED_SERVOS.to_owned(),
            (None, _) => SHIPPED_MOTION.to_owned(),
            (Some(folder), _) if !look::is_folder(folder)? => {
                let what = "there is no such folder; `tentacle-hat calibrate` makes it, and \
                            `--config DIR` names another";
                return Err(look::refused(Exit::Config, folder, what));
            }
            (Some(folder), _) => look::read(&folder.join(name))?,
        };
        let folder = self.folder().unwrap_or(Path::new("calibration"));
        check(&folder.join(name), &text, parse)
    }
}

/// What the text says, or else its faults, which name the file at `path`.
fn check<T>(
    path: &Path,
    text: &str,
    parse: impl FnOnce(&Reading<'_>) -> Option<T>,
) -> Result<T, Failure> {
    let reading = Reading::new(text);
    let value = parse(&reading);
    reading
        .finish(&look::shown(path), value)
        .map_err(Failure::config)
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.folder() {
            Some(folder) => f.write_str(&look::shown(folder)),
            None => f.write_str("the shipped calibration"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_reads_one_folder_and_only_on_a_pi() {
        let own = || Some(PathBuf::from("/etc/tentacle-hat/"));
        assert!(matches!(Files::of(None, false), Files::Service));
        assert!(matches!(Files::of(own(), false), Files::Service));
        assert!(matches!(Files::of(own(), true), Files::Folder(_)));
        let other = Some("/home/pi/hat".into());
        assert!(matches!(Files::of(other, false), Files::Folder(_)));
        assert!(matches!(Files::of(None, true), Files::Shipped));
    }
}
