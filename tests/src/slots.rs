//! The two slots of an appliance, as `vrouter upgrade` shows and switches them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::error::{LabError, Result};
use crate::namespace::Namespace;
use crate::patience::Patience;
use crate::process::Process;
use crate::ssh::Login;
use crate::text_log::Mark;

/// Longest time from a restart to a verdict, in seconds, on a quiet machine without hardware virtualisation.
pub const VERDICT: u64 = 420;

/// An appliance's slots, over SSH.
#[derive(Clone, Copy)]
pub struct Slots<'a> {
    /// How to log in.
    pub login: &'a Login,
    /// From where.
    pub place: &'a Namespace,
}

impl Slots<'_> {
    /// What the appliance says of its slots.
    ///
    /// # Errors
    /// When it does not answer, or with no JSON.
    pub fn status(&self) -> Result<Value> {
        let text = self.login.run(self.place, "sudo vrouter -o json upgrade status")?;
        serde_json::from_str(&text).map_err(|e| LabError::Answer {
            what: "upgrade status".to_owned(),
            reason: format!("{e}: {text}"),
        })
    }

    /// Starts `vrouter upgrade ARGUMENTS --yes --reboot`, which prints an object per line.
    ///
    /// # Errors
    /// When `ssh` cannot be started.
    pub fn start(&self, name: &str, arguments: &str, logs: &Path) -> Result<Process> {
        let mut command = Command::new("ssh");
        command.args(["-o", "BatchMode=yes"]).args(self.login.arguments());
        command.arg(format!("sudo vrouter -o json upgrade {arguments} --yes --reboot"));
        Process::start(self.place, name, &command, logs)
    }

    /// The same until the appliance restarts: the session may end before its exit code arrives.
    ///
    /// # Errors
    /// When it does not come that far in time.
    pub fn switch(&self, name: &str, arguments: &str, logs: &Path) -> Result<()> {
        let mut process = self.start(name, arguments, logs)?;
        process.output().wait_for(Mark::default(), "\"result\":\"armed\"", Patience::secs(VERDICT))?;
        process.wait(Patience::secs(VERDICT)).map(drop)
    }

    /// Waits until the appliance has come to rest: `is_it` tells whether a confirmed status is the one.
    ///
    /// # Errors
    /// When it is not so in time; the text has what it said last.
    pub fn wait(&self, awaited: &str, is_it: impl Fn(&Value) -> bool) -> Result<Value> {
        Patience::secs(VERDICT).find(awaited, Duration::from_secs(2), || match self.status() {
            Ok(status) => {
                let rests = status["state"] == "confirmed" && status["pending"].is_null();
                Ok(if rests && is_it(&status) { Ok(status) } else { Err(status.to_string()) })
            }
            Err(error) => Ok(Err(error.to_string())),
        })
    }

    /// Waits until it rests in a slot, with a last verdict or without.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub fn wait_in(&self, awaited: &str, slot: &str, outcome: Option<&str>) -> Result<Value> {
        self.wait(awaited, |status| {
            status["running"] == slot && status["last"]["outcome"].as_str() == outcome
        })
    }
}
