//! Netlink's framing: messages and attributes (`linux/netlink.h`, `linux/rtnetlink.h`). Numbers are in host order.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::MessageError;

/// Bytes of `struct nlmsghdr`.
pub(crate) const HEADER: usize = 16;
pub(crate) const AF_INET: u8 = 2;
pub(crate) const AF_INET6: u8 = 10;

/// One netlink message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// `nlmsg_type`.
    pub(crate) kind: u16,
    /// `nlmsg_flags`.
    pub(crate) flags: u16,
    /// `nlmsg_seq`: that of the request that is answered.
    pub(crate) sequence: u32,
    /// What follows the header.
    pub(crate) body: &'a [u8],
}

/// Takes the first message off `bytes`; `None` when there are no more. After an error the rest is unreadable.
pub(crate) fn next_message<'a>(bytes: &mut &'a [u8]) -> Option<Result<Message<'a>, MessageError>> {
    let whole = *bytes;
    if whole.is_empty() {
        return None;
    }
    *bytes = &[];
    let Some(header) = whole.first_chunk::<HEADER>() else {
        return Some(Err(MessageError::Length { kind: 0, length: 0, available: whole.len() }));
    };
    let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]);
    let kind = u16::from_ne_bytes([header[4], header[5]]);
    let body = usize::try_from(length).ok().and_then(|length| whole.get(HEADER..length));
    let Some(body) = body else {
        return Some(Err(MessageError::Length { kind, length, available: whole.len() }));
    };
    *bytes = whole.get((HEADER + body.len()).next_multiple_of(4)..).unwrap_or(&[]);
    let flags = u16::from_ne_bytes([header[6], header[7]]);
    let sequence = u32::from_ne_bytes([header[8], header[9], header[10], header[11]]);
    Some(Ok(Message { kind, flags, sequence, body }))
}

/// One attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute<'a> {
    /// Type, without the flags for nesting and byte order.
    pub(crate) kind: u16,
    /// Value.
    pub(crate) value: &'a [u8],
    /// Type of the message, for errors.
    message: u16,
}

/// The attributes in `bytes`, of a message of type `message`.
pub(crate) fn attributes(
    message: u16,
    bytes: &[u8],
) -> impl Iterator<Item = Result<Attribute<'_>, MessageError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let whole = std::mem::take(&mut rest);
        let Some(header) = whole.first_chunk::<4>() else {
            return Some(Err(MessageError::Attribute { message, kind: 0 }));
        };
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        // The two highest bits are NLA_F_NESTED and NLA_F_NET_BYTEORDER.
        let kind = u16::from_ne_bytes([header[2], header[3]]) & 0x3fff;
        let Some(value) = whole.get(4..length) else {
            return Some(Err(MessageError::Attribute { message, kind }));
        };
        rest = whole.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        Some(Ok(Attribute { kind, value, message }))
    })
}

impl Attribute<'_> {
    /// The value as exactly `N` bytes.
    fn bytes<const N: usize>(&self) -> Result<[u8; N], MessageError> {
        self.value.try_into().map_err(|_| self.malformed())
    }

    /// The error for a value that does not fit its type.
    pub(crate) fn malformed(&self) -> MessageError {
        MessageError::Attribute { message: self.message, kind: self.kind }
    }

    /// The value as a number of 16 bits.
    pub(crate) fn u16(&self) -> Result<u16, MessageError> {
        self.bytes().map(u16::from_ne_bytes)
    }

    /// The value as a number of 32 bits.
    pub(crate) fn u32(&self) -> Result<u32, MessageError> {
        self.bytes().map(u32::from_ne_bytes)
    }

    /// The value as an address, by its length.
    pub(crate) fn address(&self) -> Result<IpAddr, MessageError> {
        match self.value.len() {
            4 => Ok(Ipv4Addr::from_octets(self.bytes()?).into()),
            16 => Ok(Ipv6Addr::from_octets(self.bytes()?).into()),
            _ => Err(self.malformed()),
        }
    }

    /// The value of `RTA_VIA`: an address family and an address of that family.
    pub(crate) fn via(&self) -> Result<IpAddr, MessageError> {
        let (family, address) = self.value.split_first_chunk::<2>().ok_or_else(|| self.malformed())?;
        let address = Attribute { value: address, ..*self }.address()?;
        let expected = if address.is_ipv4() { AF_INET } else { AF_INET6 };
        if u16::from_ne_bytes(*family) == u16::from(expected) { Ok(address) } else { Err(self.malformed()) }
    }
}
