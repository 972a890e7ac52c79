//! The verbs of `vrouter`, one file or folder each, and its shell.
//!
//! [`lang`] is the language, [`link`] the session with `netconfd`, [`render`] what is shown; [`verb`] puts them together,
//! and [`shell`] is what people type the verbs into.

mod authorities;
mod completions;
mod error;
mod install;
mod lang;
mod link;
mod render;
mod shell;
mod upgrade;
mod verb;
mod version;

use std::ffi::OsString;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use error::CliError;
use lang::Word;
use shell::Shell;
use verb::{How, Router};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where `netconfd` listens on the appliance.
const SOCKET: &str = "/run/daybreak/netconfd.sock";

/// The vRouter appliance.
///
/// Without a verb it is a shell: `configure` edits the configuration, `?` says what may come next.
#[derive(Debug, Parser)]
#[command(name = "vrouter", version, args_override_self = true)]
pub struct Cli {
    /// How to print: for people; as set commands; as JSON, one object per line for `install` and `upgrade`; as XML
    #[arg(short, long, value_enum, default_value_t, global = true, value_name = "FORMAT")]
    output: Format,
    /// UNIX socket of netconfd
    #[arg(long, default_value = SOCKET, global = true, value_name = "PATH")]
    socket: PathBuf,
    /// Where the shell keeps its history
    #[arg(long, env = "HOME", hide = true, hide_env_values = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Run commands of the shell, separated by ; or in lines; the first error ends them
    #[arg(short, value_name = "COMMANDS")]
    commands: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// `--output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people
    #[default]
    Text,
    /// JSON
    Json,
    /// XML, as NETCONF has it
    Xml,
    /// Commands that make the configuration
    Set,
}

/// What the verbs that ask no router know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show configuration and state [default: config]
    #[command(subcommand_value_name = "WHAT", subcommand_help_heading = "What")]
    Show(Show),
    /// Show what a commit would change, or what is different from an earlier configuration
    Compare(Number),
    /// Make the candidate the running configuration, and confirm what waits
    Commit(Commit),
    /// Discard the candidate and take a confirmed commit back, or load an earlier configuration into the candidate
    Rollback(Number),
    /// Load a file in XML or JSON into the candidate
    Load(Load),
    /// Keep the running configuration over a restart: running becomes startup
    Save,
    /// Install the appliance on a disk of this machine
    Install(Box<install::Args>),
    /// Put a new image into the other slot and try it, show the slots, or go back
    Upgrade(Box<upgrade::Args>),
    /// Print the version of this program
    Version,
    /// Print a completion script for a shell
    Completions(completions::Args),
}

#[derive(Debug, clap::Args)]
struct Show {
    #[command(subcommand)]
    what: Option<What>,
}

/// [`verb::WHAT`] for the completion of other shells.
#[derive(Debug, Subcommand)]
enum What {
    /// The running configuration, or the part of it at a path
    Config(Words),
    /// The configuration that the machine starts with
    Startup(Words),
    /// The configuration that is being edited
    Candidate(Words),
    /// What is configured and what is true now, at a path
    State(Words),
    /// Interfaces with their state and counters; one by its name
    Interfaces(Words),
    /// The routing table; one route by its prefix
    Routes(Words),
    /// BGP sessions; one by the address of the neighbour
    Bgp(Words),
    /// Configurations that were running, for compare and rollback
    Commits(Words),
    /// Versions of what the appliance is made of
    Version(Words),
    /// What is going on, and whether the configuration is saved
    Status(Words),
}

#[derive(Debug, clap::Args)]
struct Words {
    /// Names of nodes with the keys of lists as words, as in: interfaces interface p0
    #[arg(value_name = "PATH")]
    words: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Number {
    /// How many changes of running ago, as show commits lists them; 0 is running
    #[arg(default_value_t = 0, value_name = "NUMBER")]
    number: u32,
}

#[derive(Debug, clap::Args)]
struct Commit {
    #[command(subcommand)]
    how: Option<CommitHow>,
}

#[derive(Debug, Subcommand)]
enum CommitHow {
    /// Take it back unless another commit confirms it in time
    Confirmed {
        /// Seconds to confirm in
        #[arg(default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
        seconds: u32,
    },
    /// Only ask whether it would go
    Check,
}

#[derive(Debug, clap::Args)]
struct Load {
    /// XML or JSON; - is standard input
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: String,
    /// What becomes of what the candidate has and the file has not
    #[arg(value_enum, default_value_t)]
    mode: verb::Mode,
}

/// Runs the command line; the exit code is that of the verb, 1 for what failed, 2 for what was wrong with the command.
///
/// As a login shell it is called `-vrouter`, or with `-` alone: both mean nothing but the shell.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.get(1).is_some_and(|first| first == "-") {
        arguments.remove(1);
    }
    Cli::parse_from(arguments).run()
}

