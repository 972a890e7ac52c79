//! One run of a program: bounded in time and output, ended when it is not waited for.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::CheckError;

/// Most output that is kept of each stream.
const MAX_OUTPUT: u64 = 1024 * 1024;

/// What a program left.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) success: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Finished {
    /// The last line it printed, which in a Python traceback is the error.
    pub(super) fn last_words(&self) -> String {
        let last = |text: &str| text.lines().rev().map(str::trim).find(|l| !l.is_empty()).map(str::to_owned);
        last(&self.stderr).or_else(|| last(&self.stdout)).unwrap_or_else(|| "it printed nothing".to_owned())
    }
}

pub(super) async fn run(program: &Path, arguments: &[&str], limit: Duration) -> Result<Finished, CheckError> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| CheckError::NotInstalled { program: program.to_owned(), source })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let all = async { tokio::join!(child.wait(), text_of(stdout), text_of(stderr)) };
    let command = arguments.first().copied().unwrap_or_default().to_owned();
    let Ok((status, stdout, stderr)) = tokio::time::timeout(limit, all).await else {
        return Err(CheckError::TooSlow { program: program.to_owned(), command, seconds: limit.as_secs() });
    };
    match status {
        Ok(status) => Ok(Finished { success: status.success(), stdout, stderr }),
        Err(error) => {
            Err(CheckError::Failed { program: program.to_owned(), command, detail: error.to_string() })
        }
    }
}

/// Reads up to the limit, then closes the pipe.
async fn text_of(stream: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // A broken pipe ends the text where it broke; the exit status tells the rest.
        let _ = stream.take(MAX_OUTPUT).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_hangs_is_ended() {
        let error = run(Path::new("/bin/sleep"), &["1000"], Duration::from_millis(50)).await.unwrap_err();
        assert!(matches!(error, CheckError::TooSlow { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_program_that_never_stops_talking_is_cut() {
        let finished = run(Path::new("/usr/bin/yes"), &[], Duration::from_mins(1)).await.unwrap();
        assert!(!finished.success);
        assert_eq!(finished.stdout.len() as u64, MAX_OUTPUT);
    }

    #[tokio::test]
    async fn a_missing_program_names_its_package() {
        let error = run(Path::new("/nonexistent/cloud-init"), &[], Duration::from_secs(1)).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("/nonexistent/cloud-init") && text.contains("Debian package cloud-init"),
            "{text}"
        );
    }
}
