//! The radar HLK-LD2450: three targets with their places, ten times a second.

use super::{News, Say};
use ld2450_proto::{FrameParser, ParseEvent, RadarFrame};
use tentacle_hat::calibration::{SenseKind, SensePlan};
use tentacle_hat::cue::Cue;
use tentacle_hat::motion::{Id, People, Sighting};

/// A frame shows what was there in the 100 ms before it: on average so long ago, s.
const AGE_S: f32 = 0.05;
/// Nothing is told of who is further away, m: the radar sees 6 m.
const FURTHEST_M: f32 = 8.0;
const SURE: f32 = 0.8;

/// Slots renumber: who is in which is told by where he was, within so much, m, and so much
/// more for each second since, m/s. Three degrees of noise and a head's turn make half a
/// metre at the edge.
const GATE_M: f32 = 0.8;
const RUNS_M_PER_S: f32 = 3.0;
/// Who was not seen for so long, µs, is somebody else: he has faded from the hat's mind.
const FORGOTTEN_US: u64 = 4_000_000;
/// One frame may be anything, two alike are somebody.
const SEEN_TWICE: u32 = 2;
/// A person moves, in so long, µs, by more than so much, m, or else the radar loses him: what
/// stays is a reflection, or a chair.
const GHOST_US: u64 = 30_000_000;
const MOVES_M: f32 = 0.25;

/// A radar, as it was heard up to now.
pub(crate) struct Radar {
    facing_deg: f32,
    /// 1, or −1 where x counts to the left.
    side: f32,
    parser: FrameParser,
    frames: u64,
    tracks: [Track; People::OF_A_SOURCE],
}

/// Somebody over several frames.
#[derive(Clone, Copy, Debug)]
struct Track {
    id: Id,
    /// To the right of where the radar looks, and in front of it, m.
    place: (f32, f32),
    seen_us: u64,
    /// In so many frames; 0: never.
    hits: u32,
    /// Where he was when he moved last, and when.
    stood: (f32, f32),
    moved_us: u64,
    /// That he is there was said, and not taken back.
    said: bool,
}

impl Radar {
    pub(crate) fn new(plan: &SensePlan) -> Self {
        let mirrored = matches!(
            plan.kind,
            SenseKind::Ld2450 {
                mirrored: Some(true),
                ..
            }
        );
        let track = |i: usize| Track {
            // A sense's name leaves room for it.
            id: Id::new(&format!("{}.{}", plan.name, i + 1)).expect("a name has legal letters"),
            place: (0.0, 0.0),
            seen_us: 0,
            hits: 0,
            stood: (0.0, 0.0),
            moved_us: 0,
            said: false,
        };
        Self {
            facing_deg: super::degrees(plan.facing),
            side: if mirrored { -1.0 } else { 1.0 },
            parser: FrameParser::new(),
            frames: 0,
            tracks: std::array::from_fn(track),
        }
    }

    /// Hears what came from it by `now_us`.
    pub(crate) fn hear(&mut self, bytes: &[u8], now_us: u64, say: Say<'_>) {
        for byte in bytes {
            if let Some(ParseEvent::Frame(frame)) = self.parser.feed(*byte) {
                self.frames += 1;
                self.see(&frame, now_us, say);
            }
        }
    }

    /// How many whole frames came.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    fn see(&mut self, frame: &RadarFrame, now_us: u64, say: Say<'_>) {
        let place = |target: &ld2450_proto::Target| (self.side * target.x_m(), target.y_m());
        let is_there = |place: &(f32, f32)| place.1 > 0.0 && length(*place) <= FURTHEST_M;
        let mut places: Vec<_> = frame.targets.iter().map(place).filter(is_there).collect();
        let mut seen = [false; People::OF_A_SOURCE];
        // The nearest pair first, and so on.
        while let Some((i, track)) = self.nearest(&places, &seen, now_us) {
            let place = places.swap_remove(i);
            self.tracks[track].go(place, now_us);
            seen[track] = true;
        }
        for place in places {
            // Whoever was seen least of late makes room.
            let free = (0..seen.len()).filter(|i| !seen[*i]);
            if let Some(track) = free.min_by_key(|i| self.tracks[*i].seen_us) {
                self.tracks[track].begin(place, now_us, say);
                seen[track] = true;
            }
        }
        let (facing_deg, tracks) = (self.facing_deg, &mut self.tracks);
        for (track, _) in tracks.iter_mut().zip(seen).filter(|(_, seen)| *seen) {
            track.tell(facing_deg, now_us, say);
        }
    }

    /// Which place is nearest to which track that was not seen yet.
    fn nearest(&self, places: &[(f32, f32)], seen: &[bool], now_us: u64) -> Option<(usize, usize)> {
        let pairs = (0..places.len()).flat_map(|i| (0..seen.len()).map(move |track| (i, track)));
        let apart = |(i, track): (usize, usize)| {
            let since_us = now_us.saturating_sub(self.tracks[track].seen_us);
            let known = self.tracks[track].hits > 0 && since_us < FORGOTTEN_US && !seen[track];
            let apart = between(places[i], self.tracks[track].place);
            let gate = GATE_M + RUNS_M_PER_S * since_us as f32 / 1e6;
            (known && apart < gate).then_some((apart, (i, track)))
        };
        let pairs = pairs.filter_map(apart);
        pairs
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, pair)| pair)
    }
}

impl Track {
    /// Somebody else is seen.
    fn begin(&mut self, place: (f32, f32), now_us: u64, say: Say<'_>) {
        if std::mem::take(&mut self.said) {
            say(News::Cue(Cue::Person(self.id, None)));
        }
        (self.place, self.stood) = (place, place);
        (self.seen_us, self.moved_us) = (now_us, now_us);
        self.hits = 1;
    }

    /// He is seen again.
    fn go(&mut self, place: (f32, f32), now_us: u64) {
        (self.place, self.seen_us) = (place, now_us);
        self.hits = self.hits.saturating_add(1);
        if between(place, self.stood) > MOVES_M {
            (self.stood, self.moved_us) = (place, now_us);
        }
    }

    fn tell(&mut self, facing_deg: f32, now_us: u64, say: Say<'_>) {
        if self.hits < SEEN_TWICE {
            return;
        }
        let is_ghost = now_us >= self.moved_us + GHOST_US;
        if is_ghost && !std::mem::take(&mut self.said) {
            return;
        }
        self.said = !is_ghost;
        let (right, front) = self.place;
        let sighting = Sighting {
            bearing_deg: turned(facing_deg + right.atan2(front).to_degrees()),
            distance_m: Some(length(self.place)),
            sure: SURE,
            age_s: AGE_S,
        };
        let sighting = (!is_ghost).then_some(sighting);
        say(News::Cue(Cue::Person(self.id, sighting)));
    }
}

fn length((right, front): (f32, f32)) -> f32 {
    right.hypot(front)
}

fn between(a: (f32, f32), b: (f32, f32)) -> f32 {
    length((a.0 - b.0, a.1 - b.1))
}

/// −180..180 degrees, with the tenths that a cue may as well have.
fn turned(degrees: f32) -> f32 {
    let turned = (degrees + 180.0).rem_euclid(360.0) - 180.0;
    (10.0 * turned).round() / 10.0
}
