//! `examples/say_person.py`, which somebody without this program starts from.

mod common;

use common::bench::{PATIENCE, text};
use common::guest::Listening;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// The script, told so; nothing where there is no Python.
fn script(arguments: &[&str]) -> Option<Child> {
    if let Err(error) = Command::new("python3").arg("--version").output() {
        assert!(std::env::var_os("CI").is_none(), "python3: {error}");
        eprintln!("SKIPPED: there is no python3");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/say_person.py");
    let mut command = Command::new("python3");
    command.arg(script).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    Some(command.spawn().unwrap())
}

#[test]
fn the_hat_reaches_for_whom_the_script_tells() {
    let hat = Listening::new("say-person");
    let Some(mut child) = script(&[hat.path.to_str().unwrap()]) else {
        return;
    };
    let mut guest = hat.guest();
    guest.say(b"watch 10\n");
    guest.sees("people=me.1:");
    guest.sees("scene=reaching");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_tells_each_line_and_prints_what_is_refused() {
    let hat = Listening::new("say-person-lines");
    let Some(mut child) = script(&["-", hat.path.to_str().unwrap()]) else {
        return;
    };
    let mut guest = hat.guest();
    guest.say(b"watch 10\n");
    let mut lines = child.stdin.take().unwrap();
    lines.write_all(b"400 1\n-90 2\n").unwrap();
    guest.sees("people=me.1:-90");
    drop(lines);
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let said = text(&child.wait_with_output().unwrap().stdout);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("no: bearing must be "), "{said}");
}
