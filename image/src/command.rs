//! Running other programs.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::ImageError;

/// A program and the Debian package that has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// Name, looked up in `PATH`.
    pub(crate) program: &'static str,
    /// For the error when it is missing.
    pub(crate) package: &'static str,
}

/// Lines of a failed program's output that an error repeats.
const TAIL: usize = 20;

/// One run of a program. It dies with this process, however that dies: nothing goes on in the background after a build
/// was killed.
pub(crate) struct Run {
    what: &'static str,
    tool: Tool,
    command: Command,
}

impl Run {
    /// `what` says in errors what the program was to do.
    pub(crate) fn new(what: &'static str, tool: Tool) -> Self {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", tool.program])
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        Self { what, tool, command }
    }

    /// The same, in namespaces of its own: what it mounts is in no other process' `/proc/mounts`, and when it is killed
    /// everything it started is killed, and the mounts are gone. Needs root.
    pub(crate) fn isolated(what: &'static str, tool: Tool) -> Self {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", "unshare", "--mount", "--propagation", "private"])
            .args(["--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--", tool.program])
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        Self { what, tool, command }
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of the program's environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Folder to run in.
    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs to the end and gives what it printed to its standard output.
    ///
    /// # Errors
    /// [`ImageError::NoProgram`] when it is not installed, [`ImageError::Program`] with its last lines when it fails.
    pub(crate) fn output(mut self) -> Result<String, ImageError> {
        let output = self.command.output().map_err(|e| self.not_started(&e))?;
        self.check(output.status, &String::from_utf8_lossy(&output.stderr))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs to the end and hands each line of its standard error to `line`.
    ///
    /// # Errors
    /// As [`Run::output`].
    pub(crate) fn lines(mut self, line: &mut dyn FnMut(&str)) -> Result<(), ImageError> {
        self.command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(|e| self.not_started(&e))?;
        let mut tail = Vec::new();
        if let Some(stderr) = child.stderr.take() {
            for text in BufReader::new(stderr).lines().map_while(Result::ok) {
                line(&text);
                if tail.len() == TAIL {
                    tail.remove(0);
                }
                tail.push(text);
            }
        }
        let status = child.wait().map_err(|e| self.not_started(&e))?;
        self.check(status, &tail.join("\n"))
    }

    /// Runs to the end with what `feed` writes as its standard input.
    ///
    /// # Errors
    /// As [`Run::output`]; when the program ended well, the error of `feed`.
    pub(crate) fn fed(
        mut self,
        feed: impl FnOnce(&mut dyn Write) -> Result<(), ImageError>,
    ) -> Result<(), ImageError> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(|e| self.not_started(&e))?;
        let errors = drain(&mut child);
        let written = match child.stdin.take() {
            Some(stdin) => {
                let mut stdin = io::BufWriter::with_capacity(256 * 1024, stdin);
                let result = feed(&mut stdin);
                let flushed = stdin.flush().map_err(ImageError::stream("hand over the last bytes"));
                result.and(flushed)
            }
            None => Ok(()),
        };
        let stopped = written.is_err();
        if stopped {
            // What it has is not the whole input: it must not look as if it were.
            let _ = child.kill();
        }
        let status = child.wait().map_err(|e| self.not_started(&e))?;
        let text = errors.join().unwrap_or_default();
        match (written, status.code()) {
            // The program ended by itself and its own message says more than our broken pipe.
            (Err(ImageError::Stream { .. }), Some(_)) | (Ok(()), _) => self.check(status, &text),
            (Err(error), _) => Err(error),
        }
    }

    fn not_started(&self, error: &io::Error) -> ImageError {
        match error.kind() {
            io::ErrorKind::NotFound => {
                ImageError::NoProgram { program: "setpriv".to_owned(), package: "util-linux" }
            }
            _ => ImageError::Program {
                what: self.what.to_owned(),
                program: self.tool.program.to_owned(),
                status: "cannot be started".to_owned(),
                output: error.to_string(),
            },
        }
    }

    fn check(&self, status: ExitStatus, errors: &str) -> Result<(), ImageError> {
        if status.success() {
            return Ok(());
        }
        // setpriv and unshare end with 127 when they do not find the program.
        if status.code() == Some(127) {
            return Err(ImageError::NoProgram {
                program: self.tool.program.to_owned(),
                package: self.tool.package,
            });
        }
        let lines: Vec<_> = errors.lines().collect();
        Err(ImageError::Program {
            what: self.what.to_owned(),
            program: self.tool.program.to_owned(),
            status: match status.code() {
                Some(code) => format!("ended with {code}"),
                None => "was killed".to_owned(),
            },
            output: lines[lines.len().saturating_sub(TAIL)..].join("\n"),
        })
    }
}

/// Reads standard error in a thread of its own, so that a program that prints much is not held up.
fn drain(child: &mut Child) -> std::thread::JoinHandle<String> {
    let stderr = child.stderr.take();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            // What cannot be read is only missing from the message.
            let _ = stderr.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SH: Tool = Tool { program: "sh", package: "dash" };

    fn sh(script: &str) -> Run {
        Run::new("test", SH).args(["-c", script])
    }

    #[test]
    fn output_and_lines_are_handed_over() {
        assert_eq!(sh("echo out; echo err >&2").output().unwrap(), "out\n");
        let mut lines = Vec::new();
        sh("echo a >&2; echo b >&2").lines(&mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines, ["a", "b"]);
    }

    #[test]
    fn a_failure_names_purpose_status_and_last_words() {
        let error = sh("echo first; echo why >&2; exit 3").output().unwrap_err().to_string();
        assert_eq!(error, "test: sh ended with 3\nwhy");
        let error = sh("kill -9 $$").lines(&mut |_| ()).unwrap_err().to_string();
        assert!(error.contains("sh was killed"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let tool = Tool { program: "daybreak-no-such-program", package: "some-package" };
        let error = Run::new("test", tool).output().unwrap_err().to_string();
        assert!(error.contains("apt-get install some-package"), "{error}");
    }

    #[test]
    fn a_feeder_that_fails_stops_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let script = format!("cat > /dev/null; echo done > {}", out.display());
        let error = sh(&script)
            .fed(|to| {
                to.write_all(b"half").unwrap();
                Err(ImageError::Root("no more".to_owned()))
            })
            .unwrap_err();
        assert!(error.to_string().contains("no more"), "{error}");
        assert!(!out.exists());
    }

    #[test]
    fn a_program_that_stops_reading_is_named_with_its_own_words() {
        let error = sh("echo full >&2; exit 1").fed(|to| {
            io::copy(&mut io::repeat(0).take(1 << 22), to).map(drop).map_err(ImageError::stream("feed"))
        });
        assert_eq!(error.unwrap_err().to_string(), "test: sh ended with 1\nfull");
    }

    #[test]
    fn what_an_isolated_program_mounts_is_not_seen_outside() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let script = format!("mount -t tmpfs none {path} && grep -c {path} /proc/self/mounts");
        assert_eq!(Run::isolated("test", SH).args(["-c", &script]).output().unwrap(), "1\n");
        assert!(!std::fs::read_to_string("/proc/self/mounts").unwrap().contains(&path));
    }
}
