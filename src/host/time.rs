//! Time: the monotonic clock, or a simulated one.

use std::time::{Duration, Instant};

/// The only thing that reads a clock.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Time {
    /// Real time, since this moment.
    Paced(Instant),
    /// Simulated time, µs: it jumps to wherever somebody sleeps to.
    Unpaced(u64),
}

impl Time {
    pub(crate) fn start(unpaced: bool) -> Self {
        if unpaced {
            Self::Unpaced(0)
        } else {
            Self::Paced(Instant::now())
        }
    }

    pub(crate) fn now_us(&self) -> u64 {
        match self {
            Self::Paced(start) => start.elapsed().as_micros() as u64,
            Self::Unpaced(now_us) => *now_us,
        }
    }

    /// Returns at `t_us`, or at once if that has passed: deadlines are
    /// absolute, so lateness does not add up.
    pub(crate) fn sleep_until(&mut self, t_us: u64) {
        match self {
            Self::Paced(_) => {
                let left = t_us.saturating_sub(self.now_us());
                if left > 0 {
                    std::thread::sleep(Duration::from_micros(left));
                }
            }
            Self::Unpaced(now_us) => *now_us = t_us.max(*now_us),
        }
    }
}
