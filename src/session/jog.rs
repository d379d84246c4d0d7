//! One servo's pulse while hands feel what it does: in whole ticks, at most one
//! a frame, never where nobody has jogged it.

use tentacle_hat::units::{Microseconds, Ticks, Timebase};

/// The longest jog, µs. The pulse still has at most this far to go when a key
/// is let go, however fast keys repeat or a slow line delivers them.
pub(crate) const LONGEST_JOG_US: f32 = 50.0;

/// How far a wiggle goes, µs: some degrees, which eyes can see.
const WIGGLE_US: f32 = 40.0;

/// Where a pulse goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Rest,
    /// To the pulse that an engaged servo is sent first, after a frame in which
    /// it is limp: two quick keys must not make an engaged servo jump. It may
    /// have to wait for the board to wake it.
    Wait(u16),
    Wake(u16),
    By(u16),
    Go(u16),
    /// Through three pulses, at half speed.
    Sweep {
        legs: [u16; 3],
        leg: usize,
        wait: bool,
    },
}

/// One servo's pulse.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Jog {
    timebase: Timebase,
    way: Way,
    /// None: limp.
    emitted: Option<u16>,
    /// How far down and up it may go unless hands jog it further.
    window: Option<(u16, u16)>,
}

impl Jog {
    /// A limp servo; `measured` are the pulses that it is known to stand.
    pub(crate) fn limp(timebase: Timebase, measured: Option<(f32, f32)>) -> Self {
        let mut jog = Self {
            timebase,
            way: Way::Rest,
            emitted: None,
            window: None,
        };
        jog.window = measured.map(|(a, b)| {
            let (a, b) = (jog.ticks(a), jog.ticks(b));
            (a.min(b), a.max(b))
        });
        jog
    }

    /// What the servo is sent.
    pub(crate) fn emitted(&self) -> Option<Microseconds> {
        self.emitted.map(|ticks| self.timebase.width(Ticks(ticks)))
    }

    pub(crate) fn is_engaged(&self) -> bool {
        self.emitted.is_some() || self.is_waking()
    }

    fn is_waking(&self) -> bool {
        matches!(self.way, Way::Wait(_) | Way::Wake(_))
    }

    pub(crate) fn is_moving(&self) -> bool {
        self.way != Way::Rest
    }

    /// Whether it goes somewhere by itself.
    pub(crate) fn is_going(&self) -> bool {
        matches!(self.way, Way::Go(_))
    }

    pub(crate) fn is_sweeping(&self) -> bool {
        matches!(self.way, Way::Sweep { .. })
    }

    /// Starts, from limp, with the pulse `us`.
    pub(crate) fn engage(&mut self, us: f32) {
        let ticks = self.inside(us);
        self.window.get_or_insert((ticks, ticks));
        self.way = Way::Wait(ticks);
    }

    pub(crate) fn relax(&mut self) {
        self.emitted = None;
        self.way = Way::Rest;
    }

    /// Moves by `us`, on top of a jog the same way that is not over yet.
    pub(crate) fn by(&mut self, us: f32) {
        let Some(emitted) = self.emitted else { return };
        let emitted = i32::from(emitted);
        let ticks = |us: f32| ((us / self.timebase.tick_us()).round() as i32).max(1);
        let step = ticks(us.abs()) * us.signum() as i32;
        let from = match self.way {
            Way::By(target) if (i32::from(target) - emitted) * step > 0 => i32::from(target),
            _ => emitted,
        };
        let most = ticks(LONGEST_JOG_US);
        let target = (from + step).clamp(emitted - most, emitted + most);
        let (low, high) = self.legal();
        self.way = Way::By(target.clamp(low.into(), high.into()) as u16);
    }

    /// Where the jog under way goes, and whether no pulse may go further.
    pub(crate) fn jogs_to(&self) -> Option<(Microseconds, bool)> {
        let Way::By(target) = self.way else {
            return None;
        };
        let (low, high) = self.legal();
        let last = target == low || target == high;
        Some((self.timebase.width(Ticks(target)), last))
    }

    /// Moves by one tick.
    pub(crate) fn nudge(&mut self, up: bool) {
        let tick = self.timebase.tick_us();
        self.by(if up { tick } else { -tick });
    }

    /// Goes to the pulse `us`, which must have been reached before.
    pub(crate) fn go(&mut self, us: f32) {
        if self.emitted.is_some() {
            self.way = Way::Go(self.inside(us));
        }
    }

    /// Goes to one end, to the other, and to neutral, slowly.
    pub(crate) fn sweep(&mut self, ends: (f32, f32), neutral: f32) {
        if self.emitted.is_some() {
            self.way = Way::Sweep {
                legs: [ends.0, ends.1, neutral].map(|us| self.inside(us)),
                leg: 0,
                wait: true,
            };
        }
    }

    /// Goes a little up, a little down and back, slowly; within what it is known to
    /// stand if there is room for it.
    pub(crate) fn wiggle(&mut self) {
        let Some(at) = self.emitted else { return };
        let reach = (WIGGLE_US / self.timebase.tick_us()) as u16;
        let roomy = |(low, high): &(u16, u16)| high - low >= 2 * reach;
        let (low, high) = self.window.filter(roomy).unwrap_or(self.legal());
        self.way = Way::Sweep {
            legs: [at + reach, at - reach, at].map(|ticks| ticks.clamp(low, high)),
            leg: 0,
            wait: true,
        };
    }

