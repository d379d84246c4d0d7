//! The compass step: a tentacle is bent toward one bearing after another, and turned until it
//! points there.

use super::key::{FAR_LEFT, FAR_RIGHT};
use super::{Action, Felt, Mode, Session};
use crate::files::Points;
use ratatui::crossterm::event::KeyCode as Key;
use tentacle_hat::calibration::{Compass, Mark, Table};
use tentacle_hat::units::{Bend, Turns};

/// The bearings that are measured, one after another round the hat.
pub(crate) const BEARINGS: usize = 8;

/// How far it leans at first, and how far it may. Where it stands straight turns its direction
/// the more, the less it leans, so that marks of a small lean tell that best; an eye still
/// sees this one (`tests/compass.rs` compares).
const LEAN: f32 = 0.4;
const LEANS: (f32, f32) = (0.25, 0.8);
const LEAN_STEP: f32 = 0.05;
/// What keys turn it by, degrees. At that lean one degree is about one tick.
const STEP_DEG: f32 = 2.0;
const FAR_DEG: f32 = 10.0;
const FINE_DEG: f32 = 1.0;
/// Servos come to every bend from below, from so much less: slack in gears and lines lies on
/// one side then, and is measured like a neutral that is off.
const RUN_UP: f32 = 0.12;
const NONE_AT_HAND: &str = "1 to 8 measure a bearing again, r all of them.";
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
    /// Bearing by bearing: those of the file, if they are of these bearings, until they are
    /// taken again; and in which order that was, with what stood there before.
    taken: [Option<Mark>; BEARINGS],
    order: Vec<(usize, Option<Mark>)>,
    skipped: [bool; BEARINGS],
    /// The one at hand; none once all are taken or skipped, when it stands straight.
    at: Option<usize>,
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
        let of = |at| {
            marks
                .iter()
                .find(|mark| mark.bearing == bearing(at))
                .copied()
        };
        let mut taken = std::array::from_fn(of);
        if taken.iter().flatten().count() < marks.len() {
            taken = [None; BEARINGS];
        }
        let at = taken.iter().position(Option::is_none);
        Self {
            name: name.to_owned(),
            facing,
            saved: marks.clone(),
            marks,
            taken,
            order: Vec::new(),
            skipped: [false; BEARINGS],
            at,
            turn_deg: 0.0,
            lean: LEAN,
            way: Vec::new(),
        }
    }

    /// What its servos are to be bent to.
    fn bend(&self) -> Bend {
        let turn = Turns::from_deg(self.turn_deg);
        self.at.map_or(Bend::STRAIGHT, |at| {
            Bend::toward_bearing(bearing(at).plus(turn), self.facing, self.lean)
        })
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
        let from = self.at.map_or(0, |at| at + 1);
        let mut round = (from..from + BEARINGS).map(|at| at % BEARINGS);
        round.find(|at| self.taken[*at].is_none() && !self.skipped[*at])
    }

    /// The marks, in the order of their bearings.
    fn taken(&self) -> Vec<Mark> {
        self.taken.iter().flatten().copied().collect()
    }

    /// What they say, once there are enough.
    fn compass(&self) -> Option<Compass> {
        Compass::new(self.facing, &self.taken()).ok()
    }

    /// After a bearing was taken, or taken back: what is to be in the file, as soon as the
    /// bearings make a compass.
    fn settle(&mut self) {
        self.marks = match self.compass() {
            Some(_) => self.taken(),
            None => self.saved.clone(),
        };
    }

    /// Whether bearings were taken that make no compass yet.
    pub(crate) fn is_unfinished(&self) -> bool {
        !self.order.is_empty() && self.compass().is_none()
    }

    /// Measures all bearings afresh.
    fn afresh(&mut self) {
        self.taken = [None; BEARINGS];
        self.order.clear();
        self.skipped = [false; BEARINGS];
        (self.at, self.turn_deg) = (Some(0), 0.0);
    }

    /// Its servo along `axis` has another table: what was a pulse before is another bend. If
    /// that cannot be said of each mark, whether any has to be measured again.
    pub(super) fn respell(&mut self, axis: usize, old: &Table, new: &Table) -> bool {
        let respelled = |mark: &Mark| {
            let mut taken = mark.taken;
            let along = [&mut taken.x, &mut taken.y].into_iter().nth(axis)?;
            let us = old.us_at(*along);
            *along = new.bend_at(us);
            let is_same = (new.us_at(*along) - us).abs() < 1.0;
            Mark::new(mark.bearing, mark.lean, taken)
                .ok()
                .filter(|_| is_same)
        };
        let taken = self.taken.map(|mark| mark.map(|mark| respelled(&mark)));
        let marks: Option<Vec<Mark>> = self.marks.iter().map(respelled).collect();
        let (Some(marks), false) = (marks, taken.contains(&Some(None))) else {
            self.afresh();
            return true;
        };
        self.marks = marks;
        self.taken = taken.map(Option::flatten);
        self.order.clear();
        false
    }

    /// Whether there are marks that tables may spoil.
    pub(super) fn has_marks(&self) -> bool {
        !self.marks.is_empty() || !self.order.is_empty()
    }

    /// What is to be told of each bearing.
    pub(crate) fn rows(&self) -> impl Iterator<Item = String> {
        let residuals: Vec<f32> = self
            .compass()
            .map_or(Vec::new(), |compass| compass.residuals_deg().collect());
        (0..BEARINGS).map(move |at| {
            let before = self.taken[..at].iter().flatten().count();
            let mut told = match (self.taken[at], residuals.get(before)) {
                (Some(_), Some(deg)) => format!("taken, {:.1}° off", deg.abs()),
                (Some(_), None) => "taken".to_owned(),
                (None, _) if self.skipped[at] => "skipped".to_owned(),
                (None, _) => String::new(),
            };
            let is_at_hand = self.at == Some(at);
            if is_at_hand {
                let gap = if told.is_empty() { "" } else { "; " };
                told += &format!("{gap}turned {:+.0}°, lean {:.2}", self.turn_deg, self.lean);
            }
            let hand = if is_at_hand { '▶' } else { '·' };
            format!("{hand} {} {:>4}°  {told}", at + 1, degrees(at))
        })
    }

    /// What its maker is to do now.
    pub(crate) fn advice(&self) -> String {
        let name = &self.name;
        match (self.at, self.compass()) {
            (Some(at), _) => format!(
                "{name} bends toward {}°. ← → turn it until, seen from straight above, it \
                 leans along that line of the card; ↑ ↓ lean it further or less. Enter takes it.",
                degrees(at)
            ),
            (None, Some(_)) => format!(
                "{name} stands straight: s saves its compass, 1 to 8 measure a bearing again. \
                 For the next tentacle Space makes this one limp, ↑ ↓ choose, c begins."
            ),
            (None, None) => format!(
                "{name} stands straight, without a compass: 1 to 8 measure a bearing again."
            ),
        }
    }
}

