//! Namespaces, and FRR in one of them.

use daybreak_appliers::frr::Settings;
use daybreak_appliers::intent::Intent;
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::future::Future;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Runs a test in a network and a host name of its own, where it has `lo` and a pair `p0`, `q0` of which `p0` is a port.
pub(crate) fn in_namespace<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let thread = std::thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWUTS).expect("namespaces need root");
        for command in [
            "ip link set lo up",
            "ip link add p0 type veth peer name q0",
            "ip link set q0 up",
            "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
        ] {
            shell(command);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test());
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Runs a command line without quotes in it, and returns what it says.
pub(crate) fn shell(line: &str) -> String {
    let out = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Waits until a condition holds; says what was awaited when it does not within a minute.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// FRR with folders of its own, in the namespace of the thread that started it.
pub(crate) struct Lab {
    dir: TempDir,
    daemons: Vec<Child>,
}

impl Lab {
    /// Starts zebra, staticd and bgpd and waits until they answer.
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        for folder in ["run", "conf"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        std::fs::write(dir.path().join("conf/vtysh.conf"), "").unwrap();
        shell(&format!("chown -R frr:frr {0}/run {0}/conf", dir.path().display()));
        let mut lab = Self { dir, daemons: Vec::new() };
        for (name, more) in [("zebra", "-M dplane_fpm_nl"), ("staticd", ""), ("bgpd", "")] {
            lab.spawn(name, more);
        }
        lab.answers("zebra bgpd staticd").await;
        // Before it has found zebra, bgpd knows no address of the router and refuses some lines.
        until("bgpd and staticd have found zebra", || {
            let clients = lab.vtysh("show zebra client summary");
            ["bgp", "static"].iter().all(|name| clients.lines().any(|line| line.starts_with(name)))
        })
        .await;
        lab
    }

    pub(crate) fn spawn(&mut self, name: &str, more: &str) {
        let run = self.run();
        let child = Command::new(format!("/usr/lib/frr/{name}"))
            .arg("-i")
            .arg(run.join(format!("{name}.pid")))
            .arg("-z")
            .arg(run.join("zserv.api"))
            .arg("--vty_socket")
            .arg(&run)
            .args(["-P", "0", "-f", "/dev/null", "--log", "file:/dev/null"])
            .args(more.split_whitespace())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}; install frr (tests/setup/packages.txt)"));
        self.daemons.push(child);
    }

    /// Waits until these daemons, in vtysh's order, are those that answer.
    pub(crate) async fn answers(&self, names: &str) {
        until(&format!("{names} answer"), || self.vtysh("show daemons").trim() == names).await;
    }

    /// Ends one daemon by its process.
    pub(crate) fn stop(&mut self, name: &str) {
        let pid = std::fs::read_to_string(self.run().join(format!("{name}.pid"))).unwrap();
        let pid: i32 = pid.trim().parse().unwrap();
        let place = self.daemons.iter().position(|child| child.id() == pid.unsigned_abs()).unwrap();
        let mut child = self.daemons.remove(place);
        kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.dir.path().join("run")
    }

    pub(crate) fn conf(&self) -> PathBuf {
        self.dir.path().join("conf")
    }

    /// What vtysh says to a command; empty when it fails.
    pub(crate) fn vtysh(&self, command: &str) -> String {
        let out = Command::new("vtysh")
            .arg("--config_dir")
            .arg(self.conf())
            .arg("--vty_socket")
            .arg(self.run())
            .args(["-c", command])
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    }

    pub(crate) fn json(&self, command: &str) -> serde_json::Value {
        serde_json::from_str(&self.vtysh(command)).unwrap()
    }

    pub(crate) fn running(&self) -> String {
        self.vtysh("show running-config no-header")
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            conf_dir: self.conf(),
            run_dir: self.run(),
            fpm: (Ipv4Addr::LOCALHOST, 2621),
            ..Settings::default()
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for child in &mut self.daemons {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The intent of a testcase.
pub(crate) fn testcase(name: &str) -> Intent {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases");
    serde_json::from_str(&std::fs::read_to_string(folder.join(name).join("intent.json")).unwrap()).unwrap()
}

/// A program that ends with the test.
pub(crate) struct Daemon {
    child: Child,
    /// A namespace made for it, by name.
    namespace: Option<String>,
}

/// A daemon to start.
pub(crate) struct Starting(Command);

impl Daemon {
    /// Where a daemon of the workspace is: the examples of this crate are these daemons.
    pub(crate) fn path(name: &str) -> PathBuf {
        let tests = std::env::current_exe().unwrap();
        tests.parent().unwrap().parent().unwrap().join("examples").join(name)
    }

    /// A daemon of the workspace.
    pub(crate) fn example(name: &str) -> Starting {
        Starting(Command::new(Self::path(name)))
    }

    /// FRR's bgpd without zebra, in a namespace of its own that this interface with this address moves to.
    pub(crate) fn peer(lab: &Lab, interface: &str, address: &str, config: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("appliers-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let folder = lab.conf().join(&name);
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("bgpd.conf");
        std::fs::write(&file, config).unwrap();
        shell(&format!(
            "chown -R frr:frr {0}; ip netns add {name}; ip link set {interface} netns {name}; ip -n {name} link set lo up; ip -n {name} addr add {address} dev {interface}; ip -n {name} link set {interface} up",
            folder.display()
        ));
        let mut command = Command::new("ip");
        command.args([
            "netns",
            "exec",
            &name,
            "/usr/lib/frr/bgpd",
            "-n",
            "-P",
            "0",
            "--log",
            "file:/dev/null",
            "-f",
        ]);
        command
            .arg(&file)
            .arg("-i")
            .arg(folder.join("pid"))
            .arg("--vty_socket")
            .arg(&folder)
            .arg("-z")
            .arg(folder.join("z"));
        let mut daemon = Starting(command).start();
        daemon.namespace = Some(name);
        daemon
    }

    /// Whether it has not ended.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Starting {
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn start(mut self) -> Daemon {
        self.0.stdin(Stdio::null()).stdout(Stdio::null());
        let child = self.0.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", self.0));
        Daemon { child, namespace: None }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(name) = &self.namespace {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}
