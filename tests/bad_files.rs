//! Every bad file is refused whole: exit 78, a line for each fault with file,
//! line, key, value and what is allowed, and no pulse.
//!
//! A fixture is named after its fault; what is said of it stands beside it in
//! a `.said` file. `UPDATE_SAID=1` rewrites those, and the difference wants a
//! reviewer.

mod common;

use common::{folder, hat};
use std::fs;
use std::path::Path;

/// What the program says of `text` as `name`, with the good other file.
fn refused(case: &str, name: &str, text: &[u8]) -> String {
    let folder = folder(&format!("bad-{case}"));
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("calibration");
    for file in ["servos.toml", "motion.toml"] {
        fs::copy(shipped.join(file), folder.join(file)).unwrap();
    }
    fs::write(folder.join(name), text).unwrap();
    refused_folder(case, &folder)
}

/// What the program says of a folder that it must refuse.
fn refused_folder(case: &str, folder: &Path) -> String {
    let trace = folder.join("trace.csv");
    let output = hat(&["run", "--unpaced", "--seconds", "1", "--config"])
        .arg(folder)
        .arg("--trace")
        .arg(&trace)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78), "{case}: {output:?}");
    assert!(!trace.exists(), "{case}: nothing moves");
    let said = String::from_utf8(output.stderr).unwrap();
    said.replace(&format!("{}/", folder.display()), "")
        .replace(&folder.display().to_string(), "")
}

#[test]
fn every_fixture_is_refused_with_its_words() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut cases = 0;
    for kind in ["servos", "motion"] {
        for entry in fs::read_dir(fixtures.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "toml") {
                continue;
            }
            let case = path.file_stem().unwrap().to_str().unwrap();
            let text = fs::read(&path).unwrap();
            let said = refused(&format!("{kind}-{case}"), &format!("{kind}.toml"), &text);
            let expected = path.with_extension("said");
            if std::env::var_os("UPDATE_SAID").is_some() {
                fs::write(&expected, &said).unwrap();
            }
            assert_eq!(
                said,
                fs::read_to_string(&expected).unwrap(),
                "{kind}/{case}"
            );
            assert!(said.starts_with(&format!("{kind}.toml:")), "{said}");
            cases += 1;
        }
    }
    assert!(cases > 55, "{cases} fixtures");
}

#[test]
fn more_faults_than_anybody_reads() {
    let text: String = (1..=20_000).map(|i| format!("k{i} = 0\n")).collect();
    let said = refused("many", "motion.toml", text.as_bytes());
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 21, "{said}");
    // The missing wave is the first.
    assert!(lines[19].starts_with("motion.toml:19: k19 is not a key"));
    assert_eq!(lines[20], "motion.toml: and 19981 more faults");
}

#[test]
fn a_huge_file() {
    let said = refused("huge", "servos.toml", &vec![b'#'; (1 << 20) + 1]);
    assert!(said.contains("servos.toml: is larger than 1 MiB"), "{said}");
}

#[test]
fn a_missing_file() {
    let folder = folder("bad-missing-file");
    let said = refused_folder("missing-file", &folder);
    assert!(
        said.contains("servos.toml: there is no such file"),
        "{said}"
    );
    assert!(
        said.contains("motion.toml: there is no such file"),
        "{said}"
    );
}

#[test]
fn a_missing_folder() {
    let folder = folder("bad-missing-folder").join("none");
    let said = refused_folder("missing-folder", &folder);
    assert!(said.contains("no such folder"), "{said}");
}

#[test]
fn faults_of_both_files_are_told_together() {
    let folder = folder("bad-both");
    fs::write(folder.join("servos.toml"), "address = 1\n").unwrap();
    fs::write(folder.join("motion.toml"), "wave = 1\n").unwrap();
    let said = refused_folder("both", &folder);
    assert!(
        said.contains("servos.toml:1: address = 1: must be 0x40"),
        "{said}"
    );
    assert!(
        said.contains("motion.toml:1: wave = 1: must be a table"),
        "{said}"
    );
}
