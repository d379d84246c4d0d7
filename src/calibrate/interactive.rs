//! `calibrate`: the session between terminal, board and file.

use super::bench::{Bench, Delay};
use super::screen::{Gone, Input, Screen};
use super::session::{Action, Servo, Session};
use super::store::Store;
use crate::cli::Global;
use crate::failure::Exit;
use crate::host::{self, bus::HostBus, signals::Signals};
use anyhow::{Result, bail};
use std::path::Path;
use std::time::Duration;
use tentacle_hat::board::{Armed, Board, BusError};

/// How often the chip is read back while a servo is engaged.
const WATCH_EVERY_US: u64 = 250_000;
/// How long to wait between attempts to find a lost board again.
const RETRY_EVERY_US: u64 = 250_000;
/// How often the picture is renewed without a key.
const PICTURE_EVERY_US: u64 = 100_000;

/// How a life of the board, or the session, ended.
enum End {
    Quit,
    /// By a signal, or with the terminal.
    CutOff,
    Disturbed,
    Lost(BusError),
}

pub(crate) fn interactive(global: &Global) -> Result<()> {
    let mut store = Store::open(global)?;
    Screen::check(store.servos.rig.servos().len())?;
    if store.path().is_some() {
        store.check_writable()?;
    }
    let _lock = host::lock(global, store.servos.rig.board())?;
    let bench = Bench::new(global, &store.servos)?;
    let signals = Signals::catch()?;
    let file = store.path().map(|path| path.display().to_string());
    let mut session = Session::new(&store.servos, file);

    // By now everything is known that would make the evening vain, but for the
    // board itself.
    let bus = bench.open().map_err(|error| bench.explain(error))?;
    let mut board = Board::new(bus, &bench.rig);
    let first = board.arm(&bench.rig, &mut Delay(&bench));
    let (armed, _) = first.map_err(|error| bench.explain(error))?;
    let outputs = bench.outputs_on()?;

    let mut screen = Screen::open()?;
    let mut desk = Desk {
        bench: &bench,
        screen: &screen,
        signals: &signals,
        store: &mut store,
        session: &mut session,
        drawn_us: None,
        slot: 0,
    };
    let end = desk.evening(armed);
    let saves = desk.session.saves;
    drop(outputs);
    if let Err(Gone) = screen.close() {
        // The servos are limp, and words would never arrive.
        std::process::exit(Exit::Other as i32);
    }
    tell(&session, &store, saves);
    if let End::CutOff = end
        && session.unsaved().next().is_some()
    {
        bail!("cut off before the last changes were saved; the servos are limp");
    }
    Ok(())
}

fn tell(session: &Session, store: &Store, saves: u32) {
    let Some(path) = store.path() else { return };
    let path = path.display();
    match saves {
        0 => println!("{path} is as it was."),
        _ => println!("Saved in {path}."),
    }
    // What is in the file may be an earlier state of the same servo.
    for (
        _,
        Servo {
            name,
            points,
            saved,
            ..
        },
    ) in session.unsaved()
    {
        println!(
            "The last changes to {name} were not saved: {}.",
            points.news(saved)
        );
    }
    if saves > 0 && store.is_the_services() {
        println!("`sudo systemctl start tentacle-hat` sets the hat in motion.");
    }
}

/// All that the session works with.
struct Desk<'a> {
    bench: &'a Bench,
    screen: &'a Screen,
    signals: &'a Signals,
    store: &'a mut Store,
    session: &'a mut Session,
    drawn_us: Option<u64>,
    slot: u64,
}

impl<'a> Desk<'a> {
    /// One life of the board after another, until the user leaves.
    fn evening(&mut self, first: Armed<'_, HostBus<'a>>) -> End {
        let mut end = self.live(first);
        loop {
            match end {
                End::Quit | End::CutOff => return end,
                End::Disturbed => {
                    self.session
                        .found("The board had lost its power or its memory: all limp.");
                }
                End::Lost(error) => {
                    self.session.lost(&self.bench.explain(error).to_string());
                    if let Some(left) = self.wait(RETRY_EVERY_US) {
                        return left;
                    }
                }
            }
            let bench = self.bench;
            end = match bench.open() {
                Err(error) => End::Lost(error),
                Ok(bus) => match Board::new(bus, &bench.rig).arm(&bench.rig, &mut Delay(bench)) {
                    Err(error) => End::Lost(error),
                    Ok((armed, _)) => {
                        self.session
                            .found("The board is there again, and all servos are limp.");
                        self.live(armed)
                    }
                },
            };
        }
    }

