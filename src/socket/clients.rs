//! The thread of the cue socket, and those who are connected.
//!
//! It goes in turns: in each, everybody gets at most a line read and answered, and after
//! each it rests, so that a flood of lines or of connections is no busy processor.

use super::server::{Papers, Request, Shared};
use super::{CLIENTS, text};
use crate::state::State;
use arrayvec::ArrayVec;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fmt::Display;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tentacle_hat::cue::{Cue, LONGEST, NoCue};

/// What it rests between two turns: less than a slot of the fastest board.
const REST: Duration = Duration::from_millis(2);
/// After a rest, what is there is seen at once.
const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};
/// States a second for who does not say how many.
const USUAL_HZ: f64 = 10.0;

/// Everybody who is connected.
pub(super) struct Clients {
    listener: UnixListener,
    shared: Arc<Shared>,
    places: [Option<Guest>; CLIENTS],
}

impl Clients {
    pub(super) fn new(listener: UnixListener, shared: Arc<Shared>) -> Self {
        Self {
            listener,
            shared,
            places: Default::default(),
        }
    }

    /// Serves until it is over.
    pub(super) fn serve(mut self) {
        loop {
            self.wait();
            let is_over = self.shared.over.load(Ordering::Relaxed);
            self.deliver();
            if is_over {
                return;
            }
            self.welcome();
            self.hear();
            let watched = self.places.iter().flatten().any(Guest::watches);
            self.shared.watched.store(watched, Ordering::Relaxed);
            thread::sleep(REST);
        }
    }

    /// Until something happens.
    fn wait(&mut self) {
        let waits = !self.places.iter().flatten().any(Guest::has_line);
        let mut ready = ArrayVec::<_, { CLIENTS + 2 }>::new();
        ready.push(PollFd::new(&self.shared.bell, PollFlags::IN));
        ready.push(PollFd::new(&self.listener, PollFlags::IN));
        for guest in self.places.iter().flatten() {
            // Of the others it is only heard that they left.
            let listens = matches!(guest.role, Role::Talks) && !guest.ended;
            let flags = if listens {
                PollFlags::IN
            } else {
                PollFlags::empty()
            };
            ready.push(PollFd::new(&guest.socket, flags));
        }
        let timeout = if waits { None } else { Some(&AT_ONCE) };
        // Whatever it says, a turn finds out itself.
        let _ = poll(&mut ready, timeout);
        let left: ArrayVec<bool, { CLIENTS }> = ready[2..]
            .iter()
            .map(|fd| fd.revents().contains(PollFlags::HUP))
            .collect();
        drop(ready);
        let taken = self.places.iter_mut().filter(|place| place.is_some());
        for (place, left) in taken.zip(left) {
            // Whoever talks may have said something before.
            place.take_if(|guest| left && guest.watches());
        }
        // How often it rang is all the same.
        let _ = rustix::io::read(&self.shared.bell, &mut [0; 8]);
    }

    fn papers(&self) -> MutexGuard<'_, Papers> {
        let papers = self.shared.papers.lock();
        papers.unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what the frame thread had to say.
    fn deliver(&mut self) {
        let mut papers = self.papers();
        let state = papers.state.take();
        let answers = papers.requests.each_mut().map(|request| match *request {
            Request::Done(taken) => {
                *request = Request::None;
                Some(taken)
            }
            _ => None,
        });
        drop(papers);
        for (place, answer) in self.places.iter_mut().zip(answers) {
            if let (Some(guest), Some(taken)) = (&mut *place, answer) {
                guest.role = Role::Talks;
                if !guest.answer(taken) {
                    *place = None;
                }
            }
        }
        let Some(state) = state else { return };
        // Made once for all of them.
        let mut line = String::new();
        for place in &mut self.places {
            if let Some(guest) = place
                && guest.wants(&state)
            {
                if line.is_empty() {
                    line = format!("{state}\n");
                }
                if guest.send(&line) != Sent::All {
                    *place = None;
                }
            }
        }
    }

    /// Lets in as many as there are places, and turns as many away.
    fn welcome(&mut self) {
        for _ in 0..CLIENTS {
            let Ok((socket, _)) = self.listener.accept() else {
                return;
            };
            let Ok(mut guest) = Guest::new(socket) else {
                continue;
            };
            match self.places.iter_mut().find(|place| place.is_none()) {
                Some(place) => *place = Some(guest),
                None => {
                    guest.send(&no(format_args!("{CLIENTS} are connected already")));
                }
            }
        }
    }

    /// A line of each.
    fn hear(&mut self) {
        let rate_hz = self.shared.rate_hz.load(Ordering::Relaxed);
        for i in 0..CLIENTS {
            let Some(guest) = &mut self.places[i] else {
                continue;
            };
            if !matches!(guest.role, Role::Talks) {
                continue;
            }
            guest.read();
            let stays = match guest
                .line()
                .map(|line| line.and_then(|l| said(&l, rate_hz)))
            {
                None => !guest.ended,
                Some(Err(why)) => guest.send(&no(why)).is_bearable(),
                Some(Ok(Said::Watch { every_us })) => {
                    guest.role = Role::Watches {
                        every_us,
                        due_us: 0,
                    };
                    guest.send(&format!("{}\n", text::HEAD)) == Sent::All
                }
                Some(Ok(Said::Cue(cue))) => {
                    guest.role = Role::Waits;
                    self.papers().requests[i] = Request::Said(cue);
                    self.shared.asked.store(true, Ordering::Relaxed);
                    true
                }
            };
            if !stays {
                self.places[i] = None;
            }
        }
    }
}

