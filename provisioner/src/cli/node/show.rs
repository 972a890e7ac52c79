//! One node for a person.

use crate::api::NodeView;
use crate::cli::{Format, output};
use anyhow::{Result, bail};

pub(super) fn print(format: Format, node: &NodeView) -> Result<()> {
    if format == Format::Json {
        return output::json(node);
    }
    println!("name      {}", node.name);
    println!("hostname  {}", node.hostname);
    println!("state     {} since {}", node.state, node.since);
    println!("reason    {}", node.reason);
    if let Some(deadline) = node.deadline {
        println!("deadline  {deadline}");
    }
    println!("progress  {}", progress(node));
    println!("address   {}", output::or_dash(node.address));
    println!("macs      {}", node.macs.join(", "));
    println!("last seen {}", output::or_dash(node.last_seen));
    for (name, value) in &node.labels {
        println!("label     {name}={value}");
    }
    for key in &node.host_keys {
        println!("host key  {key}");
    }
    Ok(())
}

/// `write 42 %`, or `-`.
pub(super) fn progress(node: &NodeView) -> String {
    node.progress.as_ref().map_or_else(|| "-".to_owned(), |p| format!("{} {} %", p.what, p.percent))
}

/// NETCONF over SSH (RFC 6242 §3); netconfd answers with sshd's host keys.
const NETCONF_PORT: u16 = 830;

/// Prints a line of `known_hosts` for each host key, for SSH and for NETCONF.
pub(super) fn known_hosts(node: &NodeView) -> Result<()> {
    let (Some(address), false) = (node.address, node.host_keys.is_empty()) else {
        bail!("node {} has not phoned home yet: its host keys are not known", node.name);
    };
    for key in &node.host_keys {
        // Only other ports than 22 are written in brackets, so one line cannot serve both programs of every client.
        println!("{address} {key}");
        println!("[{address}]:{NETCONF_PORT} {key}");
    }
    Ok(())
}
