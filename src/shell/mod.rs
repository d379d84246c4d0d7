//! The real world as the loop sees it while the hat performs: the machine, the
//! signals, and who is told what happens.

mod cues;
mod log;
pub(crate) mod output;
mod party;
mod programme;
mod record;
mod rereader;
mod saved;
mod service;
mod told;
mod trace;

use crate::crowd::{Crowd, Step};
use crate::failure::Failure;
use crate::files::Files;
use crate::host::{Button, HostBus, Machine, Which};
use crate::inlet::Inlet;
use crate::outlet::Outlet;
use crate::pause::Pause;
use crate::say;
use crate::senses::{News, Senses};
use crate::sheet::{Notes, Sheet};
use crate::signals::Signals;
use crate::socket::{self, Server};
use crate::state::State;
use crate::view::{Act, View};
use anyhow::{Context, Result};
use cues::Cues;
use log::Log;
pub(crate) use party::Party;
pub(crate) use programme::{Programme, short};
use record::Record;
use rereader::Reader;
use service::Service;
use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tentacle_hat::board::BusError;
use tentacle_hat::calibration::{self, BoardPlan};
use tentacle_hat::cue::Cue;
use tentacle_hat::drive::{Notice, Order, Shell, Slot};
use tentacle_hat::motion::Hat;
use tentacle_hat::units::Timebase;
use told::Told;
use trace::Trace;

/// What the log may take for its last lines.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a slot is told if nothing happens, µs.
const TELL_EVERY_US: u64 = 1_000_000;

/// A hat that was read again, until the performer takes it.
type Inbox = Rc<RefCell<Option<Hat>>>;

/// The shell that the program runs the loop in. It stands on the frame thread,
/// which waits for nothing: whatever may block has a thread of its own.
pub(crate) struct HostShell {
    pub(crate) machine: Machine,
    button: Button,
    /// What the files say of senses, and the real ones, where they are listened to.
    plans: calibration::Senses,
    senses: Option<Senses>,
    /// Virtual ones in their place, and the people they see; keys move those.
    party: Option<Party>,
    steps: Arc<Inlet<Step>>,
    /// A record is played that has what senses said.
    told_people: bool,
    signals: Signals,
    pause: Pause,
    stopping: bool,
    log: Outlet<Told, ()>,
    service: Option<Outlet<Told, ()>>,
    /// The slot that was told last.
    told: Slot,
    reader: Reader,
    inbox: Inbox,
    cues: Cues,
    record: Option<Record>,
    seed: u64,
    /// What befell the frames of a record that is played again, without pauses.
    replayed: Option<Notes>,
    board: BoardPlan,
    timebase: Timebase,
    trace: Option<Trace>,
    view: Option<View>,
    /// Somebody looks on, and the state is kept up for him.
    watched: bool,
    state: State,
}

