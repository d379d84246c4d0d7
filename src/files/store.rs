//! `servos.toml` as it was read, and how it is saved.

use super::edit::Document;
use super::look::{self, shown};
use super::{Files, SHIPPED_MOTION, SHIPPED_SERVOS, Servos, backups, differences, whole};
use crate::failure::{Exit, Failure};
use crate::say::{say, tell};
use anyhow::{Result, anyhow, bail};
use rustix::process::geteuid;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tentacle_hat::calibration::ServoName;

/// The calibration that a command works on.
pub(crate) struct Store {
    files: Files,
    path: PathBuf,
    text: String,
    pub(crate) servos: Servos,
    /// While it is held, nobody else saves.
    lock: Option<whole::Lock>,
}

/// What a save did.
pub(crate) struct Saved {
    created: Vec<PathBuf>,
    /// Or else `servos.toml` said so already.
    pub(crate) changed: bool,
    /// The number of the backup of what was there.
    backup: Option<u32>,
}

/// A change to the file.
type Edit<'a> = &'a mut dyn FnMut(&mut Document) -> Result<()>;

/// An earlier state of the file.
pub(crate) struct Backup {
    pub(crate) number: u32,
    /// When it was replaced.
    pub(crate) until: Option<SystemTime>,
    /// What would change, if it is TOML.
    pub(crate) differences: Option<Vec<String>>,
}

impl Store {
    /// Reads `servos.toml`; where there is none yet, the shipped one without its
    /// tables stands for it.
    ///
    /// # Errors
    /// All faults of the file, a line each.
    pub(crate) fn open(files: &Files) -> Result<Self> {
        let path = servos_in(files.calibrated())?;
        let text = text(&path)?;
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
        Ok(Self {
            lock: Some(lock(before.path())?),
            ..Self::open(files)?
        })
    }

    /// The backups of the file, the youngest first; it may be bad itself.
    ///
    /// # Errors
    /// The folder's.
    pub(crate) fn backups(files: &Files) -> Result<Vec<Backup>, Failure> {
        let path = servos_in(files.calibrated())?;
        let now = look::read(&path).unwrap_or_default();
        let backup = |(number, path): (u32, PathBuf)| Backup {
            number,
            until: fs::metadata(&path).and_then(|file| file.modified()).ok(),
            differences: look::read(&path)
                .ok()
                .and_then(|text| differences::between(&now, &text)),
        };
        Ok(backups::of(&path).into_iter().rev().map(backup).collect())
    }

    /// Puts a backup in the place of the file, of which one is made before.
    ///
    /// # Errors
    /// The file is then as it was.
    pub(crate) fn restore(files: &Files, number: u32) -> Result<()> {
        let path = servos_in(files.calibrated())?;
        check_writable(&path)?;
        let _lock = lock(&path)?;
        let backups = backups::of(&path);
        let Some((_, backup)) = backups.iter().find(|(other, _)| *other == number) else {
            bail!(
                "there is no backup {number}; `tentacle-hat calibrate restore{}` lists them",
                files.option()
            );
        };
        let text = look::read(backup)?;
        if let Err(faults) = files.servos(&text) {
            bail!("backup {number} has faults itself; nothing was changed:\n{faults}");
        }
        let kept = match look::is_file(&path)? {
            true => Some(backups::keep(&path, &fs::read(&path)?)?),
            false => None,
        };
        whole::replace(&path, text.as_bytes(), &path)?;
        let kept = kept.map(|n| format!("; what was there is backup {n} now"));
        tell(format_args!(
            "{}: is backup {number} again{}",
            shown(&path),
            kept.unwrap_or_default()
        ));
        Ok(())
    }

    /// Where the calibration is saved.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder as it was named.
    pub(crate) fn folder(&self) -> &Path {
        self.files.calibrated()
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
        check_writable(&self.path)
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
    pub(crate) fn save(&mut self, edit: Edit<'_>) -> Result<Saved> {
        let path = self.path.clone();
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
        let motion = self.folder().join("motion.toml");
        if !look::is_file(&motion)? {
            whole::replace(&motion, SHIPPED_MOTION.as_bytes(), &motion)?;
            created.push(motion);
        }
        let is_there = look::is_file(&path)?;
        let changed = !is_there || text != now;
        let mut backup = None;
        if changed {
            match is_there {
                true => backup = Some(backups::keep(&path, now.as_bytes())?),
                false => created.push(path.clone()),
            }
            whole::replace(&path, text.as_bytes(), &path)?;
        }
        self.text = text;
        self.servos = servos;
        Ok(Saved {
            created,
            changed,
            backup,
        })
    }

    /// Tells what a save did, and, if it was to the service's file, what comes
    /// `next`.
    pub(crate) fn tell(&self, saved: &Saved, next: Option<&str>) {
        for created in &saved.created {
            tell(format_args!("created {}", shown(created)));
        }
        let path = shown(&self.path);
        match saved.backup {
            Some(n) => tell(format_args!(
                "{path}: saved; `tentacle-hat calibrate restore {n}{}` takes it back",
                self.files.option()
            )),
            None if saved.changed => {}
            None => tell(format_args!("{path}: says so already, and is as it was")),
        }
        if saved.changed {
            self.warn();
        }
        if self.is_the_services() {
            next.iter().for_each(tell);
        }
    }

    /// Warns of a save that the next start takes away. Of the service's folder
    /// alone: to containers, such a file system is what a card is to a Pi.
    pub(crate) fn warn(&self) {
        let path = &self.path;
        if self.is_the_services() && whole::is_on_overlay(path) {
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

/// Keeps other saves to `path` out, and says so where that takes long.
fn lock(path: &Path) -> Result<whole::Lock> {
    whole::lock(path, || {
        let what = "waiting for another `tentacle-hat calibrate`, which is saving there";
        let folder = shown(whole::folder(path));
        say(format_args!("{folder}: {what}; Ctrl-C gives up"));
    })
}

/// Whether a save to `path` will succeed.
///
/// # Errors
/// Why not, and what to do.
fn check_writable(path: &Path) -> Result<(), Failure> {
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
        store
            .save(&mut |document| document.set_trim(0, 5.0))
            .unwrap();
        let backup = fs::read_to_string(whole::beside(&path, ".bak.1"));
        assert_eq!(backup.unwrap(), edited);
    }
}
