//! What an onlooker may know of a moving hat.

use tentacle_hat::board::virtual_chip::{Chip, Emitted};
use tentacle_hat::calibration::{CHANNELS, Channel, Servo};
use tentacle_hat::drive::{Slot, Tally};

/// What the loop tells once a slot.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    /// The slot's moment, µs after the start.
    pub(crate) t_us: u64,
    /// What each channel of the board emits.
    pub(crate) outputs: [Emitted; CHANNELS],
    /// What is played; nothing yet if empty.
    pub(crate) scene: &'static str,
    pub(crate) tally: Tally,
    /// On the wire since the start.
    pub(crate) bytes: u64,
    pub(crate) stopping: bool,
}

impl State {
    /// Takes down how a slot went.
    pub(crate) fn slot(&mut self, slot: &Slot) {
        self.scene = slot.scene;
        self.tally = slot.tally;
        self.bytes += slot.bytes as u64;
    }

    /// Takes down what `chip` emits at `t_us`.
    pub(crate) fn observe(&mut self, t_us: u64, chip: &Chip) {
        self.t_us = t_us;
        for (output, channel) in self.outputs.iter_mut().zip(Channel::all()) {
            *output = chip.emitted(channel);
        }
    }

    /// What a servo is sent.
    pub(crate) fn output(&self, servo: &Servo) -> Emitted {
        self.outputs[servo.channel.index()]
    }
}
