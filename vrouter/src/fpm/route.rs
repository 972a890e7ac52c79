//! `RTM_NEWROUTE` and `RTM_DELROUTE`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::message::{FpmMessage, Path, Route, RouteKey, Target};
use crate::netlink::MessageError;
use crate::netlink::wire::{AF_INET, AF_INET6, Attribute, Message, attributes};

pub(super) const RTM_NEWROUTE: u16 = 24;
pub(super) const RTM_DELROUTE: u16 = 25;

/// Bytes of `struct rtmsg`.
const HEADER: usize = 12;
/// Bytes of `struct rtnexthop`.
const MULTIPATH_HEADER: usize = 8;

const RTN_UNICAST: u8 = 1;
const RTN_BLACKHOLE: u8 = 6;
const RTN_UNREACHABLE: u8 = 7;
const RTN_PROHIBIT: u8 = 8;

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
const RTA_ENCAP_TYPE: u16 = 21;
const RTA_NH_ID: u16 = 30;

/// Reads a route.
pub(crate) fn read(message: Message<'_>) -> Result<FpmMessage, MessageError> {
    let (header, rest) =
        message.body.split_first_chunk::<HEADER>().ok_or(MessageError::Header(message.kind))?;
    let [family, prefix_length, _, _, table, protocol, _, kind, ..] = *header;
    let mut destination: IpAddr = match family {
        AF_INET => Ipv4Addr::UNSPECIFIED.into(),
        AF_INET6 => Ipv6Addr::UNSPECIFIED.into(),
        other => return Err(MessageError::Family(other)),
    };
    let (mut table, mut metric, mut next_hop) = (u32::from(table), 0, None);
    let (mut paths, mut way) = (Vec::new(), Way::default());
    for attribute in attributes(message.kind, rest) {
        let attribute = attribute?;
        match attribute.kind {
            RTA_DST => {
                let address = attribute.address()?;
                if address.is_ipv4() != destination.is_ipv4() {
                    return Err(attribute.malformed());
                }
                destination = address;
            }
            RTA_TABLE => table = attribute.u32()?,
            RTA_PRIORITY => metric = attribute.u32()?,
            RTA_NH_ID => next_hop = Some(attribute.u32()?),
            RTA_MULTIPATH => paths = multipath(&attribute)?,
            _ => way.take(&attribute)?,
        }
    }
    let prefix = IpNet::new(destination, prefix_length)
        .map_err(|_| MessageError::PrefixLength(prefix_length))?
        .trunc();
    let key = RouteKey { table, prefix };
    if message.kind == RTM_DELROUTE {
        return Ok(FpmMessage::RouteDelete(key));
    }
    paths.extend(way.path(1));
    let target = match (kind, next_hop) {
        (RTN_BLACKHOLE, _) => Target::Blackhole,
        (RTN_UNREACHABLE, _) => Target::Unreachable,
        (RTN_PROHIBIT, _) => Target::Prohibit,
        (RTN_UNICAST, Some(id)) => Target::NextHop(id),
        (RTN_UNICAST, None) if !paths.is_empty() => Target::Paths(paths),
        (RTN_UNICAST, None) => return Err(MessageError::NoTarget(message.kind)),
        (other, _) => return Err(MessageError::RouteType(other)),
    };
    Ok(FpmMessage::RouteAdd(Route { key, protocol, metric, target }))
}

/// Gateway and interface, gathered from attributes.
#[derive(Default)]
struct Way {
    gateway: Option<IpAddr>,
    interface: Option<u32>,
}

impl Way {
    /// Takes what an attribute says; others say nothing about where a packet goes.
    fn take(&mut self, attribute: &Attribute<'_>) -> Result<(), MessageError> {
        match attribute.kind {
            RTA_GATEWAY => self.gateway = Some(attribute.address()?),
            RTA_VIA => self.gateway = Some(attribute.via()?),
            RTA_OIF => self.interface = Some(attribute.u32()?),
            RTA_ENCAP_TYPE => return Err(MessageError::Encapsulation(attribute.u16()?)),
            _ => {}
        }
        Ok(())
    }

    /// The path, if anything was said.
    fn path(self, weight: u16) -> Option<Path> {
        let Self { gateway, interface } = self;
        (gateway.is_some() || interface.is_some()).then_some(Path { gateway, interface, weight })
    }
}

/// Reads `RTA_MULTIPATH`: a list of `struct rtnexthop`, each with attributes of its own.
fn multipath(attribute: &Attribute<'_>) -> Result<Vec<Path>, MessageError> {
    let mut rest = attribute.value;
    let mut paths = Vec::new();
    while !rest.is_empty() {
        let header = rest.first_chunk::<MULTIPATH_HEADER>().ok_or_else(|| attribute.malformed())?;
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        // rtnh_hops is the weight less one.
        let weight = u16::from(header[3]) + 1;
        let interface = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]);
        let own = rest.get(MULTIPATH_HEADER..length).ok_or_else(|| attribute.malformed())?;
        let mut way = Way { gateway: None, interface: (interface != 0).then_some(interface) };
        for own in attributes(RTM_NEWROUTE, own) {
            way.take(&own?)?;
        }
        paths.push(way.path(weight).ok_or_else(|| attribute.malformed())?);
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or(&[]);
    }
    Ok(paths)
}
