//! Ports of the data plane.

use super::At;
use serde::{Deserialize, Serialize};

/// A port; whether it is enabled and its MTU come from the interface of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataplanePort {
    /// The list entry; leafs used: `name`, `device`.
    #[serde(default)]
    pub at: At,
    /// Name of the port and of its TAP twin in Linux.
    pub name: String,
    /// PCI address (`0000:00:05.0`), or `af_packet:IFNAME`, `tap:IFNAME`, `ring`, `null`.
    pub device: String,
}
