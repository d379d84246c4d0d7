//! What the log says: edges only, a line each, without time stamps or colour
//! (the journal has its own).

use crate::failure::Failure;
use tentacle_hat::board::BusError;
use tentacle_hat::drive::Notice;

/// Turns notices into lines, once for each edge.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// The board is lost, and that was said.
    lost: bool,
    /// The board was disturbed, and no good slot has come since.
    disturbed: bool,
    /// The last transfer that failed, for who wonders why frames are skipped.
    fault: Option<BusError>,
}

impl Log {
    /// The line that `notice` is worth, if it is an edge.
    pub(crate) fn line(
        &mut self,
        notice: &Notice<'_, BusError>,
        explain: impl Fn(BusError) -> Failure,
    ) -> Option<String> {
        match notice {
            Notice::Fault(error) => {
                // Said when it first differs: a loose wire makes one line, not
                // fifty a second. The tally counts the rest.
                let news = self.fault != Some(**error) && !self.lost;
                self.fault = Some(**error);
                news.then(|| format!("a transfer failed: {}", explain(**error)))
            }
            Notice::Lost(error) => {
                let news = !std::mem::replace(&mut self.lost, true);
                news.then(|| format!("the board is lost; trying again: {}", explain(**error)))
            }
            Notice::Disturbed => {
                let news = !std::mem::replace(&mut self.disturbed, true);
                news.then(|| {
                    "the board does not hold what was written: its supply sagged, or another \
                     program wrote to it; starting it anew"
                        .to_owned()
                })
            }
            Notice::Slot(slot) => {
                self.disturbed &= !slot.good;
                None
            }
            Notice::Armed(_) => {
                self.fault = None;
                std::mem::take(&mut self.lost).then(|| "the board is back".to_owned())
            }
            _ => None,
        }
    }
}
