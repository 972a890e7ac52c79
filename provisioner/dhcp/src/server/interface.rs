//! A network interface by name.

use super::StartError;
use ipnet::Ipv4Net;
use nix::{ifaddrs::getifaddrs, sys::socket::LinkAddr};
use std::net::Ipv4Addr;

/// ARP hardware type of Ethernet.
const ETHERNET: u16 = 1;

/// What the system says of an interface at start.
#[derive(Debug)]
pub(super) struct Interface {
    pub(super) name: String,
    addresses: Vec<Ipv4Addr>,
    link: Option<LinkAddr>,
}

impl Interface {
    pub(super) fn find(name: &str) -> Result<Self, StartError> {
        let fail = |problem| StartError::Interface { name: name.to_owned(), problem };
        let all = getifaddrs().map_err(|e| fail(format!("cannot list interfaces: {e}")))?;
        let mut found = None;
        let mut names = Vec::new();
        for entry in all {
            if entry.interface_name != name {
                if !names.contains(&entry.interface_name) {
                    names.push(entry.interface_name);
                }
                continue;
            }
            let this = found.get_or_insert_with(|| Self {
                name: name.to_owned(),
                addresses: Vec::new(),
                link: None,
            });
            if let Some(address) = entry.address {
                if let Some(ip) = address.as_sockaddr_in() {
                    this.addresses.push(ip.ip());
                }
                if let Some(link) = address.as_link_addr() {
                    this.link = Some(*link);
                }
            }
        }
        found.ok_or_else(|| fail(format!("there is none of this name; there are: {}", names.join(", "))))
    }

    /// The address in this network, else the first one.
    pub(super) fn address_in(&self, net: Ipv4Net) -> Option<Ipv4Addr> {
        self.addresses.iter().find(|ip| net.contains(*ip)).or(self.addresses.first()).copied()
    }

    /// Link-layer address, for Ethernet only.
    pub(super) fn ethernet(&self) -> Option<(LinkAddr, [u8; 6])> {
        let link = self.link.filter(|link| link.hatype() == ETHERNET)?;
        link.addr().map(|mac| (link, mac))
    }
}
