//! How long transfers take on the wire, by the bus's clock.

use tentacle_hat::board::registers::BLOCK;
use tentacle_hat::calibration::Rig;

/// The longest transfer, the LED block read back: address, register, address again.
const LONGEST: u32 = clocks(3 + BLOCK as u32, 2);

/// Nine clocks a byte, and one for each START and the STOP.
const fn clocks(bytes: u32, starts: u32) -> u32 {
    9 * bytes + starts + 1
}

/// How long the kernel is to wait for a transfer: twice what the longest takes, as
/// a Pi's bus may be a third slower than it says (62.5 for 100 kHz was measured on
/// a Zero W), in the kernel's steps of 10 ms.
pub(super) fn timeout_ms(hz: u32) -> u32 {
    (2 * 1000 * LONGEST / hz).next_multiple_of(10).max(20)
}

/// What a whole frame takes, with the look at MODE1 behind it, µs.
fn frame_us(hz: u32, rig: &Rig) -> f64 {
    let channels = || {
        rig.servos()
            .iter()
            .map(|servo| servo.channel.index() as u32)
    };
    let span = channels().max().unwrap_or(0) - channels().min().unwrap_or(0);
    // From the first channel's OFF_L to the last one's OFF_H, behind two bytes.
    let frame = clocks(2 + 4 * span + 2, 1) + clocks(4, 2);
    f64::from(frame) * 1e6 / f64::from(hz)
}

/// Whether a bus carries a hat's frames, and the words for it.
pub(super) fn carries(hz: u32, rig: &Rig) -> (bool, String) {
    let (frame_ms, slot_ms) = (
        frame_us(hz, rig) / 1e3,
        rig.timebase().period_us() as f64 / 1e3,
    );
    let told = format!(
        "the bus runs at {} kHz: a frame takes {frame_ms:.1} of {slot_ms:.1} ms",
        f64::from(hz) / 1e3
    );
    match frame_ms < slot_ms {
        true => (true, told),
        false => (
            false,
            format!(
                "{told}, so some are late: set `dtparam=i2c_arm_baudrate=400000` in \
                 /boot/firmware/config.txt and start the Pi anew"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Files;

    #[test]
    fn a_transfer_has_the_time_that_it_takes() {
        assert_eq!((timeout_ms(400_000), timeout_ms(100_000)), (20, 20));
        // 606 clocks are 61 ms.
        assert_eq!(timeout_ms(10_000), 130);
    }

    #[test]
    fn a_slow_bus_is_told() {
        let rig = Files::Shipped.load_rig().unwrap();
        // 32 bytes and 4, as invariant 3 has them.
        assert_eq!(frame_us(100_000, &rig), 3290.0);
        let (carries_all, told) = carries(100_000, &rig);
        assert!(carries_all, "{told}");
        assert_eq!(
            told,
            "the bus runs at 100 kHz: a frame takes 3.3 of 20.0 ms"
        );
        let (carries_all, told) = carries(10_000, &rig);
        assert!(
            !carries_all && told.contains("takes 32.9 of 20.0 ms, so some are late"),
            "{told}"
        );
    }
}
