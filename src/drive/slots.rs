//! One life of the board, slot after slot.

use super::lives::{Drive, End};
use super::{Course, Notice, Shell, Slot, Source};
use crate::board::Armed;
use crate::pulse::Pulses;

/// From one servo's first pulse to the next one's, µs: the supply never starts
/// two at once.
pub const ENGAGE_EVERY_US: u64 = 100_000;
/// How often the chip is read back.
const WATCH_EVERY_US: u64 = 250_000;
/// Without a good slot for this long, the board counts as lost.
const LOST_AFTER_US: u64 = 1_000_000;
/// What a second attempt at a frame takes at 100 kHz, with room to spare.
const ATTEMPT_US: u64 = 5_000;

impl<S: Shell, P: Source> Drive<'_, S, P> {
    /// Slot after slot on an armed board.
    pub(super) fn play(
        &mut self,
        mut armed: Armed<'_, S::Bus>,
        taken_over: Pulses,
    ) -> End<S::Error> {
        let timebase = *self.source.rig().timebase();
        let armed_us = self.shell.now_us();
        let mut k = timebase.slot_from(armed_us);
        self.source.begin(armed_us);
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
            self.shell.sleep_until(timebase.slot_us(k));
            let now_us = self.shell.now_us();
            while now_us >= timebase.slot_us(k + 1) {
                self.tally.late += 1;
                k += 1;
            }
            let t_us = timebase.slot_us(k);
            match self.course(t_us, &emitted) {
                Course::On => {}
                Course::Rearm => return End::Rewired,
                Course::End => return End::Stopped,
            }

            let mut fault = None;
            if now_us >= watch_us {
                match armed.verify() {
                    Ok(true) => {
                        matched_us = now_us;
                        watch_us = now_us + WATCH_EVERY_US;
                    }
                    Ok(false) => {
                        self.shell.notice(Notice::Disturbed);
                        return End::Disturbed;
                    }
                    Err(error) => {
                        self.shell.notice(Notice::Fault(&error));
                        fault = Some(error);
                    }
                }
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
                if self.shell.now_us() + ATTEMPT_US < timebase.slot_us(k + 1) {
                    written = armed.write(&frame);
                }
            }
            let mut slot = Slot {
                t_us,
                scene: self.source.scene_at(t_us),
                ..Slot::default()
            };
            match written {
                Ok(bytes) => {
                    emitted = pulses;
                    if wakes {
                        wake_us = t_us + ENGAGE_EVERY_US;
                    }
                    slot.bytes = bytes;
                    slot.good = bytes > 0 || now_us - matched_us <= WATCH_EVERY_US;
                }
                Err(error) => {
                    pending = Some((pulses, wakes));
                    self.tally.skipped += 1;
                    fault = Some(error);
                }
            }
            self.tally.frames += 1;
            slot.tally = self.tally;
            if slot.good {
                good_us = now_us;
            }
            self.shell.notice(Notice::Slot(&slot));
            if let Some(error) = fault
                && self.shell.now_us() >= good_us + LOST_AFTER_US
            {
                return End::Lost(error);
            }
            k += 1;
        }
    }
}
