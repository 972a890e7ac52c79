//! `vrouter completions SHELL`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell to complete for
    shell: Shell,
}

pub(super) fn run(args: &Args) -> ExitCode {
    // Rendered first: a closed pipe is then an error to report, not a panic in the generator.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "vrouter", &mut script);
    match io::stdout().write_all(&script) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vrouter: the completion script could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}
