//! What an onlooker may know of a moving hat.

use crate::crowd::{Crowd, Place};
use arrayvec::{ArrayString, ArrayVec};
use tentacle_hat::board::virtual_chip::{Chip, Emitted};
use tentacle_hat::calibration::{CHANNELS, Channel, MAX_TENTACLES, Servo};
use tentacle_hat::drive::{Sight, Slot, Tally};
use tentacle_hat::motion::{Id, Key, Mood, People, Performance, Sighting};
use tentacle_hat::units::Bend;

/// What the loop tells once a slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    /// The slot's moment, µs after the start.
    pub(crate) t_us: u64,
    /// What each channel of the board emits.
    pub(crate) outputs: [Emitted; CHANNELS],
    /// What is played; nothing yet if empty.
    pub(crate) scene: ArrayString<24>,
    pub(crate) tally: Tally,
    /// On the wire since the start.
    pub(crate) bytes: u64,
    pub(crate) stopping: bool,
    /// The fingerprint of the rig in force.
    pub(crate) servos: u64,
    pub(crate) playing: Playing,
    /// Where virtual people are.
    pub(crate) people: ArrayVec<Stands, { Crowd::MOST }>,
}

/// Where somebody is, not as it is believed: bearing and distance from the wearer's front.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stands {
    pub(crate) bearing_deg: f32,
    pub(crate) distance_m: f32,
}

/// What a performance shows of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Playing {
    pub(crate) mood: Mood,
    pub(crate) folded: bool,
    /// Whether the show is on.
    pub(crate) show: bool,
    /// Where each tentacle is to lean.
    pub(crate) bends: ArrayVec<Bend, MAX_TENTACLES>,
    /// The numbers of motion.toml in force, in the order of [`Key::all`].
    pub(crate) keys: ArrayVec<f64, { Key::COUNT }>,
    pub(crate) people: ArrayVec<(Id, Sighting), { People::MOST }>,
    /// Whom it reaches for.
    pub(crate) attended: Option<Id>,
    /// Where the head was turned to last, degrees clockwise.
    pub(crate) heading_deg: Option<f32>,
}

impl Playing {
    fn of(performance: &Performance, t_us: u64) -> Self {
        let bends = performance.pose_at(t_us).0;
        let wishes = performance.wishes();
        Self {
            mood: wishes.mood(),
            folded: wishes.is_folded(),
            show: wishes.is_show_on(),
            bends: bends.into_iter().take(performance.tentacles()).collect(),
            keys: Key::all().map(|key| wishes.motion().get(key)).collect(),
            people: performance.people_at(t_us).collect(),
            attended: performance.attended(),
            heading_deg: performance.heading_deg(),
        }
    }
}

impl State {
    /// Takes down how a slot went.
    pub(crate) fn slot(&mut self, slot: &Slot) {
        if *self.scene != *slot.scene {
            // Names are shorter than their room.
            self.scene = ArrayString::from(slot.scene).unwrap_or_default();
        }
        self.tally = slot.tally;
        self.bytes += slot.bytes as u64;
    }

    /// Takes down what the hat does at `t_us`, as it was told to.
    pub(crate) fn see(&mut self, t_us: u64, sight: &Sight<'_>) {
        self.t_us = t_us;
        self.relax();
        for (servo, pulse) in sight.rig.servos().iter().zip(&sight.pulses.0) {
            if let Some(pulse) = pulse {
                self.outputs[servo.channel.index()] = Emitted::Pulse(pulse.get().into());
            }
        }
        if let Some(performance) = sight.performance {
            self.playing = Playing::of(performance, t_us);
        }
    }

    /// Takes down that all channels are off.
    pub(crate) fn relax(&mut self) {
        self.outputs = [Emitted::Limp; CHANNELS];
    }

    /// Takes down where virtual people are.
    pub(crate) fn meet(&mut self, crowd: &Crowd) {
        let stands = |(_, place): (usize, Place)| Stands {
            bearing_deg: place.bearing_deg as f32,
            distance_m: place.distance_m as f32,
        };
        let people = crowd.people(self.t_us).take(Crowd::MOST);
        self.people = people.map(stands).collect();
    }

    /// Takes down what `chip` emits.
    pub(crate) fn observe(&mut self, chip: &Chip) {
        for (output, channel) in self.outputs.iter_mut().zip(Channel::all()) {
            *output = chip.emitted(channel);
        }
    }

    /// What a servo is sent.
    pub(crate) fn output(&self, servo: &Servo) -> Emitted {
        self.outputs[servo.channel.index()]
    }
}
