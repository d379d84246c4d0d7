//! `[[sense]]` of `servos.toml`: what watches the world, and where it is wired.

use super::reader::{Section, boolean, text};
use super::servos::{facing, free_pin, name};
use anyhow::{Context, Result, bail, ensure};
use tentacle_hat::calibration::{BoardPlan, Device, MAX_SENSES, SenseKind, SensePlan, Senses};
use toml_edit::Item;

/// The senses that are sound; faults go to the reading.
pub(super) fn senses(root: &Section<'_>, wired: &BoardPlan) -> Senses {
    let mut senses = Senses::new();
    for (i, section) in root.optional_sections("sense").into_iter().enumerate() {
        if i == MAX_SENSES {
            section.fault(
                "name",
                format_args!("a hat has at most {MAX_SENSES} senses"),
            );
        }
        if let Some(plan) = sense(section, wired, &senses) {
            // Of too many the fault is noted.
            let _ = senses.try_push(plan);
        }
    }
    senses
}

fn sense(section: Section<'_>, wired: &BoardPlan, others: &Senses) -> Option<SensePlan> {
    let name = section.required("name", |v| {
        let name = name(text(v)?)?;
        let is_taken = others.iter().any(|other| other.name == name);
        ensure!(!is_taken, "another sense has this name; choose another");
        Ok(name)
    });
    let section = match &name {
        Some(name) => section.named(name),
        None => section,
    };
    let kind = section.required("kind", |v| Ok(text(v)?.to_owned()));
    let facing = section.required("facing-deg", facing);
    let kind = match kind.as_deref() {
        Some("gpio") => {
            let pin = section.required("gpio", |v| pin(v, wired, others));
            let active_high = section.optional("active-high", boolean);
            pin.map(|pin| SenseKind::Gpio {
                pin,
                active_high: active_high.unwrap_or(true),
            })
        }
        Some("ld2450") => {
            let tty = section.required("tty", |v| tty(v, others));
            let mirrored = section.optional("mirrored", boolean);
            tty.map(|tty| SenseKind::Ld2450 { tty, mirrored })
        }
        Some(_) => {
            section.fault("kind", "must be \"ld2450\", a radar, or \"gpio\", a PIR");
            // Which keys belong here, nobody knows.
            return None;
        }
        None => return None,
    };
    section.finish();
    Some(SensePlan {
        name: name?,
        facing: facing?,
        kind: kind?,
    })
}

fn pin(value: &Item, wired: &BoardPlan, others: &Senses) -> Result<u8> {
    let pin = free_pin(value, wired)?;
    let is_at =
        |other: &&SensePlan| matches!(other.kind, SenseKind::Gpio { pin: p, .. } if p == pin);
    match others.iter().find(is_at) {
        Some(other) => bail!("is taken by the sense {}; choose another pin", other.name),
        None => Ok(pin),
    }
}

/// A serial port.
fn tty(value: &Item, others: &Senses) -> Result<Device> {
    let path = text(value)?;
    ensure!(
        path.starts_with("/dev/") && !path.contains(char::is_control),
        "must be a serial port, as in \"/dev/serial0\""
    );
    let device = Device::from(path).ok();
    let device = device
        .with_context(|| format!("must be at most {} bytes long", Device::new().capacity()))?;
    let is_at =
        |other: &&SensePlan| matches!(&other.kind, SenseKind::Ld2450 { tty, .. } if *tty == device);
    match others.iter().find(is_at) {
        Some(other) => bail!(
            "is taken by the sense {}; each radar needs a port of its own",
            other.name
        ),
        None => Ok(device),
    }
}
