//! The compass step: a tentacle is bent toward one bearing after another, and turned until it
//! points there.

use super::key::{FAR_LEFT, FAR_RIGHT};
use super::{Action, Felt, Mode, Session};
use ratatui::crossterm::event::KeyCode as Key;
use tentacle_hat::calibration::{Compass, Mark, Table};
use tentacle_hat::units::{Bend, Turns};

/// The bearings that are measured, one after another round the hat.
pub(crate) const BEARINGS: usize = 8;

/// How far it leans at first: most of the way, where an eye sees the direction best; and how
/// far it may.
const LEAN: f32 = 0.7;
const LEANS: (f32, f32) = (0.3, 0.9);
const LEAN_STEP: f32 = 0.05;
/// What keys turn it by, degrees.
const STEP_DEG: f32 = 2.0;
const FAR_DEG: f32 = 10.0;
const FINE_DEG: f32 = 0.5;
/// Servos come to every bend from below, from so much less: slack in gears and lines lies on
/// one side then, and is measured like a neutral that is off.
const RUN_UP: f32 = 0.12;
/// How far all lean together, to be looked at.
const SHOWN: f32 = 0.5;

/// One tentacle's compass on the bench.
#[derive(Clone, Debug)]
pub(crate) struct Pointing {
    pub(crate) name: String,
    facing: Turns,
    /// As measured, and as in the file.
    pub(crate) marks: Vec<Mark>,
    pub(crate) saved: Vec<Mark>,
    /// This evening's, bearing by bearing; and in which order they were taken.
    taken: [Option<Mark>; BEARINGS],
    order: Vec<usize>,
    skipped: [bool; BEARINGS],
    at: usize,
    /// How far clockwise of the bearing its servos bend it, degrees, and how far it leans.
    turn_deg: f32,
    lean: f32,
    /// The bends still to go to, the last first.
    way: Vec<Bend>,
}

/// The bearing of that number.
fn bearing(at: usize) -> Turns {
    Turns((1_u32 << 29).wrapping_mul(at as u32))
}

pub(crate) fn degrees(at: usize) -> usize {
    45 * at
}

impl Pointing {
    pub(super) fn new(name: &str, facing: Turns, compass: Option<&Compass>) -> Self {
        let marks = compass.map_or(Vec::new(), |compass| compass.marks().to_vec());
        Self {
            name: name.to_owned(),
            facing,
            saved: marks.clone(),
            marks,
            taken: [None; BEARINGS],
            order: Vec::new(),
            skipped: [false; BEARINGS],
            at: 0,
            turn_deg: 0.0,
            lean: LEAN,
            way: Vec::new(),
        }
    }

    /// What its servos are bent to.
    fn bend(&self) -> Bend {
        let turn = Turns::from_deg(self.turn_deg);
        Bend::toward_bearing(bearing(self.at).plus(turn), self.facing, self.lean)
    }

    /// Sets off for where it is to be, from below.
    fn run_up(&mut self) {
        let bend = self.bend();
        let below = Bend {
            x: (bend.x - RUN_UP).max(-1.0),
            y: (bend.y - RUN_UP).max(-1.0),
        };
        self.way = vec![bend, below];
    }

    /// Stays where it is.
    pub(super) fn stop(&mut self) {
        self.way.clear();
    }

    /// The next bearing that has no mark yet.
    fn next(&self) -> Option<usize> {
        let round = (1..=BEARINGS).map(|k| (self.at + k) % BEARINGS);
        let is_open = |at: &usize| self.taken[*at].is_none() && !self.skipped[*at];
        round.into_iter().find(is_open)
    }

    /// This evening's marks.
    fn taken(&self) -> Vec<Mark> {
        self.taken.iter().flatten().copied().collect()
    }

    /// What they say, once there are enough.
    fn compass(&self) -> Option<Compass> {
        Compass::new(self.facing, &self.taken()).ok()
    }

    /// What is to be told of each bearing: its mark, its residual once there are enough, or
    /// that it is the one at hand.
    pub(crate) fn row(&self, at: usize) -> String {
        let compass = self.compass();
        let before = self.taken[..at].iter().flatten().count();
        let residual = compass.and_then(|compass| compass.residuals_deg().nth(before));
        let told = match (self.taken[at], residual) {
            (Some(_), Some(deg)) => format!("{:.0}° off", deg.abs()),
            (Some(_), None) => "taken".to_owned(),
            (None, _) if self.skipped[at] => "skipped".to_owned(),
            (None, _) => "–".to_owned(),
        };
        let hand = if at == self.at { '▶' } else { ' ' };
        format!("{hand}{} {:>3}° {told:<8}", at + 1, degrees(at))
    }

