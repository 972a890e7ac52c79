//! `RTM_NEWNEIGH` and `RTM_DELNEIGH` (`linux/neighbour.h`).

use std::net::IpAddr;

use super::error::MessageError;
use super::event::{Event, Neighbour, NeighbourKey};
use super::wire::{AF_INET, AF_INET6, HEADER as MESSAGE, Message, attributes};
use crate::packet::MacAddr;

pub(super) const RTM_NEWNEIGH: u16 = 28;
pub(super) const RTM_DELNEIGH: u16 = 29;

/// Bytes of `struct ndmsg`.
const HEADER: usize = 12;

const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NUD_REACHABLE: u16 = 0x02;
const NUD_STALE: u16 = 0x04;
const NUD_DELAY: u16 = 0x08;
const NUD_PROBE: u16 = 0x10;
const NUD_PERMANENT: u16 = 0x80;
/// States in which Linux itself would send to the address that it has.
const USABLE: u16 = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
const NTF_USE: u8 = 0x01;
/// We answer for it; it says nothing about where it is.
const NTF_PROXY: u8 = 0x08;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_CREATE: u16 = 0x400;

/// Reads a neighbour.
pub(super) fn read(message: &Message<'_>) -> Result<Option<Event>, MessageError> {
    let (header, rest) =
        message.body.split_first_chunk::<HEADER>().ok_or(MessageError::Header(message.kind))?;
    let (family, state, flags) = (header[0], u16::from_ne_bytes([header[8], header[9]]), header[10]);
    if (family != AF_INET && family != AF_INET6) || flags & NTF_PROXY != 0 {
        return Ok(None);
    }
    let index = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]);
    let (mut address, mut mac) = (None, None);
    for attribute in attributes(message.kind, rest) {
        let attribute = attribute?;
        match attribute.kind {
            NDA_DST => address = Some(attribute.address()?),
            NDA_LLADDR => mac = attribute.value.try_into().ok().map(MacAddr),
            _ => {}
        }
    }
    let address = address.ok_or(MessageError::NoAddress(message.kind))?;
    let key = NeighbourKey { index, address };
    if message.kind == RTM_DELNEIGH {
        return Ok(Some(Event::NeighbourGone(key)));
    }
    let mac = mac.filter(|mac: &MacAddr| state & USABLE != 0 && !mac.is_group());
    Ok(Some(Event::Neighbour(Neighbour { key, mac, stale: state & NUD_STALE != 0 })))
}

/// A request that Linux take a neighbour for one that it just sent to: it asks for the address of one that it does not
/// know, and asks again for one that it has not heard of for a while. What is known stays in use meanwhile.
pub(super) fn use_request(key: NeighbourKey, sequence: u32) -> Vec<u8> {
    let (family, address) = match key.address {
        IpAddr::V4(address) => (AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => (AF_INET6, address.octets().to_vec()),
    };
    let attribute = 4 + address.len();
    let mut request = Vec::with_capacity(MESSAGE + HEADER + attribute);
    let length = MESSAGE + HEADER + attribute;
    request.extend(u32::try_from(length).unwrap_or(0).to_ne_bytes());
    request.extend(RTM_NEWNEIGH.to_ne_bytes());
    request.extend((NLM_F_REQUEST | NLM_F_CREATE).to_ne_bytes());
    request.extend(sequence.to_ne_bytes());
    request.extend([0; 4]);
    request.extend([family, 0, 0, 0]);
    request.extend(key.index.to_ne_bytes());
    request.extend([0, 0, NTF_USE, 0]);
    request.extend(u16::try_from(attribute).unwrap_or(0).to_ne_bytes());
    request.extend(NDA_DST.to_ne_bytes());
    request.extend(address);
    request
}
