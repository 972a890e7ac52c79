//! `daybreak node upgrade`: tells an appliance, over the operator's own SSH, to take an image from here, and waits for how
//! that ended.

mod outcome;

use crate::api::{ImageView, NodeView};
use crate::cli::client::Client;
use crate::cli::{Format, output};
use anyhow::{Context, Result, bail};
use outcome::{Outcome, Status};
use serde_json::json;
use std::ffi::OsString;
use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::time::Instant;

/// Exit code of an appliance that did not keep the image: the one of `vrouter upgrade` for "the running image is as it was".
const REFUSED: u8 = 3;

/// Exit code of ssh itself; also of a session that the restart cut off.
const SSH: i32 = 255;

/// Between two looks at a machine that restarts.
const LOOK: Duration = Duration::from_secs(5);

/// Options of `daybreak node upgrade`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Its name
    name: String,
    /// Image to upgrade to; by default the node's, or the only one that is served
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Login on the appliance, which may use sudo
    #[arg(long, default_value = "admin", value_name = "LOGIN")]
    user: String,
    /// Seconds after the restart in which everything has to work again
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    health_timeout: u64,
    /// Do not restart: the next restart tries the image
    #[arg(long)]
    no_reboot: bool,
    /// Seconds for the restart, beside the health timeout; a server's firmware takes minutes
    #[arg(long, default_value_t = 900, value_name = "SECONDS")]
    restart_timeout: u64,
    /// Further arguments for ssh, such as -i FILE
    #[arg(last = true, value_name = "SSH_ARGUMENT")]
    ssh: Vec<OsString>,
}

pub(super) async fn run(client: &Client, format: Format, args: Args) -> Result<ExitCode> {
    let node: NodeView = client.get(&super::path(&args.name, "")).await?;
    let images: Vec<ImageView> = client.get("/api/v1/images").await?;
    let image = choose(args.image.as_deref().or(node.image.as_deref()), &images)?;
    let appliance = Appliance::of(&node, &args)?;
    let before = appliance.status().with_context(|| format!("ask {} what runs", node.name))?;
    let code = appliance.ssh(&remote(image, &args), format)?;
    match code {
        Some(0) if args.no_reboot => return Ok(ExitCode::SUCCESS),
        Some(0 | SSH) => {}
        other => {
            return Ok(other
                .and_then(|code| u8::try_from(code).ok())
                .map_or(ExitCode::FAILURE, ExitCode::from));
        }
    }
    let time = Duration::from_secs(args.health_timeout.saturating_add(args.restart_timeout));
    report(format, &node.name, appliance.outcome(&before, code == Some(SSH), time).await?)
}

fn report(format: Format, node: &str, outcome: Outcome) -> Result<ExitCode> {
    let (kept, version, reason) = match outcome {
        Outcome::Kept { version } => (true, version, None),
        Outcome::Lost { version, reason } => (false, version, Some(reason)),
    };
    match (format, &reason) {
        (Format::Json, _) => {
            output::json(&json!({"node": node, "version": version, "kept": kept, "reason": reason}))?;
        }
        (Format::Text, None) => println!("{node} runs {version}, confirmed"),
        (Format::Text, Some(reason)) => eprintln!("daybreak: {node} did not keep {version}: {reason}"),
    }
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

/// How to reach the appliance, whatever the operator's ssh knows of its address otherwise.
struct Appliance<'a> {
    /// The host keys that it phoned home with; removed when this goes.
    known: NamedTempFile,
    target: String,
    arguments: &'a [OsString],
}

impl<'a> Appliance<'a> {
    fn of(node: &NodeView, args: &'a Args) -> Result<Self> {
        let (Some(address), false) = (node.address, node.host_keys.is_empty()) else {
            bail!("node {} has not phoned home yet: its host keys are not known", node.name);
        };
        let mut known = NamedTempFile::new().context("make a file of known hosts")?;
        for key in &node.host_keys {
            writeln!(known, "{address} {key}").context("write the file of known hosts")?;
        }
        Ok(Self { known, target: format!("{}@{address}", args.user), arguments: &args.ssh })
    }

    fn command(&self, remote: &str) -> Command {
        let mut command = Command::new("ssh");
        command
            .args(["-o", "StrictHostKeyChecking=yes", "-o"])
            .arg(format!("UserKnownHostsFile={}", self.known.path().display()))
            .args(["-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=10"])
            .args(self.arguments)
            .arg(&self.target)
            .arg(remote);
        command
    }

    /// Runs a command there for the operator to see; gives its exit code. What it prints goes to the operator's standard error:
    /// standard output is for how it all ended.
    fn ssh(&self, remote: &str, format: Format) -> Result<Option<i32>> {
        let mut command = self.command(remote);
        if format == Format::Json {
            command.stdout(Stdio::from(
                std::io::stderr().as_fd().try_clone_to_owned().context("standard error")?,
            ));
        }
        Ok(command.status().context("run ssh, of the package openssh-client")?.code())
    }

    fn status(&self) -> Result<Status> {
        let output = self
            .command("sudo vrouter -o json upgrade status")
            .stdin(Stdio::inherit())
            .stderr(Stdio::piped())
            .output()
            .context("run ssh, of the package openssh-client")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Status::read(&output.stdout)
    }

