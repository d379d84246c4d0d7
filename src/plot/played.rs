//! A performance, played by the loop that `run` has, without pauses on a virtual board;
//! and what became of it, slot by slot.

use super::company::Guests;
use crate::crowd::Crowd;
use crate::say;
use crate::sheet::Entry;
use anyhow::{Result, anyhow};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tentacle_hat::board::BusError;
use tentacle_hat::board::virtual_chip::{Chip, VirtualBus};
use tentacle_hat::calibration::{BoardPlan, MAX_SERVOS, Rig};
use tentacle_hat::cue::Cue;
use tentacle_hat::drive::{Notice, Order, Shell, Sight, Terms, drive};
use tentacle_hat::motion::Hat;
use tentacle_hat::performer::Performer;
use tentacle_hat::pulse;

/// A spectrum leaves out the first growth, s.
pub(crate) const GROWN_S: u64 = 10;
/// And looks at ten minutes.
pub(crate) const SPECTRUM_S: u64 = 600;
/// A pulse that is further than this from the one that is wished for is held back, µs.
const FLAT_US: f32 = 1.0;

/// What holds a pulse back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The end of a servo's table.
    Table,
    /// The servo's own speed.
    Speed,
    /// The speed of all together.
    Total,
}

impl Limit {
    pub(crate) const ALL: [Self; 3] = [Self::Table, Self::Speed, Self::Total];

    /// As servos.toml has it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Speed => "max-speed-us-per-s",
            Self::Total => "max-total-speed-us-per-s",
        }
    }
}

/// What a servo is sent in a slot, µs, and what holds that back; `None` for limp.
pub(crate) type Sent = Option<(f32, Option<Limit>)>;

/// A slot.
pub(crate) struct Moment {
    pub(crate) t_us: u64,
    pub(crate) scene: &'static str,
    pub(crate) sent: [Sent; MAX_SERVOS],
}

/// A performance, as long as a spectrum needs it.
pub(crate) struct Played {
    pub(crate) rig: Rig,
    pub(crate) moments: Vec<Moment>,
    /// Of a performance before virtual people.
    pub(crate) guests: Option<Guests>,
}

/// Plays a hat and its cues, if need be before virtual people.
///
/// # Errors
/// The virtual board does not do.
pub(crate) fn play(
    hat: Hat,
    seed: u32,
    cues: VecDeque<Entry>,
    crowd: Option<Crowd>,
) -> Result<Played> {
    let rig = hat.rig.clone();
    let (board, timebase) = (rig.board(), rig.timebase());
    let chip = Chip::new(board.address, timebase.oscillator_hz());
    let mut stage = Stage {
        chip: Rc::new(RefCell::new(chip)),
        now_us: 0,
        cues,
        place: String::new(),
        guests: crowd.map(|crowd| Guests::new(crowd, seed, &hat.senses)),
        moments: Vec::new(),
        stopping: false,
        told: Instant::now(),
    };
    let terms = Terms {
        length_us: Some((GROWN_S + SPECTRUM_S) * 1_000_000),
        patient: false,
    };
    let mut performer = Performer::new(hat, seed, || None);
    drive(&mut stage, &mut performer, terms)
        .map_err(|loss| anyhow!("the virtual board is lost: {loss:?}"))?;
    Ok(Played {
        rig,
        moments: stage.moments,
        guests: stage.guests,
    })
}

/// The loop's shell: simulated time, a virtual board, and somebody who takes notes.
struct Stage {
    chip: Rc<RefCell<Chip>>,
    now_us: u64,
    cues: VecDeque<Entry>,
    /// Where the cue that is being taken stands.
    place: String,
    guests: Option<Guests>,
    moments: Vec<Moment>,
    stopping: bool,
    /// When something was last said.
    told: Instant,
}

impl Stage {
    fn take_down(&mut self, t_us: u64, scene: &'static str, sight: &Sight<'_>) {
        let before = self.moments.last();
        let before = before.map_or([None; MAX_SERVOS], |moment| moment.sent);
        let pose = sight.performance.map(|it| it.pose_at(t_us));
        let pose = pose.map(|pose| pulse::aimed(sight.rig, &pose));
        let mut sent = [None; MAX_SERVOS];
        for (i, servo) in sight.rig.servos().iter().enumerate() {
            let (Some(calibration), Some(pulse)) = (&servo.calibration, sight.pulses.0[i]) else {
                continue;
            };
            let us = pulse.get();
            // What it was sent before; a servo that wakes does so at neutral.
            let limit = before[i].zip(pose).and_then(|((before, _), pose)| {
                let wish = calibration.table.us_at(pulse::along(pose.0[i / 2], i));
                let (low, high) = calibration.limits_us;
                let within = wish.clamp(low, high);
                // A table's ends are rounded to whole ticks.
                let tick = sight.rig.timebase().tick_us();
                if (wish - within).abs() > tick {
                    Some(Limit::Table)
                } else if (us - within).abs() <= FLAT_US {
                    None
                } else if (us - before).abs() > servo.max_step_us - 0.01 {
                    Some(Limit::Speed)
                } else {
                    Some(Limit::Total)
                }
            });
            sent[i] = Some((us, limit));
        }
        self.moments.push(Moment { t_us, scene, sent });
    }
}

impl Shell for Stage {
    type Bus = VirtualBus<Rc<RefCell<Chip>>>;
    type Error = BusError;

    fn open(&mut self, _: &BoardPlan) -> Result<Self::Bus, BusError> {
        Ok(VirtualBus(Rc::clone(&self.chip)))
    }

    fn now_us(&mut self) -> u64 {
        self.now_us
    }

    fn sleep_until(&mut self, t_us: u64) {
        self.now_us = self.now_us.max(t_us);
        self.chip.borrow_mut().advance_to(self.now_us);
        if self.told.elapsed() >= Duration::from_secs(1) {
            self.told = Instant::now();
            let (now_s, all_s) = (self.now_us / 1_000_000, GROWN_S + SPECTRUM_S);
            say::say(format_args!("computed {now_s} s of {all_s} s"));
        }
    }

    fn order(&mut self) -> Order {
        Order::Play
    }

    fn cue(&mut self, t_us: u64) -> Option<Cue> {
        if let Some(cue) = self.guests.as_mut().and_then(|guests| guests.next(t_us)) {
            "the crowd".clone_into(&mut self.place);
            return Some(cue);
        }
        let is_due = self.cues.front()?.t_us <= t_us;
        let entry = is_due.then(|| self.cues.pop_front()).flatten()?;
        self.place = entry.place;
        Some(entry.cue)
    }

    fn notice(&mut self, notice: Notice<'_, BusError>) {
        match notice {
            Notice::Cue(_, _, Err(why)) => {
                say::say(format_args!("{}: not done: {why}", self.place));
            }
            Notice::Stopping => self.stopping = true,
            Notice::Slot(slot, sight) if !self.stopping => {
                self.take_down(slot.t_us, slot.scene, &sight);
                if let (Some(guests), Some(performance)) = (&mut self.guests, sight.performance) {
                    guests.meet(slot.t_us, performance);
                }
            }
            _ => {}
        }
    }
}
