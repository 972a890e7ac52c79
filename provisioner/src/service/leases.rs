//! Who holds which address, as the rest of the service asks it.

use crate::node::MacAddr;
use crate::node::engine::Clock;
use crate::node::registry::Identity;
use daybreak_dhcp::{ClientIdentity, Leases};
use jiff::Timestamp;
use std::net::Ipv4Addr;

/// A lease that is held now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLease {
    /// The address.
    pub address: Ipv4Addr,
    /// Who holds it.
    pub machine: Identity,
    /// The name the machine gave itself.
    pub hostname: Option<String>,
    /// Until when.
    pub expires: Timestamp,
}

/// Answers from memory.
pub trait LeaseBook: Send + Sync {
    /// Who holds an address now: by our lease, or in proxy mode by what the machine was seen to take elsewhere.
    fn holder(&self, address: Ipv4Addr) -> Option<Identity>;
    /// Every lease held now.
    fn all(&self) -> Vec<HeldLease>;
}

/// The leases of our own DHCP server.
#[derive(Debug)]
pub struct DhcpLeases {
    leases: Leases,
    clock: Clock,
}

impl DhcpLeases {
    /// Over a running server's leases.
    pub fn new(leases: Leases, clock: Clock) -> Self {
        Self { leases, clock }
    }

    fn now(&self) -> u64 {
        unix_seconds((self.clock)())
    }
}

impl LeaseBook for DhcpLeases {
    fn holder(&self, address: Ipv4Addr) -> Option<Identity> {
        let lease = self.leases.lease_by_ip(address, self.now()).map(|lease| lease.client);
        let client = lease.or_else(|| self.leases.seen_by_ip(address).map(|seen| seen.client))?;
        Some(identity(&client))
    }

    fn all(&self) -> Vec<HeldLease> {
        let now = self.now();
        self.leases
            .list()
            .into_iter()
            .filter(|lease| lease.is_active(now))
            .map(|lease| HeldLease {
                address: lease.ip,
                machine: identity(&lease.client),
                hostname: lease.hostname.map(|name| name.to_string()),
                expires: i64::try_from(lease.expires)
                    .ok()
                    .and_then(|seconds| Timestamp::from_second(seconds).ok())
                    .unwrap_or(Timestamp::MAX),
            })
            .collect()
    }
}

/// What the registry looks for of what the DHCP server knows.
pub(super) fn identity(client: &ClientIdentity) -> Identity {
    let mac = client
        .hw
        .filter(|hw| hw.htype() == ETHERNET)
        .and_then(|hw| <[u8; 6]>::try_from(hw.as_bytes()).ok())
        .map(MacAddr::new);
    Identity { mac, uuids: client.uuids() }
}

/// ARP hardware type of Ethernet.
const ETHERNET: u8 = 1;

/// As the DHCP server counts time; before 1970 is 1970.
pub(super) fn unix_seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}
