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
    open: Vec<Open>,
}

/// A sense, and what its thread works for: dropped, it ends.
#[derive(Debug)]
struct Open {
    plan: SensePlan,
    news: Arc<Inlet<News>>,
    /// Of a sense at one.
    _pin: Option<Pin>,
    /// Or else a reload tries again.
    works: bool,
}

impl Senses {
    /// Goes over to other senses; those that stay as they are go on. Pins are there on a
    /// Pi alone.
    pub(crate) fn change(&mut self, plans: &calibration::Senses, has_pins: bool) {
        // Let go first: what was another's pin or port may be this one's.
        self.open
            .retain(|open| open.works && plans.contains(&open.plan));
        for plan in plans {
            if !self.open.iter().any(|open| open.plan == *plan) {
                self.open.push(Open::new(plan, has_pins));
            }
        }
    }

    /// What one of them has to say.
    pub(crate) fn next(&mut self) -> Option<(&SensePlan, News)> {
        let mut open = self.open.iter();
        open.find_map(|open| Some((&open.plan, open.news.next()?)))
    }
}

impl Open {
    fn new(plan: &SensePlan, has_pins: bool) -> Self {
        let news = Arc::new(Inlet::default());
        let opened = match &plan.kind {
            SenseKind::Gpio { pin, active_high } => {
                open_pin(plan, *pin, *active_high, &news, has_pins).map(Some)
            }
            SenseKind::Ld2450 { tty, .. } => {
                let listens = serial::listen(plan, tty, &news);
                listens.map(|()| None).map_err(|error| error.to_string())
            }
        };
        let works = opened.is_ok();
        let pin = opened.unwrap_or_else(|why| {
            news.leave(News::Trouble(why));
            None
        });
        Self {
            plan: plan.clone(),
            news,
            _pin: pin,
            works,
        }
    }
}

fn open_pin(
    plan: &SensePlan,
    pin: u8,
    active_high: bool,
    news: &Arc<Inlet<News>>,
    has_pins: bool,
) -> Result<Pin, String> {
    if !has_pins {
        return Err(
            "a virtual board has no pins; `run --people FILE` shows it somebody".to_owned(),
        );
    }
    let pin = Pin::open(pin, !active_high)?;
    let (mut presence, is_high) = (Presence::new(plan), pin.is_high());
    let up_us = gpio::since_power_on_us();
    news.leave(News::Well { again: false });
    let look = move |news: &Inlet<News>, now_us| {
        if let Some(is_high) = is_high() {
            let active = is_high == active_high;
            presence.see(active, up_us + now_us, &mut |said| news.leave(said));
        }
    };
    watch(&plan.name, news, look).map_err(|error| error.to_string())?;
    Ok(pin)
}

/// Degrees clockwise, as cues have them.
fn degrees(facing: Turns) -> f32 {
    (facing.get() * 360.0) as f32
}
