//! The nodes in memory: what packet servers and handlers read. The store is written first, then this.

use super::{MacAddr, Node, NodeConfig, NodeId, NodeName, Status};
use parking_lot::RwLock;
use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

/// By what a machine may be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Identity {
    /// Its MAC address.
    pub mac: Option<MacAddr>,
    /// Its UUID as sent, and with the first three fields in the other byte order.
    pub uuids: Option<[uuid::Uuid; 2]>,
}

/// Nodes by id, name, MAC address and UUID. Never blocks for long: no I/O under its lock.
#[derive(Debug, Default)]
pub struct Registry {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    nodes: HashMap<NodeId, Node>,
    by_name: HashMap<NodeName, NodeId>,
    by_mac: HashMap<MacAddr, NodeId>,
    by_uuid: HashMap<uuid::Uuid, NodeId>,
    reserved: HashSet<Ipv4Addr>,
}

impl Registry {
    /// A registry of these nodes.
    pub fn new(nodes: impl IntoIterator<Item = Node>) -> Self {
        let registry = Self::default();
        for node in nodes {
            registry.put(node);
        }
        registry
    }

    /// Puts a node in, or its newer version.
    pub fn put(&self, node: Node) {
        let mut inner = self.inner.write();
        inner.by_name.insert(node.config.name.clone(), node.id);
        for mac in &node.config.macs {
            inner.by_mac.insert(*mac, node.id);
        }
        if let Some(uuid) = node.config.uuid {
            inner.by_uuid.insert(uuid, node.id);
        }
        inner.reserved.extend(node.config.address);
        inner.nodes.insert(node.id, node);
    }

    /// What of a node only one can have and another has: the key, its value and whose it is. Names and MAC addresses are the
    /// store's to look at.
    pub fn taken(&self, config: &NodeConfig) -> Option<(&'static str, String, NodeName)> {
        let inner = self.inner.read();
        inner.nodes.values().map(|node| &node.config).find_map(|other| {
            let address = config.address.filter(|own| other.address == Some(*own));
            let uuid = config.uuid.filter(|own| other.uuid == Some(*own));
            let address = address.map(|own| ("address", own.to_string()));
            let (what, value) = address.or_else(|| uuid.map(|own| ("uuid", own.to_string())))?;
            Some((what, value, other.name.clone()))
        })
    }

    /// Takes a node out.
    pub fn remove(&self, id: NodeId) {
        let mut inner = self.inner.write();
        if let Some(address) = inner.nodes.remove(&id).and_then(|node| node.config.address) {
            inner.reserved.remove(&address);
        }
        inner.by_name.retain(|_, node| *node != id);
        inner.by_mac.retain(|_, node| *node != id);
        inner.by_uuid.retain(|_, node| *node != id);
    }

    /// The node of that id.
    pub fn get(&self, id: NodeId) -> Option<Node> {
        self.inner.read().nodes.get(&id).cloned()
    }

    /// The node of that name.
    pub fn by_name(&self, name: &str) -> Option<Node> {
        let inner = self.inner.read();
        let name: NodeName = name.parse().ok()?;
        inner.by_name.get(&name).and_then(|id| inner.nodes.get(id)).cloned()
    }

    /// The node a machine belongs to: by MAC address first, then by UUID.
    /// A machine may show its UUID in either byte order, so all its forms are tried.
    pub fn by_identity(&self, machine: &Identity) -> Option<Node> {
        self.with_identity(machine, Node::clone)
    }

    /// Reads the node a machine belongs to without copying it.
    pub fn with_identity<T>(&self, machine: &Identity, read: impl FnOnce(&Node) -> T) -> Option<T> {
        let inner = self.inner.read();
        let by_mac = machine.mac.and_then(|mac| inner.by_mac.get(&mac));
        let id =
            by_mac.or_else(|| machine.uuids.iter().flatten().find_map(|uuid| inner.by_uuid.get(uuid)))?;
        inner.nodes.get(id).map(read)
    }

    /// Whether a node has this address kept for it.
    pub fn is_reserved(&self, address: Ipv4Addr) -> bool {
        self.inner.read().reserved.contains(&address)
    }

    /// All nodes, by name.
    pub fn all(&self) -> Vec<Node> {
        let mut nodes: Vec<_> = self.inner.read().nodes.values().cloned().collect();
        nodes.sort_by(|a, b| a.config.name.cmp(&b.config.name));
        nodes
    }

    /// Changes what was seen of a node, in memory only: for values that the next packet brings again.
    pub fn see(&self, id: NodeId, change: impl FnOnce(&mut Status)) {
        if let Some(node) = self.inner.write().nodes.get_mut(&id) {
            change(&mut node.status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, Registry};
    use crate::node::State;
    use crate::testing::node;

    #[test]
    fn the_mac_wins_over_the_uuid() {
        let mut first = node("r1", State::Enrolled);
        let mut second = node("r2", State::Enrolled);
        let (a, b) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
        first.config.uuid = Some(a);
        second.config.uuid = Some(b);
        let registry = Registry::new([first.clone(), second.clone()]);
        let mac = Some(first.config.macs[0]);
        let uuids = |uuid: uuid::Uuid| Some([uuid, uuid::Uuid::from_bytes_le(uuid.into_bytes())]);
        assert_eq!(registry.by_identity(&Identity { mac, uuids: uuids(b) }), Some(first.clone()));
        assert_eq!(registry.by_identity(&Identity { mac: None, uuids: uuids(b) }), Some(second.clone()));
        let swapped = uuid::Uuid::from_bytes_le(b.into_bytes());
        assert_eq!(registry.by_identity(&Identity { mac: None, uuids: uuids(swapped) }), Some(second));
        registry.remove(first.id);
        assert_eq!(registry.by_identity(&Identity { mac, uuids: None }), None);
        assert_eq!(registry.by_name("r1"), None);
    }
}
