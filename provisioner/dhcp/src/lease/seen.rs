//! Clients of subnets in proxy mode, where another server keeps the leases.

use super::UnixSeconds;
use crate::client::{ClientIdentity, ClientKey, Firmware};
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
};

/// Clients remembered; the one that was silent longest makes room.
const CAPACITY: usize = 4096;

/// A client that asked for a boot file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Who.
    pub client: ClientIdentity,
    /// Boot program and architecture of its last packet.
    pub firmware: Firmware,
    /// The address that it took from the other server, read from its broadcast DHCPREQUEST (option 50) or from
    /// `ciaddr`. It is a claim of the client, as in every DHCP lease.
    pub ip: Option<Ipv4Addr>,
    /// When it was last heard.
    pub last: UnixSeconds,
}

/// Bounded memory of clients, by key and by address.
#[derive(Debug, Default)]
pub struct SeenClients {
    clients: HashMap<ClientKey, (u64, Seen)>,
    order: BTreeMap<u64, ClientKey>,
    by_ip: HashMap<Ipv4Addr, ClientKey>,
    tick: u64,
}

impl SeenClients {
    pub(crate) fn note(&mut self, seen: Seen) {
        let Some(key) = seen.client.key() else { return };
        self.tick += 1;
        let before = self.clients.remove(&key);
        let mut seen = seen;
        if let Some((tick, old)) = before {
            self.order.remove(&tick);
            seen.client = seen.client.or(&old.client);
            seen.ip = seen.ip.or(old.ip);
            if let Some(ip) = old.ip.filter(|ip| Some(*ip) != seen.ip) {
                self.forget_address(ip, &key);
            }
        } else if self.clients.len() >= CAPACITY
            && let Some((_, oldest)) = self.order.pop_first()
            && let Some((_, old)) = self.clients.remove(&oldest)
            && let Some(ip) = old.ip
        {
            self.forget_address(ip, &oldest);
        }
        if let Some(ip) = seen.ip {
            self.by_ip.insert(ip, key.clone());
        }
        self.order.insert(self.tick, key.clone());
        self.clients.insert(key, (self.tick, seen));
    }

    fn forget_address(&mut self, ip: Ipv4Addr, key: &ClientKey) {
        if self.by_ip.get(&ip) == Some(key) {
            self.by_ip.remove(&ip);
        }
    }

    pub(crate) fn by_ip(&self, ip: Ipv4Addr) -> Option<&Seen> {
        self.by_ip.get(&ip).and_then(|key| self.clients.get(key)).map(|(_, seen)| seen)
    }

    pub(crate) fn recent(&self) -> impl Iterator<Item = &Seen> {
        self.order.values().rev().filter_map(|key| self.clients.get(key)).map(|(_, seen)| seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::FirmwareKind, wire::HwAddr};

    fn seen(n: u16, ip: Option<u8>) -> Seen {
        let [high, low] = n.to_be_bytes();
        Seen {
            client: ClientIdentity {
                hw: Some(HwAddr::ethernet([2, 0, 0, 0, high, low])),
                ..Default::default()
            },
            firmware: Firmware { kind: FirmwareKind::PxeClient, arch: None },
            ip: ip.map(|last| Ipv4Addr::new(10, 0, 0, last)),
            last: u64::from(n),
        }
    }

    #[test]
    fn an_address_leads_to_the_client_that_took_it_last() {
        let mut clients = SeenClients::default();
        let ip = Ipv4Addr::new(10, 0, 0, 5);
        clients.note(seen(1, None));
        assert!(clients.by_ip(ip).is_none());
        clients.note(seen(1, Some(5)));
        clients.note(seen(1, None));
        assert_eq!(clients.by_ip(ip).unwrap().last, 1, "a packet without the address does not lose it");
        clients.note(seen(2, Some(5)));
        assert_eq!(clients.by_ip(ip).unwrap().last, 2);
        clients.note(seen(1, Some(6)));
        assert_eq!(clients.by_ip(ip).unwrap().last, 2, "the earlier holder does not take the entry along");
        assert_eq!(clients.recent().map(|s| s.last).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes() {
        let mut clients = SeenClients::default();
        for n in 0..=u16::try_from(CAPACITY).unwrap() {
            clients.note(seen(n, (n == 0).then_some(9)));
        }
        assert_eq!(clients.recent().count(), CAPACITY);
        assert!(clients.by_ip(Ipv4Addr::new(10, 0, 0, 9)).is_none());
        assert_eq!(
            (clients.clients.len(), clients.order.len(), clients.by_ip.len()),
            (CAPACITY, CAPACITY, 0)
        );
    }
}
