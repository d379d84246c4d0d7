//! What `run` is asked for.

use crate::files::Files;
use crate::fingerprint::fingerprint;
use crate::sheet::Made;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use tentacle_hat::motion::Hat;

/// What is played, from where, and who looks on.
#[derive(Clone, Debug)]
pub(crate) struct Programme {
    pub(crate) files: Files,
    /// The show instead of what the files say.
    pub(crate) demo: bool,
    pub(crate) seconds: Option<u64>,
    pub(crate) unpaced: bool,
    pub(crate) view: bool,
    /// Take the files up when they are saved.
    pub(crate) reload: bool,
    pub(crate) trace: Option<PathBuf>,
    /// A sheet whose cues are played.
    pub(crate) cues: Option<PathBuf>,
    /// Who is there, as virtual sensors see it.
    pub(crate) people: Option<PathBuf>,
    /// Where every cue is written to.
    pub(crate) record: Option<PathBuf>,
    /// What decides all that is left to chance, if somebody said.
    pub(crate) seed: Option<u64>,
    /// Where cues come in, if not where the service has its socket.
    pub(crate) socket: Option<PathBuf>,
}

impl Programme {
    /// What makes the frames of `hat`, besides cues.
    pub(super) fn made(seed: u64, hat: &Hat) -> Made {
        Made {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            servos: fingerprint(&hat.rig),
            motion: fingerprint(&hat.motion),
        }
    }
}

/// What the motion takes of a seed.
pub(crate) fn short(seed: u64) -> u32 {
    // Both halves of a long one count.
    (seed ^ seed >> 32) as u32
}

/// A seed by chance, short enough to be typed again.
pub(super) fn draw() -> u64 {
    RandomState::new().build_hasher().finish() & 0xffff_ffff
}
