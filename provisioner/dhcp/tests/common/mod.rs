//! Network namespaces, the daemon in one of them and clients in others. Everything goes when it is dropped.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod client;

use nix::sched::{CloneFlags, setns};
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Longest wait for anything; the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

/// Runs a command to its end and returns what it said; panics when it cannot be started.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|e| panic!("{command:?}: {e}; see tests/setup/packages.txt"))
}

fn ip(args: &[&str]) {
    let output = run(Command::new("ip").args(args));
    assert!(output.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Namespaces and a folder of one test.
pub(crate) struct Net {
    tag: String,
    spaces: Vec<String>,
    pub(crate) folder: TempDir,
}

impl Net {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let tag = format!("d{}n{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { tag, spaces: Vec::new(), folder: tempfile::tempdir().unwrap() }
    }

    /// Server and client with a cable; the server's end has [`SERVER`]/16, the client's no address.
    pub(crate) fn pair() -> Self {
        let mut net = Self::new();
        net.space("s");
        net.space("c");
        net.cable(("s", 0), ("c", 0));
        net.address("s", 0, SERVER, 16);
        net
    }

    pub(crate) fn name(&self, space: &str) -> String {
        format!("{}{space}", self.tag)
    }

    /// Name of port `n` of a namespace.
    pub(crate) fn device(&self, space: &str, n: u8) -> String {
        format!("{}{space}{n}", self.tag)
    }

    pub(crate) fn space(&mut self, space: &str) {
        let name = self.name(space);
        ip(&["netns", "add", &name]);
        self.spaces.push(name);
        ip(&["-n", &self.name(space), "link", "set", "lo", "up"]);
    }

    pub(crate) fn cable(&self, a: (&str, u8), b: (&str, u8)) {
        let (device_a, device_b) = (self.device(a.0, a.1), self.device(b.0, b.1));
        let (space_a, space_b) = (self.name(a.0), self.name(b.0));
        ip(&[
            "link", "add", &device_a, "netns", &space_a, "type", "veth", "peer", "name", &device_b, "netns",
            &space_b,
        ]);
        ip(&["-n", &space_a, "link", "set", &device_a, "up"]);
        ip(&["-n", &space_b, "link", "set", &device_b, "up"]);
    }

    /// Joins ports `0..ports` of a namespace to a bridge.
    pub(crate) fn bridge(&self, space: &str, ports: u8) {
        let name = self.name(space);
        ip(&["-n", &name, "link", "add", "br0", "type", "bridge"]);
        for n in 0..ports {
            ip(&["-n", &name, "link", "set", &self.device(space, n), "master", "br0"]);
        }
        ip(&["-n", &name, "link", "set", "br0", "up"]);
    }

    pub(crate) fn address(&self, space: &str, port: u8, address: Ipv4Addr, prefix: u8) {
        let device = self.device(space, port);
        ip(&["-n", &self.name(space), "addr", "add", &format!("{address}/{prefix}"), "dev", &device]);
    }

    pub(crate) fn route(&self, space: &str, args: &[&str]) {
        ip(&[&["-n", &self.name(space), "route", "add"], args].concat());
    }

    pub(crate) fn forward(&self, space: &str) {
        let output = run(self.exec(space, "sysctl").args(["-q", "net.ipv4.ip_forward=1"]));
        assert!(output.status.success(), "{output:?}");
    }

    /// A command in a namespace.
    pub(crate) fn exec(&self, space: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(space), program]);
        command
    }

    /// Does something with sockets in a namespace.
    pub(crate) fn inside<T: Send>(&self, space: &str, work: impl FnOnce() -> T + Send) -> T {
        let path = format!("/run/netns/{}", self.name(space));
        thread::scope(|scope| {
            let entered = scope.spawn(move || {
                setns(File::open(path).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
                work()
            });
            entered.join().unwrap()
        })
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A script for DHCP clients that changes nothing.
    pub(crate) fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.file(name, &format!("#!/bin/sh\n{body}\nexit 0\n"));
        run(Command::new("chmod").arg("+x").arg(&path));
        path
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for space in &self.spaces {
            // Clients that a failed test left behind hold the namespace.
            let pids = run(Command::new("ip").args(["netns", "pids", space]));
            for pid in String::from_utf8_lossy(&pids.stdout).split_whitespace() {
                run(Command::new("kill").args(["-9", pid]));
            }
            run(Command::new("ip").args(["netns", "del", space]));
        }
    }
}

/// The example daemon, built by cargo beside the tests.
pub(crate) fn daemon_path() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples/dhcpd");
    assert!(path.exists(), "{} is missing: cargo builds it with the tests of this crate", path.display());
    path
}

/// A process whose output is read line by line.
pub(crate) struct Process {
    pub(crate) child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Process {
    /// Starts the daemon in a namespace and waits until it listens.
    pub(crate) fn daemon(net: &Net, space: &str, subnets: &str) -> Self {
        let config = net.file("subnets.yaml", subnets);
        let journal = net.folder.path().join("leases.journal");
        let mut command = net.exec(space, daemon_path().to_str().unwrap());
        let mut process = Self::start(command.arg("-v").arg(config).arg(journal));
        process.await_line("the daemon listens", |line| line == "ready");
        process
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}; see tests/setup/packages.txt"));
        let (sender, lines) = channel();
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Self { child, lines, seen: Vec::new() }
    }

    /// The first line not looked at yet that fits; panics with all output when it does not come.
    pub(crate) fn await_line(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if fits(&line) {
                        return line;
                    }
                }
                Err(reason) => {
                    let how = if reason == RecvTimeoutError::Timeout { "in time" } else { "before its end" };
                    panic!("awaited: {what}; not seen {how} in:\n{}", self.seen.join("\n"));
                }
            }
        }
    }

    /// Ends the daemon in order and returns all that it printed.
    pub(crate) fn finish(mut self) -> Vec<String> {
        drop(self.child.stdin.take());
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        self.child.wait().unwrap();
        std::mem::take(&mut self.seen)
    }

    /// `kill -9`, on the daemon itself.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A subnet of the pair for the daemon's configuration.
pub(crate) fn subnet(net: &Net, more: &str) -> String {
    format!(
        "- interface: {}\n  subnet: 10.77.0.0/16\n  pools: [10.77.1.0-10.77.255.250]\n  router: {SERVER}\n{more}",
        net.device("s", 0)
    )
}

pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