    /// Waits until the switch has been judged. `cut` tells that the session ended before its exit code came.
    async fn outcome(&self, before: &Status, cut: bool, time: Duration) -> Result<Outcome> {
        judged(|| self.status(), before, cut, time, LOOK).await
    }
}

/// Looks until there is a verdict or the time is over. A session that was cut tells nothing: the appliance may write the image
/// on, or restart after it.
async fn judged(
    mut look: impl FnMut() -> Result<Status>,
    before: &Status,
    cut: bool,
    time: Duration,
    pause: Duration,
) -> Result<Outcome> {
    let deadline = Instant::now() + time;
    loop {
        let seen = match look() {
            Ok(status) => match status.outcome_after(before) {
                Some(outcome) => return Ok(outcome),
                None if cut && status == *before => {
                    "the session was cut, and no switch is noted: the image may be half written".to_owned()
                }
                None => "it is on trial still, or waits for its restart".to_owned(),
            },
            Err(error) => format!("{error:#}"),
        };
        if Instant::now() >= deadline {
            bail!("no verdict after {} s: {seen}; `vrouter upgrade status` tells more", time.as_secs());
        }
        tokio::time::sleep(pause).await;
    }
}

/// The command for the appliance. Every word of it is of letters, digits and signs that no shell reads.
fn remote(image: &ImageView, args: &Args) -> String {
    let reboot = if args.no_reboot { "" } else { " --reboot" };
    format!(
        "sudo vrouter upgrade {} --manifest-sha256 {} --health-timeout {} --yes{reboot}",
        image.url, image.manifest_sha256, args.health_timeout
    )
}

fn choose<'a>(wanted: Option<&str>, images: &'a [ImageView]) -> Result<&'a ImageView> {
    let found = match wanted {
        Some(wanted) => images.iter().find(|image| image.name == wanted),
        None => images.first().filter(|_| images.len() == 1),
    };
    let names = || images.iter().map(|image| image.name.as_str()).collect::<Vec<_>>().join(", ");
    match (found, wanted) {
        (Some(image), _) => Ok(image),
        (None, Some(wanted)) => bail!("there is no image {wanted}; the site's images: {}", names()),
        (None, None) => bail!("name one with --image; the site's images: {}", names()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(at: Option<u64>) -> Status {
        let to = json!({"slot": "b", "name": "vrouter", "version": "2.0"});
        let last = at.map(|at| json!({"to": to, "outcome": "confirmed", "reason": "why", "at": at}));
        Status::read(json!({"pending": null, "last": last}).to_string().as_bytes()).unwrap()
    }

    #[tokio::test]
    async fn a_cut_session_is_looked_after_until_the_verdict() {
        // It writes on after the cut, restarts, and confirms.
        let mut looks = [Ok(None), Err("no route"), Ok(None), Ok(Some(9))].into_iter();
        let look = || looks.next().unwrap().map(status).map_err(anyhow::Error::msg);
        let outcome =
            judged(look, &status(None), true, Duration::from_mins(1), Duration::ZERO).await.unwrap();
        assert_eq!(outcome, Outcome::Kept { version: "2.0".to_owned() });
    }

    #[tokio::test]
    async fn at_the_deadline_a_cut_session_is_no_promise() {
        let look = || Ok(status(None));
        let error =
            judged(look, &status(None), true, Duration::ZERO, Duration::ZERO).await.unwrap_err().to_string();
        assert!(error.contains("no verdict after 0 s") && error.contains("may be half written"), "{error}");
        assert!(!error.contains("as it was"), "{error}");
    }

    fn image(name: &str) -> ImageView {
        ImageView {
            name: name.to_owned(),
            version: "2.0".to_owned(),
            manifest_sha256: "ab".repeat(32),
            url: format!("http://192.0.2.1:8080/images/{name}/"),
            signed: true,
        }
    }

    #[test]
    fn the_image_is_the_named_one_or_the_only_one() {
        let both = [image("one"), image("two")];
        assert_eq!(choose(Some("two"), &both).unwrap().name, "two");
        assert_eq!(choose(None, &both[..1]).unwrap().name, "one");
        for (wanted, images) in [(None, &both[..]), (Some("three"), &both), (None, &[])] {
            assert!(choose(wanted, images).is_err(), "{wanted:?}");
        }
    }

    #[test]
    fn the_appliance_is_told_where_and_which() {
        let mut args = Args {
            name: "r1".to_owned(),
            image: None,
            user: "admin".to_owned(),
            health_timeout: 60,
            no_reboot: false,
            restart_timeout: 900,
            ssh: Vec::new(),
        };
        let digest = "ab".repeat(32);
        let expected = format!(
            "sudo vrouter upgrade http://192.0.2.1:8080/images/one/ --manifest-sha256 {digest} --health-timeout 60 --yes"
        );
        assert_eq!(remote(&image("one"), &args), format!("{expected} --reboot"));
        args.no_reboot = true;
        assert_eq!(remote(&image("one"), &args), expected);
    }
}
