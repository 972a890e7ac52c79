//! What the tests of the daemon share: namespaces, the daemon in one of them, programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use daybreak_control::v1::{self, control_client::ControlClient};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tonic::transport::Channel;

/// The longest that anything is waited for.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// Network namespaces of a test, deleted when dropped.
pub(crate) struct Namespaces {
    prefix: String,
    names: Vec<String>,
}

impl Namespaces {
    /// Makes `ends`, each under a name that no other test has.
    pub(crate) fn new(test: &str, ends: &[&str]) -> Self {
        let prefix = format!("dbv{}{test}", std::process::id());
        let mut all = Self { prefix, names: Vec::new() };
        for end in ends {
            let name = all.name(end);
            ip(&format!("netns add {name}"));
            all.names.push(name.clone());
            ip(&format!("-n {name} link set lo up"));
        }
        all
    }

    /// The whole name of one.
    pub(crate) fn name(&self, end: &str) -> String {
        format!("{}{end}", self.prefix)
    }

    /// `ip -n NAMESPACE LINE`.
    pub(crate) fn ip(&self, end: &str, line: &str) -> String {
        ip(&format!("-n {} {line}", self.name(end)))
    }

    /// A program in a namespace, not started yet.
    pub(crate) fn command(&self, end: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(end), program]);
        command
    }

    /// Runs a program in a namespace; whatever its end.
    pub(crate) fn output(&self, end: &str, line: &str) -> String {
        let mut words = line.split(' ');
        let output = self.command(end, words.next().unwrap()).args(words).output().unwrap();
        text(&output)
    }

    /// Runs a program in a namespace, which must succeed.
    pub(crate) fn run(&self, end: &str, line: &str) -> String {
        let mut words = line.split(' ');
        let output = self.command(end, words.next().unwrap()).args(words).output().unwrap();
        assert!(output.status.success(), "{line}: {}", text(&output));
        text(&output)
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs ip(8), which must succeed.
pub(crate) fn ip(line: &str) -> String {
    let output = Command::new("ip").args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {line}: {}", text(&output));
    text(&output)
}

/// A process, ended by SIGTERM when dropped, and by SIGKILL when that does not do.
pub(crate) struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts it; what it prints goes to `log`.
    pub(crate) fn start(mut command: Command, name: &str, log: &Path) -> Self {
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self { child: command.spawn().unwrap(), name: name.to_owned() }
    }

    /// Whether it runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.child.id().cast_signed()), signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGTERM);
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if start.elapsed() > Duration::from_secs(20) {
                eprintln!("{} did not end on SIGTERM", self.name);
                self.signal(Signal::SIGKILL);
                let _ = self.child.wait();
                return;
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

/// A running vrouterd.
pub(crate) struct Daemon {
    /// Its process.
    pub(crate) process: Process,
    folder: tempfile::TempDir,
}

impl Daemon {
    /// Starts it in a namespace, with ordinary pages and `config` besides.
    pub(crate) fn start(namespaces: &Namespaces, end: &str, config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vrouterd.yaml");
        let socket = folder.path().join("vrouterd.sock");
        let own = format!(
            "hugepages: {{use: never, memory: 128MiB}}\ncontrol: {{socket: {}, group: root}}\n",
            socket.display()
        );
        fs::write(&file, own + config).unwrap();
        let mut command = namespaces.command(end, env!("CARGO_BIN_EXE_vrouterd"));
        command.args(["serve", "--config"]).arg(&file);
        let process = Process::start(command, "vrouterd", &folder.path().join("log"));
        Self { process, folder }
    }

    /// Its control socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("vrouterd.sock")
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Waits until it answers.
    pub(crate) async fn client(&mut self) -> ControlClient<Channel> {
        let start = Instant::now();
        loop {
            if let Ok(mut client) = daybreak_control::connect(&self.socket()).await
                && client.get_info(v1::GetInfoRequest {}).await.is_ok()
            {
                return client;
            }
            let in_time = start.elapsed() < DEADLINE && self.process.runs();
            assert!(in_time, "vrouterd does not answer: {}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// `vrouterd ctl`, whatever its end: exit code and what it printed.
    pub(crate) fn ctl(&self, line: &str) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_vrouterd"))
            .args(["ctl", "--socket"])
            .arg(self.socket())
            .args(line.split(' '))
            .output()
            .unwrap();
        (output.status.code(), text(&output))
    }
}

/// Asks again and again until the answer is there; says what was awaited when it does not come.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < DEADLINE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A port of a configuration.
pub(crate) fn port(name: &str, device: &str) -> v1::PortConfig {
    v1::PortConfig { name: name.into(), device: device.into(), enabled: true, mtu: 1500 }
}

/// Prepares a configuration and gives the refusals.
pub(crate) async fn prepare(
    client: &mut ControlClient<Channel>,
    transaction: &str,
    ports: &[v1::PortConfig],
) -> Vec<v1::Refusal> {
    let config = Some(v1::Config { ports: ports.to_vec() });
    let request = v1::PrepareRequest { transaction: transaction.into(), config };
    client.prepare(request).await.unwrap().into_inner().refusals
}

/// Commits.
pub(crate) async fn commit(
    client: &mut ControlClient<Channel>,
    transaction: &str,
) -> Result<u64, tonic::Status> {
    let reply = client.commit(v1::CommitRequest { transaction: transaction.into() }).await?;
    Ok(reply.into_inner().generation)
}

/// Prepares and commits, which must succeed.
pub(crate) async fn set(client: &mut ControlClient<Channel>, ports: &[v1::PortConfig]) -> u64 {
    assert_eq!(prepare(client, "set", ports).await, []);
    commit(client, "set").await.unwrap()
}
