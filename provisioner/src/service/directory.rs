//! What the DHCP server asks about machines.

use super::leases::identity;
use crate::boot::SHIM;
use crate::node::Node;
use crate::node::registry::Registry;
use daybreak_dhcp::config::Loaders;
use daybreak_dhcp::{ClientIdentity, Directory, NodeEntry};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The registry as the DHCP server's directory.
#[derive(Debug)]
pub struct Nodes(pub Arc<Registry>);

impl Directory for Nodes {
    fn lookup(&self, client: &ClientIdentity) -> Option<Arc<NodeEntry>> {
        self.0.with_identity(&identity(client), entry).map(Arc::new)
    }

    fn is_reserved(&self, address: Ipv4Addr) -> bool {
        self.0.is_reserved(address)
    }
}

/// The loader of a node that says how it is to be started.
fn uefi_x64(secure_boot: bool) -> String {
    if secure_boot { SHIM.to_owned() } else { Loaders::default().uefi_x64.unwrap_or_default() }
}

fn entry(node: &Node) -> NodeEntry {
    NodeEntry {
        reserved: node.config.address,
        hostname: Some(node.config.day1.hostname.to_string()),
        options: node.config.dhcp_options.clone(),
        may_boot: true,
        uefi_x64: node.config.secure_boot.map(uefi_x64),
    }
}
