//! Sessions over a stream of bytes (RFC 6241 §8.1, RFC 6242 §4).

mod client;
mod counters;
mod end;
mod reader;
mod server;
mod writer;

pub use client::{Client, ClientError, RawReply};
pub use counters::{Counters, Counts};
pub use end::End;
pub use server::{Answer, Service, SessionConfig, serve};

use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};

/// Who is at the other end of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The user that the transport authenticated.
    pub user: String,
    /// Where the user is.
    pub source: Source,
}

/// Where a user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Elsewhere, over SSH.
    Ssh(SocketAddr),
    /// On this machine, over a UNIX socket.
    Local {
        /// User id of the process.
        uid: u32,
    },
}

/// What a transport gives its streams to.
pub trait Host: Send + Sync + 'static {
    /// Runs a session until it is over.
    fn session<S>(&self, peer: Peer, stream: S) -> impl Future<Output = ()> + Send
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static;
}
