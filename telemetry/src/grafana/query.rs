//! The query for a KPI, in the language of `InfluxDB`: what the catalogue says decides how it is asked for.

use super::UnknownKpi;
use crate::catalogue::{Kind, Kpi, Set, Unit};

/// One line of a panel, or as many as there are values of the tags.
#[derive(Debug, Clone)]
pub(super) struct Query {
    /// What is asked.
    pub(super) text: String,
    /// How the result is called.
    pub(super) alias: String,
    /// The sentence of the catalogue.
    pub(super) about: String,
}

/// Variables of the dashboard, by the tag that they choose.
const CHOSEN: [&str; 5] = ["host", "port", "neighbor", "vrf", "process"];

/// The rate of a counter, or a gauge as it is.
pub(super) fn of(set: &'static Set, kpi: &str) -> Result<Query, UnknownKpi> {
    let kpi = known(set, kpi)?;
    let value = match kpi.kind {
        Kind::Counter => rate(kpi),
        Kind::Gauge => scaled(format!("mean(\"{}\")", kpi.name), factor(kpi)),
    };
    Ok(plain(set, kpi, &value))
}

/// The last value in each interval, for what has no mean: a state.
pub(super) fn state(set: &'static Set, kpi: &str) -> Result<Query, UnknownKpi> {
    let kpi = known(set, kpi)?;
    Ok(plain(set, kpi, &scaled(format!("last(\"{}\")", kpi.name), factor(kpi))))
}

/// By how much a counter has grown in each interval.
pub(super) fn growth(set: &'static Set, kpi: &str) -> Result<Query, UnknownKpi> {
    let kpi = known(set, kpi)?;
    Ok(plain(set, kpi, &format!("non_negative_difference(last(\"{}\"))", kpi.name)))
}

/// What a counter of time leaves of a whole.
pub(super) fn rest(set: &'static Set, kpi: &str) -> Result<Query, UnknownKpi> {
    let kpi = known(set, kpi)?;
    Ok(plain(set, kpi, &format!("1 - {}", rate(kpi))))
}

/// How much of one counter there is for one of another.
pub(super) fn ratio(set: &'static Set, of: &str, to: &str) -> Result<Query, UnknownKpi> {
    let (of, to) = (known(set, of)?, known(set, to)?);
    let mut query = plain(set, of, &format!("{} / {}", rate(of), rate(to)));
    query.about = format!("{} {}", of.about, to.about);
    Ok(query)
}

/// The rate of a counter, summed over all tags but `host`.
pub(super) fn total(set: &'static Set, kpi: &str) -> Result<Query, UnknownKpi> {
    let kpi = known(set, kpi)?;
    let each = select(set, &format!("{} AS \"rate\"", rate(kpi)));
    let text = format!(
        "SELECT sum(\"rate\") FROM ({each}) WHERE $timeFilter GROUP BY time($__interval), \"host\" fill(none)"
    );
    Ok(Query { text, alias: format!("$tag_host {}", kpi.name), about: sentence(kpi) })
}

fn known(set: &'static Set, kpi: &str) -> Result<&'static Kpi, UnknownKpi> {
    set.kpi(kpi).ok_or_else(|| UnknownKpi { set: set.name, kpi: kpi.to_owned() })
}

fn plain(set: &Set, kpi: &Kpi, value: &str) -> Query {
    let tags: Vec<String> = tags(set).map(|tag| format!("$tag_{tag}")).collect();
    let alias = format!("{} {}", tags.join(" "), kpi.name);
    Query { text: select(set, value), alias, about: sentence(kpi) }
}

fn sentence(kpi: &Kpi) -> String {
    format!("{}: {}", kpi.name, kpi.about)
}

/// The tags that points of a set carry, but for those that an operator adds.
fn tags(set: &Set) -> impl Iterator<Item = &'static str> {
    std::iter::once("host").chain(set.tags.iter().map(|tag| tag.name))
}

