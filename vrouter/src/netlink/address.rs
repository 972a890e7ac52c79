//! `RTM_NEWADDR` and `RTM_DELADDR` (`linux/if_addr.h`).

use ipnet::IpNet;

use super::error::MessageError;
use super::event::{Address, Event};
use super::wire::{AF_INET, AF_INET6, Message, attributes};

pub(super) const RTM_NEWADDR: u16 = 20;
pub(super) const RTM_DELADDR: u16 = 21;

/// Bytes of `struct ifaddrmsg`.
const HEADER: usize = 8;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_FLAGS: u16 = 8;
/// Nobody else has it, as far as is known by now (RFC 4862 section 5.4).
const IFA_F_TENTATIVE: u32 = 0x40;
const IFA_F_OPTIMISTIC: u32 = 0x04;
const IFA_F_DADFAILED: u32 = 0x08;
/// Linux makes no route for the subnet.
const IFA_F_NOPREFIXROUTE: u32 = 0x200;
const SCOPE_LINK: u8 = 253;

/// Reads an address.
pub(super) fn read(message: &Message<'_>) -> Result<Option<Event>, MessageError> {
    let (header, rest) =
        message.body.split_first_chunk::<HEADER>().ok_or(MessageError::Header(message.kind))?;
    let [family, length, flags, scope, ..] = *header;
    if family != AF_INET && family != AF_INET6 {
        return Ok(None);
    }
    let index = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]);
    let (mut address, mut local, mut flags) = (None, None, u32::from(flags));
    for attribute in attributes(message.kind, rest) {
        let attribute = attribute?;
        match attribute.kind {
            IFA_ADDRESS => address = Some(attribute.address()?),
            IFA_LOCAL => local = Some(attribute.address()?),
            IFA_FLAGS => flags = attribute.u32()?,
            _ => {}
        }
    }
    // IFA_ADDRESS is the other end where there is one; IPv6 has no IFA_LOCAL otherwise.
    let address = address.or(local).ok_or(MessageError::NoAddress(message.kind))?;
    let local = local.unwrap_or(address);
    let net = |address, length| IpNet::new(address, length).map_err(|_| MessageError::PrefixLength(length));
    let whole = if local.is_ipv4() { 32 } else { 128 };
    let subnet = net(address, if flags & IFA_F_NOPREFIXROUTE == 0 { length } else { whole })?.trunc();
    let own = Address { index, local: net(local, length)?, subnet, link_scope: scope == SCOPE_LINK };
    // A tentative address is not ours yet; Linux tells again when it is. An optimistic one may be used.
    let pending = flags & IFA_F_TENTATIVE != 0 && flags & IFA_F_OPTIMISTIC == 0;
    let usable = !pending && flags & IFA_F_DADFAILED == 0;
    let event = if message.kind == RTM_NEWADDR && usable { Event::Address } else { Event::AddressGone };
    Ok(Some(event(own)))
}
