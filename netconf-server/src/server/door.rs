//! Who may come in over SSH: users of Linux with one of their keys.

use std::net::SocketAddr;

use daybreak_netconf::ssh::{Authenticator, PublicKey};

use crate::login::{Login, read_authorized_keys};

pub(super) struct Door {
    pub(super) permit_root: bool,
    /// Where a user's keys are.
    pub(super) keys: String,
}

impl Authenticator for Door {
    async fn permits(&self, user: &str, key: &PublicKey, from: SocketAddr) -> bool {
        let (name, root, key) = (user.to_owned(), self.permit_root, key.to_openssh());
        let file = self.keys.clone();
        // Files are read: not on the thread of every other session.
        let asked = tokio::task::spawn_blocking(move || match key {
            Ok(key) => permits(&name, &key, &file, root),
            Err(error) => Err(error.to_string()),
        });
        let refused = match asked.await {
            Ok(Ok(permitted)) => return permitted,
            Ok(Err(error)) => error,
            Err(error) => error.to_string(),
        };
        tracing::warn!(user, %from, error = refused, "keys cannot be read: nobody comes in with one");
        false
    }
}

/// Whether `key`, in OpenSSH's words, is one of the user's.
fn permits(name: &str, key: &str, file: &str, permit_root: bool) -> Result<bool, String> {
    let Some(login) = Login::find(name).filter(|login| permit_root || login.uid != 0) else {
        return Ok(false);
    };
    let mut words = key.split_ascii_whitespace();
    let (Some(algorithm), Some(blob)) = (words.next(), words.next()) else { return Ok(false) };
    let keys = read_authorized_keys(&login, file).map_err(|error| error.to_string())?;
    Ok(keys.iter().any(|own| own.algorithm == algorithm && own.key == blob))
}