impl HostShell {
    /// The shell for a programme, and the hat to begin with.
    ///
    /// # Errors
    /// The files' faults; another process drives the board; the trace cannot be
    /// written.
    pub(crate) fn new(programme: &Programme, which: Which) -> Result<(Self, Hat)> {
        let mut reader = Reader::open(programme.files.clone())?;
        reader.ask();
        let (hat, servos) = reader.wait()?;
        let rig = &hat.rig;
        let sheet = programme.cues.as_deref().map(Sheet::open).transpose()?;
        let sheet = sheet.unwrap_or_default();
        // By hand the same comes again; a hat at a fair is to differ from yesterday's. A record
        // has its own seed, which nobody draws.
        let draws = programme.seed.is_none() && Service::is_there() && sheet.notes.is_none();
        let seed = programme
            .seed
            .unwrap_or_else(|| if draws { programme::draw() } else { 0 });
        let crowd = programme.people.as_deref().map(Crowd::open).transpose()?;
        let party = crowd.map(|crowd| Party::new(crowd, short(seed), &hat.senses));
        let made = Programme::made(seed, &hat);
        if let (Some(notes), Some(path)) = (&sheet.notes, &programme.cues) {
            let fits = notes.fits(&made);
            fits.with_context(|| path.display().to_string())?;
        }
        let watched = programme.trace.is_some() || programme.view;
        let machine = Machine::new(which.clone(), rig.board(), programme.unpaced, watched)?;
        let trace = programme.trace.as_ref().map(|path| {
            Trace::create(path, rig, programme.seconds, programme.unpaced)
                .with_context(|| path.display().to_string())
        });
        let trace = trace.transpose()?;
        let record = programme.record.as_ref().map(|path| {
            Record::create(path, made, programme.unpaced)
                .with_context(|| path.display().to_string())
        });
        let record = record.transpose()?;
        let mut own = None;
        let socket = match &programme.socket {
            Some(path) => Some(Server::open(path, rig.timebase().rate_hz())?),
            None => socket::of_service().and_then(|path| {
                let opened = Server::open(&path, rig.timebase().rate_hz());
                opened.map_err(|why| own = Some(why)).ok()
            }),
        };
        let service = Service::is_there()
            .then(|| Service::open(Log::new(which.clone(), false), programme.unpaced));
        if party.is_some() && hat.senses.is_empty() {
            say::say(party::TWO_RADARS);
        }
        let signals = Signals::catch()?;
        if programme.reload {
            saved::watch(&programme.files, signals.clone())?;
        }
        // Last, so that whatever else fails is said on a quiet screen.
        let (keyed, steps) = (Arc::default(), Arc::default());
        let show = || {
            let inlets = (Arc::clone(&keyed), Arc::clone(&steps));
            let keys = keys(signals.clone(), inlets, programme.files.clone());
            View::show(rig.clone(), keys, which.is_virtual(), which.crooked())
        };
        let view = programme.view.then(show).transpose()?;
        let lines = view.as_ref().map(View::lines);
        // A scene is said where somebody reads along.
        let log = Log::new(which, view.is_none() && io::stderr().is_terminal());
        let slow = machine.carries(rig).filter(|(carries, _)| !carries);
        let mut shell = Self {
            button: Button::of(&machine),
            // A record has what they said; and without pauses, the world is too slow.
            senses: (sheet.notes.is_none() && !programme.unpaced && party.is_none())
                .then(Senses::default),
            plans: hat.senses.clone(),
            party,
            steps,
            told_people: sheet.notes.is_some(),
            machine,
            pause: Pause::new(signals.clone()),
            signals,
            stopping: false,
            log: log.open(lines, programme.unpaced)?,
            service: service.transpose()?,
            told: Slot::default(),
            reader,
            inbox: Inbox::default(),
            cues: Cues::new(programme.demo, sheet.cues, keyed, socket),
            record,
            seed,
            replayed: sheet.notes.filter(|_| programme.unpaced),
            board: *rig.board(),
            timebase: *rig.timebase(),
            trace,
            view,
            watched: false,
            state: State {
                servos,
                ..State::default()
            },
        };
        if draws {
            let words = format!("the seed is {seed}: `run --seed {seed}` moves the same way");
            shell.log.offer(Told::Words(words));
        }
        if let Some((_, line)) = slow {
            shell.tell(Told::Words(line));
        }
        shell.change_inputs(&hat);
        if let Some(why) = own {
            let line = format!("{why}; the hat moves without it");
            shell.tell(Told::Words(line));
        }
        Ok((shell, hat))
    }

    /// Where the performer finds a hat that was read again.
    pub(crate) fn inbox(&self) -> impl FnMut() -> Option<Hat> + use<> {
        let inbox = Rc::clone(&self.inbox);
        // Asked first: taking nothing out would move ten kilobytes a slot.
        move || {
            let is_there = inbox.borrow().is_some();
            if is_there { inbox.take() } else { None }
        }
    }

    /// Whether a service manager started this program, which then waits for a
    /// board that is absent.
    pub(crate) fn is_service(&self) -> bool {
        self.service.is_some()
    }

    /// What decides all that is left to chance.
    pub(crate) fn seed(&self) -> u32 {
        short(self.seed)
    }

    /// Ends the trace, the log, and the view, which may end the program.
    pub(crate) fn finish(self) -> Result<()> {
        let trace = self.trace.map_or(Ok(()), Trace::finish);
        let dropped = self.log.dropped();
        // What it could not say by now, nobody would take.
        let _ = self.log.close(PATIENCE);
        if dropped > 0 {
            say::last(format_args!("the last {dropped} events are not told"));
        }
        let record = self.record.map_or(Ok(()), Record::finish);
        self.view.map_or(Ok(()), |mut view| view.close())?;
        trace.and(record)
    }

    fn tell(&mut self, told: Told) {
        if let Some(service) = &mut self.service {
            service.offer(told.clone());
        }
        self.log.offer(told);
    }

    /// Looks whether anybody looks on.
    fn look_round(&mut self) {
        let socket = self.cues.socket.as_ref();
        self.watched = self.view.is_some() || socket.is_some_and(Server::is_watched);
    }

