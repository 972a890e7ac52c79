//! The command line. `main` reads flags and environment; everything below gets values.

mod client;
mod discovered;
mod events;
mod image;
mod leases;
mod medium;
mod node;
mod output;
mod seed;
mod serve;
mod site;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit codes, as `daybreak help` documents them.
mod exit {
    /// The request was refused or failed.
    pub(super) const FAILED: u8 = 1;
    /// `node wait` ended without the state.
    pub(super) const NOT_REACHED: u8 = 3;
}

/// Takes vRouter appliances from an empty disk to a reachable router.
#[derive(Debug, Parser)]
#[command(
    name = "daybreak",
    version,
    after_help = "Exit codes: 0 done; 1 refused or failed; 2 wrong usage; 3 `node wait` ended without the state."
)]
struct Cli {
    /// Socket of the running `daybreak serve`.
    #[arg(long, global = true, env = "DAYBREAK_SOCKET", default_value = crate::site::DEFAULT_SOCKET)]
    socket: PathBuf,

    /// How to print.
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Text)]
    output: Format,

    #[command(subcommand)]
    command: Command,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the provisioner: DHCP, TFTP, HTTP, nodes.
    Serve(serve::Args),
    /// Add, list, deploy and watch nodes.
    #[command(subcommand)]
    Node(node::Command),
    /// Render and check cloud-init seeds.
    #[command(subcommand)]
    Seed(seed::Command),
    /// Check a site file.
    #[command(subcommand)]
    Site(site::Command),
    /// Build the appliance image.
    #[command(subcommand)]
    Image(image::Command),
    /// List the DHCP leases.
    Leases,
    /// List the machines that asked for a boot script and are not enrolled.
    Discovered,
    /// Explain the event codes.
    Events(events::Args),
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let client = client::Client::new(cli.socket);
    let format = cli.output;
    let done = match cli.command {
        Command::Serve(args) => serve::run(&args),
        Command::Node(command) => node::run(&client, format, command),
        Command::Seed(command) => seed::run(&client, format, command),
        Command::Site(command) => site::run(format, &command),
        Command::Image(command) => image::run(format == Format::Json, command),
        Command::Leases => leases::run(&client, format),
        Command::Discovered => discovered::run(&client, format),
        Command::Events(args) => events::run(format, &args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "daybreak", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man => clap_mangen::Man::new(Cli::command())
            .render(&mut std::io::stdout())
            .map_err(Into::into)
            .map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error: anyhow::Error| {
        eprintln!("daybreak: {}", crate::chain(error.as_ref()));
        ExitCode::from(exit::FAILED)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
