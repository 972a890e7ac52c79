//! The wire of a lab: a bridge in a namespace, with taps for machines and veths to other namespaces.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::Result;
use crate::namespace::Namespace;

/// A bridge in its own namespace: one broadcast domain. Spanning tree is off, so ports forward at once.
pub struct Bridge {
    namespace: Namespace,
    ports: AtomicU32,
}

impl Bridge {
    /// Makes the namespace and the bridge `br0` in it.
    ///
    /// # Errors
    /// When the kernel refuses either.
    pub fn new(name: &str) -> Result<Self> {
        let namespace = Namespace::new(name)?;
        namespace.ip(&["link add br0 type bridge stp_state 0 forward_delay 0", "link set br0 up"])?;
        Ok(Self { namespace, ports: AtomicU32::new(0) })
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
        let tap = format!("tap{}", self.ports.fetch_add(1, Ordering::Relaxed));
        self.namespace.ip(&[
            &format!("tuntap add dev {tap} mode tap"),
            &format!("link set {tap} master br0"),
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
        let port = format!("veth{}", self.ports.fetch_add(1, Ordering::Relaxed));
        self.namespace.ip(&[
            &format!("link add {port} type veth peer name {interface} netns {}", other.path().display()),
            &format!("link set {port} master br0"),
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
    fn a_tap_is_a_port_of_the_bridge() {
        let bridge = Bridge::new("taps").unwrap();
        let tap = bridge.add_tap().unwrap();
        let mut ip = Command::new("ip");
        ip.args(["-oneline", "link", "show", "master", "br0"]);
        let ports = bridge.namespace().check(&ip).unwrap();
        assert!(ports.contains(&tap), "{ports}");
    }
}