    /// Shows those who look on what the board does at `t_us`.
    fn show(&mut self, t_us: u64) {
        self.state.t_us = t_us;
        if let Some(party) = &self.party {
            self.state.meet(&party.crowd);
        }
        if let Some(chip) = &self.machine.chip {
            self.state.observe(&chip.chip.borrow());
        }
        if let Some(socket) = &self.cues.socket {
            socket.publish(&self.state);
        }
        if let Some(view) = &mut self.view {
            if self.machine.faults.strikes_view() {
                view.break_down();
            }
            if !view.publish(&self.state) && !self.stopping {
                // A view that broke down leaves nobody to say when to stop.
                self.signals.ask_stop();
            }
        }
    }

    /// Lets the board live up to `t_us`, row by row of the trace.
    fn advance_to(&mut self, t_us: u64) {
        while let Some(trace) = &mut self.trace
            && let Some(k) = trace.next_row()
            && let Some(chip) = &self.machine.chip
            && self.timebase.slot_us(k + 1) <= t_us
        {
            self.machine.advance_to(self.timebase.slot_us(k + 1));
            trace.row(self.timebase.slot_us(k), &chip.chip.borrow());
        }
        self.machine.advance_to(t_us);
    }

    /// Goes over to the button and the senses that a hat has.
    fn change_inputs(&mut self, hat: &Hat) {
        // First: its pin may be a sense's from now on.
        if let Err(why) = self.button.change(hat.rig.board().button_gpio) {
            self.tell(Told::Words(why));
        }
        self.plans.clone_from(&hat.senses);
        let has_pins = !self.machine.is_virtual();
        if let Some(party) = &mut self.party {
            party.change(&hat.senses);
        } else if let Some(senses) = &mut self.senses {
            senses.change(&hat.senses, has_pins);
        }
    }

    /// Somebody whom a sense saw; what else it says, the user is told.
    fn seen(&mut self, t_us: u64) -> Option<Cue> {
        while let Some(step) = self.steps.next() {
            if self.party.is_none() && step == Step::Come {
                // They take the place of real ones.
                self.senses = None;
                self.party = Some(Party::new(Crowd::default(), self.seed(), &self.plans));
            }
            if let Some(party) = &mut self.party {
                party.crowd.step(step, t_us);
            }
        }
        loop {
            let said = match (&mut self.party, &mut self.senses) {
                (Some(_), _) if self.told_people => None,
                (Some(party), _) => party.next(t_us),
                (None, senses) => senses.as_mut()?.next(),
            };
            let (plan, news) = said?;
            let (name, place) = (&plan.name, &plan.kind);
            let line = match news {
                News::Cue(cue) => return Some(cue),
                News::Trouble(why) => {
                    format!("the hat goes on without its sense {name} at {place}: {why}")
                }
                News::Well { again: true } => format!("the sense {name} at {place} works"),
                News::Well { again: false } => continue,
            };
            self.tell(Told::Words(line));
        }
    }

    /// Takes up files that were read again; bad ones are refused and the old
    /// hat goes on.
    fn take_up(&mut self, read: Result<(Hat, u64), Failure>) {
        match read {
            Ok((hat, servos)) => {
                self.state.servos = servos;
                self.change_inputs(&hat);
                if let Some(socket) = &self.cues.socket {
                    socket.set_rate(hat.rig.timebase().rate_hz());
                }
                if let Some(view) = &self.view {
                    view.change(hat.rig.clone());
                }
                *self.inbox.borrow_mut() = Some(hat);
                if let Some(record) = &mut self.record {
                    record.breaks("the files were read again");
                }
                self.tell(Told::Read);
            }
            Err(failure) => self.tell(Told::Refused(failure.to_string())),
        }
    }
}

/// What the view's keys do to a hat that this process moves.
fn keys(
    signals: Signals,
    (keyed, steps): (Arc<Inlet<Cue>>, Arc<Inlet<Step>>),
    files: Files,
) -> impl FnMut(Act) -> Option<String> {
    move |act| {
        match act {
            Act::Leave => signals.ask_stop(),
            Act::Pause => signals.ask_pause(),
            Act::Cue(cue) => keyed.leave(cue),
            Act::Step(step) => steps.leave(step),
            Act::Keep(numbers) => return Some(files.keep(&numbers)),
        }
        None
    }
}

