//! What can go wrong before the first request is read.

use std::io;
use std::net::SocketAddr;

/// Why the front could not start, or an artefact could not be described.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// A listener was handed over that has no address: it is not a bound TCP socket.
    #[error("HTTP listener number {index} has no local address: {source}; hand over bound TCP sockets")]
    Listener {
        /// Position in the list that was handed over, from 0.
        index: usize,
        /// The operating system's error.
        source: io::Error,
    },
    /// A listener could not be handed to the runtime.
    #[error("HTTP listener {address} cannot be polled: {source}; check the limit of open files (ulimit -n)")]
    Register {
        /// The listener's address.
        address: SocketAddr,
        /// The operating system's error.
        source: io::Error,
    },
    /// A worker thread or its event loop could not be made.
    #[error("HTTP cannot start a worker: {source}; check the limits of open files and threads")]
    Worker {
        /// The operating system's error.
        source: io::Error,
    },
    /// A digest was not 64 hexadecimal digits.
    #[error("'{text}' is not a SHA-256 digest; give 64 hexadecimal digits")]
    Digest {
        /// What was given.
        text: String,
    },
    /// The size or time of an artefact's file could not be read.
    #[error("an artefact's file cannot be examined: {source}; check that it is still there and readable")]
    Examine {
        /// The operating system's error.
        source: io::Error,
    },
}
