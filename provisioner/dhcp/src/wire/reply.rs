//! Writes one reply into a caller's buffer, within the size the client takes.

use super::{code, code::MessageType, packet::Packet};
use std::net::Ipv4Addr;

/// UDP payload that every client must take: 576 bytes of IP datagram (RFC 2131 §2) less both headers.
pub const MIN_LIMIT: usize = 576 - 28;
/// UDP payload of a full Ethernet frame.
pub const MAX_LIMIT: usize = 1500 - 28;
/// BOOTP's fixed size (RFC 951 §3); some relays and ROMs drop shorter packets.
const MIN_LEN: usize = 300;

const FILE_AT: usize = 108;
const FILE_LEN: usize = 128;
const SNAME_AT: usize = 44;
const SNAME_LEN: usize = 64;

/// Largest UDP payload this client takes, from option 57 bounded on both sides.
pub fn size_limit(packet: &Packet<'_>) -> usize {
    packet
        .u16(code::MAX_SIZE)
        .map_or(MIN_LIMIT, |size| usize::from(size).saturating_sub(28).clamp(MIN_LIMIT, MAX_LIMIT))
}

/// A reply under construction. Options that do not fit go to the unused `file` and `sname` fields (option 52),
/// and those that fit nowhere are left out and counted.
pub struct ReplyWriter<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    end: usize,
    tail: Vec<u8>,
    spilled: Vec<(u8, Vec<u8>)>,
    file_used: bool,
}

impl<'o> ReplyWriter<'o> {
    /// Starts a reply to `packet` at the end of `out`: header fields of RFC 2131 table 3, message type and server
    /// identifier; option 82 is kept for the end byte for byte (RFC 3046 §2.2).
    pub fn begin(out: &'o mut Vec<u8>, packet: &Packet<'_>, kind: MessageType, server: Ipv4Addr) -> Self {
        let start = out.len();
        let header = packet.header();
        out.extend_from_slice(header);
        let fresh = &mut out[start..];
        fresh[0] = 2;
        fresh[3] = 0; // hops
        fresh[8..10].fill(0); // secs
        fresh[12..24].fill(0); // ciaddr, yiaddr, siaddr
        fresh[SNAME_AT..FILE_AT + FILE_LEN].fill(0);
        let mut tail = Vec::new();
        if let Some(info) = packet.get(code::RELAY_INFO) {
            append(&mut tail, code::RELAY_INFO, &info);
        }
        let limit = size_limit(packet);
        let end = start + limit.saturating_sub(tail.len() + 1);
        let mut writer = Self { out, start, end, tail, spilled: Vec::new(), file_used: false };
        writer.option(code::MESSAGE_TYPE, &[kind as u8]);
        writer.option(code::SERVER_ID, &server.octets());
        writer
    }

    fn set_address(&mut self, at: usize, ip: Ipv4Addr) {
        self.out[self.start + at..self.start + at + 4].copy_from_slice(&ip.octets());
    }

    /// Client's own address, echoed.
    pub fn ciaddr(&mut self, ip: Ipv4Addr) {
        self.set_address(12, ip);
    }

    /// The address given.
    pub fn yiaddr(&mut self, ip: Ipv4Addr) {
        self.set_address(16, ip);
    }

    /// Server of the next boot step.
    pub fn siaddr(&mut self, ip: Ipv4Addr) {
        self.set_address(20, ip);
    }

    /// Sets the broadcast flag, which a relay obeys (RFC 2131 §4.3.2 for DHCPNAK).
    pub fn broadcast(&mut self) {
        self.out[self.start + 10] |= 0x80;
    }

    /// Boot file name in the header field; false when it is too long for it (127 bytes and a NUL).
    pub fn file(&mut self, name: &[u8]) -> bool {
        if name.len() >= FILE_LEN {
            return false;
        }
        let at = self.start + FILE_AT;
        self.out[at..at + name.len()].copy_from_slice(name);
        self.file_used = true;
        true
    }

    /// Appends an option; over 255 bytes it is split as RFC 3396 §5 says.
    pub fn option(&mut self, code: u8, value: &[u8]) {
        let need = encoded_len(value);
        // 3 bytes stay free for option 52, should a later option spill.
        if self.out.len() + need + 3 > self.end {
            self.spilled.push((code, value.to_vec()));
        } else {
            append(self.out, code, value);
        }
    }

    /// Closes the packet and pads it. Returns how many options fitted nowhere.
    pub fn finish(mut self) -> usize {
        let spilled = std::mem::take(&mut self.spilled);
        let mut left = spilled;
        let mut overload = 0;
        if !left.is_empty() && !self.file_used {
            left = self.fill_field(FILE_AT, FILE_LEN, left, &mut overload, 1);
        }
        if !left.is_empty() {
            left = self.fill_field(SNAME_AT, SNAME_LEN, left, &mut overload, 2);
        }
        if overload != 0 {
            append(self.out, code::OVERLOAD, &[overload]);
        }
        self.out.extend_from_slice(&self.tail);
        self.out.push(255);
        if self.out.len() < self.start + MIN_LEN {
            self.out.resize(self.start + MIN_LEN, 0);
        }
        left.len()
    }

    fn fill_field(
        &mut self,
        at: usize,
        size: usize,
        options: Vec<(u8, Vec<u8>)>,
        overload: &mut u8,
        bit: u8,
    ) -> Vec<(u8, Vec<u8>)> {
        let mut field = Vec::with_capacity(size);
        let mut left = Vec::new();
        for (code, value) in options {
            if field.len() + encoded_len(&value) < size {
                append(&mut field, code, &value);
            } else {
                left.push((code, value));
            }
        }
        if !field.is_empty() {
            field.push(255);
            let at = self.start + at;
            self.out[at..at + field.len()].copy_from_slice(&field);
            *overload |= bit;
        }
        left
    }
}

fn encoded_len(value: &[u8]) -> usize {
    value.len() + 2 * value.len().div_ceil(255).max(1)
}

fn append(out: &mut Vec<u8>, code: u8, value: &[u8]) {
    if value.is_empty() {
        out.extend_from_slice(&[code, 0]);
    }
    for piece in value.chunks(255) {
        out.push(code);
        // A chunk of 255 fits a byte by construction.
        out.push(u8::try_from(piece.len()).unwrap_or(255));
        out.extend_from_slice(piece);
    }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
