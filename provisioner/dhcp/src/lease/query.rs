//! What the rest of the process asks about leases.

use super::{Lease, LeaseTable, Seen, SeenClients, UnixSeconds};
use crate::{client::ClientKey, wire::HwAddr};
use parking_lot::RwLock;
use std::{net::Ipv4Addr, sync::Arc};

/// A cheap handle on the leases of a running server. Calls take a read lock for a lookup or, for the lists, for a
/// walk over all leases.
#[derive(Debug, Clone)]
pub struct Leases {
    pub(crate) table: Arc<RwLock<LeaseTable>>,
    pub(crate) seen: Arc<RwLock<SeenClients>>,
}

impl Leases {
    pub(crate) fn new(table: LeaseTable) -> Self {
        Self { table: Arc::new(RwLock::new(table)), seen: Arc::default() }
    }

    /// The active lease of an address.
    pub fn lease_by_ip(&self, ip: Ipv4Addr, now: UnixSeconds) -> Option<Lease> {
        self.table.read().by_ip(ip).filter(|lease| lease.is_active(now)).cloned()
    }

    /// The active lease of a hardware address; when it has one in several subnets, the one confirmed last.
    pub fn lease_by_mac(&self, hw: HwAddr, now: UnixSeconds) -> Option<Lease> {
        let table = self.table.read();
        let key = ClientKey::Hw(hw);
        table
            .all_of_client(&key)
            .filter(|lease| lease.is_active(now))
            .max_by_key(|lease| lease.start)
            .cloned()
    }

    /// All leases whatever their state, by address.
    pub fn list(&self) -> Vec<Lease> {
        let mut all: Vec<Lease> = self.table.read().iter().cloned().collect();
        all.sort_unstable_by_key(|lease| lease.ip);
        all
    }

    /// In proxy mode: the client that took this address from the other server.
    pub fn seen_by_ip(&self, ip: Ipv4Addr) -> Option<Seen> {
        self.seen.read().by_ip(ip).cloned()
    }

    /// In proxy mode: clients that asked for a boot file, the latest first, at most 4,096.
    pub fn recently_seen(&self) -> Vec<Seen> {
        self.seen.read().recent().cloned().collect()
    }
}
