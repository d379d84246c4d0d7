//! The verbs of the command line, a file each.

pub(crate) mod calibrate;
pub(crate) mod check;
pub(crate) mod relax;
pub(crate) mod run;
