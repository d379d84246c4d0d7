//! `calibrate init`: the two files, with no servo measured yet.

use crate::files::{Files, Store};
use crate::say::tell;
use anyhow::{Result, bail};

pub(crate) fn init(files: &Files) -> Result<()> {
    let mut store = Store::open_locked(files)?;
    let path = store.path().display().to_string();
    if store.path().exists() {
        bail!("{path} is there already; nothing was changed");
    }
    let saved = store.save(&mut |_| Ok(()))?;
    store.tell(&saved, None);
    tell(format_args!(
        "No servo is measured yet, so none moves. Look whether the channels in {path} are those \
         of your hat, then measure with `tentacle-hat calibrate{}`.",
        files.option()
    ));
    Ok(())
}
