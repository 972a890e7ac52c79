//! `cargo run -p daybreak-image --example image -- build image/appliance.yaml`: the builder's command line alone, for
//! working on the image without the provisioner.

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
struct Cli {
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: daybreak_image::cli::Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match daybreak_image::cli::run(cli.command, cli.json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("image: {error}");
            ExitCode::FAILURE
        }
    }
}