/// What a line asks for.
enum Said {
    Cue(Cue),
    Watch { every_us: u64 },
}

fn said(line: &[u8], rate_hz: u32) -> Result<Said, String> {
    let line = str::from_utf8(line).map_err(|_| "a cue is text, in UTF-8".to_owned())?;
    let mut words = line.split_ascii_whitespace();
    if words.next() != Some("watch") {
        return line
            .parse()
            .map(Said::Cue)
            .map_err(|why: NoCue| why.to_string());
    }
    let hz = words.next().map_or(Ok(USUAL_HZ), str::parse);
    match (hz, words.next()) {
        (Ok(hz), None) if hz > 0.0 && hz <= f64::from(rate_hz) => {
            let every_us = (1e6 / hz) as u64;
            Ok(Said::Watch { every_us })
        }
        _ => Err(format!(
            "`watch HZ` wants one number, above 0 and at most {rate_hz}, the pulse rate"
        )),
    }
}

fn no(why: impl Display) -> String {
    format!("no: {why}\n")
}

/// What somebody does at the moment.
#[derive(Clone, Copy, Debug)]
enum Role {
    Talks,
    /// For the answer to his cue.
    Waits,
    /// A state is due to him then, and so often.
    Watches {
        every_us: u64,
        due_us: u64,
    },
}

/// How a line went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    All,
    /// He does not read.
    Stuck,
    /// He does not even hear; what he said before that may still count.
    Deaf,
}

impl Sent {
    fn is_bearable(self) -> bool {
        self != Self::Stuck
    }
}

/// Somebody who is connected.
struct Guest {
    socket: UnixStream,
    /// What he said and was not yet read; a line with its end.
    input: ArrayVec<u8, { LONGEST + 1 }>,
    /// The rest of a line that was too long.
    skips: bool,
    /// He says no more.
    ended: bool,
    role: Role,
}

impl Guest {
    fn new(socket: UnixStream) -> std::io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            input: ArrayVec::new(),
            skips: false,
            ended: false,
            role: Role::Talks,
        })
    }

    fn watches(&self) -> bool {
        matches!(self.role, Role::Watches { .. })
    }

    /// Whether a line can be read without hearing more.
    fn has_line(&self) -> bool {
        let whole = self.input.contains(&b'\n') || self.input.is_full() || self.ended;
        matches!(self.role, Role::Talks) && whole
    }

    /// Takes in what he says, if there is no line yet.
    fn read(&mut self) {
        if self.has_line() {
            return;
        }
        let mut bytes = [0; LONGEST + 1];
        let room = self.input.remaining_capacity();
        match self.socket.read(&mut bytes[..room]) {
            Ok(0) => self.ended = true,
            Ok(count) => self.input.extend(bytes[..count].iter().copied()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.ended = true,
        }
    }

    /// The next line, or why it is none.
    fn line(&mut self) -> Option<Result<ArrayVec<u8, { LONGEST + 1 }>, String>> {
        let end = self.input.iter().position(|byte| *byte == b'\n');
        let is_last = self.ended && !self.input.is_empty();
        let length = match end {
            Some(end) => end + 1,
            None if self.input.is_full() || is_last => self.input.len(),
            None => return None,
        };
        let mut line: ArrayVec<u8, _> = self.input.drain(..length).collect();
        let was_skipped = self.skips;
        // Once it is too long, it is so to its end.
        self.skips = end.is_none() && !is_last;
        if was_skipped {
            return None;
        }
        if self.skips {
            return Some(Err(NoCue::TooLong.to_string()));
        }
        if end.is_some() {
            line.pop();
        }
        Some(Ok(line))
    }

    fn answer(&mut self, taken: Result<(), impl Display>) -> bool {
        let sent = match taken {
            Ok(()) => self.send("ok\n"),
            Err(why) => self.send(&no(why)),
        };
        sent.is_bearable()
    }

    /// Whether `state` is due to him, who watches.
    fn wants(&mut self, state: &State) -> bool {
        let Role::Watches { every_us, due_us } = &mut self.role else {
            return false;
        };
        if state.t_us < *due_us {
            return false;
        }
        // In step, but what was missed does not come all at once.
        let next_us = due_us.saturating_add(*every_us);
        *due_us = match next_us > state.t_us {
            true => next_us,
            false => state.t_us.saturating_add(*every_us),
        };
        true
    }

    /// Sends a line, whole or not at all.
    fn send(&mut self, line: &str) -> Sent {
        match self.socket.write(line.as_bytes()) {
            Ok(count) if count == line.len() => Sent::All,
            Ok(_) => Sent::Stuck,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Sent::Stuck,
            Err(_) => Sent::Deaf,
        }
    }
}
