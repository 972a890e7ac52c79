//! Hardware addresses.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An Ethernet address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// All stations.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Group addresses: multicast, and broadcast among them (IEEE 802, the lowest bit of the first byte).
    #[inline]
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Not a hardware address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no hardware address; write as 52:54:00:12:34:56")]
pub struct MacError(String);

impl FromStr for MacAddr {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2 && !part.starts_with('+'));
            let read = part.and_then(|part| u8::from_str_radix(part, 16).ok());
            *byte = read.ok_or_else(|| MacError(text.to_owned()))?;
        }
        if parts.next().is_some() { Err(MacError(text.to_owned())) } else { Ok(Self(bytes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_groups_from_stations() {
        for (mac, group) in [
            (MacAddr::BROADCAST, true),
            (MacAddr([0x01, 0, 0x5e, 0, 0, 5]), true),
            (MacAddr([0x33, 0x33, 0, 0, 0, 1]), true),
            (MacAddr([0x52, 0x54, 0, 0x12, 0x34, 0x56]), false),
        ] {
            assert_eq!(mac.is_group(), group, "{mac}");
        }
        assert_eq!(MacAddr([0, 0x1b, 0xff, 1, 2, 3]).to_string(), "00:1b:ff:01:02:03");
    }
    #[test]
    fn reads_what_it_prints_and_nothing_else() {
        for mac in [MacAddr::BROADCAST, MacAddr([0, 0x1b, 0xff, 1, 2, 3])] {
            assert_eq!(mac.to_string().parse(), Ok(mac));
        }
        for text in
            ["", "00:1b:ff:01:02", "00:1b:ff:01:02:03:04", "0:1b:ff:01:02:03", "+0:1b:ff:01:02:03", "eth0"]
        {
            assert_eq!(text.parse::<MacAddr>(), Err(MacError(text.to_owned())));
        }
    }
}
