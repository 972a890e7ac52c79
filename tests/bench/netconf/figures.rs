//! The lines that are printed.

use std::time::Duration;

/// Times of one thing, done over and over.
pub(crate) type Times = Vec<Duration>;

/// The median in milliseconds.
fn median(mut times: Times) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// One line of JSON with the medians of ours and theirs.
pub(crate) fn print(metric: &str, unit: &str, peer: &str, ours: Times, theirs: Times) {
    let (ours, theirs) = (median(ours), median(theirs));
    let round = |figure: f64| (figure * 10_000.0).round() / 10_000.0;
    let line = serde_json::json!({
        "bench": "netconf", "metric": metric, "ours": round(ours), "peer": round(theirs), "peer_name": peer,
        "ratio": round(ours / theirs), "better": "lower", "unit": unit,
    });
    println!("{line}");
}
