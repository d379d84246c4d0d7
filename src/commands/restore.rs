//! `calibrate restore`: earlier states of `servos.toml`, and one of them back.

use super::trim::RELOAD;
use crate::files::{Files, Store};
use crate::say::tell;
use anyhow::Result;
use std::time::SystemTime;

pub(crate) fn restore(files: &Files, number: Option<u32>) -> Result<()> {
    match number {
        Some(number) => {
            Store::restore(files, number)?;
            if matches!(files, Files::Service) {
                tell(RELOAD);
            }
        }
        None => list(files)?,
    }
    Ok(())
}

fn list(files: &Files) -> Result<()> {
    let backups = Store::backups(files)?;
    for backup in &backups {
        let until = backup.until.map_or("?".to_owned(), date);
        tell(format_args!("{:3}  until {until}", backup.number));
        match backup.differences.as_deref() {
            None => tell("     has faults"),
            Some([]) => tell("     the same figures"),
            Some(differences) => differences
                .iter()
                .for_each(|line| tell(format_args!("     {line}"))),
        }
    }
    match backups.first() {
        None => tell("There are no backups yet: the first is made when something is changed."),
        Some(youngest) => tell(format_args!(
            "`tentacle-hat calibrate restore {}{}` brings the youngest back.",
            youngest.number,
            files.option()
        )),
    }
    Ok(())
}

/// 2026-10-31 18:05 UTC: a Pi's time zone is seldom that of its place.
fn date(time: SystemTime) -> String {
    let time = humantime::format_rfc3339_seconds(time).to_string();
    let (day, clock) = time.split_once('T').unwrap_or((&time, ""));
    format!("{day} {} UTC", clock.get(..5).unwrap_or(clock))
}
