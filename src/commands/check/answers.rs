//! The board as it answers on its bus, and who else does.

use super::Report;
use crate::failure::Exit;
use crate::host::{Machine, Which};
use embedded_hal::i2c::I2c;
use tentacle_hat::board::registers::{
    ARMED_MODE1, GENERAL_CALL, MODE1, MODE1_ALLCALL, MODE1_EXTCLK, MODE1_RESTART, MODE1_SLEEP,
    PRE_SCALE, SOFTWARE_RESET,
};
use tentacle_hat::board::{BusError, virtual_chip::Chip};
use tentacle_hat::calibration::{Address, BoardPlan, Rig};

/// The bus, the board on it, and what its registers say.
pub(super) fn board(report: &mut Report, which: Which, rig: &Rig, may_reset: bool) {
    let plan = rig.board();
    let opened = Machine::new(which, plan, false, false).and_then(|mut machine| {
        let bus = machine.open(plan).map_err(|error| machine.explain(error))?;
        Ok((machine, bus))
    });
    let (machine, mut bus) = match opened {
        Ok(opened) => opened,
        Err(failure) => return report.failed(&failure),
    };
    match machine.carries(rig) {
        Some((true, line)) => report.good(line),
        Some((false, line)) => report.bad(Exit::Config, line),
        None => {}
    }
    let mut read = |address: Address, register: u8| -> Result<u8, BusError> {
        let mut value = [0];
        let mut once = || bus.write_read(address.get(), &[register], &mut value);
        // One disturbed transfer is no absent board.
        once().or_else(|_| once()).or_else(|_| once())?;
        Ok(value[0])
    };
    match read(plan.address, MODE1).and_then(|mode1| Ok((mode1, read(plan.address, PRE_SCALE)?))) {
        Ok((mode1, _)) if mode1 & MODE1_EXTCLK != 0 => stuck(report, &mut bus, plan, may_reset),
        Ok((mode1, prescale)) => registers(report, rig, mode1, prescale),
        Err(error) => {
            report.failed(&machine.explain(error));
            let answering: Vec<String> = (0x40..=0x77)
                .filter_map(|address| Address::new(address).ok())
                .filter(|&address| read(address, MODE1).is_ok())
                .map(|address| format!("{:#04x}", address.get()))
                .collect();
            if answering.is_empty() {
                report.note("no address from 0x40 to 0x77 answers: wiring or power");
            } else {
                report.note(format_args!(
                    "{} answers: if that is the board, set `address` in servos.toml",
                    answering.join(", ")
                ));
            }
        }
    }
}

/// A chip that was told to listen to an external clock, which its board has
/// not, and keeps to that until it is reset (datasheet 7.3.1).
fn stuck(report: &mut Report, bus: &mut impl I2c<Error = BusError>, plan: &BoardPlan, reset: bool) {
    let own = plan.address.get();
    let at = format!("the board at {own:#04x}");
    if !reset {
        let line = format_args!(
            "{at} was told by another program to listen to an external clock, and only a reset \
             ends that: take its supply away for a moment; or, if nothing else is on its bus, \
             `tentacle-hat check --reset` does it"
        );
        return report.bad(Exit::NoBoard, line);
    }
    match reset_alone(bus, own) {
        Ok(others) if others.is_empty() => {
            report.good(format_args!(
                "{at} listened to an external clock, and was reset"
            ));
        }
        Ok(others) => report.bad(
            Exit::NoBoard,
            format_args!(
                "{} answers on this bus too, and a reset goes to all of them: take the board's \
                 supply away for a moment instead",
                others.join(", ")
            ),
        ),
        Err(error) => report.bad(
            Exit::NoBoard,
            format_args!("{at} was not reset: {error}; take its supply away for a moment"),
        ),
    }
}

/// Resets the chip at `own`, if it is alone on its bus; who else is there.
fn reset_alone<I2C: I2c<Error = BusError>>(
    bus: &mut I2C,
    own: u8,
) -> Result<Vec<String>, BusError> {
    // Deaf to the shared addresses, it answers at its own alone.
    bus.write(own, &[MODE1, MODE1_SLEEP])?;
    let mut answers = |&address: &u8| {
        let found = bus.write_read(address, &[MODE1], &mut [0]);
        let nobody = [BusError::NO_ANSWER, BusError::NO_ANSWER_EITHER];
        address != own && !found.is_err_and(|error| nobody.contains(&error))
    };
    // The others are reserved (I2C specification, 3.1.12).
    let others: Vec<_> = (0x08..=0x77).filter(|address| answers(address)).collect();
    if others.is_empty() {
        bus.write(GENERAL_CALL, &[SOFTWARE_RESET])?;
    }
    Ok(others
        .iter()
        .map(|address| format!("{address:#04x}"))
        .collect())
}

/// What the chip's registers say about who set it up.
fn registers(report: &mut Report, rig: &Rig, mode1: u8, prescale: u8) {
    let at = format!("the board at {:#04x}", rig.board().address.get());
    let fresh = Chip::new(rig.board().address, 25_000_000);
    let ours = rig.timebase().prescale().0;
    if mode1 == fresh.registers()[0] && prescale == fresh.registers()[PRE_SCALE as usize] {
        report.good(format_args!("{at} answers, fresh from power-on"));
    } else if mode1 & !(MODE1_RESTART | MODE1_ALLCALL) == ARMED_MODE1 && prescale == ours {
        report.good(format_args!("{at} answers, set up by this program"));
    } else if mode1 & !(MODE1_RESTART | MODE1_SLEEP | MODE1_ALLCALL | ARMED_MODE1) == 0 {
        report.good(format_args!(
            "{at} answers, set up by another program; `run` sets it up anew{}",
            report.more(format_args!("MODE1 {mode1:#04x}, prescale {prescale}"))
        ));
    } else {
        report.bad(
            Exit::NoBoard,
            format_args!(
                "{at} answers, but not like a PCA9685 of its own (MODE1 {mode1:#04x}): is another \
                 chip there?"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use tentacle_hat::board::virtual_chip::VirtualBus;

    /// A bus with several chips; what goes to all of them, all hear.
    struct Chips([RefCell<Chip>; 2]);

    impl embedded_hal::i2c::ErrorType for Chips {
        type Error = BusError;
    }

    impl I2c for Chips {
        fn transaction(
            &mut self,
            address: u8,
            operations: &mut [embedded_hal::i2c::Operation<'_>],
        ) -> Result<(), BusError> {
            let mut told = self
                .0
                .iter()
                .map(|c| VirtualBus(c).transaction(address, operations));
            let first = told.next().unwrap_or(Ok(()));
            told.fold(first, |all, one| all.or(one))
        }
    }

    fn stuck(address: i64) -> RefCell<Chip> {
        let mut chip = Chip::new(Address::new(address).unwrap(), 25_000_000);
        chip.spoil(MODE1, MODE1_EXTCLK | ARMED_MODE1 | MODE1_ALLCALL);
        RefCell::new(chip)
    }

    #[test]
    fn a_chip_is_reset_only_where_it_is_alone() {
        let mut bus = Chips([stuck(0x40), stuck(0x41)]);
        assert_eq!(reset_alone(&mut bus, 0x40).unwrap(), ["0x41", "0x70"]);
        assert_ne!(bus.0[1].borrow().registers()[0] & MODE1_EXTCLK, 0);
        bus.0[1].borrow_mut().power(false);
        assert!(reset_alone(&mut bus, 0x40).unwrap().is_empty());
        assert_eq!(
            bus.0[0].borrow().registers()[0],
            MODE1_SLEEP | MODE1_ALLCALL
        );
    }
}
