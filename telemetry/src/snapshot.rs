//! The last readings of each set.

use crate::catalogue::Set;
use crate::point::Point;
use crate::prometheus;
use parking_lot::RwLock;
use std::collections::BTreeMap;

/// The last readings of each set; as large as one round of them.
#[derive(Debug, Default)]
pub struct Snapshot(RwLock<BTreeMap<&'static str, Vec<Point>>>);

impl Snapshot {
    /// Puts new readings in the place of the old ones, so what has gone away does not stay. An empty list after a failure
    /// says that nothing is known.
    pub fn replace(&self, set: &'static Set, points: Vec<Point>) {
        self.0.write().insert(set.name, points);
    }

    /// Forgets all sets but these.
    pub fn retain(&self, sets: &[&'static Set]) {
        self.0.write().retain(|name, _| sets.iter().any(|set| set.name == *name));
    }

    /// The page for Prometheus.
    pub fn page(&self) -> String {
        prometheus::page(self.0.read().values().map(Vec::as_slice))
    }

    /// How many points there are.
    pub fn series(&self) -> usize {
        self.0.read().values().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Snapshot;
    use crate::catalogue::PROCESS;
    use crate::point::Point;

    #[test]
    fn what_has_gone_away_is_not_shown() {
        let snapshot = Snapshot::default();
        let point = |name: &str| Point::new(&PROCESS, [name]).with("running", 1);
        snapshot.replace(&PROCESS, vec![point("a"), point("b")]);
        assert_eq!(snapshot.series(), 2);
        snapshot.replace(&PROCESS, vec![point("b")]);
        assert!(!snapshot.page().contains("\"a\"") && snapshot.page().contains("\"b\""));
        snapshot.retain(&[&PROCESS]);
        assert_eq!(snapshot.series(), 1);
        snapshot.retain(&[]);
        assert_eq!(snapshot.series(), 0);
        snapshot.replace(&PROCESS, Vec::new());
        assert_eq!((snapshot.series(), snapshot.page().as_str()), (0, ""));
    }
}