impl Shell for HostShell {
    type Bus = HostBus;
    type Error = BusError;

    fn open(&mut self, board: &BoardPlan) -> Result<HostBus, BusError> {
        self.board = *board;
        self.machine.open(board)
    }

    fn now_us(&mut self) -> u64 {
        self.machine.time.now_us()
    }

    fn sleep_until(&mut self, t_us: u64) {
        let wakes_us = match &mut self.replayed {
            Some(notes) => notes.wakes_us(t_us),
            None => t_us,
        };
        self.machine.time.sleep_until(wakes_us);
        self.advance_to(t_us);
        if self.watched {
            self.show(t_us);
        }
    }

    fn order(&mut self) -> Order {
        let mut stop = self.signals.take_stop();
        if let Some(stop_us) = self.replayed.as_ref().and_then(|notes| notes.stopped_us) {
            stop |= !self.stopping && self.machine.time.now_us() >= stop_us;
        }
        if self.signals.take_hangup() {
            if self.stopping {
                // It is on its way already.
            } else if self.is_service() {
                self.signals.ask_reload();
            } else {
                // Started by hand, it is a lost SSH connection.
                stop = true;
            }
        }
        if self.signals.take_reload() {
            self.tell(Told::Reading);
            self.reader.ask();
        }
        if let Some(read) = self.reader.answer() {
            self.take_up(read);
        }
        let before = self.stopping;
        self.stopping |= stop;
        match (stop, before) {
            (true, true) => Order::Quit,
            _ if self.pause.wants_relaxing() => Order::Rearm,
            (false, false) => Order::Play,
            _ => Order::Stop,
        }
    }

    fn cue(&mut self, t_us: u64) -> Option<Cue> {
        if let Some(press) = self.button.press(t_us) {
            return Some(self.cues.pressed(press));
        }
        // Before the senses: whatever they say, a fold is heard.
        let asked = self.cues.next(t_us);
        asked.or_else(|| {
            let cue = self.seen(t_us)?;
            Some(self.cues.sensed(cue))
        })
    }

    fn notice(&mut self, notice: Notice<'_, BusError>) {
        match notice {
            Notice::Cue(cue, t_us, taken) => {
                if let (Ok(()), Some(record)) = (&taken, &mut self.record) {
                    record.cue(cue, t_us);
                }
                let words = self.cues.answer(cue, taken);
                // While the board is lost, no slot tells it.
                self.state.playing.mood = self.cues.mood;
                self.state.playing.folded = self.cues.folded;
                if let Some(words) = words {
                    self.tell(Told::Words(words));
                }
            }
            Notice::Slot(slot, sight) => {
                if let Some(record) = &mut self.record {
                    record.slot(slot, &self.timebase, self.state.stopping);
                }
                self.state.slot(slot);
                self.look_round();
                if self.watched {
                    self.state.see(slot.t_us, &sight);
                }
                let news = slot.good != self.told.good || slot.scene != self.told.scene;
                if news || slot.t_us >= self.told.t_us + TELL_EVERY_US {
                    self.told = *slot;
                    self.tell(Told::Slot(*slot));
                } else {
                    // What met a queue that was just being looked into.
                    self.log.pass_on();
                    self.service.iter_mut().for_each(Outlet::pass_on);
                }
            }
            Notice::Fault(error) => self.tell(Told::Fault(*error, self.board)),
            Notice::Lost(loss) => {
                self.record.iter_mut().for_each(Record::lost);
                self.look_round();
                self.tell(Told::Lost(*loss, self.board));
            }
            Notice::Disturbed => self.tell(Told::Disturbed),
            Notice::Stopping => {
                self.state.stopping = true;
                self.tell(Told::Stopping);
            }
            Notice::Armed(_) | Notice::Relaxed => {
                let out = matches!(notice, Notice::Armed(_));
                self.state.stopping &= !out;
                self.state.relax();
                if let (Notice::Armed(taken_over), Some(record)) = (notice, &mut self.record) {
                    record.armed(taken_over);
                }
                if out {
                    self.tell(Told::Armed);
                    if let Some(us) = self.replayed.as_ref().and_then(|notes| notes.armed_us) {
                        // Within the slot before.
                        let half_us = self.timebase.period_us() as u64 / 2;
                        self.machine.time.sleep_until(us - half_us.min(us));
                    }
                }
                if let Err(why) = self.machine.let_out(out) {
                    self.tell(Told::Shut(why));
                }
                self.pause.hear(out);
            }
        }
    }
}
