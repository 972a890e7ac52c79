//! Runs `testcases/linux/NAME/`: `input/` is a piece of `/proc` and `/sys`, `expected` the line protocol that must come
//! of it, or the error.

use crate::collect::{Machine, SOURCES};
use crate::gate::Gate;
use crate::line::{self, CommonTags};
use jiff::Timestamp;
use std::path::Path;

/// The sets that a case is about are those whose name begins with what is before the first dash of its own.
fn outcome(name: &str, folder: &Path) -> String {
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
    let mut out = String::new();
    match (source.read)(&machine) {
        Ok(points) => {
            let mut gate = Gate::default();
            for point in points {
                gate.admit(&point).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
                line::write(&mut out, &point, &CommonTags::default(), Timestamp::UNIX_EPOCH);
            }
        }
        Err(error) => {
            out = format!("error: {error}\n").replace(&format!("{}/", folder.display()), "");
        }
    }
    out
}

#[test]
fn every_case_gives_what_it_expects() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases/linux");
    let bless = std::env::var_os("DAYBREAK_BLESS").is_some();
    let mut wrong = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(&cases).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let name = name.into_string().unwrap();
        let got = outcome(&name, &cases.join(&name).join("input"));
        let file = cases.join(&name).join("expected");
        if bless {
            std::fs::write(&file, &got).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if got != expected {
            wrong.push(format!("{name}:\n--- expected\n{expected}--- got\n{got}"));
        }
    }
    assert!(wrong.is_empty(), "{}\nDAYBREAK_BLESS=1 writes `expected` anew", wrong.join("\n"));
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
