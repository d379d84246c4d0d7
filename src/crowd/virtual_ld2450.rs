//! A virtual HLK-LD2450: the bytes that a 24 GHz radar sends of people round the hat, and
//! what ails it as its users tell: it is late, it numbers targets anew, it loses who stands
//! still, and it believes in ghosts until it loses power.

use super::{Crowd, Place};
use tentacle_hat::units::Turns;

/// A frame ten times a second, empty or not.
const FRAME_US: u64 = 100_000;
/// A frame shows the time since the one before; in the mean that is half as old.
const LATE_US: u64 = FRAME_US / 2;
/// Of what nobody reads the kernel keeps a page or two; more than a second says nothing new.
const KEPT_US: u64 = 1_000_000;
/// To each side, degrees, and how far it sees, m.
const CONE_DEG: f64 = 60.0;
const FAR_M: f64 = 6.0;
/// How far off it is in the mean (rms), degrees and m.
const OFF_DEG: f64 = 3.0;
const OFF_M: f64 = 0.05;
/// Whoever is slower than this, m/s, as the sensor sees him, for so many frames, is lost.
const STILL_M_S: f64 = 0.1;
const STILL_FRAMES: u32 = 50;
/// The targets of a frame, and what it says of how finely it measures, mm.
const TARGETS: usize = 3;
const FINE_MM: u16 = 320;

/// A radar, up to some moment.
#[derive(Clone, Debug)]
pub(crate) struct VirtualLd2450 {
    facing_deg: f64,
    mirrored: bool,
    seed: u32,
    /// The number of the frame that comes next.
    next: u64,
    /// For how many frames each has stood still, by his number.
    still: Vec<u32>,
}

impl VirtualLd2450 {
    /// One that looks toward `facing`; `mirrored`, it counts x to its left.
    pub(crate) fn new(facing: Turns, mirrored: bool, seed: u32) -> Self {
        Self {
            facing_deg: facing.get() * 360.0,
            mirrored,
            seed,
            next: 0,
            still: Vec::new(),
        }
    }

    /// Appends what it has sent up to `t_us`.
    pub(crate) fn advance(&mut self, crowd: &Crowd, t_us: u64, bytes: &mut Vec<u8>) {
        self.next = self.next.max(t_us.saturating_sub(KEPT_US) / FRAME_US);
        // No two begin at the same moment.
        let first_us = u64::from(self.seed) % FRAME_US;
        while first_us + self.next * FRAME_US <= t_us {
            self.frame(crowd, first_us + self.next * FRAME_US, bytes);
            self.next += 1;
        }
    }

