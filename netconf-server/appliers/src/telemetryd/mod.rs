//! telemetryd: its file, checked by itself, and its reload.

mod render;

pub use render::render;

use crate::command::Program;
use crate::files::{self, Mode};
use crate::intent::{Intent, same};
use crate::refusal::{Failure, Refusal};
use crate::transaction::{Applier, Change, Plan, Prepared, Work};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where telemetryd is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The program, which checks files.
    pub program: PathBuf,
    /// Its configuration.
    pub file: PathBuf,
    /// Where a file that is being checked is put.
    pub run: PathBuf,
    /// How it is told to read its configuration again.
    pub reload: Reload,
    /// For one run of a tool; below the deadline of the transaction, so that the tool is told apart.
    pub deadline: Duration,
}

/// How a daemon is told to read its configuration again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reload {
    /// By its unit, with this `systemctl`: it starts when it does not run.
    Unit(PathBuf, String),
    /// By SIGHUP to the process whose number is in this file.
    PidFile(PathBuf),
    /// Not at all: it is started later.
    No,
}

impl Default for Settings {
    /// The appliance.
    fn default() -> Self {
        Self {
            program: "/usr/sbin/telemetryd".into(),
            file: "/etc/daybreak/telemetryd.yaml".into(),
            run: "/run/daybreak/netconf".into(),
            reload: Reload::Unit("/usr/bin/systemctl".into(), "telemetryd.service".to_owned()),
            deadline: Duration::from_secs(10),
        }
    }
}

/// The applier of telemetryd.
#[derive(Debug, Clone)]
pub struct Telemetryd(Arc<Settings>);

/// A file that telemetryd takes.
struct Held {
    settings: Arc<Settings>,
    text: String,
}

impl Telemetryd {
    /// An applier for the telemetryd that the settings describe.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    async fn prepare(&self, change: Change) -> Prepared {
        let Change { from, to } = change;
        let unchanged = |from: &Intent| {
            same(from.telemetry.as_ref(), to.telemetry.as_ref()) || from.telemetry == to.telemetry
        };
        if from.as_ref().is_some_and(unchanged) {
            return Ok(None);
        }
        let text = render(to.telemetry.as_deref())?;
        let path = to.telemetry.as_ref().map_or_else(String::new, |telemetry| telemetry.at.path());
        let unable = |error: &dyn fmt::Display| {
            let text = format!("the configuration of telemetryd cannot be checked: {error}");
            vec![Refusal::unable(path.clone(), "daybreak:telemetryd-unreachable", text)]
        };
        let now = files::read(&self.0.file).map_err(|error| unable(&error))?;
        if now.as_deref() == Some(text.as_str()) && !pending(&self.0).exists() {
            return Ok(None);
        }
        let said = self.check(&text).await.map_err(|error| unable(&error))?;
        match said {
            None => Ok(Some(Box::new(Held { settings: Arc::clone(&self.0), text }))),
            Some(why) => {
                let path = to.telemetry.as_deref().map_or_else(String::new, |t| render::blame(t, &why));
                Err(vec![Refusal::invalid(path, "daybreak:telemetryd-refused", why)])
            }
        }
    }

    /// What telemetryd says against a configuration; None when it takes it.
    async fn check(&self, text: &str) -> Result<Option<String>, Failure> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name =
            format!("telemetryd-{}-{}.yaml", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let file = self.0.run.join(name);
        files::write(&file, text, Mode { permissions: 0o600, owner: None }).map_err(Failure::new)?;
        let said = Program::new(&self.0.program).arg("check").arg(&file).run(self.0.deadline).await;
        // It is in a folder that is empty after each boot.
        let _ = files::remove(&file);
        let said = said.map_err(Failure::new)?;
        let why = said.message();
        let why = why.trim_start_matches("telemetryd: ");
        let why = why.strip_prefix(&format!("{}: ", file.display())).unwrap_or(why);
        Ok((!said.status.success()).then(|| why.to_owned()))
    }
}

impl Applier for Telemetryd {
    fn name(&self) -> &'static str {
        "telemetryd"
    }

    fn prepare(&self, change: Change) -> Work<'_, Prepared> {
        Box::pin(self.prepare(change))
    }
}

impl Plan for Held {
    fn commit(self: Box<Self>) -> Work<'static, Result<(), Failure>> {
        Box::pin(async move {
            let pending = pending(&self.settings);
            files::write(&pending, "reload\n", Mode::PUBLIC).map_err(Failure::new)?;
            files::write(&self.settings.file, &self.text, Mode::PUBLIC).map_err(Failure::new)?;
            reload(&self.settings).await?;
            files::remove(&pending).map_err(Failure::new)
        })
    }

    fn abort(self: Box<Self>) -> Work<'static, ()> {
        // Nothing is held anywhere.
        Box::pin(async {})
    }
}