fn select(set: &Set, value: &str) -> String {
    // Names have slashes and dots (et-0/1/0); only `:regex` escapes them.
    let chosen =
        tags(set).filter(|tag| CHOSEN.contains(tag)).map(|tag| format!("\"{tag}\" =~ /^${{{tag}:regex}}$/"));
    let wanted: Vec<String> = chosen.chain(["$timeFilter".to_owned()]).collect();
    let quoted = tags(set).map(|tag| format!("\"{tag}\""));
    let groups: Vec<String> = ["time($__interval)".to_owned()].into_iter().chain(quoted).collect();
    format!(
        "SELECT {value} FROM \"{}\" WHERE {} GROUP BY {} fill(none)",
        set.name,
        wanted.join(" AND "),
        groups.join(", ")
    )
}

/// A new start of what counts is a gap, not a fall.
fn rate(kpi: &Kpi) -> String {
    scaled(format!("non_negative_derivative(last(\"{}\"), 1s)", kpi.name), factor(kpi))
}

fn scaled(value: String, factor: &str) -> String {
    if factor.is_empty() { value } else { format!("{value} {factor}") }
}

/// From the unit that is stored to the one that a panel shows.
fn factor(kpi: &Kpi) -> &'static str {
    match (kpi.unit, kpi.kind) {
        (Unit::Octets, Kind::Counter) => "* 8",
        (Unit::Nanoseconds, _) => "/ 1000000000",
        (Unit::Microseconds, _) => "/ 1000000",
        (Unit::Milliseconds, _) => "/ 1000",
        (Unit::Hundredths, _) => "/ 100",
        (Unit::TenThousandths, _) => "/ 10000",
        _ => "",
    }
}

/// Grafana's name of the unit in which [`of`] gives a KPI.
pub(super) fn unit(kpi: &Kpi) -> &'static str {
    match (kpi.unit, kpi.kind) {
        (Unit::Octets, Kind::Counter) | (Unit::BitsPerSecond, _) => "bps",
        (Unit::Bytes, Kind::Counter) => "Bps",
        (Unit::Bytes | Unit::Octets, Kind::Gauge) => "bytes",
        (Unit::Count | Unit::Code | Unit::Hundredths, Kind::Counter) => {
            if kpi.name.ends_with("packets") || kpi.name.ends_with("pkts") { "pps" } else { "cps" }
        }
        (Unit::Nanoseconds | Unit::Microseconds | Unit::Milliseconds | Unit::Seconds, Kind::Counter)
        | (Unit::TenThousandths, _) => "percentunit",
        (Unit::Nanoseconds | Unit::Microseconds | Unit::Milliseconds | Unit::Seconds, Kind::Gauge) => "s",
        (Unit::Count | Unit::Hundredths, Kind::Gauge) => "short",
        (Unit::Code, Kind::Gauge) => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::{of, rest, total};
    use crate::catalogue::{CPU, DATAPLANE_PORT, DATAPLANE_WORKER};

    #[test]
    fn a_counter_is_asked_for_as_a_rate_in_the_unit_that_is_shown() {
        assert_eq!(
            of(&DATAPLANE_PORT, "rx_bytes").unwrap().text,
            "SELECT non_negative_derivative(last(\"rx_bytes\"), 1s) * 8 FROM \"dataplane_port\" WHERE \
             \"host\" =~ /^${host:regex}$/ AND \"port\" =~ /^${port:regex}$/ AND $timeFilter \
             GROUP BY time($__interval), \"host\", \"port\" fill(none)"
        );
        assert_eq!(
            rest(&CPU, "idle").unwrap().text,
            "SELECT 1 - non_negative_derivative(last(\"idle\"), 1s) / 1000000 FROM \"system_cpu\" WHERE \
             \"host\" =~ /^${host:regex}$/ AND $timeFilter GROUP BY time($__interval), \"host\", \"cpu\" fill(none)"
        );
    }

    #[test]
    fn a_gauge_is_asked_for_as_it_is() {
        let query = of(&DATAPLANE_WORKER, "headroom").unwrap();
        assert!(query.text.starts_with("SELECT mean(\"headroom\") / 10000 FROM \"dataplane_worker\" WHERE"));
        assert_eq!(query.alias, "$tag_host headroom");
    }

    #[test]
    fn what_the_catalogue_does_not_know_is_an_error() {
        let error = total(&DATAPLANE_PORT, "mood").unwrap_err();
        assert_eq!(error.to_string(), "dataplane_port has no KPI mood");
    }
}
