//! `vrouter version`.

use std::process::ExitCode;

use super::{Output, VERSION};

pub(super) fn run(output: Output) -> ExitCode {
    match output {
        Output::Text => println!("vrouter {VERSION}"),
        Output::Json => println!("{}", serde_json::json!({"name": "vrouter", "version": VERSION})),
    }
    ExitCode::SUCCESS
}
