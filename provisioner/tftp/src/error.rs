//! What can go wrong before the first packet is read.

use std::io;
use std::net::SocketAddr;

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum TftpError {
    /// An address could not be listened on.
    #[error(
        "TFTP cannot listen on {address}: {source}; check that no other TFTP server has it and that the process may use the port"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's error.
        source: io::Error,
    },
    /// A worker thread or what it waits on could not be made.
    #[error("TFTP cannot start a worker: {source}; check the limits of open files and threads")]
    Worker {
        /// The operating system's error.
        source: io::Error,
    },
}
