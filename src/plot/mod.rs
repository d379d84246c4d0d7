//! Pictures of the motion: pulses, the paths of the tips, spectra, and where limits
//! flattened them.

pub(crate) mod company;
mod paper;
mod played;
mod sheets;
mod welch;

pub(crate) use played::play;
pub(crate) use sheets::draw;
