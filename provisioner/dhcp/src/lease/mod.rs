//! Leases: the table in memory, the journal on disk, what the rest of the process may ask.

mod expiry;
mod journal;
mod pool;
mod query;
mod record;
mod seen;
mod table;

pub use journal::{Journal, JournalError, LoadReport};
pub use query::Leases;
pub use seen::{Seen, SeenClients};
pub use table::{LeaseTable, NewLease, SubnetIndex, Wanted};

pub(crate) use record::encode as encode_record;

use crate::client::ClientIdentity;
use std::{net::Ipv4Addr, sync::Arc};

/// Seconds since 1970, as the caller's clock says.
pub type UnixSeconds = u64;

/// Where an address is in its life. `Bound` with an `expires` that has passed is an expired lease: kept, so that
/// the client gets the same address again, until another client needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// Held for a client that was offered it; in memory only.
    Offered,
    /// Leased.
    Bound,
    /// Given back by its client.
    Released,
    /// A client found it in use; nobody gets it before `expires`.
    Declined,
}

/// One address and its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub ip: Ipv4Addr,
    /// The client, with what earlier packets said where the last said nothing.
    pub client: ClientIdentity,
    /// Host name the client sent (option 12), when it is one.
    pub hostname: Option<Arc<str>>,
    /// Where it is in its life.
    pub state: LeaseState,
    /// When the client was last confirmed.
    pub start: UnixSeconds,
    /// When it ends.
    pub expires: UnixSeconds,
}

impl Lease {
    /// True while the client may use the address.
    pub fn is_active(&self, now: UnixSeconds) -> bool {
        self.state == LeaseState::Bound && self.expires > now
    }

    /// True when another client may get the address.
    pub fn is_free(&self, now: UnixSeconds) -> bool {
        self.state == LeaseState::Released || self.expires <= now
    }
}
