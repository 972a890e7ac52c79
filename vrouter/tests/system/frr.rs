//! FRR's own daemons in a namespace.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::{Group, User};

use crate::support::{Namespaces, Process};

const PROGRAMS: &str = "/usr/lib/frr";

/// One router's FRR: its folder holds configuration, sockets and logs. Ended when dropped.
pub(crate) struct Frr {
    namespace: String,
    folder: tempfile::TempDir,
    daemons: Vec<(String, Process)>,
}

impl Frr {
    /// An FRR in a namespace, with nothing started. FRR refuses to be root, so its folder is its own user's.
    pub(crate) fn new(namespaces: &Namespaces, end: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let user = User::from_name("frr").unwrap().expect("package frr makes the user");
        let group = Group::from_name("frr").unwrap().unwrap();
        chown(folder.path(), Some(user.uid.as_raw()), Some(group.gid.as_raw())).unwrap();
        Self { namespace: namespaces.name(end), folder, daemons: Vec::new() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts one of its daemons with a configuration.
    pub(crate) fn start(&mut self, daemon: &str, config: &str, arguments: &[&str]) {
        let file = self.file(&format!("{daemon}.conf"));
        fs::write(&file, config).unwrap();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace]).arg(Path::new(PROGRAMS).join(daemon));
        command.arg("-f").arg(file).arg("-i").arg(self.file(&format!("{daemon}.pid")));
        command.arg("-z").arg(self.file("zserv.api")).arg("--vty_socket").arg(self.folder.path());
        command.args(["-P", "0", "--log", "stdout"]).args(arguments);
        let process = Process::start(command, daemon, &self.file("log"));
        self.daemons.push((daemon.to_owned(), process));
    }

    /// Whether somebody listens at one of its sockets.
    pub(crate) fn listens(&self, socket: &str) -> bool {
        UnixStream::connect(self.file(socket)).is_ok()
    }

    /// Ends all of its daemons at once, as a crash does and as `systemd/frr.conf` has its service do. The last started go
    /// first, so that zebra sees them go.
    pub(crate) fn crash(&mut self) {
        for (_, process) in self.daemons.iter().rev() {
            process.signal(Signal::SIGKILL);
        }
        self.daemons.clear();
    }

    /// Runs commands in its shell; `None` while it does not answer.
    pub(crate) fn vtysh(&self, commands: &[&str]) -> Option<String> {
        let mut command = Command::new("vtysh");
        command.arg("--vty_socket").arg(self.folder.path());
        for line in commands {
            command.args(["-c", line]);
        }
        let output = command.output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What its daemons have logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }
}
