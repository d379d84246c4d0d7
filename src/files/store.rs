//! `servos.toml` as it was read, and how it is saved.

use super::edit::Document;
use super::look::{self, shown};
use super::{Files, SHIPPED_MOTION, SHIPPED_SERVOS, Servos, whole};
use crate::failure::{Exit, Failure};
use crate::say::{say, tell};
use anyhow::{Context, Result, anyhow, bail};
use rustix::process::geteuid;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tentacle_hat::calibration::ServoName;

/// The calibration that a command works on.
pub(crate) struct Store {
    files: Files,
    /// Where it is saved; nowhere on the virtual board without `--config`.
    path: Option<PathBuf>,
    text: String,
    pub(crate) servos: Servos,
    /// While it is held, nobody else saves.
    lock: Option<whole::Lock>,
}

/// What a save did.
pub(crate) struct Saved {
    created: Vec<PathBuf>,
    /// Or else `servos.toml` said so already.
    changed: bool,
}

impl Store {
    /// Reads `servos.toml`; where there is none yet, the shipped one without its
    /// tables stands for it.
    ///
    /// # Errors
    /// All faults of the file, a line each.
    pub(crate) fn open(files: &Files) -> Result<Self> {
        let path = files.folder().map(servos_in).transpose()?;
        let text = match &path {
            Some(path) => text(path)?,
            None => SHIPPED_SERVOS.to_owned(),
        };
        let servos = files.servos(&text)?;
        Ok(Self {
            files: files.clone(),
            path,
            text,
            servos,
            lock: None,
        })
    }

    /// As [`Self::open`], for a change at once: other saves are kept out before
    /// the file is read, until the store is dropped.
    ///
    /// # Errors
    /// Those of [`Self::check_writable`] too.
    pub(crate) fn open_locked(files: &Files) -> Result<Self> {
        let before = Self::open(files)?;
        before.check_writable()?;
        let lock = whole::lock(before.path().context(NOWHERE)?, || {
            let what = "waiting for another `tentacle-hat calibrate`, which is saving there";
            say(format_args!("{files}: {what}; Ctrl-C gives up"));
        })?;
        let lock = Some(lock);
        Ok(Self {
            lock,
            ..Self::open(files)?
        })
    }

    /// Where the calibration is saved, if anywhere.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether it is the file that the service on this Pi reads.
    pub(crate) fn is_the_services(&self) -> bool {
        matches!(self.files, Files::Service)
    }

