//! All leases in memory. Every operation costs the same at a hundred leases and at a hundred thousand.

use super::{
    Lease, LeaseState, UnixSeconds,
    expiry::Expiry,
    pool::{Candidate, Pool},
    record,
};
use crate::{
    client::{ClientIdentity, ClientKey},
    config::AddressRange,
};
use ipnet::Ipv4Net;
use std::{collections::HashMap, net::Ipv4Addr, sync::Arc};

/// Addresses looked at in one call of [`LeaseTable::expire`], so that a wave of expiries cannot stall packets.
const EXPIRE_BATCH: usize = 1024;

/// Index of a subnet in the configuration.
pub type SubnetIndex = usize;

/// What a packet says about the lease it wants.
#[derive(Debug, Clone)]
pub struct NewLease {
    /// The subnet.
    pub subnet: SubnetIndex,
    /// The address.
    pub ip: Ipv4Addr,
    /// The client; it must have a key.
    pub client: ClientIdentity,
    /// Its host name, checked.
    pub hostname: Option<Arc<str>>,
}

/// How to find an address.
pub struct Wanted<'w> {
    /// The subnet.
    pub subnet: SubnetIndex,
    /// The client.
    pub key: &'w ClientKey,
    /// Address reserved for it in this subnet.
    pub reserved: Option<Ipv4Addr>,
    /// Address it would like (option 50).
    pub asked: Option<Ipv4Addr>,
    /// True for an address that must not be given from a pool.
    pub taken: &'w dyn Fn(Ipv4Addr) -> bool,
}

#[derive(Debug)]
struct Entry {
    lease: Lease,
    /// In the pool's queue (or parked); set once per stay there, so the queue holds it once.
    queued: bool,
    /// Earliest time this address is scheduled for in `expiry`; 0 when it is not.
    due: UnixSeconds,
}

/// Leases by address and by client.
#[derive(Debug)]
pub struct LeaseTable {
    by_ip: HashMap<u32, Entry>,
    by_key: HashMap<(SubnetIndex, ClientKey), u32>,
    subnets: Vec<(Ipv4Net, Pool)>,
    expiry: Expiry,
}

