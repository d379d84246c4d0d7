//! A verb a file.

pub(crate) mod calibrate;
pub(crate) mod check;
pub(crate) mod clock;
pub(crate) mod give_cue;
pub(crate) mod init;
#[cfg(feature = "plot")]
pub(crate) mod plot;
pub(crate) mod relax;
pub(crate) mod restore;
pub(crate) mod run;
pub(crate) mod set;
pub(crate) mod take_bearings;
pub(crate) mod test;
pub(crate) mod trim;
pub(crate) mod watch;
