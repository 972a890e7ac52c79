//! Interfaces of Linux: up or down, MTU, alias, addresses, forwarding.
//!
//! An attribute that the configuration asks for is *taken*: what it was before is kept in a record, and comes back when
//! the configuration no longer asks for it. So a change that is undone leaves no trace, and interfaces and attributes that
//! nobody asks for stay as Day-1 or an operator set them.

mod decide;
mod kernel;
mod record;

pub(super) use decide::{Seen, Step, Wish, decide};
pub(super) use kernel::Kernel;
pub(super) use record::Records;

use crate::intent::{Interface, IpConfig};
use ipnet::IpNet;
use std::collections::BTreeSet;

impl Wish {
    /// What the configuration asks of an interface; nothing when it does not name it.
    pub(super) fn of(interface: Option<&Interface>) -> Self {
        let Some(interface) = interface else { return Self::default() };
        let (ipv4, ipv6) = (interface.ipv4.as_ref(), interface.ipv6.as_ref());
        Self {
            up: Some(interface.enabled),
            mtu: interface.mtu().map(|(mtu, _)| mtu),
            alias: interface.description.clone(),
            ipv4: ipv4.map(addresses),
            ipv6: ipv6.map(addresses),
            forwarding4: ipv4.and_then(|ip| ip.forwarding),
            forwarding6: ipv6.and_then(|ip| ip.forwarding),
            ipv6_off: ipv6.map(|ip| !ip.enabled),
        }
    }
}

fn addresses(ip: &IpConfig) -> BTreeSet<IpNet> {
    ip.addresses.iter().filter(|_| ip.enabled).map(|address| address.net).collect()
}
