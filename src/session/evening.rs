//! An evening of calibrating: the session as a source for the loop, between
//! terminal, board and file.

use super::draw::draw;
use super::key::key;
use super::{Action, Measured, Session};
use crate::files::{Points, Store};
use crate::host::bench::Trouble;
use crate::screen::Stage;
use crate::signals::Signals;
use anyhow::{Context, Result, anyhow, bail};
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tentacle_hat::calibration::Rig;
use tentacle_hat::drive::{Course, Source};
use tentacle_hat::pulse::Pulses;

/// How often the picture is renewed without a key.
const PICTURE_EVERY_US: u64 = 100_000;
/// What a card may take for the last save.
const SAVING: Duration = Duration::from_secs(10);

/// What happens in an evening.
enum Event {
    Key(KeyCode),
    /// The terminal is no more.
    Gone,
    Trouble(Trouble),
    /// These are in the file now, or not.
    Saved(Measured, Result<()>),
}

/// The session as a source.
pub(crate) struct Evening {
    /// Without tables, so that arming takes over no pulse of another process.
    rig: Rig,
    session: Session,
    signals: Signals,
    events: Receiver<Event>,
    sender: Sender<Event>,
    /// The terminal, taken over once the board is there.
    stage: Option<Stage<Box<Session>>>,
    drawn_us: Option<u64>,
    /// Who saves, because a card may take its time.
    keeper: JoinHandle<Store>,
    jobs: Sender<Measured>,
    is_the_services: bool,
    /// A job is out.
    saving: bool,
    leaves_when_saved: bool,
    /// Its user left, or else the terminal did, or something went wrong.
    over: Option<Result<bool>>,
}

