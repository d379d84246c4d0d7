//! `check --senses`: what each sense sees, live, in words.

use super::Report;
use super::witness::{NOBODY, Witness};
use crate::commands::trim::RELOAD;
use crate::failure::Exit;
use crate::files::{Files, Store};
use crate::senses::{News, Senses};
use crate::signals::Signals;
use crate::socket::{Call, Heard};
use crate::state::State;
use anyhow::Result;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use tentacle_hat::calibration::SensePlan;
use tentacle_hat::cue::Cue;

/// How often it is looked whether anything is to be told.
const LOOK: Duration = Duration::from_millis(50);
/// Somebody of whom a hat was told longer ago, s, it only remembers.
const FRESH_S: f32 = 0.3;

/// Tells what the senses see until somebody has seen enough: of a hat that moves, if one
/// listens at `socket`, or by listening to the senses itself.
pub(crate) fn look(files: &Files, socket: Option<&Path>, has_pins: bool) -> Result<()> {
    let plans = files.load()?.senses;
    let mut report = Report::new(false);
    if plans.is_empty() {
        report.note(format_args!(
            "{files}: servos.toml has no [[sense]]; wiring.md tells which there are"
        ));
        return Ok(());
    }
    let signals = Signals::catch()?;
    let mut watched: Vec<_> = plans.iter().map(Watched::new).collect();
    let mut source = match socket.map(Call::open) {
        Some(Ok(mut call)) => {
            call.watch(Some("10"))?;
            report.note(
                "a hat moves; this is whom its senses see, until Ctrl-C. What is wrong with one is \
                 in its log, `journalctl -u tentacle-hat`",
            );
            watched.iter_mut().for_each(|it| it.is_well = true);
            Source::Hat(call)
        }
        Some(Err(failure)) if failure.exit != Exit::NoBoard => return Err(failure.into()),
        _ => {
            report.note("no hat moves; this is what the senses tell, until Ctrl-C");
            let mut senses = Senses::default();
            senses.change(&plans, has_pins);
            Source::Own(senses, has_pins)
        }
    };
    for it in watched.iter().filter(|it| it.witness.wants_walk()) {
        report.note(format_args!(
            "{}: which side is which is not known yet: let somebody alone walk past it, two metres \
             away, {}",
            it.witness.plan.name,
            it.witness.walk().0
        ));
    }
    while !signals.take_stop() && !signals.take_hangup() && is_read() {
        let Some(news) = source.next() else {
            report.bad(Exit::NoBoard, "the hat is gone");
            break;
        };
        for (name, news) in news {
            let mut found = watched.iter_mut();
            let Some(it) = found.find(|it| *it.witness.plan.name == *name) else {
                continue;
            };
            if let Some(mirrored) = it.hear(news, &mut report) {
                keep_side(&mut report, files, &it.witness.plan, mirrored);
                it.witness.knows_side(mirrored);
                source.change(&watched);
            }
        }
        for it in watched.iter_mut().filter(|it| it.is_well) {
            if let Some(words) = it.witness.words(Instant::now()) {
                let line = format!("{}: {words}", it.witness.plan.name);
                // A hat does not say whether the sense is well that sees nobody.
                match words == NOBODY && matches!(source, Source::Hat(_)) {
                    true => report.note(line),
                    false => report.good(line),
                }
            }
        }
    }
    report.end()
}

/// Whether anybody reads what is told: a pipe may be closed.
fn is_read() -> bool {
    let stdout = io::stdout();
    let mut ready = [PollFd::new(&stdout, PollFlags::empty())];
    let polled = poll(&mut ready, Some(&Timespec::default()));
    polled != Ok(1) || !ready[0].revents().contains(PollFlags::ERR)
}

/// A sense that is told of.
struct Watched {
    witness: Witness,
    is_well: bool,
}

impl Watched {
    fn new(plan: &SensePlan) -> Self {
        Self {
            witness: Witness::of(plan),
            is_well: false,
        }
    }

    /// What its news are; whether it is mirrored, if that was to be found out and was.
    fn hear(&mut self, news: News, report: &mut Report) -> Option<bool> {
        match news {
            News::Cue(Cue::Person(id, sighting)) => {
                let walked = self.witness.see(id, sighting, Instant::now());
                return walked.filter(|_| self.witness.wants_walk());
            }
            News::Cue(_) => {}
            News::Well { .. } => self.is_well = true,
            News::Trouble(why) => {
                let plan = &self.witness.plan;
                let line = format_args!("{} at {}: {why}", plan.name, plan.kind);
                report.bad(Exit::NoBoard, line);
                self.is_well = false;
                self.witness.fails();
            }
        }
        None
    }
}

/// Who tells what the senses see.
enum Source {
    /// They themselves, with pins or without.
    Own(Senses, bool),
    /// A hat that moves.
    Hat(Call),
}

impl Source {
    /// What is new, each with its sense's name; `None`: nobody is there to tell.
    fn next(&mut self) -> Option<Vec<(String, News)>> {
        let mut all = Vec::new();
        match self {
            Self::Own(senses, _) => {
                thread::sleep(LOOK);
                while let Some((plan, news)) = senses.next() {
                    all.push((plan.name.to_string(), news));
                }
            }
            Self::Hat(call) => match call.hear(LOOK) {
                Heard::Line(line) => {
                    let state: State = line.parse().unwrap_or_default();
                    for (id, seen) in state.playing.people {
                        let name = id.as_str().split('.').next().unwrap_or_default();
                        if seen.age_s < FRESH_S {
                            let news = News::Cue(Cue::Person(id, Some(seen)));
                            all.push((name.to_owned(), news));
                        }
                    }
                }
                Heard::Nothing => {}
                Heard::End => return None,
            },
        }
        Some(all)
    }

    /// Goes on with what the senses are known to be by now.
    fn change(&mut self, watched: &[Watched]) {
        if let Self::Own(senses, has_pins) = self {
            let plans = watched.iter().map(|it| it.witness.plan.clone());
            senses.change(&plans.collect(), *has_pins);
        }
    }
}

/// Writes down which side of a radar is which.
fn keep_side(report: &mut Report, files: &Files, plan: &SensePlan, mirrored: bool) {
    let name = &plan.name;
    let found = match mirrored {
        true => "it counts to its left what is on its right",
        false => "its sides are as they should be",
    };
    report.good(format_args!("{name}: {found}: mirrored = {mirrored}"));
    let saved = Store::open_locked(files).and_then(|mut store| {
        let saved = store.save(&mut |document| document.set_mirrored(name, mirrored))?;
        store.tell(&saved, Some(RELOAD));
        Ok(())
    });
    if let Err(why) = saved {
        report.bad(
            Exit::Other,
            format_args!(
                "{why:#}\nto put into servos.toml, below name = \"{name}\": mirrored = {mirrored}"
            ),
        );
    }
}
