//! `testcases/linux/NAME/`: `input/` is a piece of `/proc` and `/sys`.

use crate::collect::{Machine, SOURCES, cases};
use crate::gate::Gate;
use crate::point::Point;
use std::path::Path;

/// The set that a case is about is what is before the first dash of its own name.
fn outcome(name: &str, folder: &Path) -> Result<Vec<Point>, String> {
    let machine = Machine {
        proc: folder.join("proc"),
        sys: folder.join("sys"),
        ticks: 100,
        page: 4096,
        processes: vec!["bgpd".to_owned(), "a-name-too-long-for-it".to_owned(), "a) b (c".to_owned()],
    };
    let wanted = format!("system_{}", name.split('-').next().unwrap_or(name));
    let source = SOURCES.iter().find(|source| source.set.name == wanted);
    let source = source.unwrap_or_else(|| panic!("{name}: there is no set {wanted}"));
    (source.read)(&machine).map_err(|error| error.to_string())
}

#[test]
fn every_case_gives_what_it_expects() {
    cases::run("linux", outcome);
}

#[test]
fn this_machine_can_be_read() {
    let machine = Machine::this(vec!["init".to_owned()]);
    let mut gate = Gate::default();
    for source in SOURCES {
        let points = (source.read)(&machine).unwrap_or_else(|error| panic!("{}: {error}", source.set.name));
        for point in points {
            gate.admit(&point).unwrap();
        }
    }
}
