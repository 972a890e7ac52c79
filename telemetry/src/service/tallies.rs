//! How reading each set went, for the set `telemetry_collector`.

use super::meter::Cost;
use crate::catalogue::{COLLECTOR, Set};
use crate::point::Point;
use std::collections::BTreeMap;
use std::time::Duration;

/// One tally for each set that has been read.
#[derive(Debug, Default)]
pub(super) struct Tallies(BTreeMap<&'static str, Tally>);

#[derive(Debug, Default)]
struct Tally {
    readings: u64,
    failures: u64,
    time: Duration,
    cpu: Duration,
}

impl Tallies {
    /// Counts a reading that filled these sets.
    pub(super) fn add(&mut self, sets: &[&'static Set], failed: bool, cost: Cost) {
        let parts = u32::try_from(sets.len()).unwrap_or(u32::MAX).max(1);
        for set in sets {
            let tally = self.0.entry(set.name).or_default();
            tally.readings += 1;
            tally.failures += u64::from(failed);
            tally.time += cost.time / parts;
            tally.cpu += cost.cpu / parts;
        }
    }

    /// A point for each set.
    pub(super) fn points(&self) -> Vec<Point> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let point = |(set, tally): (&&'static str, &Tally)| {
            Point::new(&COLLECTOR, [set])
                .with("readings", tally.readings)
                .with("failures", tally.failures)
                .with("read_time", micros(tally.time))
                .with("cpu_time", micros(tally.cpu))
        };
        self.0.iter().map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, Tallies};
    use crate::catalogue::{BGP_NEIGHBOR, BGP_TOTAL, CPU};
    use crate::point::Value;
    use std::time::Duration;

    #[test]
    fn sets_that_one_reading_fills_share_its_cost() {
        let cost = Cost { time: Duration::from_micros(900), cpu: Duration::from_micros(90) };
        let mut tallies = Tallies::default();
        tallies.add(&[&BGP_NEIGHBOR, &BGP_TOTAL], true, cost);
        tallies.add(&[&BGP_NEIGHBOR], false, cost);
        tallies.add(&[&CPU], false, cost);
        let values: Vec<_> = tallies.points().into_iter().map(|point| point.values).collect();
        let row = |numbers: [u64; 4]| {
            let names = ["readings", "failures", "read_time", "cpu_time"];
            names.into_iter().zip(numbers.map(Value::Uint)).collect::<Vec<_>>()
        };
        assert_eq!(values, [row([2, 1, 1350, 135]), row([1, 1, 450, 45]), row([1, 0, 900, 90])]);
    }
}
