//! What can go wrong in a lab.

use std::path::PathBuf;
use std::time::Duration;

/// A lab operation failed. The text names the object, the cause and, where there is one, the remedy.
#[derive(thiserror::Error)]
pub enum LabError {
    /// A file or directory of the lab could not be used.
    #[error("{path}: {doing}: {source}", path = path.display())]
    File {
        /// What was tried, for example `create`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("cannot start `{program}`: {source} (`make setup` installs what the labs need)")]
    Start {
        /// The program's name.
        program: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A program ended with a failure.
    #[error("`{command}` failed ({status}): {stderr}")]
    Failed {
        /// The whole command line.
        command: String,
        /// Its exit status, in words.
        status: String,
        /// What it said on standard error.
        stderr: String,
    },
    /// A network namespace could not be made or entered.
    #[error("network namespace `{name}`: {source} (labs need root)")]
    Namespace {
        /// The name the lab gave it.
        name: String,
        /// The system's answer.
        source: nix::Error,
    },
    /// Something awaited did not come in time.
    #[error("waited {waited:.0?} for {awaited}, in vain; last seen:\n{seen}")]
    TimedOut {
        /// What was awaited.
        awaited: String,
        /// For how long, on the wall clock.
        waited: Duration,
        /// The end of what was watched.
        seen: String,
    },
    /// What was watched ended before the awaited thing came.
    #[error("{watched} ended while waiting for {awaited}; last seen:\n{seen}")]
    Ended {
        /// What was watched.
        watched: String,
        /// What was awaited.
        awaited: String,
        /// The end of what was watched.
        seen: String,
    },
    /// The machine monitor refused a command or broke its protocol.
    #[error("QMP `{command}`: {reason}")]
    Qmp {
        /// The command sent.
        command: String,
        /// The monitor's answer.
        reason: String,
    },
    /// A file that the lab needs is not there.
    #[error("{what} is missing ({path}); {remedy}", path = path.display())]
    Missing {
        /// What the file is.
        what: &'static str,
        /// Where it was looked for.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// An answer could not be understood.
    #[error("{what}: {reason}")]
    Answer {
        /// Whose answer, to what.
        what: String,
        /// Why it could not be used.
        reason: String,
    },
}

/// Tests end in `unwrap`, which prints `Debug`: a person reads it, so it says the same as `Display`.
impl std::fmt::Debug for LabError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Result of a lab operation.
pub type Result<T, E = LabError> = std::result::Result<T, E>;
