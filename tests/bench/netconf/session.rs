//! Both servers under the same client, over SSH.

use crate::configuration::{filter, interfaces, one_leaf};
use crate::figures::{Times, print};
use crate::ours::Ours;
use crate::yuma::Yuma;
use anyhow::{Context as _, Result};
use daybreak_netconf::framing::Limits;
use daybreak_netconf::ssh::{SshClient, Target};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// The longest that one operation may take: yuma needs minutes for ten thousand interfaces at once.
const PATIENCE: Duration = Duration::from_mins(30);

/// A server that was started, ended when it is dropped.
pub(crate) trait Server {
    const NAME: &'static str;

    /// Starts it with empty datastores; keys and files are in `folder`.
    fn start(folder: &Folder, port: u16) -> Result<Self>
    where
        Self: Sized;
}

/// A command that starts `program` and ends it with this process, also when a signal ends that.
pub(crate) fn daemon(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// Keys and programs.
pub(crate) struct Folder {
    pub(crate) path: tempfile::TempDir,
    pub(crate) netconfd: std::path::PathBuf,
    pub(crate) peers: std::path::PathBuf,
}

impl Folder {
    fn new(netconfd: &Path, peers: &Path) -> Result<Self> {
        let place = std::env::current_exe()?;
        let path = tempfile::tempdir_in(place.parent().context("the program has no folder")?)?;
        for key in ["host", "user"] {
            let file = path.path().join(key);
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", key, "-f"])
                .arg(&file)
                .status()
                .context("ssh-keygen does not start; install the package openssh-client")?;
            anyhow::ensure!(made.success(), "ssh-keygen failed");
        }
        Ok(Self { path, netconfd: netconfd.into(), peers: peers.into() })
    }

    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.path.path().join(name)
    }

    fn target(&self, port: u16) -> Result<Target> {
        let key = std::fs::read_to_string(self.file("host.pub"))?;
        let known_hosts = self.file(&format!("known_hosts.{port}"));
        std::fs::write(&known_hosts, format!("[127.0.0.1]:{port} {key}"))?;
        Ok(Target {
            host: "127.0.0.1".into(),
            port,
            user: "root".into(),
            key: self.file("user"),
            known_hosts,
        })
    }
}

/// What one server took, by metric.
type Results = Vec<(String, Times)>;

pub(crate) fn bench(netconfd: &Path, peers: &Path, rounds: usize, only: &str) -> Result<()> {
    let folder = Folder::new(netconfd, peers)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    for count in [1_000, 10_000] {
        if !["connect", "edit", "get"].iter().any(|what| metric(what, count).contains(only)) {
            continue;
        }
        let ours = measure::<Ours>(&folder, &runtime, 8301, count, rounds)?;
        // It needs several seconds for a commit among ten thousand.
        let theirs = measure::<Yuma>(&folder, &runtime, 8302, count, if count > 1_000 { 3 } else { rounds })?;
        for ((metric, ours), (_, theirs)) in ours.into_iter().zip(theirs) {
            if metric.contains(only) {
                print(&metric, "ms", Yuma::NAME, ours, theirs);
            }
        }
    }
    Ok(())
}

fn metric(what: &str, count: usize) -> String {
    match what {
        "connect" => format!("connect_hello_with_{count}_interfaces"),
        "edit" => format!("session_edit_commit_of_{count}_interfaces"),
        _ => format!("get_one_of_{count}_interfaces"),
    }
}

fn measure<S: Server>(
    folder: &Folder,
    runtime: &Runtime,
    port: u16,
    count: usize,
    rounds: usize,
) -> Result<Results> {
    let _server = S::start(folder, port)?;
    let target = folder.target(port)?;
    let work = workload(&target, count, rounds);
    runtime.block_on(work).with_context(|| format!("{} with {count} interfaces", S::NAME))
}

async fn workload(target: &Target, count: usize, rounds: usize) -> Result<Results> {
    let mut session = ready(target).await?;
    let started = Instant::now();
    rpc(&mut session, &edit(&interfaces(0..count))).await?;
    rpc(&mut session, "<commit/>").await?;
    eprintln!("  {count} interfaces loaded in {:.1} s", started.elapsed().as_secs_f64());
    let (mut connects, mut edits, mut gets) = (Times::new(), Times::new(), Times::new());
    for round in 0..rounds {
        let started = Instant::now();
        let other = SshClient::connect(target, Limits::default(), PATIENCE).await?;
        connects.push(started.elapsed());
        other.close(PATIENCE).await?;

        let number = round * 7919 % count;
        let change = edit(&one_leaf(number, 1400 + round));
        let started = Instant::now();
        rpc(&mut session, &change).await?;
        rpc(&mut session, "<commit/>").await?;
        edits.push(started.elapsed());

        let get = format!("<get><filter type=\"subtree\">{}</filter></get>", filter(number));
        let started = Instant::now();
        let reply = rpc(&mut session, &get).await?;
        gets.push(started.elapsed());
        anyhow::ensure!(
            reply.contains(&format!("<mtu>{}</mtu>", 1400 + round))
                || reply.contains(&format!(">{}<", 1400 + round)),
            "the answer does not hold what was committed: {reply}"
        );
    }
    session.close(PATIENCE).await?;
    Ok(vec![
        (metric("connect", count), connects),
        (metric("edit", count), edits),
        (metric("get", count), gets),
    ])
}

fn edit(config: &str) -> String {
    format!("<edit-config><target><candidate/></target><config>{config}</config></edit-config>")
}

async fn rpc(session: &mut SshClient, operation: &str) -> Result<String> {
    let reply = session.rpc(operation, PATIENCE).await?;
    Ok(reply.text().to_owned())
}

/// The first session, as soon as the server takes one.
async fn ready(target: &Target) -> Result<SshClient> {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        match SshClient::connect(target, Limits::default(), PATIENCE).await {
            Ok(session) => return Ok(session),
            Err(error) if Instant::now() > deadline => {
                return Err(error).context("no session within a minute");
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
