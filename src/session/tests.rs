//! The session under sequences of keys that nobody would type.

use super::key::{FAR_LEFT, FAR_RIGHT, INTERRUPT};
use super::{Action, Felt, Measured, Mode, Session};
use crate::files::Document;
use crate::files::{Files, SHIPPED_SERVOS, Servos};
use crate::files::{Points, tenths};
use proptest::prelude::*;
use ratatui::crossterm::event::KeyCode as Key;
use tentacle_hat::calibration::{Compass, Mark, Point, Table};
use tentacle_hat::drive::ENGAGE_EVERY_US;
use tentacle_hat::pulse::Pulses;
use tentacle_hat::units::{Bend, Microseconds, Timebase, Turns};

const FRAME_US: u64 = 20_000;
const JOGS: [Key; 6] = [
    Key::Left,
    Key::Right,
    FAR_LEFT,
    FAR_RIGHT,
    Key::Char(','),
    Key::Char('.'),
];

/// Servos as an evening leaves them: trimmed with a middle point, never measured, turned
/// round; and one tentacle with both.
fn text() -> String {
    let mut document = Document::new(SHIPPED_SERVOS).unwrap();
    document.remove_tables(8).unwrap();
    let points = |list: &[(f32, f32)]| {
        list.iter().fold(Points::default(), |p, &(bend, us)| {
            p.with(bend, us).unwrap()
        })
    };
    let turned = points(&[(-1.0, 1700.0), (0.0, 1510.5), (0.5, 1400.0), (1.0, 1330.2)]);
    document.set_points(0, &turned).unwrap();
    document.set_trim(0, -20.0).unwrap();
    let ends = points(&[(-1.0, 1402.25), (1.0, 1580.0)]);
    document.set_points(3, &ends).unwrap();
    let wide = points(&[(-1.0, 1900.0), (0.0, 1480.0), (1.0, 1120.0)]);
    document.set_points(2, &wide).unwrap();
    document.set_trim(2, 15.0).unwrap();
    document.text()
}

/// All are measured, one of them trimmed and turned round.
fn measured() -> String {
    let mut document = Document::new(SHIPPED_SERVOS).unwrap();
    let points = Points::default().with(-1.0, 1900.0).unwrap();
    let points = points.with(0.0, 1480.0).unwrap().with(1.0, 1120.0).unwrap();
    document.set_points(2, &points).unwrap();
    document.set_trim(2, 15.0).unwrap();
    document.text()
}

fn load(text: &str) -> Servos {
    Files::Shipped
        .servos(text)
        .unwrap_or_else(|e| panic!("{e}"))
}

fn session(text: &str) -> Session {
    Session::new(&load(text), "servos.toml".to_owned())
}

/// What a save makes of the file.
fn save(text: &str, session: &mut Session) -> String {
    let mut document = Document::new(text).unwrap();
    let ready = session.unsaved().filter(|(_, s)| s.points.are_a_table());
    let ready: Vec<usize> = ready.map(|(i, _)| i).collect();
    for &i in &ready {
        document.set_points(i, &session.servos[i].points).unwrap();
    }
    let marks = session.unsaved_marks();
    let marks: Vec<_> = marks.map(|(i, it)| (i, it.marks.clone())).collect();
    for (i, marks) in &marks {
        document.set_compass(*i, marks).unwrap();
    }
    let points = |i: usize| (i, session.servos[i].points.clone());
    let measured = Measured {
        points: ready.into_iter().map(points).collect(),
        marks,
    };
    session.saved(measured, "");
    document.text()
}

/// What one servo's pulse has done, kept apart from the session's own account.
#[derive(Clone, Default)]
struct Witness {
    emitted: Option<f32>,
    /// What was measured, and what jogs have allowed since.
    window: Option<(f32, f32)>,
    /// What it must be sent first.
    first: Option<f32>,
    engaged: bool,
}

