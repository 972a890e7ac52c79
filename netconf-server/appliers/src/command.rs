//! Runs a program of the distribution: no shell, a clean environment, a deadline, bounded output.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// Output of which an error message is made.
pub(crate) const SHORT: u64 = 64 << 10;

/// A program to run.
#[derive(Debug)]
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    limit: u64,
}

/// What a program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// It said more on standard output than was asked for, and was ended.
    pub(crate) cut: bool,
}

/// A program could not be run to its end.
#[derive(Debug, Error)]
pub(crate) enum CommandError {
    #[error("cannot run {program}: {source}; is its package installed?")]
    Start { program: PathBuf, source: std::io::Error },
    #[error("cannot read what {program} says: {source}")]
    Read { program: PathBuf, source: std::io::Error },
    #[error("{program} did not end within {} s and was ended", deadline.as_secs())]
    Deadline { program: PathBuf, deadline: Duration },
    #[error("{program} {arguments} failed ({status}): {message}")]
    Failed { program: PathBuf, arguments: String, status: ExitStatus, message: String },
}

impl Program {
    pub(crate) fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), arguments: Vec::new(), limit: SHORT }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Takes up to `bytes` of standard output instead of [`SHORT`].
    pub(crate) fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Runs it to its end, whatever its status. Dropping the future ends the program.
    pub(crate) async fn run(self, deadline: Duration) -> Result<Said, CommandError> {
        let program = self.path.clone();
        tokio::time::timeout(deadline, self.run_unbounded())
            .await
            .unwrap_or(Err(CommandError::Deadline { program, deadline }))
    }

    /// Runs it to its end, and takes a status other than 0 for an error.
    pub(crate) async fn succeed(self, deadline: Duration) -> Result<Said, CommandError> {
        let program = self.path.clone();
        let arguments: Vec<_> = self.arguments.iter().map(|a| a.to_string_lossy().into_owned()).collect();
        let said = self.run(deadline).await?;
        if said.status.success() {
            return Ok(said);
        }
        let message = said.message();
        Err(CommandError::Failed { program, arguments: arguments.join(" "), status: said.status, message })
    }

    async fn run_unbounded(self) -> Result<Said, CommandError> {
        let read = |source| CommandError::Read { program: self.path.clone(), source };
        let mut child = Command::new(&self.path)
            .args(&self.arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| CommandError::Start { program: self.path.clone(), source })?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let out = async { take(stdout, self.limit).await };
        let err = async { drain(stderr).await };
        let both = async { tokio::join!(out, err) };
        tokio::pin!(both);
        let (out, stderr) = both.await;
        let (stdout, cut) = out.map_err(read)?;
        if cut {
            child.start_kill().map_err(read)?;
        }
        let status = child.wait().await.map_err(read)?;
        Ok(Said { status, stdout, stderr: stderr.map_err(read)?, cut })
    }
}

impl Said {
    /// Both outputs on one line, without colours, for an error message.
    pub(crate) fn message(&self) -> String {
        let text =
            [&self.stdout[..], &self.stderr[..]].map(|text| plain(&String::from_utf8_lossy(text))).concat();
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(8).collect();
        if lines.is_empty() { "it said nothing".to_owned() } else { lines.join("; ") }
    }
}

/// Without the escape sequences of a terminal's colours.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    out + rest
}

/// Reads up to `limit` bytes; true when there was more.
async fn take(from: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let Some(from) = from else { return Ok((bytes, false)) };
    from.take(limit + 1).read_to_end(&mut bytes).await?;
    let cut = bytes.len() as u64 > limit;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((bytes, cut))
}

/// Reads to the end, so that the program never waits for a full pipe, and keeps the beginning.
async fn drain(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        (&mut from).take(SHORT).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{CommandError, Program, plain};
    use std::time::Duration;

    const SOON: Duration = Duration::from_secs(5);

    fn sh(script: &str) -> Program {
        Program::new("/bin/sh").args(["-c", script])
    }

    #[tokio::test]
    async fn output_and_status_come_back() {
        let said = sh("echo out; echo err >&2; exit 3").run(SOON).await.unwrap();
        assert_eq!((said.status.code(), said.message().as_str()), (Some(3), "out; err"));
        let error = sh("echo why >&2; exit 1").succeed(SOON).await.unwrap_err().to_string();
        assert!(error.contains("/bin/sh -c") && error.contains("why"), "{error}");
    }

    #[tokio::test]
    async fn output_is_bounded_and_the_program_is_ended() {
        let said = sh("while :; do echo xxxxxxxxxxxxxxxx; done").limit(100).run(SOON).await.unwrap();
        assert!(said.cut && said.stdout.len() == 100 && !said.status.success());
    }

    #[tokio::test]
    async fn a_flood_of_errors_does_not_stop_it() {
        let said = sh("yes | head -c 300000 >&2; echo done").run(SOON).await.unwrap();
        assert_eq!(said.stdout, b"done\n");
        assert_eq!(said.stderr.len(), 64 << 10);
    }

    #[tokio::test]
    async fn the_deadline_ends_it() {
        let error = sh("exec sleep 60").run(Duration::from_millis(50)).await.unwrap_err();
        assert!(matches!(error, CommandError::Deadline { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let error = Program::new("/nonexistent/vtysh").run(SOON).await.unwrap_err().to_string();
        assert!(error.contains("/nonexistent/vtysh"), "{error}");
    }

    #[test]
    fn colours_go() {
        assert_eq!(plain("\u{1b}[91m ERROR\u{1b}[0m: x"), " ERROR: x");
        assert_eq!(plain("a\u{1b}[9"), "a");
    }
}
