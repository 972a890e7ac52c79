//! Checks a rendered configuration with FRR's tools, loads it, and looks whether FRR runs it.

use super::running::Lines;
use super::{Settings, Text, render, rules};
use crate::command::{CommandError, Program, Said, plain};
use crate::files::{self, FileError, Mode};
use crate::intent::{Intent, same};
use crate::refusal::{Failure, Refusal};
use crate::transaction::{Applier, Change, Plan, Prepared, Work};
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Most of what `show running-config` may say, in bytes: some 500,000 static routes.
const RUNNING_LIMIT: u64 = 32 << 20;

/// How often, and how far apart, it is looked whether zebra's FPM has what it was told: 2 s in all.
const FPM_LOOKS: usize = 40;
const FPM_PAUSE: Duration = Duration::from_millis(50);

/// The applier of FRR.
#[derive(Debug, Clone)]
pub struct Frr(Arc<Settings>);

/// A rendered and checked configuration.
struct Load {
    frr: Frr,
    text: Text,
}

/// Between two looks whether bgpd has found zebra.
const BGPD_LOOK: Duration = Duration::from_millis(250);

impl Frr {
    /// An applier for the FRR that the settings describe.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    async fn prepare(&self, change: Change) -> Prepared {
        let Change { from, to } = change;
        if let Some(from) = &from
            && is_unchanged(from, &to)
        {
            let refusals = rules::check_new_addresses(from, &to);
            return if refusals.is_empty() { Ok(None) } else { Err(refusals) };
        }
        let refusals = rules::check(&to);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let text = render(&to, &self.0);
        if from.as_ref().is_some_and(|from| render(from, &self.0).to_string() == text.to_string()) {
            return Ok(None);
        }
        let down = |error: &dyn fmt::Display| {
            vec![Refusal::unable(
                "",
                "daybreak:frr-unreachable",
                format!("FRR cannot be configured: {error}"),
            )]
        };
        self.daemons(&to).await?;
        self.dry_run(&text).await?;
        if from.is_none() {
            self.orphan().await.map_err(|error| down(&error))?;
        }
        let in_file = files::read(&self.file()).map_err(|error| down(&error))?;
        let running = self.running().await.map_err(|error| down(&error))?;
        let ours = Lines::of(&text.to_string());
        if in_file.is_some_and(|in_file| in_file == text.to_string()) && ours.match_running(&running) {
            return Ok(None);
        }
        Ok(Some(Box::new(Load { frr: self.clone(), text })))
    }

    fn file(&self) -> PathBuf {
        self.0.conf_dir.join("frr.conf")
    }

    fn vtysh(&self) -> Program {
        Program::new(self.0.bin_dir.join("vtysh"))
            .arg("--config_dir")
            .arg(&self.0.conf_dir)
            .arg("--vty_socket")
            .arg(&self.0.run_dir)
    }

    /// What FRR runs.
    async fn running(&self) -> Result<Lines, CommandError> {
        let program = self.vtysh().args(["-c", "show running-config no-header"]).limit(RUNNING_LIMIT);
        let said = program.succeed(self.0.deadline).await?;
        Ok(Lines::of(&String::from_utf8_lossy(&said.stdout)))
    }

    /// Refuses when a daemon that the intent needs is not there: the reload tool would go on without it.
    async fn daemons(&self, intent: &Intent) -> Result<(), Vec<Refusal>> {
        let program = self.vtysh().args(["-c", "show daemons"]);
        let there = program.succeed(self.0.deadline).await.map_err(|error| {
            let text = format!("FRR does not answer: {error}; is it running (systemctl status frr)?");
            vec![Refusal::unable("", "daybreak:frr-unreachable", text)]
        })?;
        let there = String::from_utf8_lossy(&there.stdout).into_owned();
        let has = |name: &str| there.split_whitespace().any(|word| word == name);
        let route = intent.static_routes.values().next().map(|route| route.at.path());
        let bgp = intent.bgp.as_ref().map(|bgp| bgp.at.path());
        let needed = [("zebra", Some(String::new())), ("staticd", route), ("bgpd", bgp)];
        let missing: Vec<_> = needed
            .into_iter()
            .filter_map(|(name, path)| path.filter(|_| !has(name)).map(|path| (name, path)))
            .map(|(name, path)| {
                let text = format!("FRR's {name} is not running (/etc/frr/daemons, systemctl status frr)");
                Refusal::unable(path, "daybreak:frr-unreachable", text)
            })
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        match &intent.bgp {
            Some(bgp) => self.bgpd_is_ready(&bgp.at.path()).await,
            None => Ok(()),
        }
    }

    /// Waits until bgpd has found zebra: before that it refuses lines which it takes afterwards.
    async fn bgpd_is_ready(&self, path: &str) -> Result<(), Vec<Refusal>> {
        let start = Instant::now();
        loop {
            let program = self.vtysh().args(["-c", "show zebra client summary"]);
            let clients = program.succeed(self.0.deadline).await.map_err(|error| {
                let text = format!("zebra does not say who is connected: {error}");
                vec![Refusal::unable("", "daybreak:frr-unreachable", text)]
            })?;
            if String::from_utf8_lossy(&clients.stdout).lines().any(|line| line.starts_with("bgp ")) {
                return Ok(());
            }
            if start.elapsed() > self.0.deadline / 2 {
                let text = "bgpd has not connected to zebra; see journalctl -u frr";
                return Err(vec![Refusal::unable(path, "daybreak:frr-unreachable", text)]);
            }
            tokio::time::sleep(BGPD_LOOK).await;
        }
    }

    /// Has vtysh read the configuration without telling the daemons.
    async fn dry_run(&self, text: &Text) -> Result<(), Vec<Refusal>> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let unable = |error: &dyn fmt::Display| {
            let text = format!("the configuration cannot be checked: {error}");
            vec![Refusal::unable("", "daybreak:frr-check", text)]
        };
        let name = format!("check-{}-{}.conf", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let file = self.0.run_dir.join(name);
        let (path, content) = (file.clone(), text.to_string());
        self.in_background(move |mode| files::write(&path, &content, mode))
            .await
            .map_err(|error| unable(&error))?;
        let said = self.vtysh().args(["-C", "-f"]).arg(&file).run(self.0.deadline).await;
        // It is in a folder that is empty after each boot.
        let _ = files::remove(&file);
        let said = said.map_err(|error| unable(&error))?;
        if said.status.success() {
            return Ok(());
        }
        let found =
            String::from_utf8_lossy(&said.stderr).into_owned() + &String::from_utf8_lossy(&said.stdout);
        let mut refusals: Vec<_> = found.lines().filter_map(|line| refused_line(line, text)).collect();
        if refusals.is_empty() {
            refusals = unable(&said.message());
        }
        Err(refusals)
    }

    /// Runs a job with files where it may wait, with the mode that FRR's files have.
    async fn in_background(
        &self,
        job: impl FnOnce(Mode) -> Result<(), FileError> + Send + 'static,
    ) -> Result<(), Failure> {
        let mode = file_mode(&self.0.conf_dir);
        let done = tokio::task::spawn_blocking(move || job(mode)).await;
        done.map_err(Failure::new)?.map_err(Failure::new)
    }

    /// Looks whether FRR runs what was loaded. What is about FPM zebra hands to a thread of its own, and shows it a little later.
    async fn compare(&self, text: &Text) -> Result<(), Failure> {
        for _ in 0..FPM_LOOKS {
            let running = self.running().await.map_err(Failure::new)?;
            if !Lines::of(&text.to_string()).missing_in(&running).iter().any(|line| line.contains("fpm ")) {
                return compare(text, &running);
            }
            tokio::time::sleep(FPM_PAUSE).await;
        }
        compare(text, &self.running().await.map_err(Failure::new)?)
    }

    /// A reload tool outlives a netconfd that is killed, and would go on to load what the next one takes back. So it holds
    /// a lock as long as it runs, which nobody has to give back.
    fn alone(&self) -> Program {
        let seconds = self.0.deadline.as_secs().to_string();
        Program::new("/usr/bin/flock")
            .args(["--no-fork", "--exclusive", "--timeout", &seconds])
            .arg(self.0.run_dir.join("netconfd-reload.lock"))
    }

    /// Waits for the reload tool of a netconfd that was killed.
    async fn orphan(&self) -> Result<(), CommandError> {
        self.alone().arg("/bin/true").succeed(self.0.deadline).await.map(drop)
    }

    async fn reload(&self) -> Result<Said, CommandError> {
        self.alone()
            .arg(&self.0.reload)
            .args(["--reload", "--stdout", "--log-level", "warning", "--bindir"])
            .arg(&self.0.bin_dir)
            .arg("--confdir")
            .arg(&self.0.conf_dir)
            .arg("--rundir")
            .arg(&self.0.run_dir)
            .arg("--vty_socket")
            .arg(&self.0.run_dir)
            .arg(self.file())
            .run(self.0.deadline)
            .await
    }
}