struct Trial {
    session: Session,
    /// What the board emits, and when it wakes the next servo.
    board: Pulses,
    wake_us: u64,
    witnesses: Vec<Witness>,
    tick: f32,
    now_us: u64,
}

impl Trial {
    fn new(text: &str) -> Self {
        let session = session(text);
        let witness = |servo: &Felt| Witness {
            window: servo
                .points
                .ends()
                .map(|(a, b)| (a.min(b) + servo.trim_us, a.max(b) + servo.trim_us)),
            ..Witness::default()
        };
        Self {
            witnesses: session.servos.iter().map(witness).collect(),
            session,
            board: Pulses::LIMP,
            wake_us: 0,
            tick: Timebase::new(50, 25_000_000).unwrap().tick_us(),
            now_us: 0,
        }
    }

    fn key(&mut self, key: Key) {
        let points = self.session.mode == Mode::Compass || self.session.pointed.is_some();
        let witness = &mut self.witnesses[self.session.chosen];
        if let (Some(us), Some((low, high)), false) = (witness.emitted, &mut witness.window, points)
        {
            // A key held down adds up to one long jog at most.
            match key {
                Key::Left | FAR_LEFT | Key::Char(',') => *low = low.min(us - 50.0),
                Key::Right | FAR_RIGHT | Key::Char('.') => *high = high.max(us + 50.0),
                _ => {}
            }
        }
        let asked = self.session.key(key, self.now_us);
        assert!(asked != Action::Quit || matches!(key, INTERRUPT | Key::Char('q')));
        self.look();
    }

    fn frame(&mut self) {
        self.now_us += FRAME_US;
        let mut pulses = self.session.frame(self.now_us, &self.board);
        if pulses.wake_one(&self.board, self.now_us >= self.wake_us) {
            self.wake_us = self.now_us + ENGAGE_EVERY_US;
        }
        self.board = pulses;
        self.look();
        for (pulse, witness) in self.board.0.iter().zip(&mut self.witnesses) {
            let emitted = pulse.map(Microseconds::get);
            if let Some(us) = emitted {
                assert!((500.0..=2500.0).contains(&us), "{us}");
                match witness.emitted {
                    Some(before) => assert!((us - before).abs() < 1.01 * self.tick),
                    None => {
                        let first = witness.first.expect("engaged");
                        assert!((us - first).abs() < 0.51 * self.tick, "{us} for {first}");
                    }
                }
                let (low, high) = witness.window.get_or_insert((us, us));
                // The window is whole ticks, the witness's ends are as measured.
                let slack = 0.51 * self.tick;
                assert!(*low - slack < us && us < *high + slack, "{low} {us} {high}");
            }
            witness.emitted = emitted;
        }
    }

