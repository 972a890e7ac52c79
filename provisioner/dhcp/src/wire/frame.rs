//! Ethernet, IPv4 and UDP headers for a client that has no address yet.
//!
//! RFC 2131 §4.1 wants such a reply sent to `yiaddr` and `chaddr` without ARP. The kernel would ask by ARP, and the
//! client does not answer yet, so the frame is made here and sent through a packet socket.

use std::net::Ipv4Addr;

/// Bytes in front of the DHCP payload.
pub const HEADERS_LEN: usize = 14 + 20 + 8;

/// Where a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameAddresses {
    /// Ethernet source.
    pub from_mac: [u8; 6],
    /// Ethernet destination.
    pub to_mac: [u8; 6],
    /// IPv4 source.
    pub from_ip: Ipv4Addr,
    /// IPv4 destination.
    pub to_ip: Ipv4Addr,
}

/// Headers for `payload`, from port 67 to port 68. `None` when the payload is longer than IPv4 carries.
pub fn headers(addresses: &FrameAddresses, payload: &[u8]) -> Option<[u8; HEADERS_LEN]> {
    let udp_len = u16::try_from(payload.len() + 8).ok()?;
    let ip_len = udp_len.checked_add(20)?;
    let mut h = [0; HEADERS_LEN];
    h[..6].copy_from_slice(&addresses.to_mac);
    h[6..12].copy_from_slice(&addresses.from_mac);
    h[12..14].copy_from_slice(&[0x08, 0x00]);
    h[14] = 0x45;
    h[15] = 0x10; // low delay, as other servers set it
    h[16..18].copy_from_slice(&ip_len.to_be_bytes());
    h[22] = 64;
    h[23] = 17;
    h[26..30].copy_from_slice(&addresses.from_ip.octets());
    h[30..34].copy_from_slice(&addresses.to_ip.octets());
    let ip_sum = !fold(sum(&h[14..34], 0));
    h[24..26].copy_from_slice(&ip_sum.to_be_bytes());
    h[34..36].copy_from_slice(&67_u16.to_be_bytes());
    h[36..38].copy_from_slice(&68_u16.to_be_bytes());
    h[38..40].copy_from_slice(&udp_len.to_be_bytes());
    let pseudo = sum(&h[26..34], 17 + u32::from(udp_len));
    let udp_sum = !fold(sum(payload, sum(&h[34..42], pseudo)));
    // RFC 768: a computed zero is sent as all ones.
    let udp_sum = if udp_sum == 0 { 0xffff } else { udp_sum };
    h[40..42].copy_from_slice(&udp_sum.to_be_bytes());
    Some(h)
}

fn sum(bytes: &[u8], seed: u32) -> u32 {
    let mut pairs = bytes.chunks_exact(2);
    let total =
        pairs.by_ref().fold(seed, |acc, pair| acc + u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    total + pairs.remainder().first().map_or(0, |last| u32::from(*last) << 8)
}

fn fold(mut total: u32) -> u16 {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    u16::try_from(total).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> FrameAddresses {
        FrameAddresses {
            from_mac: [2, 0, 0, 0, 0, 1],
            to_mac: [2, 0, 0, 0, 0, 2],
            from_ip: [192, 0, 2, 1].into(),
            to_ip: [192, 0, 2, 9].into(),
        }
    }

    #[test]
    fn both_checksums_verify() {
        for len in [0, 1, 300, 301, 1472] {
            let payload: Vec<u8> = (0..len).map(|i: u32| i.to_le_bytes()[0].wrapping_mul(37)).collect();
            let h = headers(&addresses(), &payload).unwrap();
            assert_eq!(fold(sum(&h[14..34], 0)), 0xffff, "IP header, payload {len}");
            let pseudo = sum(&h[26..34], 17 + len + 8);
            assert_eq!(fold(sum(&payload, sum(&h[34..42], pseudo))), 0xffff, "UDP, payload {len}");
        }
    }

    #[test]
    fn too_long_a_payload_is_refused() {
        assert!(headers(&addresses(), &vec![0; 65_508]).is_none());
        assert!(headers(&addresses(), &vec![0; 65_507]).is_some());
    }
}
