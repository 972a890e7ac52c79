//! `make demo` and `make demo-down`.

use std::process::ExitCode;

use daybreak_tests::demo::{front, keeper};

fn main() -> ExitCode {
    let verb = std::env::args().nth(1).unwrap_or_default();
    let done = match verb.as_str() {
        "up" => front::up(),
        "down" => front::down(),
        "keep" => return keeper::run(),
        _ => {
            eprintln!("usage: daybreak-demo up|down");
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("demo: {error}");
        ExitCode::FAILURE
    })
}