    fn frame(&mut self, crowd: &Crowd, sent_us: u64, bytes: &mut Vec<u8>) {
        let at_us = sent_us.saturating_sub(LATE_US);
        let before_us = at_us.saturating_sub(FRAME_US);
        let ghosts = crowd
            .ghosts(at_us)
            .map(|place| place.seen_turned(self.facing_deg));
        let ghosts = ghosts.enumerate();
        let mut targets: Vec<_> = ghosts
            .map(|(i, ghost)| (self.noisy(ghost, Crowd::MOST + i), 0.0))
            .collect();
        for (who, place) in crowd.people(at_us) {
            let here = place.seen_turned(self.facing_deg);
            let before = crowd.place(who, before_us);
            let before = before.map(|place| place.seen_turned(self.facing_deg));
            if self.sees_move(who, here, before) {
                let seen = self.noisy(here, who);
                let gone_m = before.map_or(0.0, |before| here.distance_m - before.distance_m);
                targets.push((seen, gone_m));
            }
        }
        targets
            .retain(|(place, _)| place.bearing_deg.abs() <= CONE_DEG && place.distance_m <= FAR_M);
        // The nearest comes first, so that two who pass each other change places.
        targets.sort_by(|(a, _), (b, _)| a.distance_m.total_cmp(&b.distance_m));
        bytes.extend([0xaa, 0xff, 0x03, 0x00]);
        for target in 0..TARGETS {
            let numbers = targets.get(target).map_or([0; 4], |(place, gone_m)| {
                let [right, ahead] = place.xy();
                let right = if self.mirrored { -right } else { right };
                // Who comes nearer has a positive speed.
                let speed = -gone_m / (FRAME_US as f64 / 1e6);
                [
                    signed(1e3 * right),
                    signed(1e3 * ahead),
                    signed(1e2 * speed),
                    FINE_MM,
                ]
            });
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        bytes.extend([0x55, 0xcc]);
    }

    /// Whether it still sees somebody who is here, and was there a frame before.
    fn sees_move(&mut self, who: usize, here: Place, before: Option<Place>) -> bool {
        let moved = before.is_none_or(|before| {
            let ([a, b], [c, d]) = (here.xy(), before.xy());
            let m = ((a - c) * (a - c) + (b - d) * (b - d)).sqrt();
            m >= STILL_M_S * (FRAME_US as f64 / 1e6)
        });
        self.still.resize(self.still.len().max(who + 1), 0);
        self.still[who] = if moved { 0 } else { self.still[who] + 1 };
        self.still[who] < STILL_FRAMES
    }

    /// Where this frame has somebody who is there.
    fn noisy(&self, place: Place, who: usize) -> Place {
        let [aside, along] = [0, 1].map(|part| self.chance(who, part));
        Place {
            bearing_deg: place.bearing_deg + OFF_DEG * aside,
            distance_m: (place.distance_m + OFF_M * along).max(0.0),
        }
    }

    /// Chance of this frame for somebody, its mean 0 and its mean square 1: four uniform
    /// numbers together, each of a variance of 1/12, are nearly a bell.
    fn chance(&self, who: usize, part: u64) -> f64 {
        let mut bits = u64::from(self.seed) << 32 | self.next;
        bits = mixed(mixed(bits) ^ (who as u64) << 1 ^ part);
        let sum: f64 = (0..4).map(|i| f64::from((bits >> (16 * i)) as u16)).sum();
        (sum / 65_536.0 - 2.0) * 3f64.sqrt()
    }
}

/// A number as the datasheet writes one: its amount, and bit 15 unless it is negative.
fn signed(number: f64) -> u16 {
    let amount = number.abs().round().min(32_767.0) as u16;
    if number < 0.0 {
        amount
    } else {
        0x8000 | amount
    }
}

/// 64 bits that hang on each of 64 (Sebastiano Vigna, "splitmix64", 2015).
fn mixed(bits: u64) -> u64 {
    let mut bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use ld2450_proto::{FrameParser, ParseEvent, Target};

    /// What a radar tells of a people file over so many seconds: each frame's targets, as
    /// another's parser reads them.
    fn told(radar: VirtualLd2450, text: &str, seconds: u64) -> Vec<Vec<Target>> {
        let (mut radar, crowd) = (radar, Crowd::parse("x", text).unwrap());
        let (mut parser, mut bytes) = (FrameParser::new(), Vec::new());
        for slot in 0..50 * seconds {
            radar.advance(&crowd, 20_000 * slot, &mut bytes);
        }
        let frames = bytes.iter().filter_map(|byte| parser.feed(*byte));
        let targets = frames.map(|ParseEvent::Frame(frame)| {
            let targets = frame.targets.into_iter();
            targets.filter(|target| !target.is_empty()).collect()
        });
        targets.collect()
    }

    fn front() -> VirtualLd2450 {
        VirtualLd2450::new(Turns::ZERO, false, 0)
    }

    #[test]
    fn numbers_are_as_in_the_datasheet() {
        let numbers = [-782.0, 1713.0, -16.0].map(|number| signed(number).to_le_bytes());
        assert_eq!(numbers.concat(), [0x0e, 0x03, 0xb1, 0x86, 0x10, 0x00]);
        assert_eq!(FINE_MM.to_le_bytes(), [0x40, 0x01]);
    }

    #[test]
    fn ten_frames_a_second_also_of_nobody() {
        assert_eq!(told(front(), "", 10), vec![vec![]; 100]);
        let mut bytes = Vec::new();
        front().advance(&Crowd::default(), 0, &mut bytes);
        let head_and_end = [&[0xaa, 0xff, 3, 0][..], &[0; 24], &[0x55, 0xcc]].concat();
        assert_eq!(bytes, head_and_end);
        // Who looks after an hour finds a second of it.
        bytes.clear();
        front().advance(&Crowd::default(), 3_600_000_000, &mut bytes);
        assert_eq!(bytes.len(), 11 * 30);
    }

    #[test]
    fn the_same_seed_says_the_same_and_another_does_not() {
        let text = "0 ann -40 2\n20 ann 40 2\n";
        let radar = |seed| VirtualLd2450::new(Turns::ZERO, false, seed);
        assert_eq!(told(radar(7), text, 20), told(radar(7), text, 20));
        assert_ne!(told(radar(7), text, 20), told(radar(8), text, 20));
    }

    #[test]
    fn it_is_a_frame_and_a_half_late_at_most_and_three_degrees_off() {
        // Past the sensor at 0.5 m/s, 3 m away, at 0 degrees after ten seconds.
        let text = "0 ann -59.0362 5.831\n20 ann 59.0362 5.831\n";
        let frames = told(front(), text, 20);
        let mut sums = [0.0; 4];
        let mut count = 0.0;
        for (number, targets) in frames
            .iter()
            .enumerate()
            .filter(|(_, targets)| targets.len() == 1)
        {
            let was_s = number as f64 / 10.0 - 0.05;
            let true_x = 0.5 * (was_s - 10.0);
            let (x, y) = (f64::from(targets[0].x) / 1e3, f64::from(targets[0].y) / 1e3);
            let off_deg = (x.atan2(y) - true_x.atan2(3.0)).to_degrees();
            let off_m = x.hypot(y) - true_x.hypot(3.0);
            for (sum, add) in
                sums.iter_mut()
                    .zip([off_deg, off_deg * off_deg, off_m, off_m * off_m])
            {
                *sum += add;
            }
            count += 1.0;
        }
        let [deg, deg2, m, m2] = sums.map(|sum| sum / count);
        assert!(count > 150.0, "{count}");
        assert!(
            deg.abs() < 0.6 && (2.4..3.6).contains(&deg2.sqrt()),
            "{deg} {deg2}"
        );
        assert!(
            m.abs() < 0.01 && (0.04..0.06).contains(&m2.sqrt()),
            "{m} {m2}"
        );
    }

    #[test]
    fn it_sees_its_cone_and_counts_x_clockwise_unless_mirrored() {
        // Round the hat in 60 s, as the head turns.
        let text = "0 ann 0 2\n0 head 0\n60 head -360\n";
        let seen = |facing, mirrored| {
            let facing = Turns::from_deg(facing);
            let frames = told(VirtualLd2450::new(facing, mirrored, 0), text, 60);
            let seen = frames
                .iter()
                .enumerate()
                .filter(|(_, targets)| !targets.is_empty());
            let sides = seen.map(|(n, targets)| (n as f64 / 10.0, targets[0].x.signum()));
            sides.collect::<Vec<_>>()
        };
        // He comes in at 60 degrees to its left and goes out at 60 to its right: a third.
        for (facing, first_s) in [(180.0, 20.0), (90.0, 5.0)] {
            let (right, left) = (seen(facing, false), seen(facing, true));
            assert!((right.len() as f64 - 200.0).abs() < 15.0, "{}", right.len());
            assert!((right[0].0 - first_s).abs() < 1.5, "{:?}", right[0]);
            assert_eq!((right[0].1, right[right.len() - 1].1), (-1, 1));
            assert_eq!((left[0].1, left[left.len() - 1].1), (1, -1));
        }
        // And 6 m.
        let away = told(front(), "0 ann 0 1\n20 ann 0 11\n", 20);
        let seen = away.iter().filter(|targets| !targets.is_empty()).count();
        assert!((98..=103).contains(&seen), "{seen}");
        let speeds: Vec<_> = away[5..50].iter().map(|targets| targets[0].speed).collect();
        assert_eq!(speeds, [-50; 45]);
    }

    #[test]
    fn who_stands_still_is_lost_and_found_when_the_head_turns() {
        let text = "0 ann 0 2\n10 head 0\n20 head 30\n";
        let frames = told(front(), text, 30);
        let seen = |s: f64| !frames[(10.0 * s) as usize].is_empty();
        let expected = [
            (4.5, true),
            (5.5, false),
            (9.5, false),
            (10.5, true),
            (19.5, true),
        ];
        assert_eq!(expected.map(|(s, _)| (s, seen(s))), expected);
        // A head that has come to rest loses him again.
        assert_eq!([24.5, 25.5].map(seen), [true, false]);
    }

    #[test]
    fn a_ghost_stays_where_it_is_whatever_the_head_does() {
        let text = "1 ghost 20 1.5\n5 head 0\n10 head 300\n";
        let frames = told(front(), text, 20);
        assert!(frames[..10].iter().all(Vec::is_empty));
        // But for the noise, which is as a person's.
        for targets in &frames[12..] {
            let [ghost] = targets[..] else {
                panic!("{targets:?}");
            };
            let off = (f64::from(ghost.x) - 513.0).hypot(f64::from(ghost.y) - 1410.0);
            assert!(off < 400.0, "{ghost:?}");
        }
        assert!(frames[12] != frames[13]);
        let back = VirtualLd2450::new(Turns::HALF, false, 0);
        assert!(told(back, text, 20).iter().all(Vec::is_empty));
    }

    #[test]
    fn the_nearest_three_and_who_passes_changes_places() {
        let text = "0 a 0 1\n0 b 30 4\n0 c -30 3\n0 d 10 4.4\n\
                    10 a 0 5.5\n10 b 30 1\n10 c -30 4.2\n10 d 10 5.6\n";
        let frames = told(front(), text, 10);
        assert!(frames[2..].iter().all(|targets| targets.len() == TARGETS));
        let bearings = |n: usize| {
            let bearing = |it: &Target| (f64::from(it.x) / f64::from(it.y)).atan().to_degrees();
            frames[n]
                .iter()
                .map(bearing)
                .map(|deg| (deg / 30.0).round())
                .collect::<Vec<_>>()
        };
        assert_eq!(bearings(5), [0.0, -1.0, 1.0]);
        assert_eq!(bearings(95), [1.0, -1.0, 0.0]);
    }
}
