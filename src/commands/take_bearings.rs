//! `calibrate compass`: the session's compass step alone; or marks for scripts.

use super::calibrate;
use super::trim::RELOAD;
use crate::failure::{Exit, Failure};
use crate::files::{Files, Store};
use crate::host::Which;
use crate::nearest::nearest;
use crate::say::tell;
use crate::session::bearings::verdict;
use anyhow::Result;
use tentacle_hat::calibration::Mark;

/// What is asked of a tentacle's compass.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    /// To be measured in the session.
    Measure,
    /// To be these.
    Marks(Vec<Mark>),
    /// None any more.
    Forget,
}

pub(crate) fn compass(
    which: Which,
    files: &Files,
    tentacle: Option<&str>,
    wish: &Wish,
) -> Result<()> {
    let marks = match wish {
        Wish::Measure => {
            let store = Store::open(files)?;
            let chosen = tentacle.map(|name| find(&store, name)).transpose()?;
            return calibrate::calibrate(which, files, Some(chosen.unwrap_or(0)));
        }
        Wish::Marks(marks) => &marks[..],
        Wish::Forget => &[],
    };
    let mut store = Store::open_locked(files)?;
    // The command line wants a tentacle with them.
    let chosen = find(&store, tentacle.unwrap_or_default())?;
    let saved = store.save(&mut |document| document.set_compass(chosen, marks))?;
    let plan = &store.servos.plans[chosen];
    match &plan.compass {
        Some(compass) => tell(verdict(&plan.name, compass)),
        None => tell(format_args!("{}: by its tables alone", plan.name)),
    }
    store.tell(&saved, Some(RELOAD));
    Ok(())
}

fn find(store: &Store, name: &str) -> Result<usize, Failure> {
    let names = || store.servos.plans.iter().map(|plan| plan.name.as_str());
    names().position(|other| other == name).ok_or_else(|| {
        let hint = match nearest(name, names()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!(
                "the tentacles are {}",
                names().collect::<Vec<_>>().join(", ")
            ),
        };
        Failure {
            exit: Exit::Usage,
            message: format!("there is no tentacle {name:?}; {hint}"),
        }
    })
}
