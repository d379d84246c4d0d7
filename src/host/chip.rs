//! The virtual board, alone or kept in a file so that one process finds it as
//! another left it.

use crate::cli::Global;
use anyhow::{Context, Result, bail};
use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;
use tentacle_hat::board::virtual_chip::Chip;
use tentacle_hat::calibration::BoardPlan;

/// A virtual chip and the file that mirrors its registers, if any.
#[derive(Debug)]
pub(crate) struct KeptChip {
    pub(crate) chip: RefCell<Chip>,
    file: Option<File>,
}

/// The virtual board that the options describe.
pub(crate) fn open(global: &Global, board: &BoardPlan) -> Result<KeptChip> {
    let oscillator = global
        .chip_oscillator_hz
        .unwrap_or_else(|| board.timebase.oscillator_hz());
    let Some(path) = &global.chip else {
        let chip = RefCell::new(Chip::new(board.address, oscillator));
        return Ok(KeptChip { chip, file: None });
    };
    let chip = match fs::read(path) {
        Ok(bytes) if bytes.is_empty() => Chip::new(board.address, oscillator),
        Ok(bytes) => match <[u8; 256]>::try_from(bytes) {
            Ok(registers) => Chip::with_registers(board.address, oscillator, registers),
            Err(_) => bail!("{}: is not a virtual chip's 256 registers", path.display()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Chip::new(board.address, oscillator),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .with_context(|| path.display().to_string())?;
    let kept = KeptChip {
        chip: RefCell::new(chip),
        file: Some(file),
    };
    kept.keep();
    Ok(kept)
}

/// Makes the file, so that it can be locked before a chip is kept in it.
pub(crate) fn create(path: &Path) {
    // What is wrong with it, `open` says.
    let _ = OpenOptions::new().append(true).create(true).open(path);
}

impl KeptChip {
    /// Writes the registers to the file; called after every transaction, so
    /// that the file tells what the chip does even after SIGKILL.
    pub(crate) fn keep(&self) {
        if let Some(file) = &self.file {
            // A test's file: an error shows in the test.
            let _ = file.write_all_at(self.chip.borrow().registers(), 0);
        }
    }
}
