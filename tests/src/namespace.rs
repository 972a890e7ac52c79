//! Network namespaces that vanish with their owner.
//!
//! A namespace here has no name in the file system: one thread holds it, and every process that the lab starts in it
//! is a child of that thread with a parent-death signal. When the test ends, fails, is interrupted or is killed by
//! SIGKILL, the thread goes, the children go, and the kernel takes namespace, bridges, veths and taps away. Nothing is
//! left to clean up, and two tests cannot meet.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use nix::sched::CloneFlags;

use crate::error::{LabError, Result};

type Job = Box<dyn FnOnce() + Send>;

/// A network namespace and the thread that holds it.
pub struct Namespace {
    name: String,
    path: PathBuf,
    jobs: Option<mpsc::Sender<Job>>,
    holder: Option<JoinHandle<()>>,
}

impl Namespace {
    /// Makes a namespace with its loopback up. `name` is for messages only.
    ///
    /// # Errors
    /// When the process may not make namespaces (labs need root).
    pub fn new(name: &str) -> Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (report, entered) = mpsc::channel();
        let holder = std::thread::Builder::new()
            .name(format!("netns {name}"))
            .spawn(move || {
                let outcome = nix::sched::unshare(CloneFlags::CLONE_NEWNET).map(|()| nix::unistd::gettid());
                let held = outcome.is_ok();
                if report.send(outcome).is_ok() && held {
                    for job in queue {
                        job();
                    }
                }
            })
            .map_err(|source| LabError::Start { program: format!("holder of namespace {name}"), source })?;
        let failed = |source| LabError::Namespace { name: name.to_owned(), source };
        let thread = entered.recv().map_err(|_| failed(nix::Error::ESRCH))?.map_err(failed)?;
        let path = PathBuf::from(format!("/proc/{}/task/{thread}/ns/net", std::process::id()));
        let namespace = Self { name: name.to_owned(), path, jobs: Some(jobs), holder: Some(holder) };
        namespace.ip(&["link set lo up"])?;
        Ok(namespace)
    }

    /// The name that messages use.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace as a file, for `nsenter --net=` and `ip link set … netns`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `job` on the thread that lives in the namespace: sockets it opens belong there. A panic in it goes on in
    /// the caller.
    ///
    /// # Panics
    /// When `job` panics.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (report, outcome) = mpsc::channel();
        let job = Box::new(move || {
            // The caller waits below, so a failed send cannot happen unless it is itself unwinding.
            let _ = report.send(catch_unwind(AssertUnwindSafe(job)));
        });
        let jobs = self.jobs.as_ref().expect("only Drop takes the queue away");
        jobs.send(job).expect("the holder runs until the queue is dropped");
        match outcome.recv().expect("the job reports before it ends") {
            Ok(value) => value,
            Err(panic) => resume_unwind(panic),
        }
    }

    /// Starts `program` in the namespace. It dies with this process, whatever the reason.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(&self, command: &Command) -> Result<Child> {
        let mut mortal = mortal(command);
        // `Command` gives its arguments, directory and environment back, but not its standard streams: callers want
        // them piped, and nothing in a lab reads the terminal.
        mortal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        self.run(move || mortal.spawn()).map_err(|source| LabError::Start { program, source })
    }

    /// Runs `command` in the namespace to its end, with `input` on its standard input.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn output_with(&self, command: &Command, input: String) -> Result<Output> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = self.spawn(command)?;
        let stdin = child.stdin.take();
        let feeder = std::thread::spawn(move || {
            if let Some(mut stdin) = stdin {
                // A program that does not read its input closes it early; its exit status tells the story.
                let _ = std::io::Write::write_all(&mut stdin, input.as_bytes());
            }
        });
        let output = child.wait_with_output().map_err(|source| LabError::Start { program, source });
        let _ = feeder.join();
        output
    }

    /// Runs `command` in the namespace to its end.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn output(&self, command: &Command) -> Result<Output> {
        self.output_with(command, String::new())
    }

    /// Runs `command` in the namespace; gives its standard output.
    ///
    /// # Errors
    /// When it cannot be started, or ends with a failure (with what it said).
    pub fn check(&self, command: &Command) -> Result<String> {
        let words = words(command);
        checked(&words, &self.output(command)?)
    }

    /// Configures the namespace by `ip` commands, without the word `ip`, in one batch.
    ///
    /// # Errors
    /// When one fails; the later ones are not run.
    pub fn ip(&self, lines: &[&str]) -> Result<()> {
        let mut command = Command::new("ip");
        command.args(["-batch", "-"]);
        let output = self.output_with(&command, lines.join("\n") + "\n")?;
        checked(&format!("ip: {}", lines.join("; ")), &output).map(drop)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(holder) = self.holder.take() {
            let _ = holder.join();
        }
    }
}

/// The same command under `setpriv --pdeathsig KILL`: exec keeps the parent-death signal.
fn mortal(command: &Command) -> Command {
    let mut mortal = Command::new("setpriv");
    mortal.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program()).args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        mortal.current_dir(directory);
    }
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => mortal.env(key, value),
            None => mortal.env_remove(key),
        };
    }
    mortal
}

/// The command line in words, for messages.
pub(crate) fn words(command: &Command) -> String {
    let mut words = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        words.push(' ');
        words.push_str(&argument.to_string_lossy());
    }
    words
}

/// Standard output of a command that went well.
pub(crate) fn checked(words: &str, output: &Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(LabError::Failed {
        command: words.to_owned(),
        status: output.status.to_string(),
        stderr: String::from_utf8_lossy(&output.stderr).trim_end().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_its_own_loopback_and_no_other_link() {
        let namespace = Namespace::new("alone").unwrap();
        let mut ip = Command::new("ip");
        ip.args(["-oneline", "link"]);
        let links = namespace.check(&ip).unwrap();
        assert!(links.contains("LOOPBACK,UP"), "{links}");
        assert!(!links.contains("eth0"), "{links}");
    }

    #[test]
    fn a_socket_opened_inside_is_not_seen_outside() {
        let namespace = Namespace::new("sockets").unwrap();
        let listener = namespace.run(|| std::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        assert!(std::net::TcpStream::connect(address).is_err(), "reached {address} from outside");
        assert!(namespace.run(move || std::net::TcpStream::connect(address)).is_ok());
    }

    #[test]
    fn a_failed_ip_command_says_why() {
        let namespace = Namespace::new("broken").unwrap();
        let error = namespace.ip(&["link set nothere up"]).unwrap_err();
        assert!(error.to_string().contains("nothere"), "{error}");
    }

    #[test]
    fn a_panic_inside_reaches_the_caller_and_leaves_the_namespace_usable() {
        let namespace = Namespace::new("panics").unwrap();
        let panic = catch_unwind(AssertUnwindSafe(|| namespace.run(|| panic!("as asked"))));
        assert!(panic.is_err());
        assert_eq!(namespace.run(|| 7), 7);
    }

    #[test]
    fn processes_die_with_the_namespace() {
        let namespace = Namespace::new("mortal").unwrap();
        let mut cat = Command::new("cat");
        cat.arg("-");
        let mut child = namespace.spawn(&cat).unwrap();
        // Held open on purpose: only the signal can end it.
        let stdin = child.stdin.take();
        // `setpriv` sets the signal before it becomes `cat`; an echo proves that it has.
        let mut stdin = stdin.unwrap();
        std::io::Write::write_all(&mut stdin, b"x").unwrap();
        let mut echo = [0; 1];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut echo).unwrap();
        drop(namespace);
        let status = child.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{status}");
    }
}