impl Cli {
    fn run(self) -> ExitCode {
        match (self.verb, self.commands) {
            (Some(_), Some(_)) => {
                eprintln!("vrouter: give a verb or -c, not both");
                ExitCode::from(2)
            }
            (None, Some(commands)) => {
                with(Shell::new(&self.socket, self.output), |shell| shell.run_commands(&commands))
            }
            (None, None) => {
                with(Shell::new(&self.socket, self.output), |shell| shell.run(self.home.as_deref()))
            }
            (Some(Verb::Completions(args)), None) => completions::run(&args),
            (Some(Verb::Install(args)), None) => plain(self.output, |output| install::run(&args, output)),
            (Some(Verb::Upgrade(args)), None) => {
                plain(self.output, |output| upgrade::run(&args, output == Output::Json))
            }
            (Some(Verb::Version), None) => plain(self.output, version::run),
            (Some(verb), None) => with(Router::new(&self.socket), |mut router| {
                let done = one_shot(verb, &mut router, self.output);
                router.link.close();
                done.and_then(|text| write(&text)).map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
            }),
        }
    }
}

fn one_shot(verb: Verb, router: &mut Router, format: Format) -> Result<String, CliError> {
    match verb {
        Verb::Show(show) => verb::show(router, &show.words(), format),
        Verb::Compare(back) => verb::compare(router, back.number, format),
        Verb::Commit(commit) => verb::commit(router, commit.how(), format),
        Verb::Rollback(back) => verb::rollback(router, back.number, format),
        Verb::Load(load) => verb::load(router, &load.file, load.mode, format),
        Verb::Save => verb::save(router, format),
        // Those were carried out without a router.
        Verb::Install(_) | Verb::Upgrade(_) | Verb::Version | Verb::Completions(_) => Ok(String::new()),
    }
}

fn with<T>(made: Result<T, CliError>, run: impl FnOnce(T) -> ExitCode) -> ExitCode {
    made.map_or_else(|error| fail(&error), run)
}

fn write(text: &str) -> Result<(), CliError> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn fail(error: &CliError) -> ExitCode {
    if matches!(error, CliError::Closed) {
        return ExitCode::SUCCESS;
    }
    eprintln!("vrouter: {error}");
    ExitCode::from(error.code())
}

fn plain(format: Format, run: impl FnOnce(Output) -> ExitCode) -> ExitCode {
    match format {
        Format::Text => run(Output::Text),
        Format::Json => run(Output::Json),
        Format::Xml | Format::Set => {
            eprintln!("vrouter: this verb prints text or json");
            ExitCode::from(2)
        }
    }
}

impl Show {
    fn words(self) -> Vec<Word> {
        let Some(what) = self.what else { return Vec::new() };
        let (name, rest) = match what {
            What::Config(rest) => ("config", rest),
            What::Startup(rest) => ("startup", rest),
            What::Candidate(rest) => ("candidate", rest),
            What::State(rest) => ("state", rest),
            What::Interfaces(rest) => ("interfaces", rest),
            What::Routes(rest) => ("routes", rest),
            What::Bgp(rest) => ("bgp", rest),
            What::Commits(rest) => ("commits", rest),
            What::Version(rest) => ("version", rest),
            What::Status(rest) => ("status", rest),
        };
        let words = std::iter::once(name.to_owned()).chain(rest.words);
        // Another shell has taken the quotes off: every word stands for itself.
        words.map(|text| Word { text, start: 0, quoted: true }).collect()
    }
}

impl Commit {
    fn how(&self) -> How {
        match self.how {
            None => How::Commit,
            Some(CommitHow::Confirmed { seconds }) => How::Confirmed(seconds),
            Some(CommitHow::Check) => How::Check,
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

    #[test]
    fn one_shot_verbs_are_those_of_the_shell() {
        let show = Cli::command();
        let show = show.find_subcommand("show").unwrap();
        let names: Vec<_> = show.get_subcommands().map(clap::Command::get_name).collect();
        let known: Vec<_> = verb::WHAT.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, known);
        for name in known {
            let cli = Cli::parse_from(["vrouter", "show", name, "a b", "-o", "json"]);
            let Some(Verb::Show(show)) = cli.verb else { panic!("{name}") };
            let words = show.words();
            assert_eq!((words[0].text.as_str(), words[1].text.as_str()), (name, "a b"));
        }
    }

    #[test]
    fn commits_are_read() {
        for (words, expected) in [
            (&["commit"][..], How::Commit),
            (&["commit", "confirmed"], How::Confirmed(600)),
            (&["commit", "confirmed", "60"], How::Confirmed(60)),
            (&["commit", "check"], How::Check),
        ] {
            let cli = Cli::parse_from(std::iter::once(&"vrouter").chain(words));
            let Some(Verb::Commit(commit)) = cli.verb else { panic!("{words:?}") };
            assert_eq!(commit.how(), expected);
        }
        assert!(Cli::try_parse_from(["vrouter", "commit", "confirmed", "0"]).is_err());
    }
}
