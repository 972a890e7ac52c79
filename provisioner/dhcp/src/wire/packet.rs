//! Borrowed view of a received BOOTP/DHCP packet: bounds are checked once, nothing is copied.

use super::code::{self, MessageType};
use std::{borrow::Cow, fmt, net::Ipv4Addr};

/// Fixed part of a packet with the magic cookie (RFC 2131 §2, RFC 2132 §2).
pub const HEADER_LEN: usize = 240;
/// Largest packet looked at; anything longer does not fit an Ethernet frame and is hostile.
pub const MAX_LEN: usize = 1500;
/// More options than any client sends; a longer list is an option bomb.
pub const MAX_OPTIONS: usize = 96;

const COOKIE: [u8; 4] = [99, 130, 83, 99];
const SNAME: std::ops::Range<usize> = 44..108;
const FILE: std::ops::Range<usize> = 108..236;
const BOOTREQUEST: u8 = 1;

/// Why bytes are not a usable client packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than the fixed part.
    #[error("shorter than the {HEADER_LEN} bytes of a DHCP packet")]
    TooShort,
    /// Longer than an Ethernet frame holds.
    #[error("longer than {MAX_LEN} bytes")]
    TooLong,
    /// `op` is not BOOTREQUEST.
    #[error("not a request (op field)")]
    NotARequest,
    /// The magic cookie of RFC 2132 §2 is absent.
    #[error("no DHCP magic cookie")]
    NoCookie,
    /// `hlen` is larger than the field that holds the address.
    #[error("hardware address length is over 16")]
    HardwareAddress,
    /// An option reaches beyond its field.
    #[error("an option is cut off")]
    CutOption,
    /// More than [`MAX_OPTIONS`] options.
    #[error("more than {MAX_OPTIONS} options")]
    TooManyOptions,
}

/// A link-layer address with its ARP hardware type; `Display` prints `52:54:00:12:34:56`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HwAddr {
    htype: u8,
    len: u8,
    bytes: [u8; 16],
}

impl HwAddr {
    /// An Ethernet address.
    pub fn ethernet(mac: [u8; 6]) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&mac);
        Self { htype: 1, len: 6, bytes }
    }

    /// Any address: `None` when it is empty, over 16 bytes or all zero.
    pub fn new(htype: u8, address: &[u8]) -> Option<Self> {
        if address.len() > 16 || address.iter().all(|b| *b == 0) {
            return None;
        }
        let mut bytes = [0; 16];
        bytes[..address.len()].copy_from_slice(address);
        Some(Self { htype, len: u8::try_from(address.len()).ok()?, bytes })
    }

    /// ARP hardware type; 1 is Ethernet.
    pub fn htype(&self) -> u8 {
        self.htype
    }

    /// The significant bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The six bytes, when this is an Ethernet address.
    pub fn mac(&self) -> Option<[u8; 6]> {
        if self.htype == 1 { self.as_bytes().try_into().ok() } else { None }
    }
}

impl fmt::Display for HwAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.as_bytes().iter().enumerate() {
            write!(f, "{}{byte:02x}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for HwAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HwAddr({}, {self})", self.htype)
    }
}

#[derive(Clone, Copy, Default)]
struct Slot {
    code: u8,
    len: u8,
    offset: u16,
}

/// A client's packet. Every accessor is total: what [`Packet::parse`] let through cannot panic later.
pub struct Packet<'a> {
    bytes: &'a [u8],
    options: [Slot; MAX_OPTIONS],
    count: usize,
}

