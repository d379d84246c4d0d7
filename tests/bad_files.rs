//! Every bad file is refused whole: exit 78, a line for each fault with file,
//! line, key, value and what is allowed, and no pulse.
//!
//! A fixture is named after its fault; what is said of it stands beside it in
//! a `.said` file. `UPDATE_SAID=1` rewrites those, and the difference wants a
//! reviewer.

mod common;

use common::{bench, folder, hat};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

/// Every command that reads the files.
const READERS: [&str; 7] = [
    "run --seconds 1 --unpaced",
    "check",
    "check --files",
    "calibrate",
    "calibrate set front-left.x --negative 1400 --positive 1600",
    "calibrate trim front-left.x 5",
    "calibrate clock --commanded-us 1500 --measured-us 1500",
];

/// The program, started.
fn starts(words: &str, config: &Path) -> Child {
    reader(words, config).spawn().unwrap()
}

fn reader(words: &str, config: &Path) -> Command {
    let mut command = hat(&words.split(' ').collect::<Vec<_>>());
    command.arg("--config").arg(config);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// All that is said, and the exit code; a command that hangs fails.
fn ends(mut child: Child) -> (String, Option<i32>) {
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > bench::PATIENCE {
            child.kill().unwrap();
            panic!("it hangs");
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let Output {
        stdout,
        stderr,
        status,
    } = child.wait_with_output().unwrap();
    (bench::text(&[stdout, stderr].concat()), status.code())
}

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

#[test]
fn what_is_no_file_is_named_and_nothing_waits_for_it() {
    type Maker = fn(&Path);
    let make: [(&str, Maker); 5] = [
        ("a pipe", |path| {
            mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        }),
        ("a folder", |path| fs::create_dir(path).unwrap()),
        ("a socket", |path| {
            // Its path may be too long.
            let short = std::env::temp_dir().join(format!("bad-socket-{}", std::process::id()));
            drop(UnixListener::bind(&short).unwrap());
            fs::rename(short, path).unwrap();
        }),
        ("a device", |path| symlink("/dev/zero", path).unwrap()),
        ("a link to gone.toml, where nothing is", |path| {
            symlink("gone.toml", path).unwrap();
        }),
    ];
    for (kind, make) in make {
        for name in ["servos.toml", "motion.toml"] {
            let folder = folder("bad-no-file");
            let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("calibration");
            for file in ["servos.toml", "motion.toml"] {
                fs::copy(shipped.join(file), folder.join(file)).unwrap();
            }
            fs::remove_file(folder.join(name)).unwrap();
            make(&folder.join(name));
            let before = fs::symlink_metadata(folder.join(name)).unwrap();
            let expected = format!("{name}: is {kind}");
            for words in READERS {
                let (said, code) = ends(starts(words, &folder));
                assert_eq!(code, Some(78), "{kind}, {words}: {said}");
                assert!(said.contains(&expected), "{kind}, {words}: {said}");
            }
            let after = fs::symlink_metadata(folder.join(name)).unwrap();
            assert_eq!(after.file_type(), before.file_type(), "{kind} as {name}");
            assert_eq!(
                fs::read_dir(&folder).unwrap().count(),
                2,
                "{kind} as {name}"
            );
        }
        // Servos that hold on are worse than a guess: it says so, and goes on.
        let folder = folder("bad-no-file-relax");
        make(&folder.join("servos.toml"));
        let (said, code) = ends(starts("relax", &folder));
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("servos.toml: is {kind}")), "{said}");
    }
}

#[test]
fn what_is_no_folder_is_named() {
    let parent = folder("bad-no-folder");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("calibration");
    let file = parent.join("servos.toml");
    fs::copy(shipped.join("servos.toml"), &file).unwrap();
    let link = parent.join("link");
    symlink("gone", &link).unwrap();
    let folder = format!(
        "is a file; give the folder of servos.toml and motion.toml: \
                          `--config {}`",
        parent.display()
    );
    for words in READERS {
        let (said, code) = ends(starts(words, &file));
        assert_eq!(code, Some(78), "{words}: {said}");
        assert!(said.contains(&folder), "{words}: {said}");
        let (said, code) = ends(starts(words, &link));
        assert_eq!(code, Some(78), "{words}: {said}");
        assert!(
            said.contains("is a link to gone, where nothing is"),
            "{words}: {said}"
        );
    }
}

#[test]
fn a_folder_that_this_user_may_not_reach() {
    let closed = folder("bad-closed");
    let config = closed.join("hat");
    fs::create_dir(&config).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    for words in READERS {
        let mut command = reader(words, &config);
        if rustix::process::geteuid().is_root() {
            command.uid(65_534);
        }
        let Ok(child) = command.spawn() else {
            eprintln!("SKIPPED: nobody else may run programs from the build folder");
            break;
        };
        let (said, code) = ends(child);
        assert_eq!(code, Some(77), "{words}: {said}");
        assert!(
            said.contains("bad-closed/hat: may not be read by this user"),
            "{said}"
        );
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_long_key_is_cut_short() {
    let key = "k".repeat(100_000);
    let said = refused("long-key", "motion.toml", format!("{key} = 1\n").as_bytes());
    let line = format!("{}… is not a key; ", "k".repeat(48));
    assert!(said.contains(&line), "{said}");
    assert!(said.len() < 1000, "{said}");
}
