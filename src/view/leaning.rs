//! What the board emits, read back through tables and compasses: where the
//! tentacles lean, whatever the motion wanted.

use crate::host::Crooked;
use crate::state::State;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::calibration::{Rig, Servo, Tentacle};
use tentacle_hat::units::{Bend, Turns};

/// Where a tentacle leans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Leaning {
    pub(super) bend: Bend,
    /// A servo of it holds nothing, so the true bend is not known.
    pub(super) limp: bool,
}

impl Leaning {
    /// Where its tip leans: to the wearer's right, and to his front.
    pub(super) fn lean(&self, facing: Turns) -> (f32, f32) {
        // The bend of a lean toward bearing b is (sin(b − facing), cos(b − facing));
        // this is the way back.
        let (sin, cos) = (facing.sin(), facing.cos());
        let Bend { x, y } = self.bend;
        (x * cos + y * sin, y * cos - x * sin)
    }
}

/// Where the rig's tentacles lean; those of a virtual hat may be crooked.
pub(super) fn tentacles(
    rig: &Rig,
    state: &State,
    mut crooked: Option<&mut Crooked>,
) -> Vec<Leaning> {
    let along = |servo: &Servo| match (&servo.calibration, state.output(servo)) {
        (Some(calibration), Emitted::Pulse(us)) => Some(calibration.table.bend_at(us as f32)),
        _ => None,
    };
    let leaning = |(i, (tentacle, pair)): (usize, (&Tentacle, &[Servo]))| {
        let (x, y) = (along(&pair[0]), along(&pair[1]));
        let straight = tentacle.bend(Bend::STRAIGHT);
        let held = Bend {
            x: x.unwrap_or(straight.x),
            y: y.unwrap_or(straight.y),
        };
        Leaning {
            bend: match &mut crooked {
                Some(crooked) => crooked.tip(i, held),
                None => tentacle.tip(held),
            },
            limp: x.is_none() || y.is_none(),
        }
    };
    let pairs = rig.servos().chunks(2);
    let pairs = rig.tentacles().iter().zip(pairs);
    pairs.enumerate().map(leaning).collect()
}