/// The table of a servo that is measured.
fn table(servo: &Felt) -> Option<Table> {
    table_of(&servo.points)
}

pub(super) fn table_of(points: &Points) -> Option<Table> {
    let points: Vec<_> = points.iter().copied().collect();
    Table::new(&points).ok()
}

/// Where a tentacle's servos are bent to by the pulses that they are sent, which are whole
/// ticks; `None` while one is limp or moves.
fn held([x, y]: &[Felt; 2]) -> Option<Bend> {
    let bend = |servo: &Felt| {
        let us = servo.jog.emitted().filter(|_| !servo.jog.is_moving())?;
        Some(table(servo)?.bend_at(us.get() - servo.trim_us))
    };
    Some(Bend {
        x: bend(x)?,
        y: bend(y)?,
    })
}

/// Sends a tentacle's servos to a bend.
fn go([x, y]: &mut [Felt; 2], bend: Bend) {
    for (servo, along) in [(x, bend.x), (y, bend.y)] {
        if let Some(table) = table(servo) {
            servo.jog.go(table.us_at(along) + servo.trim_us);
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
        self.message = match self.pointing().at {
            Some(_) => format!(
                "{name} engages, maybe with a jump, and bends toward each bearing; Space makes it limp."
            ),
            None => format!("{name} is measured: 1 to 8 measure a bearing again, r all of them."),
        };
    }

    /// Goes on along its way, once it is where it was to go.
    pub(super) fn follow_way(&mut self) {
        let tentacle = self.chosen / 2;
        let Some(pair) = self.pair(tentacle) else {
            return;
        };
        if held(pair).is_some()
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
            Key::Char('r') => {
                self.hand().afresh();
                self.measure(0);
            }
            Key::Char(digit @ '1'..='8') => self.measure(digit as usize - '1' as usize),
            Key::Char('s') => return Action::Save,
            Key::Esc | Key::Char('q' | 'c') => self.relax("All limp; c goes on with the compass."),
            _ => self.say("That key does nothing here; Space makes all limp."),
        }
        Action::Nothing
    }

    fn turn(&mut self, deg: f32) {
        if self.pointing().at.is_none() {
            return self.say(NONE_AT_HAND);
        }
        let hand = self.hand();
        let before = hand.bend();
        hand.turn_deg = (hand.turn_deg + deg).clamp(-90.0, 90.0);
        let bend = hand.bend();
        match (
            bend.x >= before.x && bend.y >= before.y,
            hand.way.first_mut(),
        ) {
            (false, _) => hand.run_up(),
            // Wherever it is on its way, it is below.
            (true, Some(last)) => *last = bend,
            (true, None) => hand.way.push(bend),
        }
        self.message.clear();
    }

    fn lean(&mut self, by: f32) {
        if self.pointing().at.is_none() {
            return self.say(NONE_AT_HAND);
        }
        let hand = self.hand();
        hand.lean = (hand.lean + by).clamp(LEANS.0, LEANS.1);
        hand.run_up();
        self.message.clear();
    }

    /// It points along the bearing, the maker says.
    fn take(&mut self) {
        let tentacle = self.chosen / 2;
        let Some(at) = self.pointing().at else {
            return self.say(NONE_AT_HAND);
        };
        let held = self.pair(tentacle).and_then(|pair| held(pair));
        let Some(held) = held.filter(|_| self.pointing().way.is_empty()) else {
            return self.say("It moves still.");
        };
        let hand = self.hand();
        let before = hand.taken[at];
        match Mark::new(bearing(at), hand.lean, held) {
            Ok(mark) => hand.taken[at] = Some(mark),
            Err(refusal) => return self.refuse(&format!("it {refusal}")),
        }
        hand.skipped[at] = false;
        hand.order.push((at, before));
        hand.settle();
        self.message = format!("{}° is taken; u takes it back.", degrees(at));
        self.go_on();
    }

    fn skip(&mut self) {
        let hand = self.hand();
        let Some(at) = hand.at else {
            return self.say(NONE_AT_HAND);
        };
        hand.skipped[at] = hand.taken[at].is_none();
        self.message = match hand.skipped[at] {
            true => format!(
                "{}° is left out; {} measures it after all.",
                degrees(at),
                at + 1
            ),
            false => format!("{}° stays as it was taken.", degrees(at)),
        };
        self.go_on();
    }

    fn take_mark_back(&mut self) {
        let Some((at, before)) = self.hand().order.pop() else {
            return self.say("There is nothing to take back.");
        };
        self.hand().taken[at] = before;
        self.hand().settle();
        self.measure(at);
        self.message = format!("{}° is taken back.", degrees(at));
    }

    /// Goes to that bearing.
    fn measure(&mut self, at: usize) {
        let hand = self.hand();
        hand.at = Some(at);
        hand.skipped[at] = false;
        hand.run_up();
        self.message.clear();
    }

    /// To the next bearing, or to what all of them say.
    fn go_on(&mut self) {
        let hand = self.hand();
        hand.at = hand.next();
        if hand.at.is_some() {
            return hand.run_up();
        }
        hand.way = vec![Bend::STRAIGHT];
        let marks = hand.taken();
        match Compass::new(hand.facing, &marks) {
            Ok(compass) => self.message = verdict(&self.pointing().name, &compass),
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
            // At the end all are at their neutrals, which n sets, whatever a compass says.
            let bend = self.pointed.map_or(Bend::STRAIGHT, |at| {
                let wish = Bend::toward_bearing(bearing(at), it.facing, SHOWN);
                let compass = Compass::new(it.facing, &it.marks).ok();
                compass.map_or(wish, |compass| compass.aim().bend(wish))
            });
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
    let mean = compass.mean_deg();
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
