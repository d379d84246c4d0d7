//! A released key keeps working within a major version, and new keys have
//! defaults: the files of each release still move the hat.
//!
//! At a release its files are put down here once and stay as they are:
//! `cp -r calibration tests/releases/VERSION`.

mod common;

use common::Trace;
use std::fs;
use std::path::{Path, PathBuf};

fn releases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases");
    let entries = fs::read_dir(folder).unwrap();
    let mut releases: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    releases.sort();
    releases
}

#[test]
fn files_of_every_release_still_move_the_hat() {
    let releases = releases();
    assert!(!releases.is_empty());
    for release in releases {
        let version = release.file_name().unwrap().to_str().unwrap();
        let config = release.to_str().unwrap();
        let name = format!("release-{version}");
        let (_, trace) = Trace::of(&name, &["--seconds", "10", "--config", config]);
        for (servo, name) in trace.servos.iter().enumerate() {
            let pulses: Vec<f64> = trace.pulses(servo).map(|(_, us)| us).collect();
            let low = pulses.iter().copied().fold(f64::MAX, f64::min);
            let high = pulses.iter().copied().fold(f64::MIN, f64::max);
            assert!(
                high - low > 20.0,
                "{version}: {name} moves by {low}..{high} µs"
            );
        }
    }
}
