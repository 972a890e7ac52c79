//! `RTM_NEWNEXTHOP` and `RTM_DELNEXTHOP` (`linux/nexthop.h`).

use super::message::{FpmMessage, NextHop, NextHopKind, Path};
use crate::netlink::MessageError;
use crate::netlink::wire::{Attribute, Message, attributes};

pub(super) const RTM_NEWNEXTHOP: u16 = 104;
pub(super) const RTM_DELNEXTHOP: u16 = 105;

/// Bytes of `struct nhmsg`.
const HEADER: usize = 8;

const NHA_ID: u16 = 1;
const NHA_GROUP: u16 = 2;
const NHA_BLACKHOLE: u16 = 4;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;
const NHA_ENCAP_TYPE: u16 = 7;

/// Reads a next hop.
pub(super) fn read(message: Message<'_>) -> Result<FpmMessage, MessageError> {
    let (_, rest) = message.body.split_first_chunk::<HEADER>().ok_or(MessageError::Header(message.kind))?;
    let (mut id, mut blackhole, mut members) = (0, false, None);
    let (mut gateway, mut interface) = (None, None);
    for attribute in attributes(message.kind, rest) {
        let attribute = attribute?;
        match attribute.kind {
            NHA_ID => id = attribute.u32()?,
            NHA_GROUP => members = Some(group(&attribute)?),
            NHA_BLACKHOLE => blackhole = true,
            NHA_OIF => interface = Some(attribute.u32()?),
            NHA_GATEWAY => gateway = Some(attribute.address()?),
            NHA_ENCAP_TYPE if message.kind == RTM_NEWNEXTHOP => {
                return Err(MessageError::Encapsulation(attribute.u16()?));
            }
            _ => {}
        }
    }
    if id == 0 {
        return Err(MessageError::NoId);
    }
    if message.kind == RTM_DELNEXTHOP {
        return Ok(FpmMessage::NextHopDelete(id));
    }
    let kind = match members {
        Some(members) => NextHopKind::Group(members),
        None if blackhole => NextHopKind::Blackhole,
        None if gateway.is_some() || interface.is_some() => {
            NextHopKind::Path(Path { gateway, interface, weight: 1 })
        }
        None => return Err(MessageError::NoTarget(message.kind)),
    };
    Ok(FpmMessage::NextHopAdd(NextHop { id, kind }))
}

/// Reads `NHA_GROUP`: a list of `struct nexthop_grp`, which has the weight less one in a byte.
fn group(attribute: &Attribute<'_>) -> Result<Vec<(u32, u16)>, MessageError> {
    let entries = attribute.value.chunks_exact(8);
    if !entries.remainder().is_empty() || attribute.value.is_empty() {
        return Err(attribute.malformed());
    }
    Ok(entries
        .map(|entry| (u32::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]]), u16::from(entry[4]) + 1))
        .collect())
}