impl Evening {
    /// Over the hat of `store`, which is saved to it; for the compass of a `tentacle`, or for
    /// servos.
    pub(crate) fn new(mut store: Store, signals: Signals, tentacle: Option<usize>) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        let mut plans = store.servos.plans.clone();
        for plan in plans.iter_mut().flat_map(|tentacle| &mut tentacle.servos) {
            plan.table = None;
        }
        let board = *store.servos.rig.board();
        let slowest = Rig::TOTAL_SPEED.0 as f32;
        let rig = Rig::new(board, slowest, &plans, |_| {});
        let file = store.path().display().to_string();
        let mut session = Session::new(&store.servos, file);
        if let Some(tentacle) = tentacle {
            session.offer_compass(tentacle);
        }
        let (jobs, to_save) = mpsc::channel::<Measured>();
        let saved = sender.clone();
        Ok(Self {
            rig: rig.context("the servos fit no board")?,
            session,
            signals,
            events,
            sender,
            stage: None,
            drawn_us: None,
            is_the_services: store.is_the_services(),
            keeper: thread::spawn(move || {
                for measured in to_save {
                    let result = store.save(&mut |document| {
                        for (i, points) in &measured.points {
                            document.set_points(*i, points)?;
                        }
                        for (i, marks) in &measured.marks {
                            document.set_compass(*i, marks)?;
                        }
                        Ok(())
                    });
                    // The evening may be over.
                    let _ = saved.send(Event::Saved(measured, result.map(drop)));
                }
                store
            }),
            jobs,
            saving: false,
            leaves_when_saved: false,
            over: None,
        })
    }

    /// Hears what goes wrong at the bench.
    pub(crate) fn troubles(&self) -> impl FnMut(Trouble) + use<> {
        let events = self.sender.clone();
        // The evening may be over.
        move |trouble| drop(events.send(Event::Trouble(trouble)))
    }

    /// Gives the terminal back; the session and its file, and whether its user
    /// left it himself.
    ///
    /// # Errors
    /// What cut it short.
    pub(crate) fn close(mut self) -> Result<(Session, Store, bool)> {
        drop(self.jobs);
        let since = Instant::now();
        while !self.keeper.is_finished() && since.elapsed() < SAVING {
            thread::sleep(Duration::from_millis(5));
        }
        self.stage.map_or(Ok(()), |mut stage| stage.close())?;
        if !self.keeper.is_finished() {
            bail!("the last save hangs: is the card sound? It may or may not be in the file");
        }
        let store = self.keeper.join();
        let store = store.map_err(|_| anyhow!("nothing can be saved"))?;
        for event in self.events.try_iter() {
            if let Event::Saved(measured, saved) = event {
                saved.context("the last changes were not saved")?;
                self.session.saved(measured, "");
            }
        }
        if self.session.saves > 0 {
            store.warn();
        }
        Ok((self.session, store, self.over.transpose()?.unwrap_or(false)))
    }

    fn take_in(&mut self, now_us: u64) {
        while let Ok(event) = self.events.try_recv() {
            self.hear(event, now_us);
        }
    }

    fn hear(&mut self, event: Event, now_us: u64) {
        self.drawn_us = None;
        match event {
            Event::Gone => self.over = Some(Ok(false)),
            Event::Key(code) => match self.session.key(code, now_us) {
                Action::Nothing => {}
                Action::Pause => self.signals.ask_pause(),
                Action::Quit => self.over = Some(Ok(true)),
                Action::Save => self.save(),
                Action::SaveAndQuit => {
                    self.leaves_when_saved = true;
                    self.save();
                }
            },
            Event::Trouble(Trouble::Lost(why)) => self.session.lost(&why),
            Event::Trouble(Trouble::Disturbed) => {
                let message = "The board had lost its power or its memory: all limp.";
                self.session.found(message);
            }
            Event::Trouble(Trouble::Shut(why)) => self.over = Some(Err(anyhow!(why))),
            Event::Saved(measured, result) => {
                self.saving = false;
                match result {
                    Ok(()) => self.saved(measured),
                    Err(error) => self.not_saved(&format!("Not saved: {error:#}")),
                }
            }
        }
    }

    /// What differs from the file: what can be saved, and servos whose points are no table
    /// yet.
    fn unsaved(&self) -> (Measured, Vec<(usize, Points)>) {
        let unsaved = self.session.unsaved().map(|(i, s)| (i, s.points.clone()));
        let (points, partly) = unsaved.partition(|(_, points)| points.are_a_table());
        let marks = self.session.unsaved_marks();
        let marks = marks.map(|(i, it)| (i, it.marks.clone())).collect();
        (Measured { points, marks }, partly)
    }

    /// Has saved what is measured.
    fn save(&mut self) {
        let (ready, partly) = self.unsaved();
        if self.saving {
            self.session.say("Saving still.");
        } else if !ready.is_empty() {
            self.session.say("Saving.");
            // The keeper waits for as long as there are jobs.
            self.saving = self.jobs.send(ready).is_ok();
        } else if self.session.unfinished().next().is_some() {
            self.not_saved("Nothing to save yet: a compass needs six bearings, all round the hat.");
        } else if partly.is_empty() {
            self.session.say("Nothing new to save.");
            if self.leaves_when_saved {
                self.over = Some(Ok(true));
            }
        } else {
            self.not_saved("Nothing to save yet: a servo needs both its ends, [ and ].");
        }
    }

    fn not_saved(&mut self, why: &str) {
        self.leaves_when_saved = false;
        self.session.say(why);
    }

    fn saved(&mut self, measured: Measured) {
        let names = |list: &[(usize, Points)]| match list {
            [_, _, _, _, ..] => vec![format!("{} servos", list.len())],
            _ => {
                let name = |(i, _): &(usize, Points)| self.session.servos[*i].name.clone();
                list.iter().map(name).collect()
            }
        };
        let (_, partly) = self.unsaved();
        let mut saved = names(&measured.points);
        for (i, _) in &measured.marks {
            saved.push(format!(
                "the compass of {}",
                self.session.tentacles[*i].name
            ));
        }
        let mut message = format!("Saved {}.", saved.join(", "));
        if !partly.is_empty() {
            let partly = names(&partly).join(", ");
            message += &format!(" Not yet, for want of an end: {partly}.");
        } else if self.is_the_services {
            message += " After q, `sudo systemctl start tentacle-hat` moves the hat.";
        }
        self.session.saved(measured, &message);
        self.leaves_when_saved &= partly.is_empty();
        if self.leaves_when_saved {
            // What was measured meanwhile, too.
            self.save();
        }
    }
}

impl Source for Evening {
    fn rig(&self) -> &Rig {
        &self.rig
    }

    fn begin(&mut self, t_us: u64) {
        self.take_in(t_us);
        self.session
            .found("The board is there again, and all servos are limp.");
        if self.stage.is_none() {
            let events = self.sender.clone();
            let hear = move |event: Option<KeyEvent>| {
                // The evening may be over.
                let _ = events.send(event.map_or(Event::Gone, |event| Event::Key(key(event))));
            };
            match Stage::open(|frame, session: Box<Session>| draw(frame, &session), hear) {
                Ok(stage) => self.stage = Some(stage),
                Err(error) => self.over = Some(Err(error)),
            }
        }
    }

    fn course(&mut self, _: bool, t_us: u64, _: &Pulses) -> Course {
        self.take_in(t_us);
        let due = |drawn_us| t_us >= drawn_us + PICTURE_EVERY_US;
        if let Some(stage) = &mut self.stage
            && self.drawn_us.is_none_or(due)
        {
            self.drawn_us = Some(t_us);
            if !stage.show(Box::new(self.session.clone())) {
                self.over = Some(Ok(false));
            }
        }
        match self.over.is_some() {
            true => Course::End,
            false => Course::On,
        }
    }

    fn pulses(&mut self, t_us: u64, before: &Pulses) -> Pulses {
        self.session.frame(t_us, before)
    }

    fn scene(&self) -> &'static str {
        "calibrate"
    }
}
