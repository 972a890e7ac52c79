//! Interfaces, as the kernel and the data plane see them.

use super::{Dataplane, ObserveError};
use crate::netlink::{Conversation, NetlinkError, address_of, name_of};
use ipnet::IpNet;
use netlink_packet_route::address::AddressHeaderFlags;
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage, State, Stats64};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// All interfaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// By name.
    pub interfaces: BTreeMap<String, InterfaceState>,
    /// Why the data plane's part is missing.
    pub problem: Option<ObserveError>,
}

/// An interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InterfaceState {
    /// Index in Linux.
    pub index: u32,
    /// Hardware address; empty when it has none.
    pub mac: Vec<u8>,
    /// Whether it is the loopback.
    pub loopback: bool,
    /// Whether it is to be up.
    pub admin_up: bool,
    /// Whether it is.
    pub oper: OperState,
    /// Largest packet in bytes.
    pub mtu: u32,
    /// Its alias.
    pub description: String,
    /// Addresses, sorted.
    pub addresses: Vec<AddressState>,
    /// Counters of Linux. On a port they count what went through the twin.
    pub counters: Counters,
    /// The port of the data plane behind it.
    pub port: Option<PortState>,
}

/// Whether an interface is up (RFC 8343, `oper-status`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OperState {
    /// It passes packets.
    Up,
    /// It does not.
    Down,
    /// It waits for something.
    Dormant,
    /// It is being tested.
    Testing,
    /// Something of it is missing.
    NotPresent,
    /// What it is made of is down.
    LowerLayerDown,
    /// The driver does not say.
    #[default]
    Unknown,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressState {
    /// With the length of its subnet's prefix.
    pub net: IpNet,
    /// It ends some day, as DHCP and router advertisements give it.
    pub dynamic: bool,
    /// It is being checked for duplicates.
    pub tentative: bool,
    /// Another machine has it.
    pub duplicate: bool,
}

/// Counters of Linux since the interface is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of rtnl_link_stats64")]
pub struct Counters {
    pub rx_packets: u64,
    pub rx_bytes: u64,
    pub rx_errors: u64,
    pub rx_dropped: u64,
    pub rx_multicast: u64,
    pub tx_packets: u64,
    pub tx_bytes: u64,
    pub tx_errors: u64,
    pub tx_dropped: u64,
}

/// A port of the data plane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortState {
    /// Its device, as the configuration names it.
    pub device: String,
    /// DPDK's name of its driver.
    pub driver: String,
    /// Whether it has a link.
    pub link_up: bool,
    /// None when not known.
    pub speed_mbps: Option<u32>,
    /// What went over the wire.
    pub counters: PortCounters,
}

/// Counters of a port since the data plane started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of PortStatistics in control.proto")]
pub struct PortCounters {
    pub rx_packets: u64,
    pub rx_bytes: u64,
    pub tx_packets: u64,
    pub tx_bytes: u64,
    pub rx_missed: u64,
    pub rx_errors: u64,
    pub rx_no_buffer: u64,
    pub tx_errors: u64,
}

pub(super) async fn look(
    deadline: Duration,
    dataplane: Result<Arc<Dataplane>, ObserveError>,
) -> Result<Interfaces, ObserveError> {
    let late =
        |_| Err(ObserveError::new("linux", format!("does not answer within {} s", deadline.as_secs())));
    let kernel = async { kernel().await.map_err(|error| ObserveError::new("linux", error)) };
    let mut interfaces = tokio::time::timeout(deadline, kernel).await.unwrap_or_else(late)?;
    let problem = dataplane.map(|dataplane| ports(&mut interfaces, &dataplane)).err();
    Ok(Interfaces { interfaces, problem })
}

