//! One round: read what is due, let through what agrees with the catalogue, hand it to the outputs.

use crate::catalogue::{AGENT, COLLECTOR, OUTPUT, Set};
use crate::collect::{Machine, SOURCES, Source};
use crate::gate::{Gate, Refusal};
use crate::influx::Output;
use crate::line::{self, CommonTags};
use crate::point::Point;
use crate::queue::LARGEST_BATCH;
use crate::snapshot::Snapshot;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Everything between the sources and the outputs.
#[derive(Debug)]
pub struct Pipeline {
    machine: Machine,
    common: CommonTags,
    gate: Gate,
    snapshot: Arc<Snapshot>,
    outputs: Vec<Arc<Output>>,
    refused_scrapes: Arc<AtomicU64>,
    points: u64,
    refused: u64,
    over_budget: u64,
    late: u64,
    readings: BTreeMap<&'static str, Reading>,
    // What has been logged, so that one fault is one line and not one for each round.
    logged: HashSet<(&'static str, &'static str)>,
}

#[derive(Debug, Default)]
struct Reading {
    tries: u64,
    failures: u64,
    microseconds: u64,
    failing: bool,
}

impl Pipeline {
    /// A pipeline that has not read anything yet.
    pub fn new(
        machine: Machine,
        common: CommonTags,
        snapshot: Arc<Snapshot>,
        outputs: Vec<Arc<Output>>,
        refused_scrapes: Arc<AtomicU64>,
    ) -> Self {
        Self {
            machine,
            common,
            gate: Gate::default(),
            snapshot,
            outputs,
            refused_scrapes,
            points: 0,
            refused: 0,
            over_budget: 0,
            late: 0,
            readings: BTreeMap::new(),
            logged: HashSet::new(),
        }
    }

    /// Reads these sets, all with the same time; `missed` readings were left out before.
    pub fn round(&mut self, sets: &[&'static Set], missed: u64, time: Timestamp) {
        self.late += missed;
        let mut batch = Batch::default();
        // The daemon's own sets come last: they tell of this round's readings.
        let (own, sources): (Vec<&Set>, Vec<&Set>) =
            sets.iter().partition(|set| SOURCES.iter().all(|source| source.set != **set));
        for set in sources {
            if let Some(source) = SOURCES.iter().find(|source| source.set == set) {
                let points = self.read(source);
                self.pass(set, points, time, &mut batch);
            }
        }
        for set in own {
            let points = self.about_itself(set);
            self.pass(set, points, time, &mut batch);
        }
        self.send(&mut batch);
    }

    fn read(&mut self, source: &Source) -> Vec<Point> {
        let begun = Instant::now();
        let outcome = (source.read)(&self.machine);
        let reading = self.readings.entry(source.set.name).or_default();
        reading.tries += 1;
        reading.microseconds += u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        match outcome {
            Ok(points) => {
                if std::mem::take(&mut reading.failing) {
                    tracing::info!(set = source.set.name, "reading works again");
                }
                points
            }
            Err(error) => {
                reading.failures += 1;
                if !std::mem::replace(&mut reading.failing, true) {
                    tracing::error!(set = source.set.name, %error, "reading failed");
                }
                Vec::new()
            }
        }
    }

    fn pass(&mut self, set: &'static Set, mut points: Vec<Point>, time: Timestamp, batch: &mut Batch) {
        points.retain(|point| self.admit(point));
        for point in &points {
            if batch.text.len() > LARGEST_BATCH / 2 {
                self.send(batch);
            }
            line::write(&mut batch.text, point, &self.common, time);
            batch.points += 1;
        }
        self.points += points.len() as u64;
        self.snapshot.replace(set, points);
    }

    fn admit(&mut self, point: &Point) -> bool {
        let Err(refusal) = self.gate.admit(point) else { return true };
        let kind = if let Refusal::OverBudget { tag, .. } = refusal {
            self.over_budget += 1;
            tag
        } else {
            self.refused += 1;
            ""
        };
        if self.logged.insert((point.set.name, kind)) {
            tracing::error!(set = point.set.name, %refusal, "point refused; more like it are only counted");
        }
        false
    }

    fn send(&mut self, batch: &mut Batch) {
        if batch.points > 0 {
            for output in &self.outputs {
                let outcome = output.append(batch.text.as_bytes(), batch.points);
                match outcome {
                    Ok(()) => {
                        self.logged.remove(&("queue", ""));
                    }
                    Err(error) => {
                        if self.logged.insert(("queue", "")) {
                            tracing::error!(output = output.name(), %error, "points lost; more are only counted");
                        }
                    }
                }
            }
        }
        *batch = Batch::default();
    }

    fn about_itself(&self, set: &'static Set) -> Vec<Point> {
        if *set == AGENT {
            vec![self.agent()]
        } else if *set == COLLECTOR {
            self.readings.iter().map(|(name, reading)| reading.to_point(name)).collect()
        } else {
            self.outputs.iter().map(|output| about(output)).collect()
        }
    }

    fn agent(&self) -> Point {
        Point::new(&AGENT, [])
            .with("points", self.points)
            .with("refused_points", self.refused)
            .with("over_budget_points", self.over_budget)
            .with("late_rounds", self.late)
            .with("refused_scrapes", self.refused_scrapes.load(Ordering::Relaxed))
            .with("series", self.snapshot.series() as u64)
    }
}

impl Reading {
    fn to_point(&self, set: &str) -> Point {
        Point::new(&COLLECTOR, [set])
            .with("readings", self.tries)
            .with("failures", self.failures)
            .with("read_time", self.microseconds)
    }
}

fn about(output: &Output) -> Point {
    let figures = output.figures();
    Point::new(&OUTPUT, [output.name()])
        .with("delivered_points", figures.delivered)
        .with("gap_points", figures.gap)
        .with("rejected_points", figures.rejected)
        .with("damaged_segments", figures.damaged)
        .with("failures", figures.failures)
        .with("queued_points", figures.waiting)
        .with("queue_size", figures.size)
}

/// Lines that go to the outputs together.
#[derive(Debug, Default)]
struct Batch {
    text: String,
    points: u32,
}

#[cfg(test)]
mod tests {
    use super::Pipeline;
    use crate::catalogue::{AGENT, CATALOGUE, COLLECTOR, CPU, LOAD, OUTPUT};
    use crate::collect::Machine;
    use crate::line::CommonTags;
    use crate::snapshot::Snapshot;
    use jiff::Timestamp;
    use std::sync::Arc;