    /// Who is engaged, and with which first pulse.
    fn look(&mut self) {
        let engaged = self.session.engaged();
        match self.session.mode {
            Mode::AllStraight { .. } => {}
            Mode::Compass => {
                let pair = &self.session.servos[self.session.chosen / 2 * 2..][..2];
                let pair = pair.iter().filter(|servo| servo.jog.is_engaged());
                assert_eq!((pair.count(), engaged), (2, 2));
            }
            _ => assert!(engaged <= 1),
        }
        for (servo, witness) in self.session.servos.iter().zip(&mut self.witnesses) {
            let engaged = servo.jog.is_engaged();
            if engaged && !witness.engaged {
                witness.first = Some(servo.neutral_us());
            }
            witness.engaged = engaged;
            assert_eq!(servo.points.check(), Ok(()));
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Frames(u16),
    /// The user sleeps.
    Sleep,
    Lost,
    Found,
    Save,
}

fn any_step() -> impl Strategy<Value = Step> {
    let letters = " nnfgtaumq[]s?d.05-\u{e9}cckp123";
    let letters = prop::sample::select(letters.chars().collect::<Vec<_>>());
    let others = vec![Key::Enter, Key::Esc, Key::Backspace, Key::Delete, Key::Null];
    let choose = prop::sample::select(vec![Key::Up, Key::Down, Key::Down]);
    prop_oneof![
        12 => prop::sample::select(JOGS.to_vec()).prop_map(Step::Key),
        12 => letters.prop_map(|c| Step::Key(Key::Char(c))),
        6 => Just(Step::Key(Key::Char(' '))),
        2 => prop::sample::select(others).prop_map(Step::Key),
        1 => choose.prop_map(Step::Key),
        16 => (1u16..12).prop_map(Step::Frames),
        1 => Just(Step::Frames(200)),
        1 => prop_oneof![Just(Step::Sleep), Just(Step::Lost), Just(Step::Found), Just(Step::Save)],
    ]
}

/// What somebody does who looks through the compass, patiently and in any order.
fn any_step_at_the_compass() -> impl Strategy<Value = Step> {
    let letters = prop::sample::select("ccppakku12345678s".chars().collect::<Vec<_>>());
    let leans = prop::sample::select(vec![Key::Up, Key::Down]);
    prop_oneof![
        8 => prop::sample::select(JOGS.to_vec()).prop_map(Step::Key),
        8 => letters.prop_map(|c| Step::Key(Key::Char(c))),
        8 => Just(Step::Key(Key::Enter)),
        4 => leans.prop_map(Step::Key),
        1 => Just(Step::Key(Key::Char(' '))),
        8 => (1u16..12).prop_map(Step::Frames),
        12 => Just(Step::Frames(60)),
        1 => Just(Step::Found),
        1 => prop_oneof![Just(Step::Sleep), Just(Step::Lost), Just(Step::Found), Just(Step::Save)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_sequence_of_keys_burns_a_servo(steps in prop::collection::vec(any_step(), 20_000)) {
        let keys = steps.iter().filter(|s| matches!(s, Step::Key(_))).count();
        prop_assert!(keys > 10_000);
        survives(text(), steps)?;
    }

    #[test]
    fn nor_does_one_at_the_compass(
        steps in prop::collection::vec(any_step_at_the_compass(), 5_000),
    ) {
        let marks = survives(measured(), steps)?;
        prop_assert!(marks > 5, "{} marks", marks);
    }
}

/// Does all that, and counts the marks.
fn survives(mut file: String, steps: Vec<Step>) -> Result<usize, TestCaseError> {
    let mut trial = Trial::new(&file);
    let mut marks = 0;
    for step in steps {
        match step {
            Step::Key(key) => {
                trial.key(key);
                marks += usize::from(trial.session.message.contains("is taken;"));
            }
            Step::Frames(n) => (0..n).for_each(|_| trial.frame()),
            Step::Sleep => {
                trial.now_us += 31_000_000;
                trial.frame();
                prop_assert_eq!(trial.session.engaged(), 0);
            }
            Step::Lost => {
                trial.session.lost("gone");
                trial.frame();
                prop_assert_eq!(trial.session.engaged(), 0);
            }
            Step::Found => {
                trial.session.found("back");
                trial.look();
            }
            Step::Save => {
                file = save(&file, &mut trial.session);
                let mut again = session(&file);
                for (a, b) in again.servos.iter().zip(&trial.session.servos) {
                    prop_assert_eq!(&a.points, &b.saved, "{}", a.name);
                }
                for (a, b) in again.tentacles.iter().zip(&trial.session.tentacles) {
                    prop_assert_eq!(a.marks.len(), b.saved.len(), "{}", a.name);
                }
                prop_assert_eq!(&save(&file, &mut again), &file);
                let mut document = Document::new(&file).unwrap();
                for (i, servo) in again.servos.iter().enumerate() {
                    if servo.points.are_a_table() {
                        document.set_points(i, &servo.points).unwrap();
                    }
                }
                prop_assert_eq!(&document.text(), &file);
            }
        }
    }
    Ok(marks)
}

fn press(trial: &mut Trial, keys: &str) {
    for key in keys.chars() {
        trial.key(match key {
            '←' => Key::Left,
            '→' => Key::Right,
            '↓' => Key::Down,
            '⏎' => Key::Enter,
            c => Key::Char(c),
        });
        (0..5).for_each(|_| trial.frame());
    }
}

#[test]
fn a_servo_is_measured_and_one_change_taken_back() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "↓ n→→]←←←←[m-0.5⏎");
    // Nothing can lie between an end and itself.
    assert!(
        trial.session.message.starts_with("Refused: "),
        "{}",
        trial.session.message
    );
    press(&mut trial, "→m-0.5⏎←←[u");
    let points = &trial.session.servos[1].points;
    let list: Vec<_> = points.iter().map(|p| (p.bend, p.width.get())).collect();
    // 307 ticks, and two a jog.
    let us = |ticks: f32| tenths(ticks * 4.88);
    assert_eq!(
        list,
        [
            (-1.0, us(303.0)),
            (-0.5, us(305.0)),
            (0.0, us(307.0)),
            (1.0, us(311.0))
        ]
    );
}

#[test]
fn choosing_engages_nothing_and_leaves_nothing_engaged() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "↓↓");
    assert_eq!(trial.session.engaged(), 0);
    press(&mut trial, " →");
    assert_eq!(trial.session.engaged(), 1);
    press(&mut trial, "↓");
    assert_eq!(trial.session.engaged(), 0);
    assert_eq!(trial.session.message, "front-right.x went limp.");
}

