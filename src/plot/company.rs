//! Who was there, and whom the hat attended.

use super::paper::{BAND, Frame, INK, LINE, PAPER, Paper, Point, SOFT, in_pixels};
use super::played::{Company, Played};
use anyhow::Result;
use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos::{Center, Left, Right};

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

/// The picture of the first `seconds` of a performance before people; and in words whom
/// it attended.
///
/// # Errors
/// The drawing crate's.
pub(crate) fn draw(played: &Played, title: &str, seconds: u64) -> Result<(String, String)> {
    let until_us = seconds * 1_000_000;
    let shown = played.company.iter().take_while(|it| it.t_us < until_us);
    let company: Vec<&Company> = shown.collect();
    let strips = STRIP_TO_STRIP * (played.names.len() + 1) as f64;
    let size = (WIDE, 140.0 + strips + 30.0);
    let mut svg = String::new();
    let paper = Paper::new(&mut svg, size)?;
    paper.write(title, (MARGIN, 32.0), TITLE, INK, Left)?;
    let heading = "Who is there, how far away; dark where the tentacles reach for him";
    paper.write(heading, (MARGIN, 66.0), HEADING, INK, Left)?;
    let words = in_words(played, &company);
    paper.write(&words, (MARGIN, 88.0), SMALL, INK, Left)?;
    let frame = |row: usize| Frame {
        x: LEFT,
        y: 112.0 + STRIP_TO_STRIP * row as f64,
        wide: WIDE - MARGIN - LEFT,
        high: STRIP,
    };
    let seconds = seconds as f64;
    for (row, (who, name)) in played.names.iter().enumerate() {
        let at = frame(row);
        paper.write(name, (MARGIN, at.y + STRIP / 2.0), SMALL, INK, Left)?;
        for (m, y) in [("0 m", at.y + 6.0), ("6 m", at.y + STRIP - 6.0)] {
            paper.write(m, (LEFT - 6.0, y), SMALL, SOFT, Right)?;
        }
        person(&paper, at, *who, &company, seconds)?;
    }
    let at = frame(played.names.len());
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
fn in_words(played: &Played, company: &[&Company]) -> String {
    let all = company.len().max(1) as f64;
    let share = |count: usize| format!("{:.0} %", 100.0 * count as f64 / all);
    let of = |(who, name): &(usize, String)| {
        let attended = company.iter().filter(|it| it.attended == Some(*who));
        format!("{name} {}", share(attended.count()))
    };
    let each: Vec<_> = played.names.iter().map(of).collect();
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
