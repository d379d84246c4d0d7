//! `cue`: says one cue to the running hat.

use crate::say::tell;
use crate::socket::Call;
use anyhow::Result;
use std::path::Path;

pub(crate) fn give(socket: &Path, words: &[String]) -> Result<()> {
    Call::open(socket)?.cue(&words.join(" "))?;
    tell("ok");
    Ok(())
}
