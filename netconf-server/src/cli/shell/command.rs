//! The commands of both modes.

use crate::cli::lang::{LineError, Word, pick};

/// What one is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Looking, and acting on the router as a whole.
    Operational,
    /// Editing the candidate.
    Configuration,
}

/// What a command takes, for the tabulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// What `show` knows, with paths.
    What,
    /// A path to a node.
    Path,
    /// A path and a value.
    Assignment,
    Commit,
    /// A number of `show commits`.
    Earlier,
    /// A file, then a word.
    File,
    Host,
    /// A command of operational mode.
    Command,
    /// `discard`.
    Exit,
}

/// A command.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) takes: Takes,
}

const fn command(name: &'static str, takes: Takes, help: &'static str) -> Command {
    Command { name, help, takes }
}

static OPERATIONAL: &[Command] = &[
    command("show", Takes::What, "show configuration and state"),
    command("configure", Takes::Nothing, "edit the configuration: locks the candidate"),
    command(
        "compare",
        Takes::Earlier,
        "show what a commit would change, or what is different from an earlier one",
    ),
    command("commit", Takes::Commit, "make the candidate the running configuration"),
    command(
        "rollback",
        Takes::Earlier,
        "discard the candidate, take a confirmed commit back; or go back to an earlier one",
    ),
    command("load", Takes::File, "load a file into the candidate: FILE [merge|replace]"),
    command("save", Takes::Nothing, "keep the running configuration over a restart"),
    command("ping", Takes::Host, "ask a host for answers: HOST [count N]"),
    command("traceroute", Takes::Host, "show the way to a host"),
    command("install", Takes::Nothing, "install the appliance on a disk of this machine"),
    command("upgrade", Takes::Nothing, "try a new image, or go back: URL|FILE, status, rollback"),
    command("shell", Takes::Nothing, "a shell of Linux, for administrators"),
    command("help", Takes::Nothing, "list the commands; ? lists what may come next anywhere"),
    command("exit", Takes::Nothing, "leave"),
    command("quit", Takes::Nothing, "leave"),
];

static CONFIGURATION: &[Command] = &[
    command("set", Takes::Assignment, "set a leaf to a value, or make an entry of a list"),
    command("delete", Takes::Path, "take a node away with all that is in it"),
    command("edit", Takes::Path, "go into a container or an entry of a list"),
    command("up", Takes::Nothing, "go one level up"),
    command("top", Takes::Nothing, "go back to the top"),
    command("show", Takes::Path, "show the candidate from here on, or a part of it"),
    command(
        "compare",
        Takes::Earlier,
        "show what a commit would change, or what is different from an earlier one",
    ),
    command("commit", Takes::Commit, "make the candidate the running configuration"),
    command("discard", Takes::Nothing, "make the candidate what running is"),
    command(
        "rollback",
        Takes::Earlier,
        "discard, and take a confirmed commit back; or go back to an earlier one",
    ),
    command("load", Takes::File, "load a file into the candidate: FILE [merge|replace]"),
    command("save", Takes::Nothing, "keep the running configuration over a restart"),
    command("run", Takes::Command, "run a command of operational mode"),
    command("help", Takes::Nothing, "list the commands; ? lists what may come next anywhere"),
    command("exit", Takes::Exit, "leave configuration mode; exit discard drops the changes"),
    command("quit", Takes::Exit, "leave configuration mode; quit discard drops the changes"),
];

/// The commands of a mode.
pub(super) fn commands(mode: Mode) -> &'static [Command] {
    match mode {
        Mode::Operational => OPERATIONAL,
        Mode::Configuration => CONFIGURATION,
    }
}

/// The command that a word means.
///
/// # Errors
/// [`LineError`] with what is accepted; a command of the other mode is told with the way to it.
pub(super) fn find(mode: Mode, word: &Word) -> Result<&'static Command, LineError> {
    let all = commands(mode);
    let names: Vec<&str> = all.iter().map(|command| command.name).collect();
    let (place, other, way) = match mode {
        Mode::Operational => ("operational mode", CONFIGURATION, "go there with configure"),
        Mode::Configuration => ("configuration mode", OPERATIONAL, "put run before it"),
    };
    match pick(&word.text, place, &names) {
        Ok(at) => Ok(&all[at]),
        Err(LineError::Unknown { .. }) if other.iter().any(|command| command.name == word.text) => {
            Err(LineError::Wrong(format!("{} is a command of the other mode: {way}", word.text)))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::lang::split;

    fn found(mode: Mode, line: &str) -> Result<&'static str, String> {
        let words = split(line).unwrap().remove(0);
        find(mode, &words[0]).map(|command| command.name).map_err(|error| error.to_string())
    }

    #[test]
    fn commands_are_found_by_their_beginning() {
        use Mode::{Configuration, Operational};
        for (mode, word, expected) in [
            (Operational, "show", "show"),
            (Operational, "conf", "configure"),
            (Operational, "q", "quit"),
            (Configuration, "del", "delete"),
            (Configuration, "sh", "show"),
            (Configuration, "comm", "commit"),
        ] {
            assert_eq!(found(mode, word), Ok(expected), "{word}");
        }
        for (mode, word, part) in [
            (Operational, "set", "go there with configure"),
            (Configuration, "ping", "put run before it"),
            (Configuration, "com", "ambiguous: compare, commit"),
            (Operational, "shwo", "did you mean show?"),
        ] {
            let error = found(mode, word).unwrap_err();
            assert!(error.contains(part), "{word}: {error}");
        }
    }
}