impl Applier for Frr {
    fn name(&self) -> &'static str {
        "frr"
    }

    fn prepare(&self, change: Change) -> Work<'_, Prepared> {
        Box::pin(self.prepare(change))
    }
}

impl Plan for Load {
    fn commit(self: Box<Self>) -> Work<'static, Result<(), Failure>> {
        Box::pin(async move {
            let (path, content) = (self.frr.file(), self.text.to_string());
            self.frr.in_background(move |mode| files::write(&path, &content, mode)).await?;
            let said = self.frr.reload().await.map_err(Failure::new)?;
            if !said.status.success() {
                return Err(load_failure(&said, &self.text));
            }
            self.frr.compare(&self.text).await.map_err(|failure| Failure {
                message: format!("{}; FRR says: {}", failure.message, said.message()),
                ..failure
            })
        })
    }

    fn abort(self: Box<Self>) -> Work<'static, ()> {
        // Nothing is held anywhere.
        Box::pin(async {})
    }
}

fn is_unchanged(from: &Intent, to: &Intent) -> bool {
    let routes = from.static_routes.ptr_eq(&to.static_routes) || from.static_routes == to.static_routes;
    routes && (same(from.bgp.as_ref(), to.bgp.as_ref()) || from.bgp == to.bgp)
}

/// FRR's files belong to the owner of its folder, and the daemons of its group may read them.
fn file_mode(folder: &Path) -> Mode {
    let owner = std::fs::metadata(folder).ok().map(|folder| (folder.uid().into(), folder.gid().into()));
    Mode { permissions: 0o640, owner }
}

