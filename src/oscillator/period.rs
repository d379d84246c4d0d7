//! The period of a signal from the times of its rising edges, as the kernel
//! stamps them: each a little late, some twice, some missing.

/// The fewest edges that make a period worth believing.
const FEWEST: usize = 50;
/// Edges that lie this far from the regular grid on average, in periods, are
/// not this board's.
const IRREGULAR: f64 = 0.05;

/// A measured period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Period {
    pub(crate) ns: f64,
    /// How many edges it was taken from.
    pub(crate) edges: usize,
}

/// The period of `edges` (ns, in their order), which is within half and one and
/// a half of `expected_ns`.
///
/// Each edge gets its number in the signal, so that a lost one leaves a gap and
/// not an error; the period is then the slope of the least-squares line through
/// number and time, over which a late stamp hardly matters: 100 µs of jitter
/// in 500 edges of 20 ms leave 2 parts in a million.
///
/// # Errors
/// Too few edges, or none of a regular signal.
pub(crate) fn period(edges: &[u64], expected_ns: f64) -> Result<Period, String> {
    let mut kept: Vec<f64> = Vec::with_capacity(edges.len());
    for &edge in edges {
        // From the first, so that a float holds every ns of a long uptime.
        let at = edge.saturating_sub(edges[0]) as f64;
        // Nearer than half a period it is the last edge again: ringing.
        if kept
            .last()
            .is_none_or(|last| at - last >= expected_ns / 2.0)
        {
            kept.push(at);
        }
    }
    if kept.len() < FEWEST {
        return Err(format!(
            "only {} pulses were seen, at least {FEWEST} are needed",
            kept.len()
        ));
    }
    let mut gaps: Vec<f64> = kept.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_by(f64::total_cmp);
    // Most gaps are one period, as long as fewer than half of the edges are lost.
    let usual = gaps[gaps.len() / 2];
    let mut number = 0.0;
    let mut points = vec![(0.0, 0.0)];
    for pair in kept.windows(2) {
        number += ((pair[1] - pair[0]) / usual).round();
        points.push((number, pair[1]));
    }
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x0, y0) = (mean(|p| p.0), mean(|p| p.1));
    let square: f64 = points.iter().map(|(x, _)| (x - x0) * (x - x0)).sum();
    let product: f64 = points.iter().map(|(x, y)| (x - x0) * (y - y0)).sum();
    let ns = product / square;
    let off = |(x, y): &(f64, f64)| (y - y0 - ns * (x - x0)).abs();
    let scatter = points.iter().map(off).sum::<f64>() / n;
    if scatter > IRREGULAR * ns {
        return Err(format!(
            "the pulses do not come regularly: {:.1} ms off on average",
            scatter / 1e6
        ));
    }
    Ok(Period {
        ns,
        edges: points.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXPECTED: f64 = 19_988_480.0;
    /// A machine that has been up for a week.
    const START: u64 = 604_800_000_000_000;

    /// Edges of a period, each late by up to `jitter_ns`, at `noise`'s places
    /// lost or doubled.
    fn edges(period: f64, jitter_ns: f64, noise: &[(f64, u8)]) -> Vec<u64> {
        let mut edges = vec![];
        for (i, (late, fate)) in noise.iter().enumerate() {
            let at = START + (i as f64 * period + late * jitter_ns) as u64;
            match fate {
                0 => {}
                1 => edges.extend([at, at + 90_000]),
                _ => edges.push(at),
            }
        }
        edges
    }

    fn all(n: usize) -> Vec<(f64, u8)> {
        (0..n).map(|i| (i as f64 * 0.618 % 1.0, 9)).collect()
    }

    proptest! {
        #[test]
        fn jitter_lost_and_doubled_edges_leave_the_period(
            share in 0.7f64..1.4,
            jitter in 0f64..300_000.0,
            noise in prop::collection::vec((0f64..1.0, 0u8..6), 500),
        ) {
            let true_ns = EXPECTED * share;
            let found = period(&edges(true_ns, jitter, &noise), EXPECTED).unwrap();
            // 20 ppm: a hundredth of a tick of the longest pulse.
            prop_assert!((found.ns / true_ns - 1.0).abs() < 20e-6, "{found:?} {true_ns}");
        }
    }

    #[test]
    fn a_clean_signal_is_exact_after_a_week() {
        let found = period(&edges(18_857_056.6, 0.0, &all(500)), EXPECTED).unwrap();
        assert!((found.ns - 18_857_056.6).abs() < 1.0, "{found:?}");
        assert_eq!(found.edges, 500);
    }

    #[test]
    fn two_seconds_of_gap_are_a_hundred_lost_edges() {
        let mut noise = all(500);
        noise[200..300].iter_mut().for_each(|(_, fate)| *fate = 0);
        let found = period(&edges(EXPECTED, 100_000.0, &noise), EXPECTED).unwrap();
        assert!((found.ns / EXPECTED - 1.0).abs() < 10e-6, "{found:?}");
    }

    #[test]
    fn an_edge_that_rings_is_one_edge() {
        let once = edges(EXPECTED, 0.0, &all(500));
        let ringing = once.iter().flat_map(|at| [*at, at + 40_000, at + 90_000]);
        let found = period(&ringing.collect::<Vec<_>>(), EXPECTED).unwrap();
        assert_eq!(found.edges, 500);
        assert!((found.ns / EXPECTED - 1.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn silence_and_noise_are_refused() {
        assert!(period(&[], EXPECTED).unwrap_err().contains("only 0 pulses"));
        let few = edges(EXPECTED, 0.0, &all(49));
        assert!(
            period(&few, EXPECTED)
                .unwrap_err()
                .contains("only 49 pulses")
        );
        // A hand that touches the pin: gaps of all lengths.
        let random = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 38;
        let mut at = START;
        let touched: Vec<u64> = (1..400)
            .map(|i| {
                at += random(i);
                at
            })
            .collect();
        assert!(
            period(&touched, EXPECTED)
                .unwrap_err()
                .contains("regularly")
        );
    }
}
