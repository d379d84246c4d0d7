//! Who was there, and whom the hat attended.

use super::paper::{BAND, Frame, INK, LINE, PAPER, Paper, Point, SOFT, in_pixels};
use crate::crowd::{Crowd, Place};
use crate::senses::News;
use crate::shell::Party;
use anyhow::Result;
use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos::{Center, Left, Right};
use tentacle_hat::calibration::Senses;
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::Performance;

const ATTENDED: RGBColor = RGBColor(20, 102, 168);
const LEANS: RGBColor = RGBColor(196, 87, 11);

const WIDE: f64 = 1000.0;
const MARGIN: f64 = 24.0;
const TITLE: f64 = 19.0;
const HEADING: f64 = 15.0;
const SMALL: f64 = 12.0;
/// Strips begin behind names and distances.
const LEFT: f64 = 150.0;
const STRIP: f64 = 62.0;
const STRIP_TO_STRIP: f64 = 72.0;
/// As far as a radar sees, m.
const FAR_M: f64 = 6.0;
/// More than this is a strain.
const STRAIN: f64 = 0.8;

/// How often it is taken down who is there, µs.
const COMPANY_EVERY_US: u64 = 200_000;
/// Whom a sense means is who stands that near to where it believes somebody, degrees and m.
const MEANT_DEG: f64 = 25.0;
const MEANT_M: f64 = 1.0;

/// Who is there at a moment, and how the hat takes it.
struct Company {
    t_us: u64,
    /// Each virtual person's number, and how far away he is, m.
    people: Vec<(usize, f64)>,
    /// Whom of them it reaches for; `None` also of somebody who is not there.
    attended: Option<usize>,
    reaches: bool,
    /// How far the tentacle leans that leans most.
    lean: f32,
}

/// Virtual people before the hat, and what it made of them.
pub(crate) struct Guests {
    party: Party,
    notes: Vec<Company>,
}

impl Guests {
    pub(super) fn new(crowd: Crowd, seed: u32, plans: &Senses) -> Self {
        Self {
            party: Party::new(crowd, seed, plans),
            notes: Vec::new(),
        }
    }

    /// Whom a virtual sense saw by `t_us`.
    pub(super) fn next(&mut self, t_us: u64) -> Option<Cue> {
        loop {
            if let (_, News::Cue(cue)) = self.party.next(t_us)? {
                return Some(cue);
            }
        }
    }

    /// Notes who is there.
    pub(super) fn meet(&mut self, t_us: u64, performance: &Performance) {
        let due = |last: &Company| t_us >= last.t_us + COMPANY_EVERY_US;
        if !self.notes.last().is_none_or(due) {
            return;
        }
        let attended = performance.attended();
        let mut believed = performance.people_at(t_us);
        let believed = believed.find(|(id, _)| attended == Some(*id));
        let off = |place: &Place| {
            let (_, seen) = believed?;
            let turn = place.bearing_deg - f64::from(seen.bearing_deg);
            let turn = ((turn + 180.0).rem_euclid(360.0) - 180.0).abs() / MEANT_DEG;
            let apart = seen
                .distance_m
                .map_or(0.0, |m| (f64::from(m) - place.distance_m).abs());
            let off = turn.max(apart / MEANT_M);
            (off <= 1.0).then_some(off)
        };
        let people: Vec<_> = self.party.crowd.people(t_us).collect();
        let meant = people
            .iter()
            .filter_map(|(who, place)| Some((off(place)?, *who)));
        let meant = meant.min_by(|a, b| a.0.total_cmp(&b.0));
        let pose = performance.pose_at(t_us);
        self.notes.push(Company {
            t_us,
            attended: meant.map(|(_, who)| who),
            reaches: attended.is_some(),
            people: people
                .iter()
                .map(|(who, place)| (*who, place.distance_m))
                .collect(),
            lean: pose.0.iter().map(|bend| bend.lean()).fold(0.0, f32::max),
        });
    }

    /// The names of the file, each with his number.
    fn names(&self) -> Vec<(usize, &str)> {
        self.party.crowd.names().collect()
    }
}