/// Reads `line 16: % Unknown command[25]:  bgp frobnicate`.
fn refused_line(line: &str, text: &Text) -> Option<Refusal> {
    let (number, why) = line.trim().strip_prefix("line ")?.split_once(": ")?;
    let path = text.blame_number(number.parse().ok()?);
    Some(Refusal::invalid(path, "daybreak:frr-refused", format!("FRR refuses it: {}", why.trim())))
}

/// What the reload tool says when daemons refuse lines: their reasons on standard output, the lines on standard error
/// as `line 2: Failure to communicate[13] to bgpd, line:  neighbor 10.0.0.1 remote-as 65002`.
fn load_failure(said: &Said, text: &Text) -> Failure {
    let out = String::from_utf8_lossy(&said.stdout).into_owned();
    let err = plain(&String::from_utf8_lossy(&said.stderr));
    let why = out.lines().map(str::trim).find(|line| line.starts_with('%'));
    let line = err.lines().find_map(|line| line.split_once(", line:").map(|(_, line)| line.trim()));
    match line {
        Some(line) => {
            let why = why.map_or_else(|| said.message(), |why| why.trim_start_matches(['%', ' ']).to_owned());
            let path = Some(text.blame(line)).filter(|path| !path.is_empty()).map(str::to_owned);
            Failure { path, message: format!("FRR does not take \"{line}\": {why}") }
        }
        None => Failure::new(format!("FRR's reload tool failed: {}", said.message())),
    }
}

fn compare(text: &Text, running: &Lines) -> Result<(), Failure> {
    let ours = Lines::of(&text.to_string());
    if let Some(&line) = ours.missing_in(running).first() {
        let path = Some(text.blame(line)).filter(|path| !path.is_empty()).map(str::to_owned);
        return Err(Failure { path, message: format!("FRR did not take \"{line}\"") });
    }
    match ours.too_many_in(running).first() {
        Some(line) => Err(Failure::new(format!("FRR did not remove \"{line}\""))),
        None => Ok(()),
    }
}
