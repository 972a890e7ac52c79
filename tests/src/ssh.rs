//! Logging in to an appliance with OpenSSH's client, trusting only the host keys that it phoned home with.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::directory::LabDirectory;
use crate::error::{LabError, Result};
use crate::namespace::{Namespace, checked, words};

/// A key pair of the lab.
#[derive(Debug, Clone)]
pub struct SshKey {
    private: PathBuf,
    public: String,
}

impl SshKey {
    /// Makes an Ed25519 key with `ssh-keygen`.
    ///
    /// # Errors
    /// When `ssh-keygen` refuses.
    pub fn generate(directory: &LabDirectory) -> Result<Self> {
        let private = directory.join("id_ed25519");
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f"]).arg(&private);
        let output = command
            .output()
            .map_err(|source| LabError::Start { program: "ssh-keygen".to_owned(), source })?;
        checked(&words(&command), &output)?;
        let path = private.with_extension("pub");
        let public = std::fs::read_to_string(&path)
            .map_err(|source| LabError::File { doing: "read", path, source })?
            .trim()
            .to_owned();
        Ok(Self { private, public })
    }

    /// The public half, as in `authorized_keys`.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The file of the private half.
    pub fn private(&self) -> &Path {
        &self.private
    }
}

/// How to log in to one appliance.
#[derive(Debug, Clone)]
pub struct Login {
    key: PathBuf,
    known_hosts: PathBuf,
    target: String,
}

impl Login {
    /// A login as `admin` at `address`, whose host keys stand in `known_hosts` (the text of such a file).
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn new(directory: &LabDirectory, key: &SshKey, address: &str, known_hosts: &str) -> Result<Self> {
        let path = directory.join(&format!("known_hosts.{address}"));
        std::fs::write(&path, known_hosts).map_err(|source| LabError::File {
            doing: "write",
            path: path.clone(),
            source,
        })?;
        Ok(Self { key: key.private.clone(), known_hosts: path, target: format!("admin@{address}") })
    }

    /// The arguments of `ssh`, without a remote command. A retry covers a daemon that has not opened its port yet.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["-F".to_owned(), "none".to_owned(), "-i".to_owned()];
        arguments.push(self.key.display().to_string());
        for option in [
            "IdentitiesOnly=yes",
            "PasswordAuthentication=no",
            "StrictHostKeyChecking=yes",
            "ConnectTimeout=20",
            "ConnectionAttempts=30",
            "ServerAliveInterval=10",
            "LogLevel=ERROR",
        ] {
            arguments.extend(["-o".to_owned(), option.to_owned()]);
        }
        arguments.extend(["-o".to_owned(), format!("UserKnownHostsFile={}", self.known_hosts.display())]);
        arguments.push(self.target.clone());
        arguments
    }

    /// Runs a command on the appliance from `namespace`; gives what it prints.
    ///
    /// # Errors
    /// When the login or the command fails.
    pub fn run(&self, namespace: &Namespace, remote: &str) -> Result<String> {
        let mut command = Command::new("ssh");
        command.args(["-o", "BatchMode=yes"]).args(self.arguments()).arg(remote);
        namespace.check(&command)
    }
}
