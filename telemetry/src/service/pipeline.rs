//! One round: read what is due, let through what agrees with the catalogue, hand it to the outputs.

use super::meter::{Cost, measure};
use super::tallies::Tallies;
use crate::catalogue::{AGENT, COLLECTOR, OUTPUT, PROCESS, Set};
use crate::collect::{CollectError, Machine, Reading, SOURCES, Source};
use crate::gate::{Gate, Refusal};
use crate::influx::Output;
use crate::line::{self, CommonTags};
use crate::point::Point;
use crate::queue::LARGEST_BATCH;
use crate::snapshot::Snapshot;
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    reloads: u64,
    refused_reloads: u64,
    tallies: Tallies,
    // Sources that failed last time: a fault is two lines in the log, however long it lasts.
    failing: HashSet<&'static str>,
    // Refusals that have been logged, for the same reason.
    logged: HashSet<(&'static str, &'static str)>,
}

impl Pipeline {
    /// A pipeline that reads nothing of `machine` yet and sends to nobody.
    pub fn new(machine: Machine, snapshot: Arc<Snapshot>, refused_scrapes: Arc<AtomicU64>) -> Self {
        Self {
            machine,
            common: CommonTags::default(),
            gate: Gate::default(),
            snapshot,
            outputs: Vec::new(),
            refused_scrapes,
            points: 0,
            refused: 0,
            over_budget: 0,
            late: 0,
            reloads: 0,
            refused_reloads: 0,
            tallies: Tallies::default(),
            failing: HashSet::new(),
            logged: HashSet::new(),
        }
    }

    /// From now on this machine, these tags and these outputs; what is shown of sets that are no longer read goes.
    pub fn configure(
        &mut self,
        machine: Machine,
        common: CommonTags,
        outputs: Vec<Arc<Output>>,
        read: &[&'static Set],
    ) {
        (self.machine, self.common, self.outputs) = (machine, common, outputs);
        // The configuration names these values, and bounds how many it names.
        self.gate.forget(&PROCESS);
        self.gate.forget(&OUTPUT);
        self.snapshot.retain(read);
        self.logged.clear();
    }

    /// Counts a configuration that was read again.
    pub fn reloaded(&mut self, accepted: bool) {
        let count = if accepted { &mut self.reloads } else { &mut self.refused_reloads };
        *count += 1;
    }

    /// Takes the answer of a source that was asked for these sets; `missed` readings were left out before.
    pub fn answer(
        &mut self,
        source: &'static str,
        sets: &[&'static Set],
        missed: u64,
        outcome: Result<Reading, CollectError>,
        cost: Cost,
    ) {
        self.late += missed;
        self.tallies.add(sets, outcome.is_err(), cost);
        let reading = self.told(source, outcome);
        let mut batch = Batch::default();
        for set in sets {
            let of_set = |reading: &Reading| {
                reading.points.iter().filter(|point| point.set == *set).cloned().collect()
            };
            let points = reading.as_ref().map_or_else(Vec::new, of_set);
            let time = reading.as_ref().map_or(Timestamp::UNIX_EPOCH, |reading| reading.time);
            self.pass(set, points, time, &mut batch);
        }
        self.send(&mut batch);
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
        let (outcome, cost) = measure(|| (source.read)(&self.machine));
        self.tallies.add(&[source.set], outcome.is_err(), cost);
        self.told(source.set.name, outcome).unwrap_or_default()
    }

    /// Logs when a source begins or ends to fail.
    fn told<T>(&mut self, source: &'static str, outcome: Result<T, CollectError>) -> Option<T> {
        match outcome {
            Ok(found) => {
                if self.failing.remove(source) {
                    tracing::info!(source, "reading works again");
                }
                Some(found)
            }
            Err(error) => {
                if self.failing.insert(source) {
                    tracing::error!(source, %error, "reading failed");
                }
                None
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
            self.tallies.points()
        } else if *set == OUTPUT {
            self.outputs.iter().map(|output| about(output)).collect()
        } else {
            // Another daemon's, which is asked and not read.
            Vec::new()
        }
    }

    fn agent(&self) -> Point {
        Point::new(&AGENT, [])
            .with("points", self.points)
            .with("refused_points", self.refused)
            .with("over_budget_points", self.over_budget)
            .with("late_rounds", self.late)
            .with("reloads", self.reloads)
            .with("refused_reloads", self.refused_reloads)
            .with("refused_scrapes", self.refused_scrapes.load(Ordering::Relaxed))
            .with("series", self.snapshot.series() as u64)
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
mod tests;
