//! Power spectra by Welch's method: the mean of what windows of a signal have, which
//! overlap by half.

use std::f64::consts::TAU;

/// A window, s: a frequency is told from another one that is 1.5 / 200 s away.
pub(crate) const WINDOW_S: f64 = 200.0;
/// What a Hann window tells apart, Hz.
pub(crate) const RESOLUTION_HZ: f64 = 1.5 / WINDOW_S;
/// The frequencies that are looked at, Hz.
pub(crate) const RANGE_HZ: (f64, f64) = (0.01, 3.0);
/// Twenty means a second keep 93 % of the power at 3 Hz.
const MEANS_HZ: f64 = 20.0;
/// Frequencies that are closer than this factor are averaged.
const TOGETHER: f64 = 1.08;

/// The power density of a signal, so many samples a second, by frequency in Hz.
pub(crate) fn spectrum(signal: &[f64], a_second: f64) -> Vec<(f64, f64)> {
    let each = (a_second / MEANS_HZ).round().max(1.0) as usize;
    let means = signal.chunks_exact(each);
    let x: Vec<f64> = means.map(|m| m.iter().sum::<f64>() / each as f64).collect();
    let a_second = a_second / each as f64;
    let length = (WINDOW_S * a_second).round() as usize;
    // libm's, so that every machine draws the same.
    let turn = |k: usize| TAU * k as f64 / length as f64;
    let cos: Vec<f64> = (0..length).map(|k| libm::cos(turn(k))).collect();
    let sin: Vec<f64> = (0..length).map(|k| libm::sin(turn(k))).collect();
    let hann: Vec<f64> = cos.iter().map(|cos| 0.5 - 0.5 * cos).collect();
    let windows: Vec<Vec<f64>> = (0..=x.len().saturating_sub(length))
        .step_by(length / 2)
        .filter_map(|at| x.get(at..at + length))
        .map(|window| {
            let mean = window.iter().sum::<f64>() / length as f64;
            let windowed = window.iter().zip(&hann).map(|(x, w)| (x - mean) * w);
            windowed.collect()
        })
        .collect();
    let scale = 2.0 / (a_second * hann.iter().map(|w| w * w).sum::<f64>());
    let power = |bin: usize| {
        let of = |window: &Vec<f64>| {
            let (mut re, mut im, mut at) = (0.0, 0.0, 0);
            for x in window {
                re += x * cos[at];
                im += x * sin[at];
                // Below the length, as a bin is below its half.
                at += bin;
                at -= if at >= length { length } else { 0 };
            }
            re * re + im * im
        };
        windows.iter().map(of).sum::<f64>() / windows.len() as f64 * scale
    };
    let bin_hz = a_second / length as f64;
    let bin = |hz: f64| (hz / bin_hz).round() as usize;
    let mut points = Vec::new();
    let (mut from, end) = (bin(RANGE_HZ.0), bin(RANGE_HZ.1));
    while from <= end {
        let to = (bin(from as f64 * bin_hz * TOGETHER)).clamp(from + 1, end + 1);
        let mean = (from..to).map(power).sum::<f64>() / (to - from) as f64;
        points.push(((from + to - 1) as f64 / 2.0 * bin_hz, mean));
        from = to;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_has_its_power_at_its_frequency() {
        let sine = |k: usize| 0.7 * (TAU * 0.3 * k as f64 / 50.0).sin();
        let points = spectrum(&(0..30_000).map(sine).collect::<Vec<_>>(), 50.0);
        let most =
            points.iter().copied().fold(
                (0.0, 0.0),
                |most, point| {
                    if point.1 > most.1 { point } else { most }
                },
            );
        assert!((most.0 - 0.3).abs() < RESOLUTION_HZ, "{most:?}");
        // The area below is the mean square, 0.7² / 2.
        let area = points.windows(2);
        let area: f64 = area
            .map(|w| (w[1].0 - w[0].0) * (w[0].1 + w[1].1) / 2.0)
            .sum();
        assert!((area - 0.245).abs() < 0.03, "{area}");
    }
}
