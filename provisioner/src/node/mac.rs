//! Ethernet addresses of nodes.

use serde::{Deserialize, Serialize};

/// A unicast Ethernet address; written `52:54:00:12:34:56`, read with `:` or `-` and in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddr([u8; 6]);

/// The text is not a unicast Ethernet address.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not the Ethernet address of a machine; write it as 52:54:00:12:34:56")]
pub struct InvalidMac(String);

impl MacAddr {
    /// From its six octets.
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// Its six octets.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }
}

impl std::str::FromStr for MacAddr {
    type Err = InvalidMac;

    fn from_str(text: &str) -> Result<Self, InvalidMac> {
        let invalid = || InvalidMac(text.chars().take(40).collect());
        let mut octets = [0; 6];
        let mut parts = text.split([':', '-']);
        for octet in &mut octets {
            let part =
                parts.next().filter(|part| part.len() == 2 && !part.starts_with('+')).ok_or_else(invalid)?;
            *octet = u8::from_str_radix(part, 16).map_err(|_| invalid())?;
        }
        // The lowest bit of the first octet marks groups (IEEE 802.3 §3.2.3): no machine sends from one.
        if parts.next().is_some() || octets[0] & 1 == 1 || octets == [0; 6] {
            return Err(invalid());
        }
        Ok(Self(octets))
    }
}

impl TryFrom<String> for MacAddr {
    type Error = InvalidMac;

    fn try_from(text: String) -> Result<Self, InvalidMac> {
        text.parse()
    }
}

impl From<MacAddr> for String {
    fn from(mac: MacAddr) -> Self {
        mac.to_string()
    }
}

impl std::fmt::Display for MacAddr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut separator = "";
        for octet in self.0 {
            write!(f, "{separator}{octet:02x}")?;
            separator = ":";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MacAddr;

    #[test]
    fn reads_the_usual_spellings_and_writes_one() {
        for text in ["52:54:00:ab:cd:ef", "52-54-00-AB-CD-EF"] {
            assert_eq!(text.parse::<MacAddr>().unwrap().to_string(), "52:54:00:ab:cd:ef");
        }
        let bad = [
            "",
            "52:54:00:ab:cd",
            "52:54:00:ab:cd:ef:00",
            "53:54:00:ab:cd:ef",
            "00:00:00:00:00:00",
            "5:54:00:ab:cd:ef",
            "+1:54:00:ab:cd:ef",
        ];
        for text in bad {
            assert!(text.parse::<MacAddr>().is_err(), "{text}");
        }
    }
}
