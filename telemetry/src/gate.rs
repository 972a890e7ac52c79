//! Lets through only points that agree with the catalogue.
//!
//! `InfluxDB` drops a point whose field changed its type, and drops new series beyond its limits, each without a word to
//! whoever looks at the graphs. Here such a point is refused, counted and logged before it is sent.

use crate::catalogue::Set;
use crate::point::Point;
use std::collections::{HashMap, HashSet};

/// Why a point is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A value that the catalogue does not know.
    #[error("{set} has no KPI {kpi:?}")]
    Unknown {
        /// The set.
        set: &'static str,
        /// The name.
        kpi: &'static str,
    },
    /// A value of another type than the catalogue declares.
    #[error("{set}.{kpi} is {declared}, got {got}")]
    WrongType {
        /// The set.
        set: &'static str,
        /// The KPI.
        kpi: &'static str,
        /// Type in the catalogue.
        declared: &'static str,
        /// Type of the value.
        got: &'static str,
    },
    /// Tags that are missing, too many or empty.
    #[error("{set} needs a value for each of its {wanted} tags")]
    Tags {
        /// The set.
        set: &'static str,
        /// How many tags it has.
        wanted: usize,
    },
    /// No value at all.
    #[error("{set} has no value")]
    Empty {
        /// The set.
        set: &'static str,
    },
    /// The tag has used up its values.
    #[error("{set}: tag {tag} has had its {budget} different values; {value:?} is one more")]
    OverBudget {
        /// The set.
        set: &'static str,
        /// The tag.
        tag: &'static str,
        /// Its budget.
        budget: usize,
        /// The value that found no room.
        value: String,
    },
}

/// Remembers which values each tag has had: at most as many as its budget.
#[derive(Debug, Default)]
pub struct Gate {
    seen: HashMap<(&'static str, &'static str), HashSet<String>>,
}

impl Gate {
    /// Checks a point and takes its tags to account.
    ///
    /// # Errors
    /// When it does not agree with the catalogue; nothing is remembered of it then.
    pub fn admit(&mut self, point: &Point) -> Result<(), Refusal> {
        agrees(point)?;
        let tags = || point.set.tags.iter().zip(&point.tags);
        for (tag, value) in tags() {
            let seen = self.seen.entry((point.set.name, tag.name)).or_default();
            if seen.len() >= tag.budget && !seen.contains(value) {
                return Err(Refusal::OverBudget {
                    set: point.set.name,
                    tag: tag.name,
                    budget: tag.budget,
                    value: value.clone(),
                });
            }
        }
        for (tag, value) in tags() {
            if let Some(seen) = self.seen.get_mut(&(point.set.name, tag.name))
                && !seen.contains(value)
            {
                seen.insert(value.clone());
            }
        }
        Ok(())
    }

    /// Gives the tags of a set their whole budgets again.
    pub fn forget(&mut self, set: &'static Set) {
        self.seen.retain(|(name, _), _| *name != set.name);
    }
}

fn agrees(point: &Point) -> Result<(), Refusal> {
    let set: &'static Set = point.set;
    if point.tags.len() != set.tags.len() || point.tags.iter().any(String::is_empty) {
        return Err(Refusal::Tags { set: set.name, wanted: set.tags.len() });
    }
    if point.values.is_empty() {
        return Err(Refusal::Empty { set: set.name });
    }
    for (name, value) in &point.values {
        let kpi = set.kpi(name).ok_or(Refusal::Unknown { set: set.name, kpi: name })?;
        if kpi.value != value.kind() {
            return Err(Refusal::WrongType {
                set: set.name,
                kpi: name,
                declared: kpi.value.name(),
                got: value.kind().name(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Gate, Refusal};
    use crate::catalogue::{HUGEPAGES, PROCESS};
    use crate::point::Point;

    #[test]
    fn a_value_of_another_type_is_refused() {
        let point = Point::new(&PROCESS, ["bgpd"]).with("oom_score_adj", 3);
        let refusal = Gate::default().admit(&point).unwrap_err();
        assert_eq!(refusal.to_string(), "system_process.oom_score_adj is int64, got uint64");
        let point = Point::new(&PROCESS, ["bgpd"]).with_signed("oom_score_adj", Some(-3));
        assert_eq!(Gate::default().admit(&point), Ok(()));
    }

    #[test]
    fn an_unknown_kpi_is_refused() {
        let point = Point::new(&PROCESS, ["bgpd"]).with("mood", 3);
        assert_eq!(
            Gate::default().admit(&point),
            Err(Refusal::Unknown { set: "system_process", kpi: "mood" })
        );
    }

    #[test]
    fn missing_and_empty_tags_are_refused() {
        for point in [Point::new(&PROCESS, []), Point::new(&PROCESS, [""]), Point::new(&PROCESS, ["a", "b"])]
        {
            let refusal = Gate::default().admit(&point.with("running", 1)).unwrap_err();
            assert_eq!(refusal, Refusal::Tags { set: "system_process", wanted: 1 });
        }
    }

    #[test]
    fn a_point_without_values_is_refused() {
        let refusal = Gate::default().admit(&Point::new(&PROCESS, ["bgpd"])).unwrap_err();
        assert_eq!(refusal, Refusal::Empty { set: "system_process" });
    }

    #[test]
    fn a_tag_beyond_its_budget_is_refused_and_known_values_still_pass() {
        let mut gate = Gate::default();
        let point = |size: &str| Point::new(&HUGEPAGES, [size]).with("pages", 1);
        let budget = HUGEPAGES.tags[0].budget;
        for size in 0..budget {
            gate.admit(&point(&format!("{size}kB"))).unwrap();
        }
        let refusal = gate.admit(&point("more")).unwrap_err();
        assert!(matches!(&refusal, Refusal::OverBudget { value, .. } if value == "more"), "{refusal}");
        gate.admit(&point("0kB")).unwrap();
        gate.forget(&PROCESS);
        gate.admit(&point("more")).unwrap_err();
        gate.forget(&HUGEPAGES);
        gate.admit(&point("more")).unwrap();
    }
}
