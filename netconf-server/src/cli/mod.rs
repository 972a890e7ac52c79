//! The verbs of `vrouter`, one file or folder each.

mod completions;
mod install;
mod version;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// The vRouter appliance.
#[derive(Debug, Parser)]
#[command(name = "vrouter", version, arg_required_else_help = true)]
pub struct Cli {
    /// How to print: for people, or as one JSON object per line
    #[arg(short, long, value_enum, default_value_t, global = true, value_name = "FORMAT")]
    output: Output,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Text for people
    #[default]
    Text,
    /// One JSON object per line on standard output
    Json,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Install the appliance on a disk of this machine
    Install(Box<install::Args>),
    /// Print the version of this program
    Version,
    /// Print a completion script for a shell
    Completions(completions::Args),
}

impl Cli {
    /// Runs the verb; the exit code is the verb's.
    pub fn run(self) -> ExitCode {
        match self.verb {
            Verb::Install(args) => install::run(&args, self.output),
            Verb::Version => version::run(self.output),
            Verb::Completions(args) => completions::run(&args),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