/// The picture of the first `seconds` of a performance before people; and in words whom
/// it attended.
///
/// # Errors
/// The drawing crate's.
pub(crate) fn draw(guests: &Guests, title: &str, seconds: u64) -> Result<(String, String)> {
    let until_us = seconds * 1_000_000;
    let shown = guests.notes.iter().take_while(|it| it.t_us < until_us);
    let company: Vec<&Company> = shown.collect();
    let names = guests.names();
    let strips = STRIP_TO_STRIP * (names.len() + 1) as f64;
    let size = (WIDE, 140.0 + strips + 30.0);
    let mut svg = String::new();
    let paper = Paper::new(&mut svg, size)?;
    paper.write(title, (MARGIN, 32.0), TITLE, INK, Left)?;
    let heading = "Who is there, how far away; dark where the tentacles reach for him";
    paper.write(heading, (MARGIN, 66.0), HEADING, INK, Left)?;
    let words = in_words(&names, &company);
    paper.write(&words, (MARGIN, 88.0), SMALL, INK, Left)?;
    let frame = |row: usize| Frame {
        x: LEFT,
        y: 112.0 + STRIP_TO_STRIP * row as f64,
        wide: WIDE - MARGIN - LEFT,
        high: STRIP,
    };
    let seconds = seconds as f64;
    for (row, (who, name)) in names.iter().enumerate() {
        let at = frame(row);
        paper.write(name, (MARGIN, at.y + STRIP / 2.0), SMALL, INK, Left)?;
        for (m, y) in [("0 m", at.y + 6.0), ("6 m", at.y + STRIP - 6.0)] {
            paper.write(m, (LEFT - 6.0, y), SMALL, SOFT, Right)?;
        }
        person(&paper, at, *who, &company, seconds)?;
    }
    let at = frame(names.len());
    let name = "furthest lean";
    paper.write(name, (MARGIN, at.y + STRIP / 2.0), SMALL, INK, Left)?;
    let strain_y = at.y + STRIP * (1.0 - STRAIN);
    paper.write("0.8", (LEFT - 6.0, strain_y), SMALL, SOFT, Right)?;
    leans(&paper, at, &company, seconds)?;
    for minute in minutes(seconds) {
        let x = LEFT + minute / seconds * at.wide;
        let mark = format!("{:.0} min", minute / 60.0);
        paper.write(&mark, (x, at.y + STRIP + 14.0), SMALL, SOFT, Center)?;
    }
    paper.finish()?;
    Ok((in_pixels(&svg, size), words))
}

fn minutes(seconds: f64) -> impl Iterator<Item = f64> {
    let minutes = (0..).map(|k| 60.0 * f64::from(k));
    minutes.take_while(move |s| *s <= seconds)
}

/// How far away somebody is over time, near above, and when it reaches for him.
fn person(
    paper: &Paper<'_>,
    at: Frame,
    who: usize,
    company: &[&Company],
    seconds: f64,
) -> Result<()> {
    let panel = paper.panel(at, 0.0..seconds, -FAR_M..0.0);
    panel.fill((0.0, -FAR_M), (seconds, 0.0), BAND)?;
    for s in minutes(seconds) {
        panel.curve(&[(s, -FAR_M), (s, 0.0)], PAPER, 1.0)?;
    }
    let is_attended = |it: &Company| it.attended == Some(who);
    for look in company.chunk_by(|a, b| is_attended(a) == is_attended(b)) {
        if is_attended(look[0]) {
            let (from, to) = (s(look[0]), s(look[look.len() - 1]) + 0.2);
            panel.fill((from, -FAR_M), (to, 0.0), ATTENDED)?;
        }
    }
    let place = |it: &Company| {
        let (_, distance) = it.people.iter().find(|(other, _)| *other == who)?;
        Some((s(it), -distance.min(FAR_M)))
    };
    for stay in company.chunk_by(|a, b| place(a).is_some() == place(b).is_some()) {
        let way: Vec<Point> = stay.iter().filter_map(|it| place(it)).collect();
        if !way.is_empty() {
            panel.curve(&way, INK, 1.6)?;
        }
    }
    Ok(())
}

/// How far the tentacle leans that leans most.
fn leans(paper: &Paper<'_>, at: Frame, company: &[&Company], seconds: f64) -> Result<()> {
    let panel = paper.panel(at, 0.0..seconds, 0.0..1.0);
    panel.fill((0.0, 0.0), (seconds, 1.0), BAND)?;
    panel.curve(&[(0.0, STRAIN), (seconds, STRAIN)], LINE, 1.0)?;
    let lean = |it: &&Company| (s(it), f64::from(it.lean));
    let leans: Vec<Point> = company.iter().map(lean).collect();
    if !leans.is_empty() {
        panel.curve(&leans, LEANS, 1.0)?;
    }
    Ok(())
}

fn s(company: &Company) -> f64 {
    company.t_us as f64 / 1e6
}

/// How long it reached for each.
fn in_words(names: &[(usize, &str)], company: &[&Company]) -> String {
    let all = company.len().max(1) as f64;
    let share = |count: usize| format!("{:.0} %", 100.0 * count as f64 / all);
    let of = |(who, name): &(usize, &str)| {
        let attended = company.iter().filter(|it| it.attended == Some(*who));
        format!("{name} {}", share(attended.count()))
    };
    let each: Vec<_> = names.iter().map(of).collect();
    let lost = company
        .iter()
        .filter(|it| it.reaches && it.attended.is_none());
    let looks = company.chunk_by(|a, b| a.attended == b.attended);
    let looks = looks.filter(|look| look[0].attended.is_some()).count();
    format!(
        "It reaches for {} of the time, in {looks} looks; for somebody who is not there, {}.",
        each.join(", "),
        share(lost.count())
    )
}