#[test]
fn half_a_minute_without_a_key_is_limp() {
    let mut trial = Trial::new(&text());
    press(&mut trial, " ");
    let frames = 30_000_000 / FRAME_US;
    (0..frames - 10).for_each(|_| trial.frame());
    assert_eq!(trial.session.engaged(), 1);
    (0..10).for_each(|_| trial.frame());
    assert_eq!(trial.session.engaged(), 0);
    assert!(trial.session.message.starts_with("30 s without a key"));
}

#[test]
fn all_straight_engages_one_after_another_and_a_crooked_one_is_straightened() {
    let mut trial = Trial::new(&text());
    let awake = |trial: &Trial| trial.board.0.iter().flatten().count();
    press(&mut trial, "a");
    assert_eq!(awake(&trial), 1);
    press(&mut trial, "g");
    assert_eq!(awake(&trial), 2);
    (0..50).for_each(|_| trial.frame());
    // The five that nobody measured stay limp.
    assert_eq!((awake(&trial), trial.session.engaged()), (3, 3));
    assert!(trial.session.message.starts_with("All that is measured"));
    let before = trial.session.servos[0].points.at(0.0).unwrap();
    press(&mut trial, "→n");
    let after = trial.session.servos[0].points.at(0.0).unwrap();
    assert!((after - before - 9.76).abs() < 4.88, "{before} {after}");
    press(&mut trial, " ");
    assert_eq!(trial.session.engaged(), 0);
}

/// Takes so many bearings, each once it is there.
fn take(trial: &mut Trial, bearings: usize) {
    for _ in 0..bearings {
        (0..100).for_each(|_| trial.frame());
        press(trial, "⏎");
    }
}