    /// Stays where it is.
    pub(crate) fn stop(&mut self) {
        if !self.is_waking() {
            self.way = Way::Rest;
        }
    }

    /// The pulse that follows `before`, which the board emits.
    pub(crate) fn step(&mut self, before: Option<Microseconds>) -> Option<Microseconds> {
        match (self.way, before) {
            (Way::Wait(first), _) => {
                self.way = Way::Wake(first);
                return None;
            }
            (Way::Wake(first), None) => return Some(self.timebase.width(Ticks(first))),
            (Way::Wake(_), Some(us)) => {
                self.emitted = Some(self.timebase.ticks(us).0);
                self.way = Way::Rest;
            }
            // Whatever made it limp, it wakes at neutral.
            (_, None) => self.relax(),
            (_, Some(_)) => self.advance(),
        }
        self.emitted()
    }

    /// One frame on its way.
    fn advance(&mut self) {
        let jogged = matches!(self.way, Way::By(_));
        let target = match &mut self.way {
            Way::Rest | Way::Wait(_) | Way::Wake(_) => return,
            Way::By(target) | Way::Go(target) => *target,
            Way::Sweep { legs, leg, wait } => {
                *wait = !*wait;
                if !*wait {
                    return;
                }
                legs[*leg]
            }
        };
        let Some(emitted) = &mut self.emitted else {
            return;
        };
        *emitted = target.clamp(*emitted - 1, *emitted + 1);
        let (at, there) = (*emitted, *emitted == target);
        match &mut self.way {
            Way::Sweep { leg, .. } if there && *leg < 2 => *leg += 1,
            way if there => *way = Way::Rest,
            _ => {}
        }
        if jogged && let Some((low, high)) = &mut self.window {
            *low = at.min(*low);
            *high = at.max(*high);
        }
    }

    /// The nearest tick within the window.
    fn inside(&self, us: f32) -> u16 {
        let ticks = self.ticks(us);
        self.window
            .map_or(ticks, |(low, high)| ticks.clamp(low, high))
    }

    /// The nearest legal tick.
    fn ticks(&self, us: f32) -> u16 {
        let (low, high) = self.legal();
        ((us / self.timebase.tick_us()).round() as u16).clamp(low, high)
    }

    /// The whole ticks within 500..2500 µs.
    fn legal(&self) -> (u16, u16) {
        let tick = self.timebase.tick_us();
        let low = (Microseconds::MIN / tick).ceil() as u16;
        (low, (Microseconds::MAX / tick).floor() as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jog() -> Jog {
        Jog::limp(Timebase::new(50, 25_000_000).unwrap(), None)
    }

    fn settle(jog: &mut Jog) -> Vec<u16> {
        let mut way = vec![];
        let mut before = jog.emitted();
        while jog.is_moving() {
            before = jog.step(before);
            way.extend(jog.emitted);
        }
        way
    }

    #[test]
    fn a_key_held_down_leaves_no_more_than_one_long_jog_behind() {
        let mut jog = jog();
        jog.engage(1500.0);
        settle(&mut jog);
        for _ in 0..100 {
            jog.by(50.0);
        }
        assert_eq!(settle(&mut jog).len(), 10);
        jog.by(50.0);
        jog.step(jog.emitted());
        // The other way starts from where it is, not from where it was going.
        jog.nudge(false);
        assert_eq!(settle(&mut jog), [317]);
    }

    #[test]
    fn a_sweep_takes_two_frames_a_tick_and_ends_at_neutral() {
        let mut jog = Jog::limp(jog().timebase, Some((1480.0, 1520.0)));
        jog.engage(1500.0);
        settle(&mut jog);
        jog.sweep((1520.0, 1480.0), 1500.0);
        let way = settle(&mut jog);
        assert_eq!(
            (way.iter().min(), way.iter().max()),
            (Some(&303), Some(&311))
        );
        assert_eq!(way.last(), Some(&307));
        assert_eq!(way.len(), 2 * (4 + 8 + 4));
    }

    #[test]
    fn a_wiggle_comes_back_and_stays_in_a_window_with_room() {
        for (window, reached) in [(None, (299, 315)), (Some((1500.0, 1700.0)), (307, 315))] {
            let mut jog = Jog::limp(jog().timebase, window);
            jog.engage(1500.0);
            settle(&mut jog);
            jog.wiggle();
            let way = settle(&mut jog);
            assert_eq!(way.last(), Some(&307));
            assert_eq!(
                (way.iter().min(), way.iter().max()),
                (Some(&reached.0), Some(&reached.1))
            );
        }
    }

    #[test]
    fn nothing_but_a_jog_leaves_the_window() {
        let mut jog = jog();
        jog.engage(1500.0);
        settle(&mut jog);
        jog.go(1600.0);
        assert_eq!(settle(&mut jog), [307]);
        jog.by(20.0);
        settle(&mut jog);
        assert_eq!(jog.window, Some((307, 311)));
    }
}
