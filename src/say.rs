//! Lines for the user.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fmt::Display;
use std::io::{self, Write};

/// How long the last line waits for room.
const PATIENCE: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};

/// Prints a line of what was asked for; a full disk behind it or a reader that
/// left is no reason to panic.
pub(crate) fn tell(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints what is to be answered on the same line.
pub(crate) fn ask(question: impl Display) {
    let mut stdout = io::stdout();
    let _ = write!(stdout, "{question}").and_then(|()| stdout.flush());
}

/// Prints a line beside it; a terminal that is gone is no reason to fail.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// As [`say`], of what is said last: a pipe or terminal that takes nothing must
/// not keep the program from its end.
pub(crate) fn last(line: impl Display) {
    let stderr = io::stderr();
    let mut ready = [PollFd::new(&stderr, PollFlags::OUT)];
    if poll(&mut ready, Some(&PATIENCE)) != Ok(0) {
        say(line);
    }
}
