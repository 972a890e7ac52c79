//! Logging in to an appliance with OpenSSH's client, trusting only the host keys that it phoned home with.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::directory::LabDirectory;
use crate::error::{LabError, Result};
use crate::namespace::{Namespace, checked, words};
use crate::patience::Patience;

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

/// Which host keys to trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKeys<'a> {
    /// Only these: the text of a `known_hosts` file.
    Known(&'a str),
    /// Those seen first, then only those: for an appliance that had nobody to report its keys to.
    FirstSeen,
}

/// How to log in to one appliance.
#[derive(Debug, Clone)]
pub struct Login {
    key: PathBuf,
    known_hosts: PathBuf,
    checking: &'static str,
    target: String,
}

impl Login {
    /// A login as `admin` at `address`.
    ///
    /// # Errors
    /// When the file of known hosts cannot be written.
    pub fn new(directory: &LabDirectory, key: &SshKey, address: &str, trust: HostKeys<'_>) -> Result<Self> {
        let path = directory.join(&format!("known_hosts.{address}"));
        let (known, checking) = match trust {
            HostKeys::Known(text) => (text, "yes"),
            HostKeys::FirstSeen => ("", "accept-new"),
        };
        std::fs::write(&path, known).map_err(|source| LabError::File {
            doing: "write",
            path: path.clone(),
            source,
        })?;
        let target = format!("admin@{address}");
        Ok(Self { key: key.private.clone(), known_hosts: path, checking, target })
    }

    /// The arguments of `ssh`, without a remote command.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["-F".to_owned(), "none".to_owned(), "-i".to_owned()];
        arguments.push(self.key.display().to_string());
        for option in [
            "IdentitiesOnly=yes",
            "PasswordAuthentication=no",
            "ConnectTimeout=20",
            "ServerAliveInterval=10",
            "LogLevel=ERROR",
        ] {
            arguments.extend(["-o".to_owned(), option.to_owned()]);
        }
        arguments.extend(["-o".to_owned(), format!("StrictHostKeyChecking={}", self.checking)]);
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

    /// Whether the appliance greets on its NETCONF port; if not, what `ssh` said.
    ///
    /// # Errors
    /// When `ssh` cannot be run.
    pub fn netconf_greets(&self, namespace: &Namespace) -> Result<std::result::Result<(), String>> {
        let mut arguments = self.arguments();
        let target = arguments.pop().unwrap_or_default();
        let mut hello = Command::new("ssh");
        hello.args(["-o", "BatchMode=yes", "-p", "830"]).args(arguments).args(["-s", &target, "netconf"]);
        let output = namespace.output_with(&hello, String::new())?;
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        Ok(if text.contains("]]>]]>") { Ok(()) } else { Err(text.into_owned()) })
    }

    /// Tries to log in until it works: a machine that boots opens its port, then makes its users, in its own time.
    ///
    /// # Errors
    /// When it does not work in time; the text has what `ssh` said last.
    pub fn wait(&self, namespace: &Namespace, patience: Patience) -> Result<()> {
        patience.find(&format!("an SSH login as {}", self.target), Duration::from_secs(1), || {
            Ok(self.run(namespace, "true").map(drop).map_err(|error| error.to_string()))
        })
    }
}
