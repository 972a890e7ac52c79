//! `RTM_NEWLINK` and `RTM_DELLINK` (`linux/if_link.h`).

use super::error::MessageError;
use super::event::{Event, Link};
use super::wire::{Attribute, Message, attributes};
use crate::packet::MacAddr;

pub(super) const RTM_NEWLINK: u16 = 16;
pub(super) const RTM_DELLINK: u16 = 17;

/// Bytes of `struct ifinfomsg`.
const HEADER: usize = 16;

const AF_UNSPEC: u8 = 0;
const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 8;
const IFLA_ADDRESS: u16 = 1;
const IFLA_MTU: u16 = 4;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;

/// Reads an interface.
pub(super) fn read(message: &Message<'_>) -> Result<Option<Event>, MessageError> {
    let (header, rest) =
        message.body.split_first_chunk::<HEADER>().ok_or(MessageError::Header(message.kind))?;
    // Bridges tell of their ports in messages of another family, with other attributes.
    if header[0] != AF_UNSPEC {
        return Ok(None);
    }
    let index = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]);
    let flags = u32::from_ne_bytes([header[8], header[9], header[10], header[11]]);
    if message.kind == RTM_DELLINK {
        return Ok(Some(Event::LinkGone(index)));
    }
    let internal = flags & IFF_LOOPBACK != 0;
    let mut link = Link { index, mac: None, mtu: 0, up: flags & IFF_UP != 0, internal };
    for attribute in attributes(message.kind, rest) {
        let attribute = attribute?;
        match attribute.kind {
            IFLA_ADDRESS => link.mac = attribute.value.try_into().ok().map(MacAddr),
            IFLA_MTU => link.mtu = attribute.u32()?,
            IFLA_LINKINFO => link.internal |= is_dummy(message.kind, &attribute)?,
            _ => {}
        }
    }
    Ok(Some(Event::Link(link)))
}

fn is_dummy(message: u16, information: &Attribute<'_>) -> Result<bool, MessageError> {
    for attribute in attributes(message, information.value) {
        let attribute = attribute?;
        if attribute.kind == IFLA_INFO_KIND {
            return Ok(attribute.value.strip_suffix(b"\0").unwrap_or(attribute.value) == b"dummy");
        }
    }
    Ok(false)
}
