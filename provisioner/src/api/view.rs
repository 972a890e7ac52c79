//! A node as the API and `-o json` show it.

use crate::node::{Firmware, Intent, Node, Progress, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// A node in short. The Day-1 data is shown by `seed render`, not here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeView {
    /// Stable identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Host name of the installed system.
    pub hostname: String,
    /// Ethernet addresses.
    pub macs: Vec<String>,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When the state is given up.
    pub deadline: Option<Timestamp>,
    /// What an operator asked for and is not done yet.
    pub intent: Option<Intent>,
    /// Address it holds, else the one kept for it.
    pub address: Option<Ipv4Addr>,
    /// Firmware of its last network boot.
    pub firmware: Option<Firmware>,
    /// When it was last seen.
    pub last_seen: Option<Timestamp>,
    /// What is being moved or done.
    pub progress: Option<Progress>,
    /// Image it installs.
    pub image: Option<String>,
    /// SSH host keys it reported.
    pub host_keys: Vec<String>,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
}

impl From<&Node> for NodeView {
    fn from(node: &Node) -> Self {
        let Node { id, config, status, state, state_reason, state_since, state_deadline, intent, .. } = node;
        Self {
            id: id.to_string(),
            name: config.name.to_string(),
            hostname: config.day1.hostname.to_string(),
            macs: config.macs.iter().map(ToString::to_string).collect(),
            state: *state,
            reason: state_reason.clone(),
            since: *state_since,
            deadline: *state_deadline,
            intent: *intent,
            address: status.address.or(config.address),
            firmware: status.firmware,
            last_seen: status.last_seen,
            progress: status.progress.clone(),
            image: config.image.clone(),
            host_keys: status.host_keys.clone(),
            labels: config.labels.clone(),
        }
    }
}
