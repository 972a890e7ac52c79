//! A node: what the caller set (`config`), what was seen (`status`), and where it stands (`state`).

pub mod engine;
mod facts;
mod mac;
mod name;
pub mod registry;
mod state;
mod states;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

pub use facts::{Fact, Firmware, InstallReport, InstallStep, Intent};
pub use mac::{InvalidMac, MacAddr};
pub use name::{InvalidName, NodeName};
pub use state::{State, StateRow, TABLE};
pub use states::{Step, step};

/// Stable identity of a node, also the `instance-id` of its Day-1 seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub uuid::Uuid);

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// When a node that is enrolled starts to deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// At its first network boot.
    #[default]
    OnBoot,
    /// Only after `daybreak node deploy NAME`; until then it boots from its disk.
    Manual,
}

/// What the caller set. The shape of a node file and of `POST /api/v1/nodes`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// Name, unique in the site; a DNS label.
    pub name: NodeName,
    /// Ethernet addresses the machine may boot from, at least one.
    pub macs: Vec<MacAddr>,
    /// SMBIOS UUID (DHCP option 97), to find a machine whose NIC was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<uuid::Uuid>,
    /// Address the DHCP server keeps for this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
    /// DHCP options of this node, besides the subnet's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dhcp_options: Vec<daybreak_dhcp::config::ExtraOption>,
    /// Image to install; the site's `defaults.image` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Whether it is started in a way that Secure Boot allows; the site's `defaults.secure_boot` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<bool>,
    /// When to deploy.
    #[serde(default)]
    pub start: Start,
    /// Where to install.
    #[serde(default)]
    pub install: InstallConfig,
    /// Day-1 data of the installed system.
    pub day1: daybreak_cloud_init::Day1,
    /// Free labels, for inventories.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Where the installer writes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallConfig {
    /// Hints that must leave exactly one disk.
    #[serde(default)]
    pub disk: daybreak_cloud_init::DiskHints,
    /// Kernel arguments of the live system, after the image's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kernel_args: Vec<daybreak_cloud_init::template::KernelArg>,
}

/// What was seen of the machine. Never set by the caller.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Status {
    /// Address the machine holds.
    #[serde(default)]
    pub address: Option<Ipv4Addr>,
    /// Firmware of the last network boot.
    #[serde(default)]
    pub firmware: Option<Firmware>,
    /// When any packet or request of it was last seen.
    #[serde(default)]
    pub last_seen: Option<Timestamp>,
    /// The installer said `done` in this deployment.
    #[serde(default)]
    pub installed: bool,
    /// What is being moved or done now.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// SSH host keys that the installed system reported, `type base64` each.
    #[serde(default)]
    pub host_keys: Vec<String>,
}

/// Progress of a transfer or of an install step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What: a file name, or the installer's step.
    pub what: String,
    /// 0 to 100.
    pub percent: u8,
    /// Bytes so far.
    pub bytes: u64,
    /// Bytes in all, 0 when unknown.
    pub total: u64,
}

/// A node as stored and as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Stable identity.
    pub id: NodeId,
    /// What the caller set.
    pub config: NodeConfig,
    /// What was seen.
    pub status: Status,
    /// Where it stands.
    pub state: State,
    /// Counts the changes of state; tokens are bound to it.
    pub state_version: u64,
    /// Why it is in this state, in words.
    pub state_reason: String,
    /// Since when.
    pub state_since: Timestamp,
    /// When the state is given up, if it has a limit.
    pub state_deadline: Option<Timestamp>,
    /// Counts the changes of `config`.
    pub version: u64,
    /// What the caller asked for and the engine has not done yet.
    pub intent: Option<Intent>,
    /// When it was added.
    pub created: Timestamp,
}
