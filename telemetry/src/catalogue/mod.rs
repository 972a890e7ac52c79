//! The KPI catalogue: the one place where a KPI is named, typed and described.
//!
//! Line protocol, Prometheus names and `docs/kpis.md` all come from here, so nothing is named twice. A *set* is what is
//! read together and shares its tags; in `InfluxDB` it is a measurement and its KPIs are the fields.

mod bgp;
mod dataplane;
mod linux;
mod manual;
mod own;
mod unit;

pub use bgp::{BGP_NEIGHBOR, BGP_TOTAL};
pub use dataplane::{
    DATAPLANE_DROP, DATAPLANE_FPM, DATAPLANE_INFO, DATAPLANE_NODE, DATAPLANE_PORT, DATAPLANE_TABLE,
    DATAPLANE_WORKER,
};
pub use linux::{CPU, DISK, HUGEPAGES, INTERFACE, LOAD, MEMORY, PROCESS, UPTIME};
pub use manual::{json, manual};
pub use own::{AGENT, COLLECTOR, OUTPUT};
pub use unit::Unit;

use std::time::Duration;

/// Every set, in the order of the manual.
pub static CATALOGUE: &[&Set] = &[
    &CPU,
    &LOAD,
    &MEMORY,
    &DISK,
    &INTERFACE,
    &UPTIME,
    &PROCESS,
    &HUGEPAGES,
    &DATAPLANE_INFO,
    &DATAPLANE_PORT,
    &DATAPLANE_NODE,
    &DATAPLANE_DROP,
    &DATAPLANE_WORKER,
    &DATAPLANE_TABLE,
    &DATAPLANE_FPM,
    &BGP_NEIGHBOR,
    &BGP_TOTAL,
    &AGENT,
    &COLLECTOR,
    &OUTPUT,
];

/// KPIs that are read together and share their tags.
#[derive(Debug, PartialEq, Eq)]
pub struct Set {
    /// Name, unique; the measurement in `InfluxDB` and the middle of a Prometheus name.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Where the values come from.
    pub source: &'static str,
    /// How often it is read unless the configuration says otherwise.
    pub period: Duration,
    /// What tells its points apart, in the order in which a [`crate::point::Point`] gives the values.
    pub tags: &'static [Tag],
    /// Its KPIs.
    pub kpis: &'static [Kpi],
}

impl Set {
    /// The KPI of that name.
    pub fn kpi(&self, name: &str) -> Option<&'static Kpi> {
        self.kpis.iter().find(|kpi| kpi.name == name)
    }
}

/// A tag of a set.
#[derive(Debug, PartialEq, Eq)]
pub struct Tag {
    /// Name.
    pub name: &'static str,
    /// How many different values one run of the daemon may send; points with more are refused and counted.
    pub budget: usize,
    /// One sentence.
    pub about: &'static str,
}

/// One figure.
#[derive(Debug, PartialEq, Eq)]
pub struct Kpi {
    /// Name, unique in its set; the field in `InfluxDB`.
    pub name: &'static str,
    /// Whether it only grows.
    pub kind: Kind,
    /// The type, which never changes: a database refuses a field that changes its type.
    pub value: Type,
    /// The unit in which it is stored.
    pub unit: Unit,
    /// One sentence.
    pub about: &'static str,
}

/// Whether a KPI only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It grows from the start of what counts it; look at its rate, and take a fall as a new start.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl Kind {
    /// `counter` or `gauge`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// The type of a KPI's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// 64 bits, not negative.
    Uint64,
    /// 64 bits with a sign.
    Int64,
}

impl Type {
    /// `uint64` or `int64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uint64 => "uint64",
            Self::Int64 => "int64",
        }
    }
}

/// The set of that name.
pub fn find(name: &str) -> Option<&'static Set> {
    CATALOGUE.iter().copied().find(|set| set.name == name)
}

const fn counter(name: &'static str, unit: Unit, about: &'static str) -> Kpi {
    Kpi { name, kind: Kind::Counter, value: Type::Uint64, unit, about }
}

const fn gauge(name: &'static str, unit: Unit, about: &'static str) -> Kpi {
    Kpi { name, kind: Kind::Gauge, value: Type::Uint64, unit, about }
}

const fn signed_gauge(name: &'static str, unit: Unit, about: &'static str) -> Kpi {
    Kpi { name, kind: Kind::Gauge, value: Type::Int64, unit, about }
}

#[cfg(test)]
mod tests {
    use super::{CATALOGUE, find};
    use crate::prometheus;
    use std::collections::HashSet;

    fn plain(name: &str) -> bool {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
    }

    #[test]
    fn names_are_plain_and_unique() {
        let mut sets = HashSet::new();
        let mut metrics = HashSet::new();
        for set in CATALOGUE {
            assert!(plain(set.name) && sets.insert(set.name), "{}", set.name);
            let mut fields = HashSet::from(["host", "time"]);
            for name in set.tags.iter().map(|tag| tag.name).chain(set.kpis.iter().map(|kpi| kpi.name)) {
                assert!(plain(name) && fields.insert(name), "{}.{name}", set.name);
            }
            for kpi in set.kpis {
                assert!(metrics.insert(prometheus::metric(set, kpi)), "{}.{}", set.name, kpi.name);
            }
        }
    }

    #[test]
    fn every_text_is_a_sentence() {
        let texts = CATALOGUE.iter().flat_map(|set| {
            let tags = set.tags.iter().map(|tag| tag.about);
            let kpis = set.kpis.iter().map(|kpi| kpi.about);
            std::iter::once(set.about).chain(tags).chain(kpis)
        });
        for text in texts {
            assert!(text.ends_with('.') && text.starts_with(char::is_uppercase), "{text:?}");
        }
    }

    #[test]
    fn each_set_says_where_when_and_how_much() {
        for set in CATALOGUE {
            assert!(!set.source.is_empty() && !set.kpis.is_empty() && !set.period.is_zero(), "{}", set.name);
            assert!(set.tags.iter().all(|tag| tag.budget > 0), "{}", set.name);
            assert_eq!(find(set.name), Some(*set));
        }
        assert_eq!(find("nothing"), None);
    }
}
