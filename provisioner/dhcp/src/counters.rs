//! A counter per outcome and per reason.

use crate::event::Outcome;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// Why a packet was dropped or refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Reason {
            /// Every reason, in the order of the counters.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Stable name for logs and metrics.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

reasons! {
    /// Not a DHCP request at all.
    Malformed = "malformed",
    /// Option 53 is absent, of the wrong length, or a type that servers send.
    MessageType = "message-type",
    /// Neither hardware address, UUID nor client identifier.
    NoIdentity = "no-identity",
    /// More than 16 relay hops (RFC 1542 §4.1.1).
    TooManyHops = "too-many-hops",
    /// `giaddr` is not a relay that a subnet names.
    UnknownRelay = "unknown-relay",
    /// No subnet for this packet on this interface.
    NoSubnet = "no-subnet",
    /// Not network boot firmware, in proxy mode or on port 4011.
    NotBooting = "not-booting",
    /// No loader for the architecture, or the node must not boot, in proxy mode.
    NoBootFile = "no-boot-file",
    /// The client chose another server.
    OtherServer = "other-server",
    /// The request lacks the address it must carry.
    NoAddressAsked = "no-address-asked",
    /// No free address: pools are used up, or there are none and the client has no reservation.
    NoFreeAddress = "no-free-address",
    /// The client has no lease here, RFC 2131 §4.3.2 wants silence.
    UnknownLease = "unknown-lease",
    /// The address asked for is of another network.
    WrongNetwork = "wrong-network",
    /// The address asked for is not, or no longer, the client's.
    NotYours = "not-yours",
    /// The journal could not store the lease, so the client was not told that it has it.
    JournalFailed = "journal-failed",
}

/// Counters since start. Reading one is a relaxed load.
#[derive(Debug, Default)]
pub struct Counters {
    offers: AtomicU64,
    acks: AtomicU64,
    naks: AtomicU64,
    declines: AtomicU64,
    releases: AtomicU64,
    informs: AtomicU64,
    proxies: AtomicU64,
    dropped: [AtomicU64; Reason::ALL.len()],
    nak_reasons: [AtomicU64; Reason::ALL.len()],
    events_lost: AtomicU64,
    send_failed: AtomicU64,
    options_left_out: AtomicU64,
    commits: AtomicU64,
    compactions: AtomicU64,
}

impl Counters {
    /// Name and value of every counter, those of reasons as `dropped.NAME` and `nak.NAME`.
    pub fn snapshot(&self) -> Vec<(String, u64)> {
        let mut all: Vec<(String, u64)> = [
            ("offers", &self.offers),
            ("acks", &self.acks),
            ("naks", &self.naks),
            ("declines", &self.declines),
            ("releases", &self.releases),
            ("informs", &self.informs),
            ("proxy-offers", &self.proxies),
            ("events-lost", &self.events_lost),
            ("send-failed", &self.send_failed),
            ("options-left-out", &self.options_left_out),
            ("journal-commits", &self.commits),
            ("journal-compactions", &self.compactions),
        ]
        .map(|(name, value)| (name.to_owned(), value.load(Relaxed)))
        .into();
        for (i, reason) in Reason::ALL.iter().enumerate() {
            all.push((format!("dropped.{}", reason.name()), self.dropped[i].load(Relaxed)));
            all.push((format!("nak.{}", reason.name()), self.nak_reasons[i].load(Relaxed)));
        }
        all
    }

    /// One counter by its name in [`Counters::snapshot`]; 0 for a name that there is not.
    pub fn get(&self, name: &str) -> u64 {
        self.snapshot().into_iter().find(|(n, _)| n == name).map_or(0, |(_, value)| value)
    }

    pub(crate) fn count(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Offer { .. } => &self.offers,
            Outcome::Ack { .. } => &self.acks,
            Outcome::Nak { reason } => {
                self.nak_reasons[*reason as usize].fetch_add(1, Relaxed);
                &self.naks
            }
            Outcome::Decline { .. } => &self.declines,
            Outcome::Release { .. } => &self.releases,
            Outcome::Inform { .. } => &self.informs,
            Outcome::Proxy { .. } => &self.proxies,
            Outcome::Dropped { reason } => &self.dropped[*reason as usize],
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn events_lost(&self, events: u64) {
        self.events_lost.fetch_add(events, Relaxed);
    }

    pub(crate) fn send_failed(&self, packets: u64) {
        self.send_failed.fetch_add(packets, Relaxed);
    }

    pub(crate) fn options_left_out(&self, options: u64) {
        self.options_left_out.fetch_add(options, Relaxed);
    }

    pub(crate) fn committed(&self) {
        self.commits.fetch_add(1, Relaxed);
    }

    pub(crate) fn compacted(&self) {
        self.compactions.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter() {
        let counters = Counters::default();
        for (i, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, i);
            counters.count(&Outcome::Dropped { reason: *reason });
            assert_eq!(counters.get(&format!("dropped.{}", reason.name())), 1, "{reason:?}");
        }
        let total: u64 = counters.snapshot().iter().map(|(_, v)| v).sum();
        assert_eq!(total, Reason::ALL.len() as u64);
    }
}