    /// Slot after slot on an armed board. Leaving drops it, which relaxes it.
    fn live(&mut self, mut armed: Armed<'_, HostBus<'a>>) -> End {
        let timebase = *self.bench.rig.timebase();
        let mut watch_us = 0;
        loop {
            let now_us = self.bench.now_us();
            self.slot = timebase.slot_from(now_us + 1);
            let wait = timebase.slot_us(self.slot) - now_us;
            if let Some(left) = self.wait(wait) {
                return left;
            }
            let now_us = self.bench.now_us();
            self.session.frame(now_us);
            let frame = armed.limp().with(&self.bench.rig, &self.session.pulses());
            // Once more at once: a disturbed transfer is no reason to go limp.
            let written = armed.write(&frame).or_else(|_| armed.write(&frame));
            if let Err(error) = written {
                return End::Lost(error);
            }
            if now_us >= watch_us {
                watch_us = now_us + WATCH_EVERY_US;
                match armed.verify().or_else(|_| armed.verify()) {
                    Ok(true) => {}
                    Ok(false) => return End::Disturbed,
                    Err(error) => return End::Lost(error),
                }
            }
        }
    }

    /// Lets `us` pass with keys and pictures; `Some` if the session is to end.
    fn wait(&mut self, us: u64) -> Option<End> {
        let until_us = self.bench.now_us() + us;
        loop {
            if self.signals.take_stop() || self.signals.take_hangup() {
                return Some(End::CutOff);
            }
            let now_us = self.bench.now_us();
            let due = self
                .drawn_us
                .is_none_or(|drawn| now_us >= drawn + PICTURE_EVERY_US);
            if due {
                self.drawn_us = Some(now_us);
                if let Err(Gone) = self.screen.show(self.session) {
                    return Some(End::CutOff);
                }
            }
            let left = until_us.saturating_sub(now_us);
            match self.screen.input(Duration::from_micros(left)) {
                Err(Gone) => return Some(End::CutOff),
                Ok(None) => return None,
                Ok(Some(Input::Resized)) => self.drawn_us = None,
                Ok(Some(Input::Key(key))) => {
                    self.drawn_us = None;
                    match self.session.key(key, now_us) {
                        Action::Nothing => {}
                        Action::Quit => return Some(End::Quit),
                        Action::Save => drop(self.save()),
                        Action::SaveAndQuit => {
                            if self.save() {
                                return Some(End::Quit);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Saves what is measured, and says so; whether nothing is left to save.
    fn save(&mut self) -> bool {
        let session = &mut *self.session;
        let unsaved: Vec<_> = session
            .unsaved()
            .map(|(i, s)| (i, s.points.clone()))
            .collect();
        let (ready, partly): (Vec<_>, Vec<_>) = unsaved
            .into_iter()
            .partition(|(_, points)| points.are_a_table());
        if session.file.is_some() && ready.is_empty() {
            let is_there = self.store.path().is_some_and(Path::exists);
            session.say(match (partly.is_empty(), is_there) {
                (true, true) => "Everything is saved already.",
                (true, false) => "Nothing to save yet.",
                (false, _) => "Nothing to save yet: a servo needs both its ends, [ and ].",
            });
            return partly.is_empty();
        }
        let saved = self.store.save(|document| {
            let edit = |(i, points): &(usize, _)| document.set_points(*i, points);
            ready.iter().try_for_each(edit)
        });
        match saved {
            Err(error) => session.say(&format!("Not saved: {error:#}")),
            Ok(_) => {
                let servos: Vec<usize> = ready.iter().map(|(i, _)| *i).collect();
                let names = |list: &[(usize, _)]| match list {
                    [_, _, _, _, ..] => format!("{} servos", list.len()),
                    _ => {
                        let names = list.iter().map(|(i, _)| session.servos[*i].name.as_str());
                        names.collect::<Vec<_>>().join(", ")
                    }
                };
                let mut message = format!("Saved {}.", names(&ready));
                if !partly.is_empty() {
                    message += &format!(" Not yet, for want of an end: {}.", names(&partly));
                } else if self.store.is_the_services() {
                    message += " After q, `sudo systemctl start tentacle-hat` moves the hat.";
                }
                session.saved(&servos, &message);
                return partly.is_empty();
            }
        }
        false
    }
}