    /// Whether [`Self::save`] will be able to write.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(crate) fn check_writable(&self) -> Result<(), Failure> {
        let Some(path) = &self.path else {
            return Err(Failure::other(NOWHERE));
        };
        let refused = |exit, why: &str| Failure {
            exit,
            message: format!("{}: {why}; nothing was changed", shown(path)),
        };
        let owner = fs::metadata(path).ok().map(|file| file.uid());
        if owner.is_some_and(|uid| !geteuid().is_root() && uid != geteuid().as_raw()) {
            let why = "belongs to another user, who must keep it: run this with sudo";
            return Err(refused(Exit::Permission, why));
        }
        whole::try_folder(path).map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => refused(
                Exit::Permission,
                "this user may not write in its folder: run this with sudo",
            ),
            ErrorKind::ReadOnlyFilesystem => refused(
                Exit::Other,
                "is on a read-only file system: `sudo mount -o remount,rw /` makes the Pi's \
                 card writable",
            ),
            _ => refused(Exit::Other, &format!("cannot be written: {error}")),
        })
    }

    /// Finds a servo by the name that users give it.
    ///
    /// # Errors
    /// There is none of that name; the nearest.
    pub(crate) fn find(&self, name: &str) -> Result<(usize, ServoName), Failure> {
        let rig = &self.servos.rig;
        let names: Vec<_> = (0..rig.servos().len()).map(|i| rig.servo_name(i)).collect();
        if let Some(i) = names.iter().position(|n| n.to_string() == name) {
            return Ok((i, names[i]));
        }
        let words: Vec<String> = names.iter().map(ServoName::to_string).collect();
        let near = crate::nearest::nearest(name, words.iter().map(String::as_str));
        let is_tentacle = rig.tentacles().iter().any(|t| t.name.as_str() == name);
        let hint = match near {
            _ if is_tentacle => format!("that tentacle's two are {name}.x and {name}.y"),
            Some(near) => format!("did you mean {near}?"),
            None => format!("the servos are {}", words.join(", ")),
        };
        Err(Failure {
            exit: Exit::Usage,
            message: format!("there is no servo {name:?}; {hint}"),
        })
    }

    /// Edits the file and puts the new one in its place; a copy of the old one
    /// is made before. What is saved, `run` loads.
    ///
    /// # Errors
    /// The file is then as it was.
    pub(crate) fn save(&mut self, edit: impl FnOnce(&mut Document) -> Result<()>) -> Result<Saved> {
        let path = self.path.clone().context(NOWHERE)?;
        let _lock = match &self.lock {
            Some(_) => None,
            // The session's picture is on the screen, and its save may wait in silence.
            None => Some(whole::lock(&path, || {})?),
        };
        let now = self.unchanged_text(&path)?;
        let mut document = Document::new(&now)?;
        edit(&mut document)?;
        let text = document.text();
        let servos = self
            .files
            .servos(&text)
            .map_err(|fault| anyhow!("nothing was saved; the new file would be wrong:\n{fault}"))?;

        let mut created = Vec::new();
        // First motion.toml: without it, servos.toml alone does not run.
        let motion = self.files.folder().context(NOWHERE)?.join("motion.toml");
        if !look::is_file(&motion)? {
            whole::replace(&motion, SHIPPED_MOTION.as_bytes(), &motion)?;
            created.push(motion);
        }
        let is_there = look::is_file(&path)?;
        let changed = !is_there || text != now;
        if changed {
            match is_there {
                true => {
                    let backup = whole::beside(&path, ".bak");
                    whole::replace(&backup, now.as_bytes(), &path)?;
                }
                false => created.push(path.clone()),
            }
            whole::replace(&path, text.as_bytes(), &path)?;
        }
        self.text = text;
        self.servos = servos;
        Ok(Saved { created, changed })
    }

    /// Tells what a save did, and, if it was to the service's file, what comes
    /// `next`.
    pub(crate) fn tell(&self, saved: &Saved, next: &str) {
        for created in &saved.created {
            tell(format_args!("created {}", shown(created)));
        }
        if let Some(path) = self.path()
            && !saved.created.iter().any(|created| created == path)
        {
            let what = match saved.changed {
                true => "saved; the file before is in servos.toml.bak",
                false => "says so already; it and servos.toml.bak are as they were",
            };
            tell(format_args!("{}: {what}", shown(path)));
        }
        if saved.changed {
            self.warn();
        }
        if self.is_the_services() {
            tell(next);
        }
    }

    /// Warns of a save that the next start takes away. Of the service's folder
    /// alone: to containers, such a file system is what a card is to a Pi.
    pub(crate) fn warn(&self) {
        if let Some(path) = &self.path
            && self.is_the_services()
            && whole::is_on_overlay(path)
        {
            say(format_args!(
                "{}: is on an overlay file system, which forgets it at the next start of the \
                 Pi. Copy it to another computer, turn that off with `sudo raspi-config nonint \
                 do_overlayfs 1`, restart, and copy it back",
                shown(path)
            ));
        }
    }

    /// The file's text as it is now. Somebody may have edited a comment
    /// meanwhile, which stays; a number that is another makes what was measured
    /// here doubtful.
    fn unchanged_text(&self, path: &Path) -> Result<String> {
        let now = text(path)?;
        if now != self.text {
            let servos = self.files.servos(&now)?;
            if servos.plans != self.servos.plans || servos.rig.board() != self.servos.rig.board() {
                bail!(
                    "{} was changed by somebody else meanwhile: note your numbers, leave, and start again",
                    shown(path)
                );
            }
        }
        Ok(now)
    }
}

const NOWHERE: &str = "there is nothing to save to: `--board virtual` without `--config DIR` \
                       uses the files inside the program";

/// Where the folder's `servos.toml` is saved: a link is kept, and what it leads
/// to is replaced.
fn servos_in(folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join("servos.toml");
    look::is_folder(folder)?;
    // Beside what is no file, no save would run: better told before the work.
    look::is_file(&folder.join("motion.toml"))?;
    match look::is_file(&path)? {
        true => fs::canonicalize(&path).map_err(|error| look::failed(&path, &error)),
        false => Ok(path),
    }
}

/// The text of the file, or what a first one holds.
fn text(path: &Path) -> Result<String> {
    match look::is_file(path)? {
        true => Ok(look::read(path)?),
        false => first_text(),
    }
}

/// The shipped file, whose tables are another hat's.
fn first_text() -> Result<String> {
    let mut document = Document::new(SHIPPED_SERVOS)?;
    let servos = Files::Shipped.servos(SHIPPED_SERVOS)?.rig.servos().len();
    document.remove_tables(servos)?;
    Ok(document.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backup_is_what_was_there_at_the_save() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servos.toml");
        fs::write(&path, SHIPPED_SERVOS).unwrap();
        let mut store = Store::open(&Files::Folder(folder.path().into())).unwrap();
        let edited = SHIPPED_SERVOS.to_owned() + "# bought in Leeds\n";
        fs::write(&path, &edited).unwrap();
        store.save(|document| document.set_trim(0, 5.0)).unwrap();
        let backup = fs::read_to_string(whole::beside(&path, ".bak"));
        assert_eq!(backup.unwrap(), edited);
    }
}
