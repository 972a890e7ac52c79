//! `daybreak seed iso …` and `daybreak seed configdrive …`.

use super::client::Client;
use super::{Format, output};
use crate::service::Medium;
use anyhow::{Context, Result, bail};
use daybreak_cloud_init::{Day1, Identity, Templates};
use daybreak_layout::Sha256Digest;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the node. While it is deploying, its seed has the machine phone home, and each medium ends the one before.
    #[arg(required_unless_present = "day1")]
    node: Option<String>,
    /// Day-1 data of a machine that no provisioner knows: YAML or JSON, see docs/day1.md.
    #[arg(long, value_name = "FILE", conflicts_with = "node")]
    day1: Option<PathBuf>,
    /// Instance id with --day1; another one makes cloud-init run its first-boot steps again. Without it, one that follows from
    /// the data.
    #[arg(long, value_name = "ID", requires = "day1")]
    instance_id: Option<String>,
    /// The file to write, readable by its owner only.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

pub(super) fn run(client: &Client, format: Format, medium: Medium, args: &Args) -> Result<()> {
    let volume = match (&args.node, &args.day1) {
        (Some(node), _) => {
            let path = super::node::path(node, &format!("/media/{}", medium.name()));
            Client::block_on(client.post_for_bytes(&path))?.to_vec()
        }
        (None, Some(file)) => offline(medium, file, args.instance_id.as_deref())?,
        (None, None) => bail!("name a node, or a file with Day-1 data (--day1)"),
    };
    write_private(&args.to, &volume).with_context(|| format!("cannot write {}", args.to.display()))?;
    if format == Format::Json {
        output::json(&serde_json::json!({"file": args.to, "medium": medium.name(), "bytes": volume.len()}))?;
    } else {
        println!("{}: {} bytes, labelled {}", args.to.display(), volume.len(), medium.label());
    }
    Ok(())
}

/// A medium without a provisioner.
fn offline(medium: Medium, file: &Path, instance_id: Option<&str>) -> Result<Vec<u8>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let day1: Day1 = serde_saphyr::from_str(&text).with_context(|| file.display().to_string())?;
    let instance_id = match instance_id {
        Some(id) => id.to_owned(),
        // The same data, the same machine: a medium made again must not run the first boot again.
        None => {
            format!("{}-{}", day1.hostname.as_str(), &Sha256Digest::of(text.as_bytes()).to_string()[..16])
        }
    };
    let identity = Identity { instance_id: instance_id.parse()? };
    let seed = daybreak_cloud_init::render(&day1, &identity, &Templates::builtin()?)?;
    Ok(medium.volume(&day1, &identity, &seed))
}

/// Writes a file that only its owner may read; a write that fails leaves what was there.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    // One that was left behind may have another mode.
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&part, path)
}
