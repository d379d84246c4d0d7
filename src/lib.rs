//! A hat whose tentacles move: from time to servo pulses on a PCA9685.
//!
//! Data flows one way, and a module imports only from its left:
//!
//! ```text
//!               cue ─┐
//! calibration ─▶ motion ─▶ pulse ─▶ frame ─▶ board ─▶ bus
//!                                              drive: the loop over all of it
//!                                          performer: the motion, as the loop plays it
//! ```
#![no_std]

#[cfg(test)]
extern crate std;

pub mod board;
pub mod calibration;
pub mod cue;
pub mod drive;
pub mod frame;
pub mod motion;
pub mod performer;
pub mod pulse;
pub mod units;
