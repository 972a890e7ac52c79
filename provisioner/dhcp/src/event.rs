//! What the server saw and did, one event per packet.

use crate::{
    client::{ClientIdentity, Firmware},
    counters::{Counters, Reason},
    lease::UnixSeconds,
    wire::MessageType,
};
use ipnet::Ipv4Net;
use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

/// One packet and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: UnixSeconds,
    /// Who, as far as the packet could be read.
    pub client: ClientIdentity,
    /// Boot program and architecture.
    pub firmware: Option<Firmware>,
    /// The subnet, once it was found.
    pub subnet: Option<Ipv4Net>,
    /// What the client sent; `None` when it was not readable.
    pub received: Option<MessageType>,
    /// What the server did.
    pub outcome: Outcome,
}

/// What became of a packet. `boot_file` is what the reply told the client to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// DHCPOFFER sent.
    Offer {
        /// Address proposed.
        ip: Ipv4Addr,
        /// Boot file named.
        boot_file: Option<Box<str>>,
    },
    /// Lease durable and DHCPACK sent.
    Ack {
        /// Address leased.
        ip: Ipv4Addr,
        /// Boot file named.
        boot_file: Option<Box<str>>,
    },
    /// DHCPNAK sent.
    Nak {
        /// Why.
        reason: Reason,
    },
    /// DHCPDECLINE obeyed, the address is in quarantine.
    Decline {
        /// Address declined.
        ip: Ipv4Addr,
    },
    /// DHCPRELEASE obeyed.
    Release {
        /// Address given back.
        ip: Ipv4Addr,
    },
    /// DHCPINFORM answered.
    Inform {
        /// Address the client has from elsewhere.
        ip: Ipv4Addr,
    },
    /// Proxy mode: boot file named without an address, on port 67 or 4011.
    Proxy {
        /// Boot file named.
        boot_file: Box<str>,
    },
    /// No answer.
    Dropped {
        /// Why.
        reason: Reason,
    },
}

/// Takes the events of one batch of packets, 1 to 64, without waiting; false when there is no room, which is counted.
pub type Sink = Arc<dyn Fn(Vec<Event>) -> bool + Send + Sync>;

/// A bounded channel of batches of events: one wake-up of the receiver per batch, not per packet.
pub fn channel(batches: usize) -> (Sink, Receiver<Vec<Event>>) {
    let (sender, receiver): (SyncSender<Vec<Event>>, _) = sync_channel(batches);
    (Arc::new(move |events| sender.try_send(events).is_ok()), receiver)
}

/// Counts the events and passes them on.
pub(crate) fn emit(sink: &Sink, counters: &Counters, events: Vec<Event>) {
    if events.is_empty() {
        return;
    }
    let count = events.len() as u64;
    for event in &events {
        counters.count(&event.outcome);
    }
    if !sink(events) {
        counters.events_lost(count);
    }
}
