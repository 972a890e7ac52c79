//! Runs `testcases/KIND/NAME/`: `input/` is what a source says, `expected` the line protocol that must come of it, or the
//! error.

use crate::gate::Gate;
use crate::line::{self, CommonTags};
use crate::point::Point;
use jiff::Timestamp;
use std::path::Path;

/// Runs every case of a kind; `read` gets the case's name and its input.
pub(super) fn run(kind: &str, read: impl Fn(&str, &Path) -> Result<Vec<Point>, String>) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases").join(kind);
    let bless = std::env::var_os("DAYBREAK_BLESS").is_some();
    let mut wrong = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(&cases).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let name = name.into_string().unwrap();
        let folder = cases.join(&name).join("input");
        let got = match read(&name, &folder) {
            Ok(points) => lines(&name, points),
            Err(error) => format!("error: {error}\n").replace(&format!("{}/", folder.display()), ""),
        };
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

fn lines(name: &str, points: Vec<Point>) -> String {
    let (mut out, mut gate) = (String::new(), Gate::default());
    for point in points {
        gate.admit(&point).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        line::write(&mut out, &point, &CommonTags::default(), Timestamp::UNIX_EPOCH);
    }
    out
}
