//! What all sixteen channels do from one STOP on: pulses in whole ticks,
//! staggered so that no two start together.

use crate::calibration::{CHANNELS, Channel, Rig};
use crate::pulse::Pulses;
use crate::units::Ticks;

/// One channel's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// When in the chip's cycle the pulse starts; the same for as long as the
    /// board is armed, even while the channel is limp.
    pub on: Ticks,
    /// When it ends, or `None` for limp (the chip's full-off).
    pub off: Option<Ticks>,
}

/// All channels, written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame(pub [Output; CHANNELS]);

impl Frame {
    /// Every channel limp, with the starts that its pulses will have.
    ///
    /// The k-th of n channels in use starts at k · (4095 − L) / (max(n, 2) − 1),
    /// L being the ticks of the longest pulse: spread as far as possible, and
    /// the last one still ends within its cycle. (4095, not 4096: an OFF of
    /// 4096 would be the full-off bit.)
    pub fn limp(rig: &Rig) -> Self {
        let mut frame = Self([Output::default(); CHANNELS]);
        let room = u32::from(Ticks::LAST - rig.timebase().longest().0);
        let gaps = rig.servos().len().max(2) as u32 - 1;
        let used = |channel: &Channel| rig.servos().iter().any(|s| s.channel == *channel);
        for (k, channel) in Channel::all().filter(used).enumerate() {
            frame.0[channel.index()].on = Ticks((k as u32 * room / gaps) as u16);
        }
        frame
    }

    /// This (limp) frame with `pulses` on the servos' channels.
    #[inline]
    #[must_use]
    pub fn with(&self, rig: &Rig, pulses: &Pulses) -> Self {
        let mut frame = *self;
        for (servo, pulse) in rig.servos().iter().zip(&pulses.0) {
            let output = &mut frame.0[servo.channel.index()];
            output.off = pulse.map(|width| Ticks(output.on.0 + rig.timebase().ticks(width).0));
        }
        frame
    }
}
