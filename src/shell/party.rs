//! Virtual people, and virtual sensors in the place of real ones: the frame thread asks
//! them itself, once a slot, so that the same file gives the same cues.

use crate::crowd::{Crowd, VirtualLd2450, VirtualPir};
use crate::senses::{News, Presence, Radar};
use std::collections::VecDeque;
use tentacle_hat::calibration::{Device, Name, SenseKind, SensePlan, Senses};
use tentacle_hat::units::Turns;

/// What is said where nobody chose senses.
pub(super) const TWO_RADARS: &str =
    "servos.toml has no [[sense]]: two virtual radars, front and back, see the people";
/// Two radars do not send in the same slot: so much later each begins, µs.
const APART_US: u32 = 41_000;
/// A PIR has long settled: the machine it hangs on is on for so long, µs, and the run.
const UP_US: u64 = 600_000_000;

/// Those who are there, and what sees them.
pub(crate) struct Party {
    pub(crate) crowd: Crowd,
    seed: u32,
    /// Each with what it has to say.
    senses: Vec<(SensePlan, Sense, VecDeque<News>)>,
    /// Up to when they were asked.
    asked_us: Option<u64>,
}

/// A sensor, and what is made of what it says.
enum Sense {
    Radar(VirtualLd2450, Box<Radar>),
    Pir(VirtualPir, Box<Presence>),
}

impl Party {
    pub(crate) fn new(crowd: Crowd, seed: u32, plans: &Senses) -> Self {
        let mut party = Self {
            crowd,
            seed,
            senses: Vec::new(),
            asked_us: None,
        };
        party.change(plans);
        party
    }

    /// Goes over to other senses, or to two radars where the files have none; those that
    /// stay as they are go on.
    pub(super) fn change(&mut self, plans: &Senses) {
        let own = match plans.is_empty() {
            true => two_radars(),
            false => plans.clone(),
        };
        self.senses.retain(|(plan, ..)| own.contains(plan));
        for (i, plan) in own.iter().enumerate() {
            if self.senses.iter().all(|(open, ..)| open != plan) {
                let seed = self.seed.wrapping_add(APART_US * i as u32);
                let sense = Sense::new(plan, seed);
                self.senses.push((plan.clone(), sense, VecDeque::new()));
            }
        }
    }

    /// What one of them has to say by `t_us`.
    pub(crate) fn next(&mut self, t_us: u64) -> Option<(&SensePlan, News)> {
        if self.asked_us != Some(t_us) {
            self.asked_us = Some(t_us);
            for (_, sense, news) in &mut self.senses {
                sense.ask(&self.crowd, t_us, news);
            }
        }
        let mut senses = self.senses.iter_mut();
        senses.find_map(|(plan, _, news)| Some((&*plan, news.pop_front()?)))
    }
}

/// What a hat has that is to see somebody, if nobody says more.
fn two_radars() -> Senses {
    let radar = |(name, facing)| SensePlan {
        name: Name::from(name).unwrap_or_default(),
        facing,
        kind: SenseKind::Ld2450 {
            tty: Device::new(),
            mirrored: None,
        },
    };
    let both = [("front", Turns::ZERO), ("back", Turns::HALF)];
    both.into_iter().map(radar).collect()
}

impl Sense {
    fn new(plan: &SensePlan, seed: u32) -> Self {
        match plan.kind {
            SenseKind::Gpio { .. } => {
                Self::Pir(VirtualPir::new(plan.facing), Box::new(Presence::new(plan)))
            }
            SenseKind::Ld2450 { mirrored, .. } => {
                let radar = VirtualLd2450::new(plan.facing, mirrored == Some(true), seed);
                Self::Radar(radar, Box::new(Radar::new(plan)))
            }
        }
    }

    fn ask(&mut self, crowd: &Crowd, t_us: u64, news: &mut VecDeque<News>) {
        let mut say = |said| news.push_back(said);
        match self {
            Self::Radar(sends, hears) => {
                let mut bytes = Vec::new();
                sends.advance(crowd, t_us, &mut bytes);
                hears.hear(&bytes, t_us, &mut say);
            }
            Self::Pir(shows, sees) => {
                sees.see(shows.active(crowd, t_us), UP_US + t_us, &mut say);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Files;
    use tentacle_hat::cue::Cue;
    use tentacle_hat::motion::Performance;

    const SLOT_US: u64 = 20_000;

    /// How far beside somebody the hat believes whom it reaches for to be, degrees: in the
    /// mean, and in which share of the slots it reached for nobody. Its head sweeps ±45
    /// degrees at 60 a second for a quarter of a minute, and cues say so or do not.
    fn beside(people: &str, says_heading: bool) -> (f64, f64) {
        let sweeps = (0..21).map(|turn| {
            let deg = [0, 45, 0, -45][turn % 4];
            format!("{} head {deg}", 5.0 + 0.75 * turn as f64)
        });
        let mut lines: Vec<_> = people.lines().map(str::to_owned).chain(sweeps).collect();
        let moment = |line: &String| line.split(' ').next().unwrap().parse::<f64>().unwrap();
        lines.sort_by(|a, b| moment(a).total_cmp(&moment(b)));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, lines.join("\n").as_bytes()).unwrap();
        let crowd = Crowd::open(file.path()).unwrap();
        let hat = Files::Shipped.load().unwrap();
        let mut performance = Performance::new(&hat, 0);
        let mut party = Party::new(crowd, 0, &hat.senses);
        let (mut sum, mut seen, mut missed) = (0.0, 0.0, 0.0);
        for slot in 0..1000 {
            let t_us = SLOT_US * slot;
            while let Some((_, news)) = party.next(t_us) {
                if let News::Cue(Cue::Person(id, sighting)) = news {
                    performance.meet(id, sighting.as_ref(), t_us).unwrap();
                }
            }
            // A sensor of the head that says so twenty times a second.
            if says_heading && t_us % 50_000 < SLOT_US {
                performance.turn(party.crowd.head_deg(t_us) as f32, t_us);
            }
            performance.advance(t_us);
            // While the head moves.
            if t_us < 5_000_000 {
                continue;
            }
            let (_, truth) = party.crowd.people(t_us).next().unwrap();
            let attended = performance.attended();
            match performance
                .people_at(t_us)
                .find(|(id, _)| attended == Some(*id))
            {
                Some((_, believed)) => {
                    let off = f64::from(believed.bearing_deg) - truth.bearing_deg;
                    sum += ((off + 180.0).rem_euclid(360.0) - 180.0).abs();
                    seen += 1.0;
                }
                None => missed += 1.0,
            }
        }
        (sum / seen, missed / (seen + missed))
    }

    #[test]
    fn with_headings_it_knows_where_somebody_is_while_the_head_turns() {
        for (what, people) in [
            ("stands ahead", "0 ann 0 2\n"),
            ("stands at the cone's edge", "0 ann 40 2\n"),
            ("walks past", "0 ann -50 3\n20 ann 50 3\n"),
        ] {
            let ((with, missed), (without, _)) = (beside(people, true), beside(people, false));
            println!(
                "{what}: {with:.1} degrees beside with headings, {without:.1} without; nobody in {missed:.2}"
            );
            assert!(with <= 5.0 && missed < 0.1, "{what}: {with} {missed}");
            assert!(without > 1.5 * with, "{what}: {without} and {with}");
        }
    }
}
