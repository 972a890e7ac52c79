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

/// A key as the files of OpenSSH write it: algorithm, for example `ssh-ed25519`, and the key in base64. `None` for a key
/// that they cannot hold.
pub fn key_text(key: &PublicKey) -> Option<(String, String)> {
    let text = key.to_openssh().ok()?;
    let mut words = text.split_ascii_whitespace().map(str::to_owned);
    Some((words.next()?, words.next()?))
}

/// Name of the subsystem (RFC 6242 §3).
const SUBSYSTEM: &str = "netconf";
/// How the product names itself; without a version, which nobody needs before authentication.
const SOFTWARE: &str = "SSH-2.0-Daybreak";

#[cfg(test)]
mod tests {
    use super::{PublicKey, key_text};

    #[test]
    fn keys_are_written_as_in_authorized_keys() {
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
        let parsed = PublicKey::from_openssh(&format!("ssh-ed25519 {key} ann@desk")).unwrap();
        assert_eq!(key_text(&parsed), Some(("ssh-ed25519".to_owned(), key.to_owned())));
    }
}