    /// What it is bent to at the moment, for who turns it.
    pub(crate) fn stand(&self) -> String {
        format!("turned {:+.1}°, lean {:.2}", self.turn_deg, self.lean)
    }

    pub(crate) fn bearing_deg(&self) -> usize {
        degrees(self.at)
    }
}

/// The pulse at a bend of a servo that is measured, µs.
fn us_at(servo: &Felt, bend: f32) -> Option<f32> {
    let points: Vec<_> = servo.points.iter().copied().collect();
    let table = Table::new(&points).ok()?;
    Some(table.us_at(bend) + servo.trim_us)
}

/// Sends a tentacle's servos to a bend.
fn go([x, y]: &mut [Felt; 2], bend: Bend) {
    for (servo, along) in [(x, bend.x), (y, bend.y)] {
        if let Some(us) = us_at(servo, along) {
            servo.jog.go(us);
        }
    }
}

impl Session {
    /// The tentacle whose servo is chosen.
    pub(crate) fn pointing(&self) -> &Pointing {
        &self.tentacles[self.chosen / 2]
    }

    fn hand(&mut self) -> &mut Pointing {
        &mut self.tentacles[self.chosen / 2]
    }

    /// A tentacle's two servos.
    fn pair(&mut self, tentacle: usize) -> Option<&mut [Felt; 2]> {
        self.servos.as_chunks_mut().0.get_mut(tentacle)
    }

    /// Chooses a tentacle for its compass; nothing moves before a key.
    pub(super) fn offer_compass(&mut self, tentacle: usize) {
        self.chosen = 2 * tentacle;
        let name = &self.pointing().name;
        self.message = format!("The hat stands on its card? c begins with {name}.");
    }

    /// Begins, or goes on, with the chosen servo's tentacle.
    pub(super) fn begin_compass(&mut self) {
        let tentacle = self.chosen / 2;
        if self.lost.is_some() {
            return self.say("The board does not answer, so nothing can be engaged.");
        }
        let Some(pair) = self.pair(tentacle) else {
            return;
        };
        if !pair.iter().all(|servo| servo.points.are_a_table()) {
            return self.say("The compass comes after the tables: both servos need their ends.");
        }
        for (i, servo) in self.servos.iter_mut().enumerate() {
            match (i / 2 == tentacle, servo.jog.is_engaged()) {
                (true, false) => {
                    let neutral = servo.neutral_us();
                    servo.jog.engage(neutral);
                }
                (true, true) => {}
                (false, _) => servo.jog.relax(),
            }
        }
        self.mode = Mode::Compass;
        self.hand().run_up();
        let name = &self.pointing().name;
        self.message = format!("{name} bends toward each bearing; Space makes it limp.");
    }

    /// Goes on along its way, once it is where it was to go.
    pub(super) fn follow_way(&mut self) {
        let tentacle = self.chosen / 2;
        let Some(pair) = self.pair(tentacle) else {
            return;
        };
        let rests = |servo: &Felt| servo.jog.emitted().is_some() && !servo.jog.is_moving();
        if pair.iter().all(rests)
            && let Some(bend) = self.tentacles[tentacle].way.pop()
            && let Some(pair) = self.pair(tentacle)
        {
            go(pair, bend);
        }
    }

    pub(super) fn key_compass(&mut self, key: Key) -> Action {
        match key {
            Key::Left => self.turn(-STEP_DEG),
            Key::Right => self.turn(STEP_DEG),
            FAR_LEFT => self.turn(-FAR_DEG),
            FAR_RIGHT => self.turn(FAR_DEG),
            Key::Char(',') => self.turn(-FINE_DEG),
            Key::Char('.') => self.turn(FINE_DEG),
            Key::Up => self.lean(LEAN_STEP),
            Key::Down => self.lean(-LEAN_STEP),
            Key::Enter => self.take(),
            Key::Char('k') => self.skip(),
            Key::Char('u') => self.take_mark_back(),
            Key::Char(digit @ '1'..='8') => self.measure(digit as usize - '1' as usize),
            Key::Char('s') => return Action::Save,
            Key::Esc | Key::Char('q' | 'c') => self.relax("All limp; c goes on with the compass."),
            _ => self.say("← → turn it, ↑ ↓ lean it, Enter takes it; Space makes all limp."),
        }
        Action::Nothing
    }

