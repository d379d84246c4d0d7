//! `calibrate`: measure the hat.

use crate::calibrate;
use crate::cli::{Calibrate, CalibrateStep, Global};
use anyhow::Result;

pub(crate) fn calibrate(global: &Global, options: &Calibrate) -> Result<()> {
    match &options.step {
        None => calibrate::interactive::interactive(global),
        Some(CalibrateStep::Set(options)) => calibrate::set::set(global, options),
        Some(CalibrateStep::Trim(options)) => calibrate::trim::trim(global, options),
        Some(CalibrateStep::Clock(options)) => calibrate::clock::clock(global, options),
    }
}
