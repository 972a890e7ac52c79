//! From a packet to a decision. No I/O: the caller sends the reply and stores the record.

mod answer;
mod decline;
mod discover;
mod inform;
mod plan;
mod proxy;
mod release;
mod request;
mod select_subnet;

pub use plan::SubnetPlan;

use crate::{
    client::{ClientIdentity, ClientKey, Destination, Firmware, firmware_of, identity_of},
    config::Mode,
    counters::Reason,
    directory::{Directory, NodeEntry},
    event::{Event, Outcome},
    lease::{LeaseTable, SeenClients, UnixSeconds},
    wire::{MessageType, Packet},
};
use std::{
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
};

/// Relay hops above which a packet is taken for a loop (RFC 1542 §4.1.1).
const MAX_HOPS: u8 = 16;

/// The port a packet came in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// 67.
    Dhcp,
    /// 4011, the PXE boot server.
    Pxe,
}

/// How a packet came in.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Index into the interfaces of the server.
    pub interface: usize,
    /// The port.
    pub port: Port,
    /// Sender by the IP and UDP headers.
    pub source: SocketAddrV4,
}

/// Where the decision writes bytes: both are appended to.
#[derive(Debug, Default)]
pub struct Output {
    /// DHCP payloads of replies.
    pub replies: Vec<u8>,
    /// Journal records.
    pub records: Vec<u8>,
    /// Options that fitted no reply.
    pub left_out: usize,
}

/// What to do about one packet.
#[derive(Debug)]
pub struct Decision {
    /// For the timeline; its outcome says what a reply is.
    pub event: Event,
    /// Where the bytes appended to [`Output::replies`] go; `None` when there is no reply.
    pub destination: Option<Destination>,
    /// The address it is sent from; unspecified when there is no reply.
    pub from: Ipv4Addr,
}

/// What a handler of one message type found.
struct Done {
    outcome: Outcome,
    destination: Option<Destination>,
}

/// One packet with all that is known about it.
struct Exchange<'x> {
    directory: &'x dyn Directory,
    subnet: &'x SubnetPlan,
    packet: &'x Packet<'x>,
    client: &'x ClientIdentity,
    key: &'x ClientKey,
    firmware: Firmware,
    node: Option<Arc<NodeEntry>>,
    now: UnixSeconds,
}

impl Exchange<'_> {
    /// The client's reservation in this subnet.
    fn reserved(&self) -> Option<Ipv4Addr> {
        let ours = |ip: &Ipv4Addr| self.subnet.config.subnet.contains(ip) && !self.subnet.is_special(*ip);
        self.node.as_ref()?.reserved.filter(ours)
    }

    /// True for an address that no pool may give out: another node's, the router's, ours.
    fn taken(&self, ip: Ipv4Addr) -> bool {
        self.subnet.is_special(ip) || self.directory.is_reserved(ip)
    }

    /// True unless the client names another server (option 54).
    fn is_for_us(&self) -> bool {
        self.packet.ipv4(crate::wire::code::SERVER_ID).is_none_or(|id| id == self.subnet.server)
    }
}

/// Subnets and the directory: everything a decision needs beside the lease table.
pub struct Engine {
    subnets: Vec<SubnetPlan>,
    directory: Arc<dyn Directory>,
}

impl Engine {
    /// An engine for these subnets; the lease table must have been made for the same ones in the same order.
    pub fn new(subnets: Vec<SubnetPlan>, directory: Arc<dyn Directory>) -> Self {
        Self { subnets, directory }
    }

    /// Decides about one packet. Never panics, whatever the bytes.
    pub fn decide(
        &self,
        table: &mut LeaseTable,
        seen: &mut SeenClients,
        arrival: Arrival,
        bytes: &[u8],
        now: UnixSeconds,
        out: &mut Output,
    ) -> Decision {
        let mut event = Event {
            at: now,
            client: ClientIdentity::default(),
            firmware: None,
            subnet: None,
            received: None,
            outcome: Outcome::Dropped { reason: Reason::Malformed },
        };
        let (mut destination, mut from) = (None, Ipv4Addr::UNSPECIFIED);
        match self.handle(table, seen, arrival, bytes, out, &mut event) {
            Ok((done, server)) => {
                event.outcome = done.outcome;
                (destination, from) = (done.destination, server);
            }
            Err(reason) => event.outcome = Outcome::Dropped { reason },
        }
        Decision { event, destination, from }
    }

    fn handle(
        &self,
        table: &mut LeaseTable,
        seen: &mut SeenClients,
        arrival: Arrival,
        bytes: &[u8],
        out: &mut Output,
        event: &mut Event,
    ) -> Result<(Done, Ipv4Addr), Reason> {
        let packet = Packet::parse(bytes).map_err(|_| Reason::Malformed)?;
        event.client = identity_of(&packet);
        event.received = packet.message_type();
        let kind = event.received.ok_or(Reason::MessageType)?;
        let firmware = firmware_of(&packet);
        event.firmware = Some(firmware);
        let key = event.client.key().ok_or(Reason::NoIdentity)?;
        if packet.hops() > MAX_HOPS {
            return Err(Reason::TooManyHops);
        }
        let subnet = select_subnet::select(&self.subnets, &packet, arrival)?;
        event.subnet = Some(subnet.config.subnet);
        let exchange = Exchange {
            directory: &*self.directory,
            subnet,
            packet: &packet,
            client: &event.client,
            key: &key,
            firmware,
            node: self.directory.lookup(&event.client),
            now: event.at,
        };
        let done = match kind {
            _ if subnet.config.mode == Mode::Proxy => proxy::handle(&exchange, seen, arrival, kind, out),
            _ if arrival.port == Port::Pxe => Err(Reason::NotBooting),
            MessageType::Discover => discover::handle(&exchange, table, out),
            MessageType::Request => request::handle(&exchange, table, out),
            MessageType::Decline => decline::handle(&exchange, table, out),
            MessageType::Release => release::handle(&exchange, table, out),
            MessageType::Inform => inform::handle(&exchange, out),
            MessageType::Offer | MessageType::Ack | MessageType::Nak => Err(Reason::MessageType),
        };
        done.map(|done| (done, subnet.server))
    }
}

#[cfg(test)]
mod tests;
