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
/// Where he is, is the mean of so many frames, more or less: at the edge of what the radar
/// sees one alone is 0.3 m off, and these 6 cm.
const MEAN_OF: f32 = 15.0;
/// Ten frames come in a second; from a port that brings them without end only so many, µs.
const APART_US: u64 = 50_000;

/// A radar, as it was heard up to now.
pub(crate) struct Radar {
    facing_deg: f32,
    /// 1, or −1 where x counts to the left.
    side: f32,
    parser: FrameParser,
    frames: u64,
    seen_us: Option<u64>,
    tracks: [Track; People::OF_A_SOURCE],
}

/// Somebody over several frames.
#[derive(Clone, Copy, Debug)]
struct Track {
    id: Id,
    /// To the right of where the radar looks, and in front of it, m.
    place: (f32, f32),
    mean: (f32, f32),
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
            mean: (0.0, 0.0),
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
            seen_us: None,
            tracks: std::array::from_fn(track),
        }
    }

    /// Hears what came from it by `now_us`.
    pub(crate) fn hear(&mut self, bytes: &[u8], now_us: u64, say: Say<'_>) {
        for byte in bytes {
            if let Some(ParseEvent::Frame(frame)) = self.parser.feed(*byte) {
                self.frames += 1;
                if self.seen_us.is_none_or(|at_us| now_us >= at_us + APART_US) {
                    self.seen_us = Some(now_us);
                    self.see(&frame, now_us, say);
                }
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
        (self.place, self.mean, self.stood) = (place, place, place);
        (self.seen_us, self.moved_us) = (now_us, now_us);
        self.hits = 1;
    }

    /// He is seen again.
    fn go(&mut self, place: (f32, f32), now_us: u64) {
        (self.place, self.seen_us) = (place, now_us);
        self.hits = self.hits.saturating_add(1);
        let toward = |mean: f32, now: f32| mean + (now - mean) / MEAN_OF;
        self.mean = (toward(self.mean.0, place.0), toward(self.mean.1, place.1));
        if between(self.mean, self.stood) > MOVES_M {
            (self.stood, self.moved_us) = (self.mean, now_us);
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
            bearing_deg: turned(facing_deg + libm::atan2f(right, front).to_degrees()),
            // In cm: the radar's own steps are coarser.
            distance_m: Some((100.0 * length(self.place)).round() / 100.0),
            sure: SURE,
            age_s: AGE_S,
        };
        let sighting = (!is_ghost).then_some(sighting);
        say(News::Cue(Cue::Person(self.id, sighting)));
    }
}

fn length((right, front): (f32, f32)) -> f32 {
    libm::hypotf(right, front)
}

fn between(a: (f32, f32), b: (f32, f32)) -> f32 {
    length((a.0 - b.0, a.1 - b.1))
}

/// −180..180 degrees, in tenths.
fn turned(degrees: f32) -> f32 {
    let turned = (degrees + 180.0).rem_euclid(360.0) - 180.0;
    (10.0 * turned).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tentacle_hat::calibration::{Device, Name};
    use tentacle_hat::units::Turns;

    const FRAME_US: u64 = 100_000;

    fn radar(facing_deg: f32, mirrored: Option<bool>) -> Radar {
        let tty = Device::from("/dev/serial0").unwrap();
        Radar::new(&SensePlan {
            name: Name::from("front").unwrap(),
            facing: Turns::from_deg(facing_deg),
            kind: SenseKind::Ld2450 { tty, mirrored },
        })
    }

    /// A frame with these targets, mm.
    fn frame(targets: &[(i32, i32)]) -> Vec<u8> {
        let number = |n: i32| {
            let sign = if n >= 0 { 0x8000 } else { 0 };
            (n.unsigned_abs() as u16 | sign).to_le_bytes()
        };
        let mut frame = vec![0xAA, 0xFF, 0x03, 0x00];
        for i in 0..3 {
            match targets.get(i) {
                Some((x, y)) => {
                    frame.extend(number(*x));
                    frame.extend(number(*y));
                    frame.extend(number(-16));
                    frame.extend(320_u16.to_le_bytes());
                }
                None => frame.extend([0; 8]),
            }
        }
        frame.extend([0x55, 0xCC]);
        frame
    }

    /// The cues that a radar makes of bytes at `t_us`, as lines.
    fn hear(radar: &mut Radar, bytes: &[u8], t_us: u64) -> Vec<String> {
        let mut lines = Vec::new();
        radar.hear(bytes, t_us, &mut |news| match news {
            News::Cue(cue) => lines.push(cue.to_string()),
            other => panic!("{other:?}"),
        });
        lines
    }

    /// The lines of the last of these frames, one after another.
    fn last(radar: &mut Radar, frames: &[&[(i32, i32)]]) -> Vec<String> {
        let mut lines = Vec::new();
        for (i, targets) in frames.iter().enumerate() {
            lines = hear(radar, &frame(targets), FRAME_US * (i as u64 + 1));
        }
        lines
    }

    #[test]
    fn the_example_of_the_protocol() {
        let example = [
            0xAA, 0xFF, 0x03, 0x00, 0x0E, 0x03, 0xB1, 0x86, 0x10, 0x00, 0x40, 0x01, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x55, 0xCC,
        ];
        assert_eq!(frame(&[(-782, 1713)]), example);
        // 24.5 degrees to the left of where it looks, which is to the wearer's right.
        let mut right = radar(90.0, None);
        assert_eq!(hear(&mut right, &example, 0), [""; 0]);
        let said = hear(&mut right, &example, FRAME_US);
        assert_eq!(said, ["person front.1 65.5 1.88 0.8 0.05"]);
        let mut mirrored = radar(90.0, Some(true));
        let said = last(&mut mirrored, &[&[(-782, 1713)], &[(-782, 1713)]]);
        assert_eq!(said, ["person front.1 114.5 1.88 0.8 0.05"]);
        // A bearing behind the wearer is one within half a turn.
        let mut behind = radar(170.0, None);
        let said = last(&mut behind, &[&[(782, 1713)], &[(782, 1713)]]);
        assert_eq!(said, ["person front.1 -165.5 1.88 0.8 0.05"]);
    }

    #[test]
    fn bytes_come_in_any_pieces_and_half_frames_are_nobody() {
        let mut pieces = radar(0.0, None);
        let two = [frame(&[(0, 2000)]), frame(&[(0, 2000)])].concat();
        let said: Vec<_> = two
            .iter()
            .enumerate()
            .flat_map(|(i, byte)| hear(&mut pieces, &[*byte], 3_000 * i as u64))
            .collect();
        assert_eq!(said, ["person front.1 0 2 0.8 0.05"]);
        // It began in the middle of one, and lost the middle of another.
        let mut cut = radar(0.0, None);
        let bytes = [&two[11..50], &two[..25], &two[..], &two[..]].concat();
        let hear = |(i, part): (usize, &[u8])| hear(&mut cut, part, FRAME_US * i as u64);
        let said: Vec<_> = bytes.chunks(30).enumerate().flat_map(hear).collect();
        assert!(!said.is_empty());
        assert!(
            said.iter()
                .all(|line| line == "person front.1 0 2 0.8 0.05")
        );
    }

    #[test]
    fn who_swaps_slots_stays_himself() {
        let mut radar = radar(0.0, None);
        let two: &[_] = &[(-500, 1500), (500, 3000)];
        let swapped: &[_] = &[(550, 2950), (-550, 1550)];
        assert_eq!(last(&mut radar, &[two, two]).len(), 2);
        let said = hear(&mut radar, &frame(swapped), 3 * FRAME_US);
        assert!(said[0].starts_with("person front.1 -19.5 "), "{said:?}");
        assert!(said[1].starts_with("person front.2 10.6 "), "{said:?}");
        // A second of blindness does not make him somebody else.
        let said = hear(&mut radar, &frame(&[(600, 2900)]), 13 * FRAME_US);
        assert!(said[0].starts_with("person front.2 11.7 "), "{said:?}");
    }

    #[test]
    fn who_appears_elsewhere_is_somebody_else() {
        let mut radar = radar(0.0, None);
        last(&mut radar, &[&[(0, 1500)], &[(0, 1500)]]);
        let far: &[_] = &[(0, 5000)];
        assert_eq!(hear(&mut radar, &frame(far), 3 * FRAME_US), [""; 0]);
        let said = hear(&mut radar, &frame(far), 4 * FRAME_US);
        assert_eq!(said, ["person front.2 0 5 0.8 0.05"]);
        // With every word taken, whoever was not seen for longest is gone for it.
        let three: &[_] = &[(0, 5000), (-3000, 3000), (3000, 3000)];
        hear(&mut radar, &frame(three), 5 * FRAME_US);
        let three: &[_] = &[(0, 5000), (-3000, 3000), (-3000, 500)];
        let said = hear(&mut radar, &frame(three), 6 * FRAME_US);
        assert!(said.contains(&"person front.1 gone".to_owned()), "{said:?}");
    }

    #[test]
    fn a_ghost_is_gone_until_it_moves() {
        let mut radar = radar(0.0, None);
        let mut gone = Vec::new();
        let mut told = 0;
        for i in 0..1000 {
            // A noise of three degrees, which is no life.
            let noise = [-210, 160, 310, -90, 20, -340, 150][i as usize % 7];
            let ghost: &[_] = &[(noise, 4000)];
            for line in hear(&mut radar, &frame(ghost), FRAME_US * i as u64) {
                match line.as_str() {
                    "person front.1 gone" => gone.push(i),
                    _ => told = i,
                }
            }
        }
        assert_eq!(gone, [300]);
        assert_eq!(told, 299);
        // He gets up, and walks.
        let mut walk = (0..20).map(|i| {
            let place: &[_] = &[(60 * i, 4000)];
            hear(&mut radar, &frame(place), (1001 + i as u64) * FRAME_US)
        });
        assert!(walk.any(|said| !said.is_empty()));
    }

    #[test]
    fn a_port_that_brings_frames_without_end_is_heard_twenty_times_a_second() {
        let mut radar = radar(0.0, None);
        let some = frame(&[(0, 2000)]);
        let told = (0..10_000).flat_map(|i| hear(&mut radar, &some, 100 * i));
        assert_eq!(told.count(), 19);
    }

    #[test]
    fn what_cannot_be_there_is_nobody() {
        let mut radar = radar(0.0, None);
        for targets in [[(0, -500)], [(0, 9000)], [(-8000, 5000)], [(10, 0)]] {
            for i in 0..5 {
                assert_eq!(hear(&mut radar, &frame(&targets), FRAME_US * i), [""; 0]);
            }
        }
    }

    #[test]
    fn twenty_million_random_bytes_are_nobody() {
        let mut radar = radar(0.0, None);
        let mut state = 1_u64;
        let mut bytes = [0; 4096];
        for i in 0..20_000_000 / bytes.len() as u64 {
            for byte in &mut bytes {
                // Knuth's MMIX.
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                *byte = (state >> 56) as u8;
            }
            assert_eq!(hear(&mut radar, &bytes, i * 16_000), [""; 0]);
        }
        assert_eq!(radar.frames(), 0);
    }

    proptest! {
        #[test]
        fn any_frames_make_sound_cues(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 24), 1..50),
            cut in 0_usize..40,
        ) {
            let mut radar = radar(123.0, Some(true));
            for (i, payload) in frames.iter().enumerate() {
                let mut bytes = [&[0xAA, 0xFF, 0x03, 0x00], &payload[..], &[0x55, 0xCC]].concat();
                bytes.truncate(bytes.len().saturating_sub(cut.saturating_sub(i)));
                for line in hear(&mut radar, &bytes, FRAME_US * i as u64) {
                    prop_assert!(line.parse::<Cue>().is_ok(), "{}", line);
                }
            }
        }
    }
}
