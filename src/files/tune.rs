//! `motion.toml` edited: the numbers that were found by looking.

use super::edit::Document;
use super::{Files, backups, check, look, motion, whole};
use crate::failure::Failure;
use anyhow::{Result, anyhow};
use std::path::PathBuf;
use tentacle_hat::motion::Key;

impl Files {
    /// Writes numbers into `motion.toml` where it has others; comments and order stay,
    /// and a backup is made. Whether it had others.
    ///
    /// # Errors
    /// The file is then as it was.
    pub(crate) fn tune(&self, numbers: &[(Key, f64)]) -> Result<Option<PathBuf>> {
        let Some([_, path]) = self.paths() else {
            let why = "the files inside the program stay as they are; `--config DIR` names others";
            return Err(Failure::usage(why).into());
        };
        let tentacles = self.load_rig()?.tentacles().len();
        let _lock = whole::lock(&path, || {})?;
        let before = look::read(&path)?;
        let mut document = Document::new(&before)?;
        for (key, number) in numbers {
            document.set_key(*key, *number)?;
        }
        let text = document.text();
        check(&path, &text, |reading| motion::motion(reading, tentacles))
            .map_err(|fault| anyhow!("nothing was saved; the new file would be wrong:\n{fault}"))?;
        if text == before {
            return Ok(None);
        }
        let saved = backups::keep(&path, before.as_bytes())
            .and_then(|_| whole::replace(&path, text.as_bytes(), &path));
        saved.map(|()| Some(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_numbers_that_changed_are_others() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::Folder(folder.path().to_owned());
        let [servos, motion] = files.paths().unwrap();
        std::fs::write(servos, super::super::SHIPPED_SERVOS).unwrap();
        let text = super::super::SHIPPED_MOTION.replace("0.20\n", "0.20 # mine\n");
        std::fs::write(&motion, &text).unwrap();
        let key = |name: &str| Key::all().find(|key| key.to_string() == name).unwrap();
        let numbers = [
            (key("wave.x.frequency-hz"), 0.25),
            (key("wave.y.amplitude"), 0.7),
        ];
        assert_eq!(files.tune(&numbers).unwrap(), Some(motion.clone()));
        let expected = text.replace("0.20 # mine", "0.25 # mine");
        assert_eq!(std::fs::read_to_string(&motion).unwrap(), expected);
        let backup = motion.with_file_name("motion.toml.bak.1");
        assert_eq!(std::fs::read_to_string(&backup).unwrap(), text);
        // What says the same is not written.
        assert_eq!(files.tune(&numbers).unwrap(), None);
        assert!(!motion.with_file_name("motion.toml.bak.2").exists());
        // What would be wrong neither.
        let wide = [(key("wave.x.amplitude"), 0.9)];
        let said = files.tune(&wide).unwrap_err().to_string();
        assert!(said.contains("at most 1 is safe"), "{said}");
        assert_eq!(std::fs::read_to_string(&motion).unwrap(), expected);
    }
}
