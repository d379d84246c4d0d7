//! Lines for the user.

use std::fmt::Display;
use std::io::{self, Write};

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