impl LeaseTable {
    /// An empty table for these subnets and their pools.
    pub fn new<'s>(subnets: impl IntoIterator<Item = (Ipv4Net, &'s [AddressRange])>) -> Self {
        let subnets = subnets.into_iter().map(|(net, ranges)| (net, Pool::new(ranges))).collect();
        Self { by_ip: HashMap::new(), by_key: HashMap::new(), subnets, expiry: Expiry::default() }
    }

    /// Takes the leases read from the journal, in its order: the last word on an address counts.
    pub fn load(&mut self, leases: Vec<Lease>, now: UnixSeconds) {
        for lease in leases {
            let ip = u32::from(lease.ip);
            self.by_ip.insert(ip, Entry { lease, queued: false, due: 0 });
        }
        let mut order: Vec<(UnixSeconds, u32)> =
            self.by_ip.iter().map(|(ip, entry)| (entry.lease.start, *ip)).collect();
        order.sort_unstable();
        for (_, ip) in order {
            let Some(subnet) = self.subnet_of(ip.into()) else { continue };
            let Some(entry) = self.by_ip.get(&ip) else { continue };
            if entry.lease.state != LeaseState::Declined
                && let Some(key) = entry.lease.client.key()
            {
                self.by_key.insert((subnet, key), ip);
            }
            self.settle(ip, now);
        }
    }

    fn subnet_of(&self, ip: Ipv4Addr) -> Option<SubnetIndex> {
        self.subnets.iter().position(|(net, _)| net.contains(&ip))
    }

    /// Queues a free address, schedules one that is not.
    fn settle(&mut self, ip: u32, now: UnixSeconds) {
        let subnet = self.subnet_of(ip.into());
        let Some(entry) = self.by_ip.get_mut(&ip) else { return };
        if !entry.lease.is_free(now) {
            let at = entry.lease.expires;
            if entry.due == 0 || at < entry.due {
                entry.due = at;
                self.expiry.schedule(at, ip);
            }
        } else if !entry.queued
            && let Some(subnet) = subnet
            && self.subnets[subnet].1.contains(ip.into())
        {
            entry.queued = true;
            self.subnets[subnet].1.give_back(ip);
        }
    }

    /// The lease of an address, whatever its state.
    pub fn by_ip(&self, ip: Ipv4Addr) -> Option<&Lease> {
        self.by_ip.get(&u32::from(ip)).map(|entry| &entry.lease)
    }

    /// The lease of a client in a subnet, whatever its state.
    pub fn of_client(&self, subnet: SubnetIndex, key: &ClientKey) -> Option<&Lease> {
        self.by_key.get(&(subnet, key.clone())).and_then(|ip| self.by_ip.get(ip)).map(|entry| &entry.lease)
    }

    /// The client's leases, one for each subnet it was in.
    pub fn all_of_client(&self, key: &ClientKey) -> impl Iterator<Item = &Lease> {
        (0..self.subnets.len()).filter_map(|subnet| self.of_client(subnet, key))
    }

    /// True when the subnet's pools hold the address.
    pub fn in_pool(&self, subnet: SubnetIndex, ip: Ipv4Addr) -> bool {
        self.subnets[subnet].1.contains(ip)
    }

    /// Every lease, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Lease> {
        self.by_ip.values().map(|entry| &entry.lease)
    }

    /// An address for a client: its reservation, the one it has or had, the one it asks for, or a free one.
    /// `None` when there is none. The address stays free until [`LeaseTable::offer`] or [`LeaseTable::bind`].
    pub fn find(&mut self, wanted: &Wanted<'_>, now: UnixSeconds) -> Option<Ipv4Addr> {
        if let Some(ip) = wanted.reserved.filter(|ip| self.usable_by(*ip, wanted.key, now)) {
            return Some(ip);
        }
        let own = self.by_key.get(&(wanted.subnet, wanted.key.clone())).map(|ip| Ipv4Addr::from(*ip));
        let fits = |ip: &Ipv4Addr| {
            self.subnets[wanted.subnet].1.contains(*ip)
                && !(wanted.taken)(*ip)
                && self.usable_by(*ip, wanted.key, now)
        };
        own.filter(fits).or_else(|| wanted.asked.filter(fits)).or_else(|| self.next_free(wanted, now))
    }

    fn next_free(&mut self, wanted: &Wanted<'_>, now: UnixSeconds) -> Option<Ipv4Addr> {
        while let Some(Candidate { ip, queued }) = self.subnets[wanted.subnet].1.take() {
            let entry = self.by_ip.get_mut(&ip);
            if !queued && entry.is_some() {
                continue; // It comes by the queue when it is free.
            }
            if (wanted.taken)(ip.into()) {
                self.subnets[wanted.subnet].1.park(ip);
                continue;
            }
            let Some(entry) = entry else { return Some(ip.into()) };
            entry.queued = false;
            if entry.lease.is_free(now) {
                return Some(ip.into());
            }
        }
        None
    }

    /// True when this client may get this address: nobody's, its own, or free again.
    pub fn usable_by(&self, ip: Ipv4Addr, key: &ClientKey, now: UnixSeconds) -> bool {
        self.by_ip(ip).is_none_or(|lease| {
            lease.is_free(now)
                || (lease.state != LeaseState::Declined && lease.client.key().as_ref() == Some(key))
        })
    }

    /// Holds an address for a client until `until`. A lease that the client has on it stays as it is.
    pub fn offer(&mut self, new: NewLease, now: UnixSeconds, until: UnixSeconds) {
        let keeps = self
            .by_ip(new.ip)
            .is_some_and(|lease| lease.is_active(now) && lease.client.key() == new.client.key());
        if !keeps {
            self.put(new, LeaseState::Offered, now, until);
        }
    }

    /// Leases an address to a client; the result is what the journal must hold before the client is told.
    pub fn bind(&mut self, new: NewLease, now: UnixSeconds, until: UnixSeconds) -> Option<&Lease> {
        let ip = new.ip;
        self.put(new, LeaseState::Bound, now, until);
        self.by_ip(ip)
    }

    fn put(&mut self, new: NewLease, state: LeaseState, now: UnixSeconds, until: UnixSeconds) {
        let ip = u32::from(new.ip);
        let Some(key) = new.client.key() else { return };
        let NewLease { subnet, client, hostname, .. } = new;
        if let Some(entry) = self.by_ip.get_mut(&ip) {
            let before = entry.lease.client.key();
            let same = before.as_ref() == Some(&key);
            let client = if same { client.or(&entry.lease.client) } else { client };
            let hostname = if same { hostname.or_else(|| entry.lease.hostname.take()) } else { hostname };
            entry.lease = Lease { ip: new.ip, client, hostname, state, start: now, expires: until };
            if !same && let Some(before) = before {
                self.unlink(subnet, before, ip);
            }
        } else {
            let lease = Lease { ip: new.ip, client, hostname, state, start: now, expires: until };
            self.by_ip.insert(ip, Entry { lease, queued: false, due: 0 });
        }
        self.by_key.insert((subnet, key), ip);
        self.settle(ip, now);
    }

    /// Forgets that a client had an address, if that is still the one it has.
    fn unlink(&mut self, subnet: SubnetIndex, key: ClientKey, ip: u32) {
        let place = (subnet, key);
        if self.by_key.get(&place) == Some(&ip) {
            self.by_key.remove(&place);
        }
    }

    /// The client gave the address back; it gets it again while nobody else needed it.
    pub fn release(&mut self, ip: Ipv4Addr, now: UnixSeconds) -> Option<&Lease> {
        let lease = &mut self.by_ip.get_mut(&u32::from(ip))?.lease;
        lease.state = LeaseState::Released;
        lease.expires = now;
        self.settle(ip.into(), now);
        self.by_ip(ip)
    }

    /// Takes back an offer that the client did not want.
    pub fn withdraw(&mut self, ip: Ipv4Addr, now: UnixSeconds) {
        if let Some(entry) = self.by_ip.get_mut(&u32::from(ip))
            && entry.lease.state == LeaseState::Offered
        {
            entry.lease.expires = now;
            self.settle(ip.into(), now);
        }
    }

    /// Puts an address in quarantine until `until`; its client will get another one.
    pub fn decline(
        &mut self,
        subnet: SubnetIndex,
        ip: Ipv4Addr,
        now: UnixSeconds,
        until: UnixSeconds,
    ) -> Option<&Lease> {
        let lease = &mut self.by_ip.get_mut(&u32::from(ip))?.lease;
        lease.state = LeaseState::Declined;
        lease.expires = until;
        if let Some(key) = lease.client.key() {
            self.unlink(subnet, key, ip.into());
        }
        self.settle(ip.into(), now);
        self.by_ip(ip)
    }

    /// Frees what has expired, at most 1,024 addresses per call, and forgets stale hints.
    pub fn expire(&mut self, now: UnixSeconds) {
        for _ in 0..EXPIRE_BATCH {
            let Some((at, ip)) = self.expiry.due(now) else { break };
            if let Some(entry) = self.by_ip.get_mut(&ip)
                && entry.due == at
            {
                entry.due = 0;
                self.settle(ip, now);
            }
        }
        if self.expiry.len() > 2 * self.by_ip.len() + EXPIRE_BATCH {
            self.expiry.clear();
            for (ip, entry) in self.by_ip.iter_mut().filter(|(_, entry)| entry.due != 0) {
                entry.due = entry.lease.expires.max(1);
                self.expiry.schedule(entry.due, *ip);
            }
        }
    }

    /// Lets addresses back into their pools whose reservation may be gone. Call it now and then.
    pub fn unpark(&mut self) {
        for (_, pool) in &mut self.subnets {
            pool.unpark();
        }
    }

    /// Records of everything that must survive a restart.
    pub(super) fn encode_all(&self, now: UnixSeconds, out: &mut Vec<u8>) -> u64 {
        let mut count = 0;
        for lease in self.iter() {
            let lost = lease.is_free(now) && self.subnet_of(lease.ip).is_none();
            if lease.state != LeaseState::Offered && !lost {
                record::encode(lease, out);
                count += 1;
            }
        }
        count
    }

    #[cfg(test)]
    pub(super) fn hints(&self) -> usize {
        self.expiry.len()
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
