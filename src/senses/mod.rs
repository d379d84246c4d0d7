//! What watches the world for the hat: each sense a file, on a thread of its own, which
//! makes cues of what it sees.

mod gpio;
mod ld2450;
mod serial;

use crate::host::input::{Pin, watch};
use crate::inlet::Inlet;
pub(crate) use gpio::Presence;
pub(crate) use ld2450::Radar;
use std::sync::Arc;
use tentacle_hat::calibration::{self, SenseKind, SensePlan};
use tentacle_hat::cue::Cue;
use tentacle_hat::units::Turns;

/// What a sense has to say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum News {
    Cue(Cue),
    /// Why nothing is to be had from it, and what to do about that.
    Trouble(String),
    /// It works, for the first time or again.
    Well {
        again: bool,
    },
}

/// Somebody who hears it.
pub(crate) type Say<'a> = &'a mut dyn FnMut(News);

/// The senses of a hat.
#[derive(Debug, Default)]
pub(crate) struct Senses {
    /// Each with what its thread works for: dropped, it ends.
    open: Vec<(SensePlan, Arc<Inlet<News>>)>,
}

impl Senses {
    /// Goes over to other senses; those that stay as they are go on. Pins are there on a
    /// Pi alone.
    pub(crate) fn change(&mut self, plans: &calibration::Senses, has_pins: bool) {
        // Let go first: what was another's pin or port may be this one's.
        self.open.retain(|(plan, _)| plans.contains(plan));
        for plan in plans {
            if self.open.iter().any(|(open, _)| open == plan) {
                continue;
            }
            let news = Arc::new(Inlet::default());
            if let Err(why) = open(plan, &news, has_pins) {
                news.leave(News::Trouble(why));
            }
            self.open.push((plan.clone(), news));
        }
    }

    /// What one of them has to say.
    pub(crate) fn next(&mut self) -> Option<(&SensePlan, News)> {
        let mut open = self.open.iter();
        open.find_map(|(plan, news)| Some((plan, news.next()?)))
    }
}

fn open(plan: &SensePlan, news: &Arc<Inlet<News>>, has_pins: bool) -> Result<(), String> {
    match &plan.kind {
        SenseKind::Gpio { .. } if !has_pins => {
            Err("a virtual board has no pins; `--people FILE` shows it somebody".to_owned())
        }
        SenseKind::Gpio { pin, active_high } => {
            let (pin, active_high) = (Pin::open(*pin, !active_high)?, *active_high);
            let mut presence = Presence::new(plan);
            let up_us = gpio::since_power_on_us();
            let look = move |news: &Inlet<News>, now_us| {
                let active = pin.is_high() == active_high;
                presence.see(active, up_us + now_us, &mut |said| news.leave(said));
            };
            watch(&plan.name, news, look).map_err(|error| error.to_string())?;
            news.leave(News::Well { again: false });
            Ok(())
        }
        SenseKind::Ld2450 { tty, .. } => {
            serial::listen(plan, tty, news).map_err(|error| error.to_string())
        }
    }
}

/// Degrees clockwise, as cues have them.
fn degrees(facing: Turns) -> f32 {
    (facing.get() * 360.0) as f32
}
