//! A server on a loopback port of its own, with a key that may log in.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The server; it ends when dropped.
pub(crate) struct Netconfd {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) folder: PathBuf,
}

/// Keys and files of a server, which outlive it.
pub(crate) struct Place(tempfile::TempDir);

/// Who the tests run as.
pub(crate) fn user() -> String {
    nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().unwrap().name
}

impl Place {
    /// Makes keys of host and user.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["host_key", "id"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(folder.path().join(name))
                .status()
                .unwrap();
            assert!(made.success());
        }
        let keys = folder.path().join("keys");
        std::fs::create_dir(&keys).unwrap();
        std::fs::copy(folder.path().join("id.pub"), keys.join(user())).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Starts a server that changes nothing outside of the folder.
    pub(crate) fn start(&self) -> Netconfd {
        let folder = self.path();
        let config = folder.join("netconfd.yaml");
        let text = format!(
            "listen: ['127.0.0.1:0']\nsocket: '{0}/socket'\nstate_dir: '{0}/state'\nstartup_dir: '{0}'\n\
             host_keys: ['{0}/host_key']\nauthorized_keys: '{0}/keys/%u'\npermit_root: true\nappliers: []\n",
            folder.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_netconfd"));
        command.arg("serve").arg("--config").arg(&config);
        // The log goes on to the test's own output, so a failed test shows it.
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut seen = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "netconfd ended:\n{seen}");
            seen.push_str(&line);
            if let Some((_, rest)) = line.split_once("is served address=") {
                break rest.trim().parse().unwrap();
            }
        };
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                eprintln!("netconfd: {line}");
            }
        });
        Netconfd { process, address, folder: folder.to_owned() }
    }
}

impl Netconfd {
    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// MiB of memory that it has.
    pub(crate) fn resident_mib(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
    }

    /// `ssh` to its subsystem.
    pub(crate) fn ssh(&self) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR"]);
        ssh.args(["-o", "StrictHostKeyChecking=accept-new", "-o", "ConnectTimeout=20"]);
        ssh.arg("-o").arg(format!("UserKnownHostsFile={}/known_hosts", self.folder.display()));
        ssh.arg("-i").arg(self.folder.join("id")).args(["-p", &self.address.port().to_string()]);
        ssh.args(["-s", &format!("{}@127.0.0.1", user()), "netconf"]);
        ssh
    }
}

impl Drop for Netconfd {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