impl<'a> Packet<'a> {
    /// Checks the fixed part and walks the options, also those in `file` and `sname` when option 52 says so.
    ///
    /// # Errors
    /// [`DecodeError`] names the first thing wrong. A missing end option is tolerated, as every server does.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() < HEADER_LEN {
            return Err(DecodeError::TooShort);
        }
        if bytes.len() > MAX_LEN {
            return Err(DecodeError::TooLong);
        }
        if bytes[0] != BOOTREQUEST {
            return Err(DecodeError::NotARequest);
        }
        if bytes[2] > 16 {
            return Err(DecodeError::HardwareAddress);
        }
        if bytes[236..240] != COOKIE {
            return Err(DecodeError::NoCookie);
        }
        let mut packet = Self { bytes, options: [Slot::default(); MAX_OPTIONS], count: 0 };
        packet.walk(HEADER_LEN, bytes.len())?;
        // RFC 2131 §4.1: options field first, then `file`, then `sname`.
        let overload = packet.get(code::OVERLOAD).map_or(0, |v| if v.len() == 1 { v[0] } else { 0 });
        if overload & 1 != 0 {
            packet.walk(FILE.start, FILE.end)?;
        }
        if overload & 2 != 0 {
            packet.walk(SNAME.start, SNAME.end)?;
        }
        Ok(packet)
    }

    fn walk(&mut self, start: usize, end: usize) -> Result<(), DecodeError> {
        let mut at = start;
        while at < end {
            match self.bytes[at] {
                0 => at += 1,
                255 => return Ok(()),
                code => {
                    if at + 1 >= end {
                        return Err(DecodeError::CutOption);
                    }
                    let len = self.bytes[at + 1];
                    let value = at + 2;
                    if value + usize::from(len) > end {
                        return Err(DecodeError::CutOption);
                    }
                    if self.count == MAX_OPTIONS {
                        return Err(DecodeError::TooManyOptions);
                    }
                    let offset = u16::try_from(value).map_err(|_| DecodeError::TooLong)?;
                    self.options[self.count] = Slot { code, len, offset };
                    self.count += 1;
                    at = value + usize::from(len);
                }
            }
        }
        Ok(())
    }

    fn slice(&self, slot: Slot) -> &'a [u8] {
        let start = usize::from(slot.offset);
        &self.bytes[start..start + usize::from(slot.len)]
    }

    /// An option's value. One that came in pieces is joined in order of arrival (RFC 3396 §7).
    pub fn get(&self, code: u8) -> Option<Cow<'a, [u8]>> {
        let mut pieces = self.options[..self.count].iter().filter(|slot| slot.code == code);
        let first = self.slice(*pieces.next()?);
        let Some(second) = pieces.next() else { return Some(Cow::Borrowed(first)) };
        let mut joined = first.to_vec();
        joined.extend_from_slice(self.slice(*second));
        for slot in pieces {
            joined.extend_from_slice(self.slice(*slot));
        }
        Some(Cow::Owned(joined))
    }

    /// True when the option is present, whatever its content.
    pub fn has(&self, code: u8) -> bool {
        self.options[..self.count].iter().any(|slot| slot.code == code)
    }

    /// An option that must be one IPv4 address; of any other length it counts as absent.
    pub fn ipv4(&self, code: u8) -> Option<Ipv4Addr> {
        let value: [u8; 4] = self.get(code)?.as_ref().try_into().ok()?;
        Some(Ipv4Addr::from(value))
    }

    /// An option that must be one 16-bit number in network order.
    pub fn u16(&self, code: u8) -> Option<u16> {
        let value: [u8; 2] = self.get(code)?.as_ref().try_into().ok()?;
        Some(u16::from_be_bytes(value))
    }

    /// Option 53.
    pub fn message_type(&self) -> Option<MessageType> {
        let value = self.get(code::MESSAGE_TYPE)?;
        if value.len() == 1 { MessageType::from_wire(value[0]) } else { None }
    }

    /// A sub-option of option 82 (RFC 3046 §2).
    pub fn relay_sub_option(&self, wanted: u8) -> Option<Vec<u8>> {
        let value = self.get(code::RELAY_INFO)?;
        let mut rest = value.as_ref();
        while let [code, len, tail @ ..] = rest {
            let content = tail.get(..usize::from(*len))?;
            if *code == wanted {
                return Some(content.to_vec());
            }
            rest = &tail[usize::from(*len)..];
        }
        None
    }

    /// `chaddr` with its type; `None` when the client gave none or all zero.
    pub fn hw_addr(&self) -> Option<HwAddr> {
        HwAddr::new(self.bytes[1], &self.bytes[28..28 + usize::from(self.bytes[2])])
    }

    /// Transaction id.
    pub fn xid(&self) -> u32 {
        u32::from_be_bytes([self.bytes[4], self.bytes[5], self.bytes[6], self.bytes[7]])
    }

    /// Relay hops so far.
    pub fn hops(&self) -> u8 {
        self.bytes[3]
    }

    /// The broadcast flag (RFC 2131 §2, figure 2).
    pub fn wants_broadcast(&self) -> bool {
        self.bytes[10] & 0x80 != 0
    }

    fn address(&self, at: usize) -> Ipv4Addr {
        Ipv4Addr::new(self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3])
    }

    /// Address the client says it has and answers ARP for; 0.0.0.0 when none.
    pub fn ciaddr(&self) -> Ipv4Addr {
        self.address(12)
    }

    /// The relay's address; 0.0.0.0 when the client is on the link.
    pub fn giaddr(&self) -> Ipv4Addr {
        self.address(24)
    }

    /// The fixed header as received, for replies that copy fields of it.
    pub(crate) fn header(&self) -> &'a [u8] {
        &self.bytes[..HEADER_LEN]
    }
}

#[cfg(test)]
#[path = "packet_tests.rs"]
mod tests;
