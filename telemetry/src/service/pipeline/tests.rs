use super::super::meter::Cost;
use super::Pipeline;
use crate::catalogue::{AGENT, BGP_NEIGHBOR, BGP_TOTAL, COLLECTOR, CPU, LOAD, OUTPUT, PROCESS};
use crate::collect::{CollectError, Machine, Reading, SOURCES};
use crate::line::CommonTags;
use crate::point::Point;
use crate::snapshot::Snapshot;
use jiff::Timestamp;
use std::sync::Arc;

fn pipeline(proc: &std::path::Path) -> (Pipeline, Arc<Snapshot>) {
    let machine = Machine { proc: proc.to_owned(), ..Machine::this(vec!["init".to_owned()]) };
    let snapshot = Arc::new(Snapshot::default());
    let pipeline = Pipeline::new(machine, Arc::clone(&snapshot), Arc::default());
    (pipeline, snapshot)
}

#[test]
fn every_set_of_the_kernel_and_its_own_can_be_read() {
    let (mut pipeline, snapshot) = pipeline("/proc".as_ref());
    let sets: Vec<_> = SOURCES.iter().map(|source| source.set).chain([&AGENT, &COLLECTOR, &OUTPUT]).collect();
    pipeline.round(&sets, 0, Timestamp::UNIX_EPOCH);
    let page = snapshot.page();
    for part in [
        "daybreak_system_memory_total_bytes ",
        "daybreak_telemetry_collector_readings_total{set=\"system_cpu\"} 1\n",
        "daybreak_telemetry_agent_refused_points_total 0\n",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(pipeline.failing.is_empty(), "{:?}", pipeline.failing);
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

fn nobody_there() -> CollectError {
    CollectError::Read { path: "/socket".into(), source: std::io::ErrorKind::NotFound.into() }
}

#[test]
fn an_answer_fills_the_sets_that_were_due_and_no_other() {
    let (mut pipeline, snapshot) = pipeline("/proc".as_ref());
    let points = vec![
        Point::new(&BGP_NEIGHBOR, ["10.0.0.1", "default", "ipv4-unicast"]).with("state", 6),
        Point::new(&BGP_TOTAL, ["default", "ipv4-unicast"]).with("neighbors", 1),
    ];
    let reading = Reading { time: Timestamp::UNIX_EPOCH, points };
    pipeline.answer("bgpd", &[&BGP_TOTAL], 1, Ok(reading.clone()), Cost::default());
    let page = snapshot.page();
    assert!(page.contains("bgp_total_neighbors{") && !page.contains("bgp_neighbor_state{"), "{page}");
    pipeline.answer("bgpd", &[&BGP_NEIGHBOR, &BGP_TOTAL], 0, Ok(reading), Cost::default());
    assert!(snapshot.page().contains("bgp_neighbor_state{"));
    pipeline.answer("bgpd", &[&BGP_NEIGHBOR, &BGP_TOTAL], 0, Err(nobody_there()), Cost::default());
    pipeline.round(&[&COLLECTOR, &AGENT], 0, Timestamp::UNIX_EPOCH);
    let page = snapshot.page();
    assert!(!page.contains("bgp_total_neighbors"), "old values are shown: {page}");
    for part in [
        "failures_total{set=\"bgp_total\"} 1\n",
        "readings_total{set=\"bgp_total\"} 3\n",
        "readings_total{set=\"bgp_neighbor\"} 2\n",
        "late_rounds_total 1\n",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn another_configuration_gives_names_their_budget_again_and_hides_what_is_no_longer_read() {
    let (mut pipeline, snapshot) = pipeline("/proc".as_ref());
    for first in [0, 100] {
        let names = (first..first + 40).map(|number| format!("none-{number}")).collect();
        pipeline.configure(Machine::this(names), CommonTags::default(), Vec::new(), &[&PROCESS, &AGENT]);
        pipeline.round(&[&PROCESS], 0, Timestamp::UNIX_EPOCH);
    }
    assert_eq!(snapshot.series(), 40);
    pipeline.reloaded(true);
    pipeline.reloaded(false);
    pipeline.configure(Machine::this(Vec::new()), CommonTags::default(), Vec::new(), &[&AGENT]);
    assert_eq!(snapshot.series(), 0);
    pipeline.round(&[&AGENT], 0, Timestamp::UNIX_EPOCH);
    let page = snapshot.page();
    for part in ["over_budget_points_total 0\n", "agent_reloads_total 1\n", "refused_reloads_total 1\n"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}