    fn pipeline(proc: &std::path::Path) -> (Pipeline, Arc<Snapshot>) {
        let machine = Machine { proc: proc.to_owned(), ..Machine::this(vec!["init".to_owned()]) };
        let snapshot = Arc::new(Snapshot::default());
        let pipeline =
            Pipeline::new(machine, CommonTags::default(), Arc::clone(&snapshot), Vec::new(), Arc::default());
        (pipeline, snapshot)
    }

    #[test]
    fn every_set_of_the_catalogue_can_be_read() {
        let (mut pipeline, snapshot) = pipeline("/proc".as_ref());
        pipeline.round(CATALOGUE, 0, Timestamp::UNIX_EPOCH);
        let page = snapshot.page();
        for part in [
            "daybreak_system_memory_total_bytes ",
            "daybreak_telemetry_collector_readings_total{set=\"system_cpu\"} 1\n",
            "daybreak_telemetry_agent_refused_points_total 0\n",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert_eq!(pipeline.readings.values().map(|reading| reading.failures).sum::<u64>(), 0);
    }

    #[test]
    fn a_source_that_fails_is_counted_and_shows_no_old_values() {
        let dir = tempfile::tempdir().unwrap();
        let (mut pipeline, snapshot) = pipeline(dir.path());
        let load = dir.path().join("loadavg");
        std::fs::write(&load, "1.00 1.00 1.00 1/2 3\n").unwrap();
        pipeline.round(&[&LOAD], 0, Timestamp::UNIX_EPOCH);
        assert!(snapshot.page().contains("load1 1\n"));
        std::fs::remove_file(&load).unwrap();
        pipeline.round(&[&LOAD, &COLLECTOR], 0, Timestamp::UNIX_EPOCH);
        let page = snapshot.page();
        assert!(!page.contains("load1"), "{page}");
        assert!(page.contains("failures_total{set=\"system_load\"} 1\n"), "{page}");
    }

    #[test]
    fn values_of_a_tag_beyond_its_budget_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let (mut pipeline, snapshot) = pipeline(dir.path());
        let budget = CPU.tags[0].budget;
        let lines: Vec<String> = (0..budget + 3).map(|core| format!("cpu{core} 1 1 1 1 1 1 1 1\n")).collect();
        std::fs::write(dir.path().join("stat"), lines.concat()).unwrap();
        pipeline.round(&[&CPU, &AGENT, &OUTPUT], 2, Timestamp::UNIX_EPOCH);
        let page = snapshot.page();
        for part in ["over_budget_points_total 3\n", "late_rounds_total 2\n"] {
            assert!(page.contains(part), "{part}");
        }
        assert!(page.contains(&format!("agent_series {budget}\n")), "{page}");
    }
}
