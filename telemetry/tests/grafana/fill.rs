//! Points of every set of the catalogue, whose rates and values are known.

use crate::common::{Influx, curl};
use daybreak_telemetry::catalogue::{CATALOGUE, Kind, Kpi, Set, Type, Unit};
use daybreak_telemetry::line::{self, CommonTags};
use daybreak_telemetry::point::{Point, Value};
use jiff::Timestamp;
use std::path::Path;

/// Names that a careless pattern would take for others: with `.` for any character, `|` for a choice.
pub(crate) const NAMES: [&str; 4] = ["et-0/1/0", "a.b", "aXb", "c|d (e)"];

/// Routers.
pub(crate) const HOSTS: [&str; 2] = ["vr1", "vr 2.lab"];

/// Begin and end in seconds since 1970; both are multiples of every interval that is asked for.
pub(crate) const RANGE: (i64, i64) = (1_800_000_000, 1_800_001_800);

/// What a counter gains in a second.
fn slope(kpi: &Kpi) -> u64 {
    match kpi.unit {
        Unit::Octets => 125_000,
        Unit::Nanoseconds => 250_000_000,
        Unit::Microseconds => 250_000,
        Unit::Milliseconds => 250,
        _ => 1000,
    }
}

/// What a gauge is.
fn level(kpi: &Kpi) -> u64 {
    match kpi.unit {
        Unit::Bytes | Unit::Octets => 1 << 30,
        Unit::Milliseconds => 100_000,
        Unit::Seconds => 100,
        Unit::Hundredths => 700,
        Unit::TenThousandths => 2500,
        Unit::BitsPerSecond => 1_000_000_000,
        Unit::Code => 1,
        _ => 7,
    }
}

/// What a panel of this Grafana unit may show: rates and levels in its unit, what is left of a whole, sums over the names
/// (one to four), growth within an interval, one counter by another.
pub(crate) fn plausible(unit: &str, interval: u64) -> Vec<f64> {
    let sums = |one: f64| (1..=4).map(|count| one * f64::from(count)).collect::<Vec<_>>();
    match unit {
        "bps" => [sums(1e6), vec![1e9]].concat(),
        "pps" | "cps" => sums(1000.0),
        "Bps" => vec![1000.0],
        "percentunit" => vec![0.25, 0.75],
        "bytes" => vec![f64::from(1 << 30)],
        "s" => vec![100.0],
        "short" => vec![7.0, 1.0, 1000.0 * f64::from(u32::try_from(interval).unwrap())],
        "none" => vec![1.0],
        other => panic!("a panel has the unit {other}, of which this test knows nothing"),
    }
}

/// The value at a time. Counters begin anew in the middle of the range.
fn value(kpi: &Kpi, time: i64) -> Value {
    let seconds = |from: i64| u64::try_from(time - from).unwrap();
    let middle = i64::midpoint(RANGE.0, RANGE.1);
    let number = match kpi.kind {
        Kind::Gauge => level(kpi),
        Kind::Counter if time < middle => 1_000_000_000_000 + seconds(RANGE.0) * slope(kpi),
        Kind::Counter => seconds(middle) * slope(kpi),
    };
    match kpi.value {
        Type::Uint64 => Value::Uint(number),
        Type::Int64 => Value::Int(number.cast_signed()),
    }
}

/// Every combination of names for so many tags.
fn combinations(tags: usize) -> Vec<Vec<String>> {
    (0..tags).fold(vec![Vec::new()], |before, _| {
        let with = |rest: &Vec<String>, name: &str| [rest.as_slice(), &[name.to_owned()]].concat();
        before.iter().flat_map(|rest| NAMES.map(|name| with(rest, name))).collect()
    })
}

fn lines(set: &'static Set, host: &str) -> String {
    let common = CommonTags::new([("host".to_owned(), host.to_owned())]);
    let mut text = String::new();
    let step = usize::try_from(set.period.as_secs()).unwrap();
    for tags in combinations(set.tags.len()) {
        for time in (RANGE.0..RANGE.1).step_by(step) {
            let values = set.kpis.iter().map(|kpi| (kpi.name, value(kpi, time))).collect();
            let point = Point { set, tags: tags.clone(), values };
            line::write(&mut text, &point, &common, Timestamp::from_second(time).unwrap());
        }
    }
    text
}

/// Writes them into the database `kpi`.
pub(crate) fn fill(influx: &Influx, address: &str, folder: &Path) {
    influx.ask("CREATE DATABASE kpi");
    let file = folder.join("lines");
    for (set, host) in CATALOGUE.iter().flat_map(|set| HOSTS.map(|host| (set, host))) {
        std::fs::write(&file, lines(set, host)).unwrap();
        let url = format!("http://{address}:8086/write?db=kpi");
        let body = format!("@{}", file.display());
        let code = curl(&[&url, "-w", "%{http_code}", "--data-binary", &body]).unwrap();
        assert_eq!(code, "204", "{}", set.name);
    }
}
