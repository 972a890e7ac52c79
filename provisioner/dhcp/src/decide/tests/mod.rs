//! Table tests of decisions. Replies are read by `dhcproto`, a codec that we did not write.

mod answers;
mod boot;
mod hostile;
mod leases;
mod relay;

use super::*;
use crate::{config::Subnet, lease::LeaseState, testing::PacketSpec, wire::code};
use dhcproto::{Decodable, Decoder, v4};
use std::collections::HashMap;

pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub(super) const NOW: UnixSeconds = 1_000_000;

pub(super) fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, last)
}

pub(super) fn mac(last: u8) -> [u8; 6] {
    [0x52, 0x54, 0, 0, 0, last]
}

/// Nodes by hardware address.
#[derive(Default)]
pub(super) struct Nodes(HashMap<[u8; 6], Arc<NodeEntry>>);

impl Directory for Nodes {
    fn lookup(&self, client: &ClientIdentity) -> Option<Arc<NodeEntry>> {
        client.hw.and_then(|hw| hw.mac()).and_then(|mac| self.0.get(&mac).cloned())
    }

    fn is_reserved(&self, ip: Ipv4Addr) -> bool {
        self.0.values().any(|node| node.reserved == Some(ip))
    }
}

/// An engine with its table and a clock that the test moves.
pub(super) struct Lab {
    engine: Engine,
    pub(super) table: LeaseTable,
    pub(super) seen: SeenClients,
    pub(super) now: UnixSeconds,
    pub(super) arrival: Arrival,
    pub(super) output: Output,
}

/// What the lab answered.
pub(super) struct Reply {
    pub(super) event: Event,
    pub(super) to: Option<Destination>,
    pub(super) bytes: Vec<u8>,
}

impl Reply {
    pub(super) fn message(&self) -> v4::Message {
        v4::Message::decode(&mut Decoder::new(&self.bytes)).expect("dhcproto reads the reply")
    }

    pub(super) fn reason(&self) -> Option<Reason> {
        match self.event.outcome {
            Outcome::Dropped { reason } | Outcome::Nak { reason } => Some(reason),
            _ => None,
        }
    }

    /// The address of an offer or an acknowledgement, checked against the bytes.
    pub(super) fn ip(&self) -> Option<Ipv4Addr> {
        match self.event.outcome {
            Outcome::Offer { ip, .. } | Outcome::Ack { ip, .. } => {
                assert_eq!(self.message().yiaddr(), ip);
                Some(ip)
            }
            _ => None,
        }
    }
}

impl Lab {
    pub(super) fn new(subnets: &str) -> Self {
        Self::with_nodes(subnets, [])
    }

    pub(super) fn with_nodes(subnets: &str, nodes: impl IntoIterator<Item = ([u8; 6], NodeEntry)>) -> Self {
        let subnets: Vec<Subnet> = serde_saphyr::from_str(subnets).unwrap();
        crate::config::validate(&subnets).unwrap();
        let table = LeaseTable::new(subnets.iter().map(|s| (s.subnet, s.pools.as_slice())));
        let plans = subnets.into_iter().enumerate().map(|(i, s)| SubnetPlan::new(i, 0, SERVER, s)).collect();
        let nodes = Nodes(nodes.into_iter().map(|(mac, node)| (mac, Arc::new(node))).collect());
        Self {
            engine: Engine::new(plans, Arc::new(nodes)),
            table,
            seen: SeenClients::default(),
            now: NOW,
            arrival: Arrival {
                interface: 0,
                port: Port::Dhcp,
                source: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68),
            },
            output: Output::default(),
        }
    }

    pub(super) fn send(&mut self, spec: &PacketSpec) -> Reply {
        self.send_bytes(&spec.bytes())
    }

    pub(super) fn send_bytes(&mut self, bytes: &[u8]) -> Reply {
        self.table.expire(self.now);
        self.output.replies.clear();
        let decision = self.engine.decide(
            &mut self.table,
            &mut self.seen,
            self.arrival,
            bytes,
            self.now,
            &mut self.output,
        );
        assert_eq!(
            decision.destination.is_some(),
            !self.output.replies.is_empty(),
            "a reply has a destination"
        );
        Reply { event: decision.event, to: decision.destination, bytes: self.output.replies.clone() }
    }

    /// The four packets of a new client.
    pub(super) fn lease(&mut self, mac: [u8; 6]) -> Ipv4Addr {
        let offered = self.send(&PacketSpec::discover().mac(mac)).ip().expect("an offer");
        let acked = self.send(&select(mac, offered)).ip().expect("an acknowledgement");
        assert_eq!(offered, acked);
        acked
    }

    pub(super) fn state(&self, ip: Ipv4Addr) -> Option<LeaseState> {
        self.table.by_ip(ip).map(|lease| lease.state)
    }
}

pub(super) fn select(mac: [u8; 6], ip: Ipv4Addr) -> PacketSpec {
    PacketSpec::request().mac(mac).ip_option(code::SERVER_ID, SERVER).ip_option(code::REQUESTED_IP, ip)
}

pub(super) const POOL_OF_THREE: &str =
    "[{interface: a, subnet: 10.0.0.0/24, pools: [10.0.0.10-10.0.0.12], router: 10.0.0.1, lease_time: 1000}]";
