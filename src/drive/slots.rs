//! One life of the board, slot after slot.

use super::lives::{Drive, End};
use super::{Course, Notice, Shell, Sight, Slot, Source};
use crate::board::Armed;
use crate::pulse::Pulses;

/// From one servo's first pulse to the next one's, µs: the supply never starts
/// two at once.
pub const ENGAGE_EVERY_US: u64 = 100_000;
/// How often the chip is read back.
const WATCH_EVERY_US: u64 = 250_000;
/// Without a good slot for this long, the board counts as lost.
pub(super) const LOST_AFTER_US: u64 = 1_000_000;
/// What a second attempt at a frame takes at 100 kHz, with room to spare.
const ATTEMPT_US: u64 = 5_000;

impl<S: Shell, P: Source> Drive<'_, S, P> {
    /// Slot after slot on an armed board.
    pub(super) fn play(
        &mut self,
        mut armed: Armed<'_, S::Bus>,
        taken_over: Pulses,
    ) -> End<S::Error> {
        let armed_us = self.shell.now_us();
        let mut slot = self.source.rig().timebase().slots_from(armed_us);
        self.source.begin(slot.t_us());
        // The frame on the board, and the one that is to follow it, with
        // whether it wakes a servo. A frame that failed is sent again until it
        // is out: only then is it sure what the board emits, and how far the
        // next one may be from it.
        let mut emitted = taken_over;
        let mut pending = None;
        // When the next servo may wake.
        let mut wake_us = 0;
        let mut watch_us = 0;
        let mut matched_us = armed_us;
        let mut good_us = armed_us;
        loop {
            self.shell.sleep_until(slot.t_us());
            let now_us = self.shell.now_us();
            while now_us >= slot.next().t_us() {
                self.tally.late += 1;
                slot = slot.next();
            }
            let (t_us, next_us) = (slot.t_us(), slot.next().t_us());
            let out = pending.as_ref().map_or(&emitted, |(pulses, _)| pulses);
            match self.course(t_us, out) {
                Course::On => {}
                Course::Rearm => return End::Rearm,
                Course::End => return End::Stopped,
            }

            let (pulses, wakes) = pending.take().unwrap_or_else(|| {
                let mut pulses = self.source.pulses(t_us, &emitted);
                let wakes = pulses.wake_one(&emitted, t_us >= wake_us);
                (pulses, wakes)
            });
            let frame = armed.limp().with(self.source.rig(), &pulses);
            let mut written = armed.write(&frame);
            if let Err(error) = &written {
                self.shell.notice(Notice::Fault(error));
                if self.shell.now_us() + ATTEMPT_US < next_us {
                    written = armed.write(&frame);
                }
            }
            let mut fault = None;
            let mut went = Slot {
                t_us,
                scene: self.source.scene(),
                ..Slot::default()
            };
            match written {
                Ok(bytes) => {
                    emitted = pulses;
                    if wakes {
                        wake_us = t_us + ENGAGE_EVERY_US;
                    }
                    went.bytes = bytes;
                    went.good = true;
                }
                Err(error) => {
                    pending = Some((pulses, wakes));
                    self.tally.skipped += 1;
                    fault = Some(error);
                }
            }
            // After the write, so that it is never late for this: reading all
            // back takes 7.2 ms at 100 kHz, and MODE1 alone 0.4.
            let all = now_us >= watch_us;
            match if all { armed.verify() } else { armed.listens() } {
                Ok(true) if all => {
                    matched_us = now_us;
                    watch_us = now_us + WATCH_EVERY_US;
                }
                Ok(true) => {}
                Ok(false) => {
                    self.shell.notice(Notice::Disturbed);
                    return End::Disturbed;
                }
                Err(error) => {
                    self.shell.notice(Notice::Fault(&error));
                    fault = Some(error);
                }
            }
            // What the chip holds is believed for a second without a look at it.
            went.good &= now_us - matched_us <= LOST_AFTER_US;
            went.good &= went.bytes > 0 || fault.is_none();
            self.tally.frames += 1;
            went.tally = self.tally;
            if went.good {
                good_us = now_us;
            }
            let sight = Sight {
                rig: self.source.rig(),
                pulses: &emitted,
                performance: self.source.performance(),
            };
            self.shell.notice(Notice::Slot(&went, sight));
            if let Some(error) = fault
                && self.shell.now_us() >= good_us + LOST_AFTER_US
            {
                return End::Lost(error);
            }
            slot = slot.next();
        }
    }
}
