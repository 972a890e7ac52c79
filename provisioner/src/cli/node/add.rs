//! `daybreak node add`.

use super::{show, wait};
use crate::api::NodeView;
use crate::cli::client::Client;
use crate::cli::{Format, output};
use crate::node::NodeConfig;
use crate::site::read_nodes;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// YAML file with a node, or a list of nodes (docs/nodes.md).
    #[arg(conflicts_with_all = ["name", "mac"], required_unless_present = "name")]
    file: Option<PathBuf>,
    /// Name of the node.
    #[arg(long, requires = "mac")]
    name: Option<String>,
    /// MAC address it boots from; may be repeated.
    #[arg(long)]
    mac: Vec<String>,
    /// File with SSH public keys that may log in as `admin`; may be repeated.
    #[arg(long, conflicts_with = "file")]
    ssh_key: Vec<PathBuf>,
    /// Serial number of the disk to install on.
    #[arg(long, conflicts_with = "file")]
    disk_serial: Option<String>,
    /// Device path of the disk to install on.
    #[arg(long, conflicts_with = "file")]
    disk_path: Option<String>,
    /// Address to keep for it.
    #[arg(long, conflicts_with = "file")]
    address: Option<std::net::Ipv4Addr>,
    /// Image to install.
    #[arg(long, conflicts_with = "file")]
    image: Option<String>,
    /// Start it in a way that Secure Boot allows.
    #[arg(long, conflicts_with = "file")]
    secure_boot: bool,
    /// A label, KEY=VALUE; may be repeated.
    #[arg(long, conflicts_with = "file")]
    label: Vec<String>,
    #[command(flatten)]
    wait: wait::After,
}

pub(super) async fn run(client: &Client, format: Format, args: Args) -> Result<ExitCode> {
    let nodes = match &args.file {
        Some(file) => read_nodes(file)?,
        None => vec![from_flags(&args)?],
    };
    if nodes.len() != 1 && args.wait.is_wanted() {
        bail!(
            "--wait follows one node, and there are {}; add them, then `daybreak node wait NAME`",
            nodes.len()
        );
    }
    let mut added = Vec::new();
    for node in &nodes {
        let view: NodeView = client
            .post("/api/v1/nodes", node)
            .await
            .with_context(|| format!("node {} was not added ({} before it were)", node.name, added.len()))?;
        added.push(view);
    }
    match added.as_slice() {
        [only] => return args.wait.finish(client, format, only).await,
        many if format == Format::Json => output::json(&many)?,
        many => many.iter().try_for_each(|view| show::print(format, view))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn from_flags(args: &Args) -> Result<NodeConfig> {
    let mut keys = Vec::new();
    for file in &args.ssh_key {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the SSH public key {}", file.display()))?;
        keys.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    let mut labels = serde_json::Map::new();
    for label in &args.label {
        let Some((key, value)) = label.split_once('=') else { bail!("{label:?} is not KEY=VALUE") };
        labels.insert(key.to_owned(), value.into());
    }
    let mut disk = serde_json::Map::new();
    for (key, value) in [("serial", &args.disk_serial), ("path", &args.disk_path)] {
        if let Some(value) = value {
            disk.insert(key.to_owned(), value.clone().into());
        }
    }
    let node: Value = json!({
        "name": args.name,
        "macs": args.mac,
        "address": args.address,
        "image": args.image,
        "secure_boot": args.secure_boot.then_some(true),
        "install": {"disk": disk},
        "day1": {"hostname": args.name, "ssh_authorized_keys": keys},
        "labels": labels,
    });
    serde_json::from_value(node).context("the flags do not make a node")
}
