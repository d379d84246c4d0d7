//! A push button's presses, told from its contact over time.

/// How long a contact has to stay as it is before that is believed, µs: springs bounce
/// for some ms, and a spark in a servo's lead is shorter.
const STEADY_US: u64 = 30_000;
/// How long a press is held to be a long one, µs.
const LONG_US: u64 = 800_000;

/// What somebody did with the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Press {
    /// Pressed and let go.
    Short,
    /// Held for so long; letting go says nothing more.
    Long,
}

/// The button's contact, as it was seen up to now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contact {
    /// Whether it was closed when last seen, and since when.
    closed: bool,
    since_us: u64,
    button: Button,
}

/// The button, as far as it is sure.
#[derive(Clone, Copy, Debug)]
enum Button {
    Up,
    /// Pressed at that moment, and nothing was said of it.
    Down(u64),
    /// Held, and all is said of it.
    Done,
}

impl Contact {
    /// A contact of which nothing was seen: one that is closed from the start may be
    /// a bag that lies on the button, and says nothing until it has opened.
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            closed: false,
            since_us: now_us,
            button: Button::Done,
        }
    }

    /// Sees the contact, and tells the press that this makes.
    pub(super) fn see(&mut self, closed: bool, now_us: u64) -> Option<Press> {
        if closed != self.closed {
            (self.closed, self.since_us) = (closed, now_us);
        }
        let steady = now_us >= self.since_us + STEADY_US;
        match (self.button, closed) {
            (Button::Down(_), false) if steady => {
                self.button = Button::Up;
                return Some(Press::Short);
            }
            (Button::Down(at_us), true) if now_us >= at_us + LONG_US => {
                self.button = Button::Done;
                return Some(Press::Long);
            }
            (Button::Up, true) if steady => self.button = Button::Down(self.since_us),
            (Button::Done, false) if steady => self.button = Button::Up,
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1000;

    /// What is told of a contact that is seen every 10 ms for `until_ms`, closed in
    /// these spans of ms; each press with the ms at which it is told.
    fn told(until_ms: u64, spans: &[(u64, u64)]) -> Vec<(u64, Press)> {
        let mut contact = Contact::new(0);
        let times = (0..=until_ms).step_by(10);
        let see = |ms: u64| {
            let closed = spans
                .iter()
                .any(|&(from, until)| (from..until).contains(&ms));
            Some((ms, contact.see(closed, ms * MS)?))
        };
        times.filter_map(see).collect()
    }

    #[test]
    fn a_short_press_is_told_when_it_is_let_go() {
        assert_eq!(told(2000, &[(200, 300)]), [(330, Press::Short)]);
    }

    #[test]
    fn a_long_press_is_told_once_and_when_it_is_long_enough() {
        assert_eq!(told(2000, &[(200, 1500)]), [(1000, Press::Long)]);
        assert_eq!(told(2000, &[(200, 990)]), [(1020, Press::Short)]);
    }

    #[test]
    fn held_for_minutes_it_says_nothing_more() {
        let spans = [(200, 600_200), (601_000, 601_100)];
        let expected = [(1000, Press::Long), (601_130, Press::Short)];
        assert_eq!(told(602_000, &spans), expected);
    }

    #[test]
    fn bouncing_contacts_make_one_press() {
        let closing = [(200, 210), (220, 230), (250, 400)];
        let opening = [(420, 430), (440, 450)];
        let spans = [&closing[..], &opening[..]].concat();
        assert_eq!(told(2000, &spans), [(480, Press::Short)]);
        // And no long press begins anew, or ends, where it bounces.
        let spans = [(200, 600), (610, 1000), (1010, 1500)];
        assert_eq!(told(2000, &spans), [(1010, Press::Long)]);
    }

    #[test]
    fn what_is_shorter_than_a_bounce_is_nothing() {
        let spans: Vec<_> = (0..50).map(|i| (200 + 60 * i, 220 + 60 * i)).collect();
        assert_eq!(told(4000, &spans), []);
        // Nor is a button let go for so short.
        let spans = [(200, 300), (320, 400)];
        assert_eq!(told(2000, &spans), [(430, Press::Short)]);
    }

    #[test]
    fn held_at_the_start_it_says_nothing_until_it_was_let_go() {
        let spans = [(0, 5000), (5100, 5200)];
        assert_eq!(told(6000, &spans), [(5230, Press::Short)]);
    }

    #[test]
    fn presses_in_quick_succession_are_each_told() {
        let spans: Vec<_> = (0..5).map(|i| (200 + 100 * i, 250 + 100 * i)).collect();
        let expected: Vec<_> = (0..5).map(|i| (280 + 100 * i, Press::Short)).collect();
        assert_eq!(told(2000, &spans), expected);
        let spans = [(200, 1200), (1250, 1300)];
        let expected = [(1000, Press::Long), (1330, Press::Short)];
        assert_eq!(told(2000, &spans), expected);
    }

    #[test]
    fn who_looks_late_still_sees_a_press() {
        let mut contact = Contact::new(0);
        assert_eq!(contact.see(false, 100 * MS), None);
        assert_eq!(contact.see(true, 200 * MS), None);
        assert_eq!(contact.see(true, 500 * MS), None);
        assert_eq!(contact.see(false, 510 * MS), None);
        assert_eq!(contact.see(false, 5000 * MS), Some(Press::Short));
    }
}