async fn kernel() -> Result<BTreeMap<String, InterfaceState>, NetlinkError> {
    let conversation = Conversation::open()?;
    let mut addresses: HashMap<u32, Vec<AddressState>> = HashMap::new();
    for message in conversation.addresses().await? {
        let net = address_of(&message).and_then(|ip| IpNet::new(ip, message.header.prefix_len).ok());
        let flags = message.header.flags;
        addresses.entry(message.header.index).or_default().extend(net.map(|net| AddressState {
            net,
            dynamic: !flags.contains(AddressHeaderFlags::Permanent),
            tentative: flags.contains(AddressHeaderFlags::Tentative),
            duplicate: flags.contains(AddressHeaderFlags::Dadfailed),
        }));
    }
    let links = conversation.links().await?;
    let interface = |link: &LinkMessage| {
        let mut state = interface(link);
        state.addresses = addresses.remove(&state.index).unwrap_or_default();
        state.addresses.sort();
        Some((name_of(link)?.to_owned(), state))
    };
    Ok(links.iter().filter_map(interface).collect())
}

fn interface(link: &LinkMessage) -> InterfaceState {
    let mut state = InterfaceState {
        index: link.header.index,
        loopback: link.header.flags.contains(LinkFlags::Loopback),
        admin_up: link.header.flags.contains(LinkFlags::Up),
        ..InterfaceState::default()
    };
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::Address(mac) if mac.iter().any(|&byte| byte != 0) => state.mac.clone_from(mac),
            LinkAttribute::Mtu(mtu) => state.mtu = *mtu,
            LinkAttribute::IfAlias(alias) => state.description.clone_from(alias),
            LinkAttribute::OperState(oper) => state.oper = oper_state(*oper),
            LinkAttribute::Stats64(counters) => state.counters = counters_of(counters),
            _ => {}
        }
    }
    // The loopback's driver does not say.
    if state.loopback && state.oper == OperState::Unknown {
        state.oper = if state.admin_up { OperState::Up } else { OperState::Down };
    }
    state
}

fn oper_state(state: State) -> OperState {
    match state {
        State::Up => OperState::Up,
        State::Down => OperState::Down,
        State::Dormant => OperState::Dormant,
        State::Testing => OperState::Testing,
        State::NotPresent => OperState::NotPresent,
        State::LowerLayerDown => OperState::LowerLayerDown,
        _ => OperState::Unknown,
    }
}

fn counters_of(counters: &Stats64) -> Counters {
    Counters {
        rx_packets: counters.rx_packets,
        rx_bytes: counters.rx_bytes,
        rx_errors: counters.rx_errors,
        rx_dropped: counters.rx_dropped,
        rx_multicast: counters.multicast,
        tx_packets: counters.tx_packets,
        tx_bytes: counters.tx_bytes,
        tx_errors: counters.tx_errors,
        tx_dropped: counters.tx_dropped,
    }
}

/// Adds what the data plane knows.
fn ports(interfaces: &mut BTreeMap<String, InterfaceState>, dataplane: &Dataplane) {
    for port in &dataplane.ports {
        let Some(config) = &port.config else { continue };
        let counters = dataplane.statistics.ports.iter().find(|counters| counters.port == config.name);
        let counters = counters.map_or_else(PortCounters::default, |counters| PortCounters {
            rx_packets: counters.rx_packets,
            rx_bytes: counters.rx_bytes,
            tx_packets: counters.tx_packets,
            tx_bytes: counters.tx_bytes,
            rx_missed: counters.rx_missed,
            rx_errors: counters.rx_errors,
            rx_no_buffer: counters.rx_no_buffer,
            tx_errors: counters.tx_errors,
        });
        let state = interfaces.entry(config.name.clone()).or_default();
        // The twin is up whatever the wire is.
        state.oper = if port.link_up && config.enabled { OperState::Up } else { OperState::Down };
        state.port = Some(PortState {
            device: config.device.clone(),
            driver: port.driver.clone(),
            link_up: port.link_up,
            speed_mbps: Some(port.speed_mbps).filter(|&speed| speed != 0),
            counters,
        });
    }
}
