//! The virtual board, alone or kept in a file so that one process finds it as
//! another left it.

use super::Virtual;
use crate::failure::Failure;
use std::cell::RefCell;
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use tentacle_hat::board::virtual_chip::Chip;
use tentacle_hat::calibration::BoardPlan;

/// A virtual chip and the file that mirrors its registers, if any.
#[derive(Debug)]
pub(crate) struct KeptChip {
    pub(crate) chip: Rc<RefCell<Chip>>,
    file: Option<File>,
}

impl KeptChip {
    /// The mirror of a real board.
    pub(crate) fn mirror(board: &BoardPlan) -> Self {
        let chip = Chip::new(board.address, board.timebase.oscillator_hz());
        Self {
            chip: Rc::new(RefCell::new(chip)),
            file: None,
        }
    }

    /// A virtual board, as its file has it.
    ///
    /// # Errors
    /// The file is another one, or cannot be written.
    pub(crate) fn open(own: &Virtual, board: &BoardPlan) -> Result<Self, Failure> {
        let mut kept = Self::mirror(board);
        let oscillator = own
            .oscillator_hz
            .unwrap_or_else(|| board.timebase.oscillator_hz());
        *kept.chip.borrow_mut() = Chip::new(board.address, oscillator);
        let Some(path) = &own.file else {
            return Ok(kept);
        };
        let failed = |why: &dyn Display| Failure::other(format_args!("{}: {why}", path.display()));
        let bytes = match fs::read(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(&error)),
            bytes => bytes.unwrap_or_default(),
        };
        if !bytes.is_empty() {
            let registers = <[u8; 256]>::try_from(bytes)
                .map_err(|_| failed(&"is not a virtual chip's 256 registers"))?;
            let chip = Chip::with_registers(board.address, oscillator, registers);
            *kept.chip.borrow_mut() = chip;
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(path);
        kept.file = Some(file.map_err(|error| failed(&error))?);
        kept.keep();
        Ok(kept)
    }

    /// Writes the registers to the file; called after every transaction, so
    /// that the file tells what the chip does even after SIGKILL.
    pub(crate) fn keep(&self) {
        if let Some(file) = &self.file {
            // A test's file: an error shows in the test.
            let _ = file.write_all_at(self.chip.borrow().registers(), 0);
        }
    }
}
