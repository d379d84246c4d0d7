//! What the log says: edges only, a line each, without time stamps or colour
//! (the journal has its own).

use super::told::Told;
use crate::host::Which;
use tentacle_hat::board::BusError;

/// Turns what is told into lines, once for each edge.
#[derive(Debug)]
pub(super) struct Log {
    which: Which,
    /// The scene that was said last, where scenes are said.
    scene: Option<&'static str>,
    /// The board is lost, and that was said.
    lost: bool,
    /// The board was disturbed, and no good slot has come since.
    disturbed: bool,
    /// The last transfer that failed, for who wonders why frames are skipped.
    fault: Option<BusError>,
}

impl Log {
    /// The log of that board's life, with its scenes or without.
    pub(super) fn new(which: Which, scenes: bool) -> Self {
        Self {
            which,
            scene: scenes.then_some(""),
            lost: false,
            disturbed: false,
            fault: None,
        }
    }

    /// The line that `told` is worth, if it is an edge.
    pub(super) fn line(&mut self, told: &Told) -> Option<String> {
        match told {
            Told::Fault(error, board) => {
                // Said when it first differs: a loose wire makes one line, not
                // fifty a second. The tally counts the rest.
                let news = self.fault != Some(*error) && !self.lost;
                self.fault = Some(*error);
                news.then(|| format!("a transfer failed: {}", self.which.explain(*error, board)))
            }
            Told::Lost(error, board) => {
                let news = !std::mem::replace(&mut self.lost, true);
                news.then(|| {
                    format!(
                        "the board is lost; trying again: {}",
                        self.which.explain(*error, board)
                    )
                })
            }
            Told::Disturbed => {
                let news = !std::mem::replace(&mut self.disturbed, true);
                news.then(|| {
                    "the board does not hold what was written: its supply sagged, or another \
                     program wrote to it; starting it anew"
                        .to_owned()
                })
            }
            // Behind an `Armed` that was dropped.
            Told::Slot(slot) if slot.good && self.lost => self.line(&Told::Armed),
            Told::Slot(slot) => {
                self.disturbed &= !slot.good;
                let said = self.scene.as_mut().filter(|said| **said != slot.scene)?;
                *said = slot.scene;
                Some(slot.scene.to_owned())
            }
            Told::Armed => {
                self.fault = None;
                std::mem::take(&mut self.lost).then(|| "the board is back".to_owned())
            }
            Told::Read => Some("the calibration was read again".to_owned()),
            Told::Refused(why) => Some(format!(
                "the calibration has faults; the old one goes on:\n{why}"
            )),
            Told::Words(words) => Some(words.clone()),
            Told::Stopping | Told::Reading => None,
        }
    }
}
