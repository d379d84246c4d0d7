//! Day 3 equals day 1: phases are integers from integer time.

mod common;

use common::sim;
use tentacle_hat::frame::Frame;
use tentacle_hat::motion::{Hat, Performance};
use tentacle_hat::pulse::{self, Pulses};

const HOUR_US: u64 = 3_600_000_000;

/// The frames of an hour, from `start_us` on, after a run-up of a minute.
fn hour(hat: &Hat, start_us: u64) -> Vec<Frame> {
    let rig = &hat.rig;
    let limp = Frame::limp(rig);
    let mut performance = Performance::new(hat, 1);
    let mut pulses = Pulses::LIMP;
    let mut frames = Vec::new();
    let first = rig.timebase().slot_from(start_us - 60_000_000);
    for k in first.. {
        let t_us = rig.timebase().slot_us(k);
        if t_us >= start_us + HOUR_US {
            return frames;
        }
        performance.advance(t_us);
        pulses = pulse::next(rig, &performance.pose_at(t_us), &pulses);
        if t_us >= start_us {
            frames.push(limp.with(rig, &pulses));
        }
    }
    unreachable!()
}

#[test]
fn an_hour_on_day_3_equals_the_hour_on_day_1() {
    // Periods of 5 s and 10/3 s divide two days.
    let hat = sim::hat();
    let day_1 = hour(&hat, HOUR_US);
    let day_3 = hour(&hat, 49 * HOUR_US);
    assert_eq!(day_1.len(), 180_000);
    assert!(day_1 == day_3);
    // And they are no still picture.
    assert!(day_1[0] != day_1[50]);
}