#[test]
fn a_tentacle_is_pointed_bearing_after_bearing() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "c");
    assert!(
        trial
            .session
            .message
            .contains("both servos need their ends")
    );
    press(&mut trial, "↓↓c⏎");
    assert_eq!(trial.session.message, "It moves still.");
    // Twelve degrees clockwise of each bearing.
    press(&mut trial, ">→");
    take(&mut trial, 3);
    press(&mut trial, "k");
    take(&mut trial, 4);
    let tentacle = &trial.session.tentacles[1];
    assert_eq!(tentacle.marks.len(), 7);
    let compass = Compass::new(Turns::from_deg(45.0), &tentacle.marks).unwrap();
    let bend = compass.aim().bend(Bend { x: 0.0, y: 0.5 });
    let turned_deg = bend.x.atan2(bend.y).to_degrees();
    assert!((turned_deg - 12.0).abs() < 1.0, "{turned_deg}");
    // What was skipped is measured after all, and the one before taken back.
    press(&mut trial, "4");
    take(&mut trial, 1);
    assert_eq!(trial.session.tentacles[1].marks.len(), 8);
    press(&mut trial, "uu");
    assert_eq!(trial.session.message, "315° is taken back.");
    // What was taken back is not to be saved.
    let before = trial.session.tentacles[1].marks.clone();
    assert_eq!(before.len(), 6);
    // A servo turned round is bent the other way for the same pulse.
    press(&mut trial, " f");
    let after = trial.session.tentacles[1].marks.clone();
    for (before, after) in before.iter().zip(&after) {
        let (x, y) = (
            before.taken.x + after.taken.x,
            before.taken.y - after.taken.y,
        );
        assert!(x.abs() < 1e-3 && y.abs() < 1e-3, "{before:?} {after:?}");
    }
    press(&mut trial, "u");
    let back = &trial.session.tentacles[1].marks;
    let apart = |(a, b): (&Mark, &Mark)| (a.taken.x - b.taken.x).abs();
    assert!(before.iter().zip(back).map(apart).all(|apart| apart < 1e-3));
    // A table that leaves out what a mark held spoils it.
    let table = |us: f64| {
        let point = |bend, us| Point {
            bend,
            width: Microseconds::new(us).unwrap(),
        };
        Table::new(&[point(-1.0, 1400.0), point(1.0, us)]).unwrap()
    };
    let tentacle = &mut trial.session.tentacles[1];
    assert!(tentacle.respell(1, &table(1600.0), &table(1450.0)));
}

#[test]
fn no_bearing_is_lost_without_a_question() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "↓↓c");
    take(&mut trial, 3);
    assert!(!trial.session.is_all_saved());
    press(&mut trial, " q");
    assert_eq!(trial.session.mode, Mode::Leave);
    press(&mut trial, "xc");
    // Six all round make a compass that is saved as it is.
    take(&mut trial, 4);
    assert_eq!(trial.session.unsaved_marks().count(), 1);
    save(&text(), &mut trial.session);
    assert!(trial.session.is_all_saved());
}

#[test]
fn neutral_is_not_set_before_all_stand_straight_again() {
    let mut trial = Trial::new(&measured());
    press(&mut trial, "a");
    (0..1000).for_each(|_| trial.frame());
    let before = trial.session.servos[0].points.clone();
    for _ in 0..9 {
        (0..200).for_each(|_| trial.frame());
        press(&mut trial, "p");
    }
    assert_eq!(trial.session.message, "All stand straight again.");
    (0..5).for_each(|_| trial.frame());
    press(&mut trial, "n");
    assert_eq!(trial.session.message, "They move still.");
    assert_eq!(trial.session.servos[0].points, before);
}

#[test]
fn one_mark_of_the_file_is_taken_again() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "↓↓c");
    take(&mut trial, 8);
    let file = save(&text(), &mut trial.session);
    let mut trial = Trial::new(&file);
    let before = trial.session.tentacles[1].marks.clone();
    press(&mut trial, "↓↓c3>");
    take(&mut trial, 1);
    let after = &trial.session.tentacles[1].marks;
    let differ: Vec<usize> = (0..8).filter(|i| after[*i] != before[*i]).collect();
    assert_eq!((after.len(), differ), (8, vec![2]));
}

