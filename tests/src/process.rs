//! Daemons of a lab: started in a namespace, their output watched, ended by force when dropped.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::{LabError, Result};
use crate::namespace::Namespace;
use crate::patience::Patience;
use crate::text_log::TextLog;

/// How often to look whether a process has ended: no event tells a thread that waits with a deadline.
const LOOK: Duration = Duration::from_millis(50);

/// A running process of the lab.
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    output: TextLog,
    errors: TextLog,
}

impl Process {
    /// Starts `command` in `namespace`; its output goes to `NAME.out` and `NAME.log` in `directory`.
    ///
    /// # Errors
    /// When it cannot be started or its logs cannot be written.
    pub fn start(namespace: &Namespace, name: &str, command: &Command, directory: &Path) -> Result<Self> {
        let mut child = namespace.spawn(command)?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(LabError::Answer { what: name.to_owned(), reason: "has no output pipes".to_owned() });
        };
        let output = TextLog::follow(name, stdout, &directory.join(format!("{name}.out")))?;
        let errors =
            TextLog::follow(&format!("log of {name}"), stderr, &directory.join(format!("{name}.log")))?;
        Ok(Self { name: name.to_owned(), stdin: child.stdin.take(), child, output, errors })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The process itself, for those who watch for its end.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// What it writes to standard output.
    pub fn output(&self) -> &TextLog {
        &self.output
    }

    /// What it writes to standard error.
    pub fn errors(&self) -> &TextLog {
        &self.errors
    }

    /// Writes to its standard input.
    ///
    /// # Errors
    /// When it has closed it.
    pub fn type_in(&mut self, text: &str) -> Result<()> {
        let written = self.stdin.as_mut().map(|stdin| std::io::Write::write_all(stdin, text.as_bytes()));
        match written {
            Some(Ok(())) => Ok(()),
            Some(Err(source)) => Err(LabError::Start { program: format!("input of {}", self.name), source }),
            None => Err(LabError::Answer { what: self.name.clone(), reason: "takes no input".to_owned() }),
        }
    }

    /// Ends it at once, as a crash would (SIGKILL), and waits until it is gone.
    pub fn kill(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end (SIGTERM) and waits for its exit status.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn terminate(&mut self, patience: Patience) -> Result<ExitStatus> {
        if let Ok(id) = i32::try_from(self.child.id()) {
            // Fails only when it has ended already; then the wait answers at once.
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        self.wait(patience)
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn wait(&mut self, mut patience: Patience) -> Result<ExitStatus> {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => {}
                Err(source) => return Err(LabError::Start { program: self.name.clone(), source }),
            }
            let Some(wait) = patience.next_wait(LOOK) else {
                return Err(LabError::TimedOut {
                    awaited: format!("the end of {}", self.name),
                    waited: patience.waited(),
                    seen: self.errors.tail(20),
                });
            };
            std::thread::park_timeout(wait);
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a status says "killed by SIGKILL".
pub fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::SIGKILL as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_log::Mark;

    fn shell(namespace: &Namespace, directory: &Path, script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start(namespace, "shell", &command, directory).unwrap()
    }

    #[test]
    fn both_outputs_are_watched_and_input_is_read() {
        let (namespace, directory) = (Namespace::new("io").unwrap(), tempfile::tempdir().unwrap());
        let mut process = shell(&namespace, directory.path(), "read line; echo got $line; echo oops >&2");
        process.type_in("ping\n").unwrap();
        process.output().wait_for(Mark::default(), "got ping", Patience::secs(20)).unwrap();
        process.errors().wait_for(Mark::default(), "oops", Patience::secs(20)).unwrap();
        assert!(process.wait(Patience::secs(20)).unwrap().success());
    }

    #[test]
    fn terminate_lets_a_process_clean_up() {
        let (namespace, directory) = (Namespace::new("term").unwrap(), tempfile::tempdir().unwrap());
        let mut process = shell(
            &namespace,
            directory.path(),
            "trap 'echo bye; exit 3' TERM; echo up; while :; do read x; done",
        );
        process.output().wait_for(Mark::default(), "up", Patience::secs(20)).unwrap();
        let status = process.terminate(Patience::secs(20)).unwrap();
        assert_eq!(status.code(), Some(3));
        process.output().wait_for(Mark::default(), "bye", Patience::secs(20)).unwrap();
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let (namespace, directory) = (Namespace::new("drop").unwrap(), tempfile::tempdir().unwrap());
        let mut process = shell(&namespace, directory.path(), "echo up; read x");
        process.output().wait_for(Mark::default(), "up", Patience::secs(20)).unwrap();
        assert!(process.is_running());
        let proc = format!("/proc/{}", process.id());
        drop(process);
        assert!(!Path::new(&proc).exists(), "{proc} is still there");
    }
}
