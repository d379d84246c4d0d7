//! `cue`, `watch` and `relax` beside a hat that moves.

mod common;
mod session;

use common::bench::{signal, text};
use common::guest::{Listening, socket_path};
use session::Session;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

/// What the program does at that hat's socket.
fn at(hat: &Listening, arguments: &[&str]) -> Output {
    let socket = ["--socket", hat.path.to_str().unwrap()];
    hat.bench.output(&[arguments, &socket].concat())
}

#[test]
fn a_cue_is_said_and_its_answer_is_the_exit_code() {
    let hat = Listening::new("cue-said");
    for words in [
        &["fold"][..],
        &["startle", "-90.5"],
        &["mood calm"],
        &["demo", "on"],
    ] {
        let output = at(&hat, &[&["cue"], words].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "ok\n");
    }
    for (words, code, why) in [
        (
            &["mood", "angry"][..],
            1,
            "no: \"angry\" is no mood: lively, calm, still\n",
        ),
        (
            &["fold\nunfold"],
            1,
            "no: nothing belongs after \"unfold\"\n",
        ),
        (&[""], 1, "no: cue is missing: "),
        (&["watch"], 2, "`tentacle-hat watch` watches the hat\n"),
        (
            &[],
            2,
            "error: the following required arguments were not provided",
        ),
    ] {
        let output = at(&hat, &[&["cue"], words].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.starts_with(why), "{said}");
        assert_eq!(text(&output.stdout), "");
    }
    let output = at(&hat, &["watch", "51"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("no: `watch HZ` wants one number"));
}

#[test]
fn who_finds_no_hat_is_told_what_to_do() {
    let mut hat = Listening::new("cue-nobody");
    // Killed, so that its socket is left behind, and then not even that.
    hat.child.kill().unwrap();
    hat.child.wait().unwrap();
    for _ in 0..2 {
        for command in [&["cue", "fold"][..], &["watch"]] {
            let output = at(&hat, command);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(69), "{said}");
            assert!(
                said.contains("no hat listens there: `tentacle-hat run --socket"),
                "{said}"
            );
        }
        let _ = fs::remove_file(&hat.path);
    }
    let name = "x".repeat(120);
    let output = hat.bench.output(&["cue", "fold", "--socket", &name]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}

#[test]
fn who_may_not_is_told_how_he_may() {
    let hat = Listening::new("cue-denied");
    fs::set_permissions(&hat.path, fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tentacle-hat"));
    command.args(["cue", "fold", "--socket"]).arg(&hat.path);
    if rustix::process::getuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let Ok(output) = command.output() else {
        println!("another user may not even run the program here");
        return;
    };
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(77), "{said}");
    assert!(
        said.contains("sudo usermod -aG tentacle-hat $USER"),
        "{said}"
    );
}

#[test]
fn a_hat_whose_process_is_stopped_is_not_waited_for() {
    let hat = Listening::new("cue-stopped");
    signal(&hat.child, "-STOP");
    let output = at(&hat, &["cue", "fold"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the hat does not answer"), "{said}");
}

#[test]
fn states_are_printed_until_nobody_reads_them_or_the_hat_is_gone() {
    let mut hat = Listening::new("watch-lines");
    let watch = || {
        let socket = ["--socket", hat.path.to_str().unwrap()];
        let mut command = hat.bench.command(&[&["watch", "50"][..], &socket].concat());
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        (child, lines.map(Result::unwrap))
    };
    let (child, mut lines) = watch();
    assert_eq!(lines.next().unwrap(), "state 1");
    let state = lines.find(|line| line.contains(" scene=life ")).unwrap();
    assert!(
        state.starts_with("t=") && state.contains(" mood=lively "),
        "{state}"
    );
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "");

    let (child, mut lines) = watch();
    assert_eq!(lines.next().unwrap(), "state 1");
    signal(&hat.child, "-TERM");
    assert!(lines.any(|line| line.contains(" stopping=yes ")));
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    assert!(text(&output.stderr).contains("the hat is gone"));
    assert!(hat.child.wait().unwrap().success());
}

#[test]
fn relax_asks_the_hat_that_moves() {
    let hat = Listening::new("relax-asks");
    hat.bench
        .wait("all servos pulse", || hat.bench.pulsing() == 8);
    let output = at(&hat, &["relax"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("`tentacle-hat cue engage` engages them again"));
    hat.bench.wait("all are limp", || hat.bench.pulsing() == 0);
    assert!(at(&hat, &["cue", "engage"]).status.success());
    hat.bench
        .wait("all servos pulse", || hat.bench.pulsing() == 8);
    // Where nobody listens it is as ever.
    for socket in [&[][..], &["--socket", "/nowhere"]] {
        let output = hat.bench.output(&[&["relax"], socket].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(75), "{said}");
        assert!(said.contains("is driven by process"), "{said}");
    }
}

/// `watch` of that hat in a terminal.
fn watched(hat: &Listening) -> Session {
    let (path, folder) = (
        hat.path.to_str().unwrap(),
        hat.bench.folder.to_str().unwrap(),
    );
    Session::with(
        24,
        80,
        None,
        &["watch", "25", "--socket", path, "--config", folder],
    )
}

#[test]
fn a_terminal_shows_the_hat_that_another_process_moves() {
    let mut hat = Listening::new("watch-view");
    let mut session = watched(&hat);
    session.see("front-left.x");
    session.see("life");
    session.see(" µs ");
    session.see("frames/s");
    session.press("x");
    session.see("^Z pauses  m mood");
    assert!(at(&hat, &["cue", "fold"]).status.success());
    session.see("folded");

    // It is gone, and comes back with its time from the start.
    assert!(hat.stop().success());
    session.see("the hat is gone; looking for it");
    hat.again();
    session.see("life");
    session.see("frames/s");
    assert!(!session.shown().contains("gone"));
    // Leaving does nothing to the hat.
    session.press("q");
    let (status, _) = session.end();
    assert!(status.success());
    assert_eq!(hat.guest().ask("fold"), "ok");
    assert_eq!(hat.child.try_wait().unwrap(), None);
}

#[test]
fn a_terminal_follows_the_file_that_the_hat_moves_by() {
    let hat = Listening::with("watch-files", &["--reload"]);
    let mut session = watched(&hat);
    session.see("front-left.x");
    let servos = hat.bench.folder.join("servos.toml");
    let good = fs::read_to_string(&servos).unwrap();
    fs::write(&servos, good.replace("\"front-left\"", "\"left-front\"")).unwrap();
    session.see("left-front.x");
    assert!(!session.shown().contains("does not move by"));
    session.press("\x03");
    assert!(session.end().0.success());

    // Another file than the hat's own.
    let (path, other) = (hat.path.to_str().unwrap(), common::folder("watch-other"));
    fs::write(other.join("servos.toml"), good).unwrap();
    let folder = other.to_str().unwrap();
    let arguments = ["watch", "--socket", path, "--config", folder];
    let mut session = Session::with(24, 120, None, &arguments);
    session.see("the hat does not move by the servos.toml of");
    session.press("q");
    assert!(session.end().0.success());
}

#[test]
fn a_terminal_is_not_taken_over_where_no_hat_is() {
    let path = socket_path("watch-none");
    let session = Session::with(24, 80, None, &["watch", "--socket", path.to_str().unwrap()]);
    let (status, shown) = session.end();
    assert_eq!(status.code(), Some(69));
    assert!(shown.contains("no hat listens there"), "{shown}");
}
