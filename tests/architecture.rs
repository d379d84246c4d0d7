//! ARCHITECTURE.md's tables are the order of the rooms, and nobody imports upward.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, from the ground up, as ARCHITECTURE.md lists them.
fn rooms() -> Vec<String> {
    let text = include_str!("../ARCHITECTURE.md");
    let room = |line: &str| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned());
    text.lines().filter_map(room).collect()
}

/// The files below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![path],
    };
    entries.flat_map(below).collect()
}

/// Each source file: its path below src, its room, its text without comments.
fn sources() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let source = |path: PathBuf| {
        let below = path
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let room = below.split('/').next().unwrap().trim_end_matches(".rs");
        let text = fs::read_to_string(&path).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        (
            below.clone(),
            room.to_owned(),
            code.collect::<Vec<_>>().join("\n"),
        )
    };
    files(&root).into_iter().map(source).collect()
}

/// The names that stand first in paths from the crate's root: `crate::NAME`,
/// `crate::{NAME, NAME::…}` and the same of the library.
fn imported(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        let is_word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        text.chars().take_while(is_word).collect()
    };
    let mut names = BTreeSet::new();
    for root in ["crate::", "tentacle_hat::"] {
        for after in code.split(root).skip(1) {
            assert!(!after.starts_with('*'), "{root}* hides what is imported");
            match after.strip_prefix('{') {
                None => names.extend([word(after)]),
                Some(list) => {
                    let list = list.split(';').next().unwrap();
                    names.extend(list.split([',', '{']).map(|item| word(item.trim_start())));
                }
            }
        }
    }
    names
}

#[test]
fn nobody_imports_upward() {
    let rooms = rooms();
    let floor = |name: &str| rooms.iter().position(|room| room == name);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, room, code) in sources() {
        if room == "lib" {
            continue;
        }
        let Some(own) = floor(&room) else {
            wrong.push(format!("src/{path}: its room is not in ARCHITECTURE.md"));
            continue;
        };
        for name in imported(&code) {
            seen += usize::from(floor(&name).is_some());
            if floor(&name).is_some_and(|other| other > own) {
                wrong.push(format!(
                    "src/{path} imports {name}, which stands above {room}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 150, "only {seen} imports were seen at all");
}

#[test]
fn every_room_of_the_tables_is_there() {
    let there: BTreeSet<_> = sources().into_iter().map(|(_, room, _)| room).collect();
    let told: BTreeSet<_> = rooms().into_iter().chain(["lib".to_owned()]).collect();
    assert_eq!(there, told);
}

#[test]
fn the_command_line_is_known_to_its_file_and_main_alone() {
    for (path, room, code) in sources() {
        let knows = code.contains("clap") || code.contains("crate::cli");
        assert!(!knows || room == "cli" || room == "main", "src/{path}");
    }
}

#[test]
fn no_two_files_have_the_same_name_for_different_things() {
    let mut names = BTreeSet::new();
    for (path, ..) in sources() {
        let name = path.rsplit('/').next().unwrap().to_owned();
        let is_told = name == "mod.rs" || path.contains("tests");
        assert!(
            is_told || names.insert(name),
            "src/{path}: another file has this name"
        );
    }
}