/// Exists from before the file is written until telemetryd has been told.
fn pending(settings: &Settings) -> PathBuf {
    settings.run.join("reload-telemetryd")
}

async fn reload(settings: &Settings) -> Result<(), Failure> {
    match &settings.reload {
        Reload::Unit(systemctl, unit) => {
            let before = said(settings, systemctl, unit).await?;
            let program = Program::new(systemctl).args(["reload-or-restart", unit]);
            program.succeed(settings.deadline).await.map_err(Failure::new)?;
            if before.main_pid == "0" {
                return Ok(());
            }
            match tokio::time::timeout(settings.deadline, answer(settings, systemctl, unit, &before)).await {
                Ok(answer) => answer,
                Err(_) => Err(Failure::new(format!("{unit} was told of it and has not read it in time"))),
            }
        }
        Reload::PidFile(file) => hang_up(file),
        Reload::No => Ok(()),
    }
}

/// What the service manager knows of a unit.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    main_pid: String,
    status: String,
}

async fn said(settings: &Settings, systemctl: &Path, unit: &str) -> Result<Said, Failure> {
    let program = Program::new(systemctl).args(["show", "--property=MainPID", "--property=StatusText", unit]);
    let output = program.succeed(settings.deadline).await.map_err(Failure::new)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().trim().to_owned()
    };
    Ok(Said { main_pid: value("MainPID"), status: value("StatusText") })
}

/// Waits for what telemetryd says to the reload: SIGHUP has no answer, but its status is another one after each.
async fn answer(settings: &Settings, systemctl: &Path, unit: &str, before: &Said) -> Result<(), Failure> {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    loop {
        looks.tick().await;
        let now = said(settings, systemctl, unit).await?;
        if now == *before {
            continue;
        }
        return match now.status.split_once(" was refused: ") {
            Some((_, why)) if now.main_pid == before.main_pid => {
                Err(Failure::new(format!("telemetryd refused it and goes on as before: {why}")))
            }
            _ => Ok(()),
        };
    }
}

/// Tells the process of a file; one that does not run reads its configuration when it starts.
fn hang_up(file: &Path) -> Result<(), Failure> {
    let Some(text) = files::read(file).map_err(Failure::new)? else { return Ok(()) };
    let pid: i32 =
        text.trim().parse().ok().filter(|pid| *pid > 1).ok_or_else(|| {
            Failure::new(format!("{} does not hold the number of a process", file.display()))
        })?;
    match kill(Pid::from_raw(pid), Signal::SIGHUP) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => {
            Err(Failure::new(format!("telemetryd (process {pid}) cannot be told to reload: {error}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const LONG: u64 = 60;

    /// A `systemctl` that shows one state until the reload, and the other from then on.
    async fn reload_with(before: &str, after: &str, seconds: u64) -> Result<(), Failure> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("systemctl");
        let reloaded = folder.path().join("reloaded");
        let reloaded = reloaded.display();
        let text = format!(
            "#!/bin/sh\n[ \"$1\" = show ] || exec touch {reloaded}\n\
             [ -e {reloaded} ] && printf '{after}' || printf '{before}'\n"
        );
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let reload = Reload::Unit(program, "telemetryd.service".to_owned());
        let deadline = Duration::from_secs(seconds);
        super::reload(&Settings { reload, deadline, ..Settings::default() }).await
    }

    #[tokio::test]
    async fn a_reload_that_was_refused_is_a_failure() {
        let reading = "MainPID=7\nStatusText=reading\n";
        let why = "/etc/daybreak/telemetryd.yaml: output main: cannot read password_file /none: No such file";
        let refused =
            |number: u32| format!("MainPID=7\nStatusText=reading; reload {number} was refused: {why}\n");
        let taken = "MainPID=7\nStatusText=reading; reload 2 was taken\n";
        reload_with(reading, taken, LONG).await.unwrap();
        reload_with(&refused(1), taken, LONG).await.unwrap();
        reload_with("MainPID=0\nStatusText=\n", reading, LONG).await.unwrap();
        reload_with(&refused(1), "MainPID=8\nStatusText=reading\n", LONG).await.unwrap();
        for before in [reading.to_owned(), refused(1)] {
            let failure = reload_with(&before, &refused(2), LONG).await.unwrap_err();
            assert!(failure.to_string().ends_with(why), "{failure}");
        }
    }

    #[tokio::test]
    async fn a_reload_without_an_answer_is_a_failure() {
        let reading = "MainPID=7\nStatusText=reading\n";
        let failure = reload_with(reading, reading, 1).await.unwrap_err();
        assert!(failure.to_string().contains("has not read it in time"), "{failure}");
    }
}
