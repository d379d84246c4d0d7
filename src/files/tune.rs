//! `motion.toml` edited: the numbers that were found by looking.

use super::edit::Document;
use super::{Files, backups, check, look, motion, whole};
use crate::failure::Failure;
use anyhow::{Result, anyhow};
use tentacle_hat::motion::Key;

impl Files {
    /// Writes numbers into `motion.toml` where it has others; comments and order stay,
    /// and a backup is made. What came of it, in words: where nothing can be written,
    /// the lines to put there.
    pub(crate) fn keep(&self, numbers: &[(Key, f64)]) -> String {
        self.tune(numbers).unwrap_or_else(|why| {
            let was = self.load().ok();
            let differs = |(key, number): &&(Key, f64)| {
                was.as_ref()
                    .is_none_or(|hat| (hat.motion.get(*key) - number).abs() > 1e-9)
            };
            let lines = numbers.iter().filter(differs).map(|(key, number)| {
                let path = key.to_string();
                let (table, key) = path.rsplit_once('.').unwrap_or_default();
                format!("[{table}] {key} = {number:?}")
            });
            let lines: Vec<_> = lines.collect();
            format!(
                "not kept: {why:#}; to put into motion.toml: {}",
                lines.join(", ")
            )
        })
    }

    fn tune(&self, numbers: &[(Key, f64)]) -> Result<String> {
        let Some([_, path]) = self.paths() else {
            let why =
                "the files inside the program stay as they are, and `--config DIR` names others";
            return Err(Failure::usage(why).into());
        };
        let tentacles = self.load_rig()?.tentacles().len();
        let _lock = whole::lock(&path, || {})?;
        let before = look::read(&path)?;
        let mut document = Document::new(&before)?;
        let says = check(&path, &before, |reading| motion::motion(reading, tentacles)).ok();
        for (key, number) in numbers {
            // 0.75 turn and -0.25 are the same.
            if says.is_none_or(|motion| motion.get(*key) != *number) {
                document.set_key(*key, *number)?;
            }
        }
        let text = document.text();
        check(&path, &text, |reading| motion::motion(reading, tentacles))
            .map_err(|fault| anyhow!("the new file would be wrong: {fault}"))?;
        let shown = look::shown(&path);
        if text == before {
            return Ok(format!("{shown} says so already"));
        }
        let backup = backups::keep(&path, before.as_bytes())?;
        whole::replace(&path, text.as_bytes(), &path)?;
        Ok(format!(
            "kept in {shown}; what was there is motion.toml.bak.{backup}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_the_numbers_that_changed_are_others() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::Folder(folder.path().to_owned());
        let [servos, motion] = files.paths().unwrap();
        fs::write(servos, super::super::SHIPPED_SERVOS).unwrap();
        let text = super::super::SHIPPED_MOTION.replace("0.20\n", "0.20 # mine\n");
        // Numbers that are shown in another way.
        let text = text.replace("phase-turns = 0.25", "phase-turns = 0.75");
        fs::write(&motion, &text).unwrap();
        let key = |name: &str| Key::all().find(|key| key.to_string() == name).unwrap();
        let numbers = [
            (key("wave.x.frequency-hz"), 0.25),
            (key("wave.x.tentacle-phase-turns"), -0.25),
            (key("wave.y.amplitude"), 0.7),
        ];
        assert!(files.keep(&numbers).starts_with("kept in "));
        let expected = text.replace("0.20 # mine", "0.25 # mine");
        assert_eq!(fs::read_to_string(&motion).unwrap(), expected);
        let backup = motion.with_file_name("motion.toml.bak.1");
        assert_eq!(fs::read_to_string(&backup).unwrap(), text);
        // What says the same is not written.
        assert!(files.keep(&numbers).ends_with("says so already"));
        assert!(!motion.with_file_name("motion.toml.bak.2").exists());
        // What would be wrong neither.
        let said = files.keep(&[(key("wave.x.amplitude"), 0.9)]);
        assert!(said.contains("at most 1 is safe"), "{said}");
        assert_eq!(fs::read_to_string(&motion).unwrap(), expected);
    }

    #[test]
    fn life_comes_into_a_file_of_before() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::Folder(folder.path().to_owned());
        for file in ["servos.toml", "motion.toml"] {
            let release = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/releases/0.1.0");
            fs::copy(format!("{release}/{file}"), folder.path().join(file)).unwrap();
        }
        let before = fs::read_to_string(folder.path().join("motion.toml")).unwrap();
        assert!(
            files
                .keep(&[(Key::Depth, 0.0)])
                .ends_with("says so already")
        );
        assert!(files.keep(&[(Key::Depth, 0.3)]).starts_with("kept in "));
        let text = fs::read_to_string(folder.path().join("motion.toml")).unwrap();
        assert_eq!(text, before + "\n[life]\ndepth = 0.3\n");
    }

    #[test]
    fn what_cannot_be_kept_is_told_line_by_line() {
        let key = Key::all().next().unwrap();
        let said = Files::Shipped.keep(&[(key, 0.21), (Key::Depth, 0.4)]);
        let lines = "to put into motion.toml: [wave.x] frequency-hz = 0.21";
        assert!(said.contains(lines), "{said}");
    }
}
