//! What the provisioner knows of machines.

use crate::{client::ClientIdentity, config::ExtraOption};
use std::{net::Ipv4Addr, sync::Arc};

/// Settings of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeEntry {
    /// Address kept for it, used in the subnet that contains it.
    pub reserved: Option<Ipv4Addr>,
    /// Host name (option 12).
    pub hostname: Option<String>,
    /// Further options; they win over the subnet's. Checked by [`crate::config::check_options`].
    pub options: Vec<ExtraOption>,
    /// False: no boot file is named, so firmware goes on to the next boot device.
    pub may_boot: bool,
    /// Loader for UEFI on x86-64 in place of the subnet's.
    pub uefi_x64: Option<String>,
}

impl Default for NodeEntry {
    fn default() -> Self {
        Self { reserved: None, hostname: None, options: Vec::new(), may_boot: true, uefi_x64: None }
    }
}

/// Asked once or twice per packet from the packet thread: answers come from memory and never wait.
pub trait Directory: Send + Sync {
    /// The node that this client is, by hardware address first, then UUID (both byte orders, see
    /// [`ClientIdentity::uuids`]), then client identifier. `None` for a stranger.
    fn lookup(&self, client: &ClientIdentity) -> Option<Arc<NodeEntry>>;

    /// True when some node has this address reserved, so that no stranger gets it from a pool.
    fn is_reserved(&self, ip: Ipv4Addr) -> bool;
}

/// A directory that knows nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmptyDirectory;

impl Directory for EmptyDirectory {
    fn lookup(&self, _: &ClientIdentity) -> Option<Arc<NodeEntry>> {
        None
    }

    fn is_reserved(&self, _: Ipv4Addr) -> bool {
        false
    }
}
