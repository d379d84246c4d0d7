//! Virtual tentacles as hands tie them, for who wants to see what a compass is good for:
//! where they point no table knows, and no compass but one that was measured.

use tentacle_hat::calibration::MAX_TENTACLES;
use tentacle_hat::units::Bend;

/// What goes wrong at the most, as `tests/common/crooked.rs` has it and says why: where the
/// whole tentacle faces and each servo pulls, degrees; how far it pulls; where it stands
/// straight; and slack.
const FACING_DEG: f32 = 19.0;
const ASKEW_DEG: f32 = 12.0;
const GAIN: f32 = 0.2;
const STRAIGHT: f32 = 0.05;
const SLACK: f32 = 0.01;

/// A hat of crooked tentacles.
#[derive(Clone, Debug)]
pub(crate) struct Crooked(Vec<Tentacle>);

#[derive(Clone, Copy, Debug)]
struct Tentacle {
    /// The tip's x and y: so much of the servos' x and y, and a constant.
    tip: [[f32; 3]; 2],
    /// Where slack has left the servos' horns.
    horns: Bend,
}

impl Crooked {
    /// The hat of that number: each error as likely as not, within its bounds.
    pub(crate) fn new(seed: u64) -> Self {
        // SplitMix64 (Steele, Lea and Flood 2014).
        let mut state = seed;
        let mut error = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let mut tentacle = || {
            let facing = error() * FACING_DEG;
            let [x_turn, y_turn] = [(); 2].map(|()| (facing + error() * ASKEW_DEG).to_radians());
            let [x_pull, y_pull] = [(); 2].map(|()| 1.0 + error() * GAIN);
            let [x, y] = [(); 2].map(|()| error() * STRAIGHT);
            Tentacle {
                tip: [
                    [x_pull * x_turn.cos(), y_pull * y_turn.sin(), x],
                    [-x_pull * x_turn.sin(), y_pull * y_turn.cos(), y],
                ],
                horns: Bend::STRAIGHT,
            }
        };
        Self((0..MAX_TENTACLES).map(|_| tentacle()).collect())
    }

    /// Where a tentacle leans whose servos have come to `bend` from where they were.
    pub(crate) fn tip(&mut self, tentacle: usize, bend: Bend) -> Bend {
        let Tentacle { tip, horns } = &mut self.0[tentacle];
        horns.x = horns.x.clamp(bend.x - SLACK, bend.x + SLACK);
        horns.y = horns.y.clamp(bend.y - SLACK, bend.y + SLACK);
        let [x, y] = tip.map(|[x, y, straight]| x * horns.x + y * horns.y + straight);
        Bend { x, y }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_another_hat_within_bounds_and_always_the_same() {
        let ahead = Bend { x: 0.0, y: 0.8 };
        let turned: Vec<f32> = (0..1000)
            .map(|seed| {
                let tip = Crooked::new(seed).tip(3, ahead);
                assert_eq!(tip, Crooked::new(seed).tip(3, ahead));
                tip.x.atan2(tip.y).to_degrees()
            })
            .collect();
        let most = turned.iter().fold(0f32, |most, deg| most.max(deg.abs()));
        // A pull to the side, and a stand of 0.05 beside 0.64.
        let bound = FACING_DEG + ASKEW_DEG + 6.0;
        assert!(bound - 12.0 < most && most < bound, "{most}");
        let mean = turned.iter().sum::<f32>() / 1000.0;
        assert!(mean.abs() < 1.5, "{mean}");
    }

    #[test]
    fn slack_lies_on_the_side_that_servos_come_from() {
        let mut crooked = Crooked::new(1);
        let mut go = |y| crooked.tip(0, Bend { x: 0.0, y });
        let (low, high) = (go(0.3), go(0.5));
        let back = go(0.3);
        let share = (back.y - low.y) / (high.y - low.y);
        assert!((share - 2.0 * SLACK / 0.2).abs() < 1e-3, "{share}");
    }
}
