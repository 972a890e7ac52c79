//! The wire of a lab: a bridge in a namespace, with taps for machines and veths to other namespaces.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::Result;
use crate::namespace::Namespace;

/// A bridge in a namespace: one broadcast domain. Spanning tree is off, so ports forward at once.
pub struct Bridge {
    namespace: Arc<Namespace>,
    device: String,
    /// Ports and bridges of the namespace so far; interface names are made from it.
    count: Arc<AtomicU32>,
}

impl Bridge {
    /// Makes a namespace and a bridge in it.
    ///
    /// # Errors
    /// When the kernel refuses either.
    pub fn new(name: &str) -> Result<Self> {
        Self::make(Arc::new(Namespace::new(name)?), Arc::default())
    }

    /// Another bridge in the namespace of this one, so that one machine can have a card on each.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn beside(&self) -> Result<Self> {
        Self::make(Arc::clone(&self.namespace), Arc::clone(&self.count))
    }

    fn make(namespace: Arc<Namespace>, count: Arc<AtomicU32>) -> Result<Self> {
        let device = format!("br{}", count.fetch_add(1, Ordering::Relaxed));
        namespace.ip(&[
            &format!("link add {device} type bridge stp_state 0 forward_delay 0"),
            &format!("link set {device} up"),
        ])?;
        Ok(Self { namespace, device, count })
    }

    /// The namespace that the bridge, and every machine on it, lives in.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Plugs a tap into the bridge for a machine; gives its interface name.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn add_tap(&self) -> Result<String> {
        let tap = format!("tap{}", self.count.fetch_add(1, Ordering::Relaxed));
        self.namespace.ip(&[
            &format!("tuntap add dev {tap} mode tap"),
            &format!("link set {tap} master {}", self.device),
            &format!("link set {tap} up"),
        ])?;
        Ok(tap)
    }

    /// Takes a port's cable out, or puts it in again.
    ///
    /// # Errors
    /// When there is no such port.
    pub fn set_port(&self, port: &str, up: bool) -> Result<()> {
        self.namespace.ip(&[&format!("link set {port} {}", if up { "up" } else { "down" })])
    }

    /// Joins `other` to the bridge by a veth: interface `interface` there, with `address` (as `10.0.0.1/24`) if given.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn join(&self, other: &Namespace, interface: &str, address: Option<&str>) -> Result<()> {
        let port = format!("veth{}", self.count.fetch_add(1, Ordering::Relaxed));
        self.namespace.ip(&[
            &format!("link add {port} type veth peer name {interface} netns {}", other.path().display()),
            &format!("link set {port} master {}", self.device),
            &format!("link set {port} up"),
        ])?;
        if let Some(address) = address {
            other.ip(&[&format!("address add {address} dev {interface}")])?;
        }
        other.ip(&[&format!("link set {interface} up")])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn namespaces_on_one_bridge_reach_each_other_over_tcp() {
        let bridge = Bridge::new("wire").unwrap();
        let (one, two) = (Namespace::new("one").unwrap(), Namespace::new("two").unwrap());
        bridge.join(&one, "eth0", Some("10.9.0.1/24")).unwrap();
        bridge.join(&two, "eth0", Some("10.9.0.2/24")).unwrap();
        let listener = one.run(|| std::net::TcpListener::bind("10.9.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        assert!(two.run(move || std::net::TcpStream::connect(address)).is_ok());
    }

    #[test]
    fn two_bridges_of_one_namespace_are_two_wires() {
        let west = Bridge::new("wires").unwrap();
        let east = west.beside().unwrap();
        let (one, two) = (Namespace::new("one").unwrap(), Namespace::new("two").unwrap());
        west.join(&one, "eth0", Some("10.9.0.1/24")).unwrap();
        east.join(&two, "eth0", Some("10.9.0.2/24")).unwrap();
        let mut ping = Command::new("ping");
        ping.args(["-c", "1", "-W", "1", "10.9.0.2"]);
        assert!(!one.output(&ping).unwrap().status.success(), "frames crossed between two wires");
        let three = Namespace::new("three").unwrap();
        west.join(&three, "eth0", Some("10.9.0.3/24")).unwrap();
        ping = Command::new("ping");
        ping.args(["-c", "1", "-W", "20", "10.9.0.3"]);
        one.check(&ping).unwrap();
    }

    #[test]
    fn a_tap_is_a_port_of_the_bridge() {
        let bridge = Bridge::new("taps").unwrap();
        let tap = bridge.add_tap().unwrap();
        let mut ip = Command::new("ip");
        ip.args(["-oneline", "link", "show", "master", "br0"]);
        let ports = bridge.namespace().check(&ip).unwrap();
        assert!(ports.contains(&tap), "{ports}");
    }
}
