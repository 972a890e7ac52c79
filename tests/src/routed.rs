//! What stands around a router under test: a BGP peer on its west wire, a host on its east wire, and a database on its
//! management wire.
//!
//! ```text
//!   peer ──── west ──── p0 router p1 ──── east ──── host
//!   AS 65002  10.1.0.0/24                 10.2.0.0/24
//!   announces 198.51.100.0/24
//! ```

use std::process::Command;
use std::sync::Arc;

use crate::bridge::Bridge;
use crate::error::{LabError, Result};
use crate::frr::Frr;
use crate::influx::Influx;
use crate::lab::{Lab, SERVER};
use crate::namespace::Namespace;
use crate::patience::Patience;

/// The router on the west wire.
pub const ROUTER_WEST: &str = "10.1.0.1";
/// The peer on the west wire.
pub const PEER: &str = "10.1.0.2";
/// The host on the east wire.
pub const HOST: &str = "10.2.0.2";
/// What the peer announces.
pub const ANNOUNCED: &str = "198.51.100.0/24";
/// The peer's address in [`ANNOUNCED`].
pub const TARGET: &str = "198.51.100.1";
/// The peer on the west wire, in IPv6.
pub const PEER6: &str = "2001:db8:1::2";
/// Autonomous system of the router.
pub const ROUTER_AS: u32 = 65001;
/// Autonomous system of the peer.
pub const PEER_AS: u32 = 65002;
/// The database of the KPIs.
pub const DATABASE: &str = "daybreak";

/// The wires and those on them.
pub struct Routed {
    /// FRR in the peer's namespace.
    pub peer: Frr,
    /// The database, in the provisioner's namespace.
    pub influx: Influx,
    /// The peer's wire.
    pub west: Bridge,
    /// The host's wire.
    pub east: Bridge,
    /// Where the peer is.
    pub peer_place: Arc<Namespace>,
    /// Where the host is.
    pub host_place: Arc<Namespace>,
}

/// What `ping` counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pings {
    /// Requests sent.
    pub sent: u64,
    /// Replies received.
    pub received: u64,
}

impl Routed {
    /// Puts all of it into a lab. The router's cards go on [`Self::west`] and [`Self::east`], in this order.
    ///
    /// # Errors
    /// When the kernel refuses a part of the network, or FRR or the database does not start.
    pub fn new(lab: &Lab) -> Result<Self> {
        let (west, east) = (lab.bridge().beside()?, lab.bridge().beside()?);
        let peer_place = Arc::new(Namespace::new("peer")?);
        let host_place = Arc::new(Namespace::new("host")?);
        west.join(&peer_place, "eth0", Some(&format!("{PEER}/24")))?;
        east.join(&host_place, "eth0", Some(&format!("{HOST}/24")))?;
        peer_place.ip(&[
            &format!("address add {PEER6}/64 dev eth0 nodad"),
            &format!("address add {TARGET}/32 dev lo"),
            "route add 2001:db8:2::/64 via 2001:db8:1::1",
        ])?;
        host_place.ip(&[
            "address add 2001:db8:2::2/64 dev eth0 nodad",
            "route add default via 10.2.0.1",
            "route add default via 2001:db8:2::1",
        ])?;
        let logs = lab.directory().path();
        let peer = Frr::start(&peer_place, logs, &peer_configuration())?;
        let influx = Influx::start(lab.server(), logs, &SERVER.to_string(), DATABASE)?;
        Ok(Self { peer, influx, west, east, peer_place, host_place })
    }

    /// Sends `count` echo requests from the host to `target` and counts the replies.
    ///
    /// # Errors
    /// When `ping` cannot run, or prints no summary.
    pub fn ping(&self, target: &str, count: u32) -> Result<Pings> {
        let mut ping = Command::new("ping");
        ping.args(["-q", "-i", "0.01", "-W", "10", "-c", &count.to_string(), target]);
        let output = self.host_place.output(&ping)?;
        let text = String::from_utf8_lossy(&output.stdout);
        summary(&text).ok_or_else(|| LabError::Answer {
            what: format!("ping {target}"),
            reason: format!("{text}{}", String::from_utf8_lossy(&output.stderr)),
        })
    }

    /// Sends single echo requests until one is answered: the first packets of a path wait for neighbours and routes.
    ///
    /// # Errors
    /// When none is answered in time.
    pub fn wait_path(&self, target: &str, patience: Patience) -> Result<()> {
        self.peer.wait(&format!("an answer of {target}"), patience, || {
            let pings = self.ping(target, 1)?;
            Ok((pings.received == 1).then_some(()).ok_or_else(|| format!("{pings:?}")))
        })
    }

    /// Makes the peer announce its route, or withdraw it.
    ///
    /// # Errors
    /// When FRR refuses.
    pub fn announce(&self, on: bool) -> Result<()> {
        let network = format!("{}network {ANNOUNCED}", if on { "" } else { "no " });
        let router = format!("router bgp {PEER_AS}");
        self.peer.vtysh(&["configure terminal", &router, "address-family ipv4 unicast", &network]).map(drop)
    }
}

fn peer_configuration() -> String {
    format!(
        "router bgp {PEER_AS}\n bgp router-id {PEER}\n no bgp ebgp-requires-policy\n no bgp network import-check\n \
         neighbor {ROUTER_WEST} remote-as {ROUTER_AS}\n neighbor {ROUTER_WEST} timers 3 9\n \
         neighbor {ROUTER_WEST} timers connect 1\n address-family ipv4 unicast\n  network {ANNOUNCED}\n"
    )
}

/// Reads ping's line `3 packets transmitted, 2 received, …`.
fn summary(text: &str) -> Option<Pings> {
    let line = text.lines().find(|line| line.contains(" packets transmitted"))?;
    let mut parts = line.split(", ");
    let number = |part: &str| part.split(' ').next()?.parse().ok();
    Some(Pings { sent: number(parts.next()?)?, received: number(parts.next()?)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_ping_counted() {
        let text = "PING 1.1.1.1 (1.1.1.1) 56(84) bytes of data.\n\n--- 1.1.1.1 ping statistics ---\n\
                    500 packets transmitted, 499 received, +1 errors, 0.2% packet loss, time 5016ms\n";
        assert_eq!(summary(text), Some(Pings { sent: 500, received: 499 }));
        assert_eq!(summary("ping: connect: Network is unreachable\n"), None);
    }
}
