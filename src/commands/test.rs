//! `calibrate test`: wiggles one servo, to see whether it is the right one.

use crate::files::{Files, Store, UNMEASURED_NEUTRAL};
use crate::host::bench::Bench;
use crate::host::{Machine, Which};
use crate::say::{say, tell};
use crate::signals::Signals;
use anyhow::{Context, Result};
use tentacle_hat::calibration::{Point, Rig, Senses, Table};
use tentacle_hat::drive::{Terms, drive};
use tentacle_hat::motion::wave::{AxisWave, Wave};
use tentacle_hat::motion::{Hat, Motion};
use tentacle_hat::performer::Performer;
use tentacle_hat::units::{Frequency, Microseconds, Turns};

const SECONDS: u64 = 4;
/// How far it goes, of its table; and of one that is not measured, µs to each side.
const BEND: f32 = 0.3;
const UNMEASURED_US: f32 = 100.0;

pub(crate) fn test(which: Which, files: &Files, servo: &str) -> Result<()> {
    let store = Store::open(files)?;
    let (servo, name) = store.find(servo)?;
    let hat = only(&store, servo)?;
    let mut machine = Machine::new(which, hat.rig.board(), false, false)?;
    let servo = &store.servos.rig.servos()[servo];
    tell(format_args!(
        "{name}, channel {}, wiggles for {SECONDS} seconds{}; Ctrl-C stops it. If another one \
         moves, it is in the wrong socket.",
        servo.channel,
        match servo.calibration {
            Some(_) => String::new(),
            None => format!(" around {UNMEASURED_NEUTRAL} µs, since nobody has measured it"),
        }
    ));
    let mut bench = Bench::new(&mut machine, Signals::catch()?, say);
    let terms = Terms {
        length_us: Some(SECONDS * 1_000_000),
        patient: false,
    };
    let driven = drive(&mut bench, &mut Performer::new(hat, 0, || None), terms);
    driven.map_err(|error| machine.explain(error))?;
    tell("It is limp again.");
    Ok(())
}

/// The hat in which only that servo moves.
fn only(store: &Store, servo: usize) -> Result<Hat> {
    let mut plans = store.servos.plans.clone();
    // A servo's own way, wherever that leans the tentacle.
    plans.iter_mut().for_each(|plan| plan.compass = None);
    for (i, plan) in plans.iter_mut().flat_map(|t| &mut t.servos).enumerate() {
        if i != servo {
            plan.table = None;
        } else if plan.table.is_none() {
            let point = |bend: f32| {
                let us = UNMEASURED_NEUTRAL + bend * UNMEASURED_US;
                Microseconds::new(us.into()).map(|width| Point { bend, width })
            };
            plan.table = Some(Table::new(&[point(-1.0)?, point(1.0)?])?);
        }
    }
    let alone = Rig::TOTAL_SPEED.1 as f32;
    let rig = Rig::new(*store.servos.rig.board(), alone, &plans, |_| {});
    let axis = AxisWave {
        frequency: Frequency::from_micro_hz(1_000_000),
        amplitude: BEND,
        phase: Turns::ZERO,
        tentacle_phase: Turns::ZERO,
    };
    Ok(Hat {
        rig: rig.context("the servos fit no board")?,
        motion: Motion::plain(Wave::new(axis, axis, plans.len())?),
        senses: Senses::new(),
    })
}