#[test]
fn marks_are_of_the_ticks_that_servos_hold() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "↓↓c");
    take(&mut trial, 8);
    let [x, y] = [2, 3].map(|i| {
        let points: Vec<_> = trial.session.servos[i].points.iter().copied().collect();
        (
            Table::new(&points).unwrap(),
            trial.session.servos[i].trim_us,
        )
    });
    for mark in &trial.session.tentacles[1].marks {
        for ((table, trim_us), bend) in [(&x, mark.taken.x), (&y, mark.taken.y)] {
            let ticks = (table.us_at(bend) + trim_us) / trial.tick;
            assert!((ticks - ticks.round()).abs() < 0.01, "{ticks}");
        }
    }
}

#[test]
fn every_bend_is_come_to_from_below() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "↓↓c");
    let mut came_up = [false; 2];
    // Held down, let go early, and over to the next bearing.
    for keys in [
        "",
        ">",
        "<<",
        "→→→",
        ",",
        ".",
        "←",
        "⏎",
        "→←",
        "6",
        "2",
        "<",
        ">>",
        "⏎",
    ] {
        press(&mut trial, keys);
        for _ in 0..100 {
            let before = trial.board;
            trial.frame();
            // x is turned round.
            for (came_up, (i, up)) in came_up.iter_mut().zip([(2, -1.0), (3, 1.0)]) {
                if let (Some(was), Some(is)) = (before.0[i], trial.board.0[i])
                    && was != is
                {
                    *came_up = (is.get() - was.get()) * up > 0.0;
                }
            }
        }
        assert_eq!(came_up, [true; 2], "after {keys:?}");
    }
}

#[test]
fn half_a_minute_without_a_key_ends_all_straight() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "a");
    trial.now_us += 31_000_000;
    trial.frame();
    assert_eq!(trial.session.engaged(), 0);
    assert_eq!(trial.session.message, "30 s without a key: all limp.");
}

#[test]
fn a_pulse_far_out_is_told_and_so_is_the_last() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "↓ ");
    let mut said = Vec::new();
    for _ in 0..120 {
        press(&mut trial, "→→");
        said.push(trial.session.message.clone());
    }
    let first = |words: &str| said.iter().position(|message| message.contains(words));
    let (far, last) = (first("stop if it hums"), first("as far as any pulse goes"));
    // Two jogs of two ticks: 1498 µs and 20 more each time.
    assert_eq!((far, last), (Some(30), Some(51)), "{said:?}");
    assert!(said[..30].iter().all(String::is_empty), "{said:?}");
    press(&mut trial, "⏎");
    assert_eq!(trial.session.message, "");
}

#[test]
fn a_refusal_is_over_with_the_next_jog() {
    let mut trial = Trial::new(&text());
    press(&mut trial, "↓ []");
    assert!(trial.session.message.starts_with("Refused: "));
    press(&mut trial, "→");
    assert_eq!(trial.session.message, "");
}

#[test]
fn a_lost_board_engages_nothing_until_it_is_back() {
    let mut trial = Trial::new(&text());
    press(&mut trial, " →");
    trial.session.lost("nobody answers");
    press(&mut trial, " ");
    assert_eq!(trial.session.engaged(), 0);
    trial.session.found("It is back.");
    assert_eq!(trial.session.message, "It is back.");
    press(&mut trial, " ");
    assert_eq!(trial.session.engaged(), 1);
}

#[test]
fn leaving_asks_while_something_is_not_saved() {
    let mut trial = Trial::new(&text());
    assert_eq!(trial.session.key(Key::Char('q'), 0), Action::Quit);
    press(&mut trial, "f");
    assert_eq!(trial.session.key(Key::Char('q'), 0), Action::Nothing);
    assert_eq!(trial.session.key(Key::Char('x'), 0), Action::Nothing);
    trial.session.key(Key::Char('q'), 0);
    assert_eq!(trial.session.key(Key::Char('s'), 0), Action::SaveAndQuit);
    assert_eq!(trial.session.key(INTERRUPT, 0), Action::Quit);
}