    fn turn(&mut self, deg: f32) {
        self.message.clear();
        let hand = self.hand();
        let before = hand.bend();
        hand.turn_deg = (hand.turn_deg + deg).clamp(-90.0, 90.0);
        let bend = hand.bend();
        match bend.x >= before.x && bend.y >= before.y {
            true => hand.way = vec![bend],
            false => hand.run_up(),
        }
    }

    fn lean(&mut self, by: f32) {
        self.message.clear();
        let hand = self.hand();
        hand.lean = (hand.lean + by).clamp(LEANS.0, LEANS.1);
        hand.run_up();
    }

    /// It points along the bearing, the maker says.
    fn take(&mut self) {
        let tentacle = self.chosen / 2;
        let is_there = self.tentacles[tentacle].way.is_empty();
        let moves = |servo: &Felt| servo.jog.is_moving() || servo.jog.emitted().is_none();
        if !is_there
            || self
                .pair(tentacle)
                .is_some_and(|pair| pair.iter().any(moves))
        {
            return self.say("It moves still.");
        }
        let hand = self.hand();
        let at = hand.at;
        match Mark::new(bearing(at), hand.lean, hand.bend()) {
            Ok(mark) => hand.taken[at] = Some(mark),
            Err(refusal) => return self.refuse(&format!("it {refusal}")),
        }
        hand.skipped[at] = false;
        hand.order.push(at);
        self.message = format!("{}° is taken; u takes it back.", degrees(at));
        self.go_on();
    }

    fn skip(&mut self) {
        let hand = self.hand();
        let at = hand.at;
        hand.skipped[at] = hand.taken[at].is_none();
        self.message = format!(
            "{}° is left out; {} measures it after all.",
            degrees(at),
            at + 1
        );
        self.go_on();
    }

    fn take_mark_back(&mut self) {
        let Some(at) = self.hand().order.pop() else {
            return self.say("There is nothing to take back.");
        };
        self.hand().taken[at] = None;
        self.measure(at);
        self.message = format!("{}° is taken back.", degrees(at));
    }

    /// Goes to that bearing.
    fn measure(&mut self, at: usize) {
        self.message.clear();
        let hand = self.hand();
        hand.at = at;
        hand.skipped[at] = false;
        hand.run_up();
    }

    /// To the next bearing, or to what all of them say.
    fn go_on(&mut self) {
        let hand = self.hand();
        if let Some(next) = hand.next() {
            hand.at = next;
            return hand.run_up();
        }
        hand.way = vec![Bend::STRAIGHT];
        let marks = hand.taken();
        match Compass::new(hand.facing, &marks) {
            Ok(compass) => {
                hand.marks = marks;
                self.message = verdict(&self.pointing().name, &compass);
            }
            Err(refusal) => self.refuse(&format!("a compass {refusal}; 1 to 8 measure again")),
        }
    }

    /// The last look: all that is measured points to one bearing after another, and then
    /// stands straight again.
    pub(super) fn point_all(&mut self) {
        let next = self.pointed.map_or(0, |at| at + 1);
        self.pointed = Some(next).filter(|at| *at < BEARINGS);
        for tentacle in 0..self.tentacles.len() {
            let it = &self.tentacles[tentacle];
            let wish = self.pointed.map_or(Bend::STRAIGHT, |at| {
                Bend::toward_bearing(bearing(at), it.facing, SHOWN)
            });
            let compass = Compass::new(it.facing, &it.marks).ok();
            let bend = compass.map_or(wish, |compass| compass.aim().bend(wish));
            if let Some(pair) = self.pair(tentacle)
                && pair.iter().all(|servo| servo.points.are_a_table())
            {
                go(pair, bend);
            }
        }
        self.message = match self.pointed {
            Some(at) => format!(
                "All point to {}°; p goes on, Space makes all limp.",
                degrees(at)
            ),
            None => "All stand straight again.".to_owned(),
        };
    }
}

/// How well it points.
pub(crate) fn verdict(name: &str, compass: &Compass) -> String {
    let count = compass.marks().len() as f32;
    let mean = compass.residuals_deg().map(f32::abs).sum::<f32>() / count;
    let (_, worst) = compass.worst();
    let mut told = format!("{name} points to within {mean:.1}°, {worst:.1}° at worst.");
    if let Some((mark, deg)) = compass.mistaken() {
        let bearing_deg = mark.bearing.get().rem_euclid(1.0) * 360.0;
        told += &format!(" {bearing_deg:.0}° lies {deg:.0}° beside the others: measure it again.");
    }
    if compass.scale() < 0.95 {
        let percent = 100.0 * compass.scale();
        told += &format!(" It leans to {percent:.0} % of a wish, as far as its tables go.");
    }
    told
}
