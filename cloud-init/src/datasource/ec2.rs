//! EC2's instance metadata: a tree of short texts, in which a folder lists its children, folders with a slash at the end
//! (AWS: "Instance metadata categories").

use super::Instance;
use std::net::Ipv4Addr;

/// Versions of the tree; all give the same here.
pub const VERSIONS: [&str; 5] = ["2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23", "latest"];

/// The network card that the metadata names: that of the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card<'a> {
    /// Ethernet address, as `52:54:00:…`.
    pub mac: &'a str,
    /// Its address.
    pub address: Ipv4Addr,
}

/// What `GET /VERSION/PATH` answers; `path` begins after the version and has no slash at its start. `None` is 404.
pub fn get(instance: &Instance<'_>, card: Card<'_>, path: &str) -> Option<String> {
    match path.trim_end_matches('/') {
        "" => Some("dynamic\nmeta-data\nuser-data".to_owned()),
        "user-data" => Some(instance.seed.user_data.clone()),
        "dynamic" => Some("instance-identity/".to_owned()),
        "dynamic/instance-identity" => Some("document".to_owned()),
        "dynamic/instance-identity/document" => Some(identity(instance, card)),
        path => {
            let below =
                path.strip_prefix("meta-data").filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
            meta_data(instance, card, below.trim_start_matches('/'))
        }
    }
}

fn identity(instance: &Instance<'_>, card: Card<'_>) -> String {
    let document = serde_json::json!({
        "instanceId": instance.id(), "privateIp": card.address, "region": "daybreak", "version": "2017-09-30",
    });
    format!("{document:#}")
}

/// One leaf or folder below `meta-data/`.
fn meta_data(instance: &Instance<'_>, card: Card<'_>, path: &str) -> Option<String> {
    let leaves = leaves(instance, card);
    if let Some((_, value)) = leaves.iter().find(|(leaf, _)| leaf == path) {
        return Some(value.clone());
    }
    if path == "public-keys" {
        // Its children are listed as NUMBER=NAME and asked for by number.
        let names = (0..instance.keys().count()).map(|number| format!("{number}=key-{}", number + 1));
        return Some(names.collect::<Vec<_>>().join("\n")).filter(|names| !names.is_empty());
    }
    let folder = if path.is_empty() { String::new() } else { format!("{path}/") };
    let mut children: Vec<String> = Vec::new();
    for (leaf, _) in &leaves {
        let Some(rest) = leaf.strip_prefix(&folder) else { continue };
        let child = rest.split_once('/').map_or(rest.to_owned(), |(child, _)| format!("{child}/"));
        if !children.contains(&child) {
            children.push(child);
        }
    }
    (!children.is_empty()).then(|| children.join("\n"))
}

fn leaves(instance: &Instance<'_>, card: Card<'_>) -> Vec<(String, String)> {
    let (id, hostname) = (instance.id().to_owned(), instance.hostname().to_owned());
    let (mac, address) = (card.mac, card.address.to_string());
    let interface = |leaf: &str| format!("network/interfaces/macs/{mac}/{leaf}");
    let mut leaves = vec![
        ("ami-id".to_owned(), "daybreak".to_owned()),
        ("hostname".to_owned(), hostname.clone()),
        ("instance-id".to_owned(), id),
        ("local-hostname".to_owned(), hostname.clone()),
        ("local-ipv4".to_owned(), address.clone()),
        ("mac".to_owned(), mac.to_owned()),
        (interface("device-number"), "0".to_owned()),
        (interface("local-hostname"), hostname),
        (interface("local-ipv4s"), address),
        (interface("mac"), mac.to_owned()),
        ("placement/availability-zone".to_owned(), "daybreak".to_owned()),
    ];
    let keys = instance.keys().enumerate();
    leaves.extend(keys.map(|(number, key)| (format!("public-keys/{number}/openssh-key"), key.to_owned())));
    leaves
}
