//! `daybreak serve` in a lab, and its command line.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::directory::LabDirectory;
use crate::error::{LabError, Result};
use crate::namespace::Namespace;
use crate::patience::Patience;
use crate::process::Process;
use crate::text_log::Mark;
use crate::timeline::Timeline;

/// A provisioner: its namespace, its site file and, while it runs, its process.
pub struct Provisioner {
    namespace: Arc<Namespace>,
    program: PathBuf,
    directory: PathBuf,
    process: Option<Process>,
    starts: u32,
}

impl Provisioner {
    /// Writes the site file; `daybreak serve` is started by [`Provisioner::start`].
    ///
    /// # Errors
    /// When the site file cannot be written.
    pub fn new(
        namespace: Arc<Namespace>,
        program: PathBuf,
        directory: &LabDirectory,
        site: &str,
    ) -> Result<Self> {
        let path = directory.join("site.yaml");
        std::fs::write(&path, site).map_err(|source| LabError::File { doing: "write", path, source })?;
        Ok(Self { namespace, program, directory: directory.path().to_owned(), process: None, starts: 0 })
    }

    /// Changes the site file, for the next start.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn edit_site(&self, edit: impl FnOnce(&str) -> String) -> Result<()> {
        let path = self.directory.join("site.yaml");
        std::fs::read_to_string(&path)
            .and_then(|site| std::fs::write(&path, edit(&site)))
            .map_err(|source| LabError::File { doing: "edit", path, source })
    }

    /// Starts `daybreak serve` and waits until its API answers.
    ///
    /// # Errors
    /// When it ends or does not answer in time; the text has its log.
    pub fn start(&mut self) -> Result<()> {
        self.starts += 1;
        let mut command = Command::new(&self.program);
        command.arg("serve").arg(self.directory.join("site.yaml"));
        let name = format!("serve.{}", self.starts);
        let mut process = Process::start(&self.namespace, &name, &command, &self.directory)?;
        let mut patience = Patience::secs(60);
        while self.command(&["node", "list"]).is_err() {
            let wait = patience.next_wait(Duration::from_millis(100));
            let (true, Some(wait)) = (process.is_running(), wait) else {
                return Err(LabError::Ended {
                    watched: "daybreak serve".to_owned(),
                    awaited: "its API".to_owned(),
                    seen: process.errors().tail(30),
                });
            };
            std::thread::park_timeout(wait);
        }
        self.process = Some(process);
        Ok(())
    }

    /// Ends it as a crash would, and waits until it is gone.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Its process id while it runs.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The end of its log, for messages.
    pub fn log_tail(&self, lines: usize) -> String {
        self.process
            .as_ref()
            .map_or_else(|| "(not running)".to_owned(), |process| process.errors().tail(lines))
    }

    /// The namespace it serves in.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The API's socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("api.sock")
    }

    fn daybreak(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--socket").arg(self.socket()).args(arguments);
        command
    }

    /// Starts `daybreak ARGUMENTS` against it, to be watched; its output goes to `NAME.out` and `NAME.log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&self, name: &str, arguments: &[&str]) -> Result<Process> {
        Process::start(&self.namespace, name, &self.daybreak(arguments), &self.directory)
    }

    /// Runs `daybreak ARGUMENTS` against it; gives what it prints.
    ///
    /// # Errors
    /// When it fails; the text has what it said.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        self.namespace.check(&self.daybreak(arguments))
    }

    /// Runs `daybreak ARGUMENTS -o json`; gives what it prints, parsed.
    ///
    /// # Errors
    /// When it fails or prints no JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.command(&[arguments, &["-o", "json"]].concat())?;
        serde_json::from_str(&text).map_err(|e| LabError::Answer {
            what: format!("daybreak {}", arguments.join(" ")),
            reason: e.to_string(),
        })
    }

    /// Adds a node from the text of a node file.
    ///
    /// # Errors
    /// When the provisioner refuses it.
    pub fn add_node(&self, name: &str, definition: &str) -> Result<()> {
        let path = self.directory.join(format!("{name}.node.yaml"));
        std::fs::write(&path, definition).map_err(|source| LabError::File {
            doing: "write",
            path: path.clone(),
            source,
        })?;
        self.command(&["node", "add", &path.to_string_lossy()]).map(drop)
    }

    /// Follows a node's timeline from its beginning.
    ///
    /// # Errors
    /// When the command cannot be started.
    pub fn timeline(&self, node: &str) -> Result<Timeline> {
        let arguments = ["node", "events", node, "--follow", "-o", "json"];
        self.spawn(&format!("events.{node}"), &arguments).map(Timeline::new)
    }

    /// State of a node, such as `active`.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn state(&self, node: &str) -> Result<String> {
        let view = self.json(&["node", "show", node])?;
        Ok(view["state"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the node's progress in `step` is `percent` or more; gives the percentage seen.
    /// The command line has no event for percentages, so it is asked.
    ///
    /// # Errors
    /// When it does not come in time.
    pub fn wait_progress(&self, node: &str, step: &str, percent: u64, patience: Patience) -> Result<u64> {
        let awaited = format!("{percent} % of {step} on {node}");
        patience.find(&awaited, Duration::from_millis(100), || {
            let view = self.json(&["node", "show", node])?;
            let progress = &view["progress"];
            let reached = progress["percent"].as_u64().filter(|_| progress["what"] == step);
            Ok(reached.filter(|reached| *reached >= percent).ok_or_else(|| view.to_string()))
        })
    }

    /// Waits until the log says `text`, from its start.
    ///
    /// # Errors
    /// When it does not in time, or the provisioner is not running.
    pub fn wait_log(&self, text: &str, patience: Patience) -> Result<()> {
        match &self.process {
            Some(process) => process.errors().wait_for(Mark::default(), text, patience).map(drop),
            None => Err(LabError::Answer {
                what: "daybreak serve".to_owned(),
                reason: "is not running".to_owned(),
            }),
        }
    }
}
