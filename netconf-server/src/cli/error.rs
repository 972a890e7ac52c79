//! Why a command did not do what it was asked to.

use std::io;
use std::path::PathBuf;

use daybreak_datastore::schema::SchemaError;
use daybreak_netconf::error::RpcError;
use daybreak_netconf::session::ClientError;
use daybreak_yang::YangError;

use super::lang::LineError;

/// An error that a person or a script is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The command itself is wrong; nothing was sent.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Nobody listens.
    #[error("netconfd does not answer on {}: {error}; is it running (systemctl status netconfd)?", socket.display())]
    Connect {
        /// Where it was looked for.
        socket: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The session broke.
    #[error("the session with netconfd is over: {0}")]
    Session(ClientError),
    /// The answer is not what was asked for.
    #[error("the answer of netconfd cannot be read: {0}")]
    Answer(String),
    /// The server said no.
    #[error("{}", refusal(.0))]
    Refused(Vec<RpcError>),
    /// The server said no, and it is known what to do.
    #[error("{message}; {remedy}")]
    Denied {
        /// What was refused and why.
        message: String,
        /// What to do.
        remedy: String,
    },
    /// The schema cannot be made; a broken build.
    #[error("the YANG modules do not compile: {0}")]
    Models(#[from] YangError),
    /// The schema does not fit.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A file, a terminal or a program.
    #[error("{action} {object}: {error}")]
    Io {
        /// What failed, as "cannot read".
        action: &'static str,
        /// On what.
        object: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The output is gone: whoever read it has seen enough.
    #[error("the output is closed")]
    Closed,
    /// A program that was run ended with this code.
    #[error("{program} ended with {status}")]
    Program {
        /// Its name.
        program: String,
        /// How it ended.
        status: String,
    },
    /// Commands ended while the candidate held changes.
    #[error("the commands end with changes that were not committed; they are discarded")]
    Uncommitted,
}

impl CliError {
    pub(super) fn io(action: &'static str, object: impl Into<String>, error: io::Error) -> Self {
        Self::Io { action, object: object.into(), error }
    }

    /// The errors of the server, if it was the server that refused.
    pub(super) fn refusals(&self) -> &[RpcError] {
        match self {
            Self::Refused(errors) => errors,
            _ => &[],
        }
    }

    /// The exit code: 2 for a wrong command, 1 for all else.
    pub(super) fn code(&self) -> u8 {
        if matches!(self, Self::Line(_)) { 2 } else { 1 }
    }
}

impl From<io::Error> for CliError {
    /// Only writing to the output fails without saying on what.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::io("cannot write to", "the output", error),
        }
    }
}

/// One line for each error: what is wrong, and where.
fn refusal(errors: &[RpcError]) -> String {
    let line = |error: &RpcError| {
        let message = error.message.clone().unwrap_or_else(|| error.tag.to_string());
        match &error.path {
            Some(path) if !message.contains(&path.text) => format!("{message} (at {})", path.text),
            _ => message,
        }
    };
    errors.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use daybreak_netconf::error::{ErrorPath, ErrorTag};

    use super::*;

    #[test]
    fn every_refusal_has_its_line_and_place() {
        let path = ErrorPath { text: "/a:b".to_owned(), namespaces: Vec::new() };
        let one = RpcError::application(ErrorTag::InvalidValue, "no such port").at(path);
        let two = RpcError::application(ErrorTag::OperationFailed, "and this");
        assert_eq!(CliError::Refused(vec![one, two]).to_string(), "no such port (at /a:b)\nand this");
    }

    #[test]
    fn a_reader_that_leaves_is_no_failure_to_write() {
        assert!(matches!(CliError::from(io::Error::from(io::ErrorKind::BrokenPipe)), CliError::Closed));
        assert!(matches!(CliError::from(io::Error::other("disk")), CliError::Io { .. }));
    }
}
