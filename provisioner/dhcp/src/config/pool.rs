//! A range of addresses.

use ipnet::Ipv4Net;
use serde::Deserialize;
use std::{fmt, net::Ipv4Addr, str::FromStr};

/// First to last address, both included. Written `192.0.2.10-192.0.2.99`, or as a prefix `192.0.2.64/26`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AddressRange {
    first: Ipv4Addr,
    last: Ipv4Addr,
}

impl AddressRange {
    /// `None` when `last` comes before `first`.
    pub fn new(first: Ipv4Addr, last: Ipv4Addr) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// The lowest address.
    pub fn first(self) -> Ipv4Addr {
        self.first
    }

    /// The highest address.
    pub fn last(self) -> Ipv4Addr {
        self.last
    }

    /// True when the address is inside.
    pub fn contains(self, ip: Ipv4Addr) -> bool {
        self.first <= ip && ip <= self.last
    }
}

impl FromStr for AddressRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = if let Some((first, last)) = text.split_once('-') {
            first.trim().parse().ok().zip(last.trim().parse().ok()).and_then(|(f, l)| Self::new(f, l))
        } else if text.contains('/') {
            text.parse::<Ipv4Net>().ok().and_then(|net| Self::new(net.network(), net.broadcast()))
        } else {
            None
        };
        parsed.ok_or_else(|| {
            format!("{text:?} is not a pool; write first-last such as 192.0.2.10-192.0.2.99, or a prefix")
        })
    }
}

impl TryFrom<String> for AddressRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}
