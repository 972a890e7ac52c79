//! Why a source could not be read.

use super::bgp::VtyError;
use daybreak_control::ConnectError;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else than the kernel writes there.
    #[error("{path}: no {wanted} in {line:?}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: &'static str,
        /// The text that does not hold it, cut to 80 characters.
        line: String,
    },
    /// The data plane cannot be reached.
    #[error(transparent)]
    Unreachable(#[from] ConnectError),
    /// The data plane refused a question, or its answer was too large.
    #[error("vrouterd answers {what} with {status}")]
    Refused {
        /// The question.
        what: &'static str,
        /// Its answer.
        status: Box<tonic::Status>,
    },
    /// A daemon of FRR did not answer.
    #[error("{socket}: {source}")]
    Vty {
        /// Its socket.
        socket: PathBuf,
        /// Why.
        source: VtyError,
    },
    /// A daemon of FRR answered something else than is understood.
    #[error("{socket}: the answer to `{question}` is not understood: {source}")]
    Json {
        /// Its socket.
        socket: PathBuf,
        /// What it was asked.
        question: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// A daemon took too long.
    #[error("{name} at {socket} did not answer within {seconds} s")]
    Late {
        /// Which.
        name: &'static str,
        /// Its socket.
        socket: PathBuf,
        /// The deadline.
        seconds: u64,
    },
}

impl CollectError {
    pub(super) fn parse(path: &Path, wanted: &'static str, line: &str) -> Self {
        Self::Parse { path: path.to_owned(), wanted, line: line.chars().take(80).collect() }
    }

    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(super) fn late(name: &'static str, socket: &Path, deadline: Duration) -> Self {
        Self::Late { name, socket: socket.to_owned(), seconds: deadline.as_secs() }
    }
}
