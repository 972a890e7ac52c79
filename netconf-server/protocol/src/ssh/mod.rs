//! NETCONF over SSH (RFC 6242): both roles.

mod client;
mod connection;
mod host_keys;
mod killable;
mod server;

pub use client::{SshClient, SshClientError, Target};
pub use host_keys::{HostKeyError, load_host_keys};
pub use russh::keys::{PrivateKey, PublicKey};
pub use server::{Authenticator, SshLimits, SshServer};

/// Name of the subsystem (RFC 6242 §3).
const SUBSYSTEM: &str = "netconf";
/// How the product names itself; without a version, which nobody needs before authentication.
const SOFTWARE: &str = "SSH-2.0-Daybreak";
