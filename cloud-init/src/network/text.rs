use std::net::IpAddr;

use ipnet::IpNet;

use crate::text::TextError;

checked_text! {
    /// Name of a network interface in Linux: 1 to 15 letters, digits, `_`, `.` or `-`.
    InterfaceName, check_name
}

checked_text! {
    /// A shell pattern for interface names, such as `en*`.
    NamePattern, check_pattern
}

checked_text! {
    /// An Ethernet address in lower case with colons, such as `52:54:00:12:34:56`.
    MacAddress, check_mac
}

checked_text! {
    /// A DNS search domain.
    SearchDomain, check_domain
}

/// An address with its prefix length, such as `192.0.2.2/24`: one a host can own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct InterfaceAddress(pub(super) IpNet);

/// Largest packet of an interface in bytes, 576 (RFC 791) to 9216.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u16")]
pub struct Mtu(pub(crate) u16);

/// VLAN id, 1 to 4094 (IEEE 802.1Q).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u16")]
pub struct VlanId(pub(super) u16);

impl InterfaceAddress {
    /// Address and prefix length.
    pub fn net(self) -> IpNet {
        self.0
    }
}

impl TryFrom<String> for InterfaceAddress {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refuse = || {
            TextError::new(
                "an interface address",
                &text,
                "ADDRESS/LENGTH of a host, such as 192.0.2.2/24 or 2001:db8::2/64 (not the network itself, \
                 broadcast, multicast, loopback or 0.0.0.0)",
            )
        };
        let net: IpNet = text.parse().map_err(|_| refuse())?;
        let usable = match net {
            // A /31 has no network or broadcast address (RFC 3021).
            IpNet::V4(v4) if v4.prefix_len() >= 31 => true,
            IpNet::V4(v4) => v4.addr() != v4.network() && v4.addr() != v4.broadcast() && v4.prefix_len() > 0,
            IpNet::V6(v6) => v6.prefix_len() > 0,
        };
        let addr = net.addr();
        let broadcast = matches!(addr, IpAddr::V4(v4) if v4.is_broadcast());
        if usable && !broadcast && !addr.is_multicast() && !addr.is_loopback() && !addr.is_unspecified() {
            return Ok(Self(net));
        }
        Err(refuse())
    }
}

impl TryFrom<u16> for Mtu {
    type Error = String;

    fn try_from(bytes: u16) -> Result<Self, Self::Error> {
        if (576..=9216).contains(&bytes) {
            return Ok(Self(bytes));
        }
        Err(format!("mtu {bytes} is out of range: 576 to 9216 bytes"))
    }
}

impl TryFrom<u16> for VlanId {
    type Error = String;

    fn try_from(id: u16) -> Result<Self, Self::Error> {
        if (1..=4094).contains(&id) {
            return Ok(Self(id));
        }
        Err(format!("VLAN id {id} is out of range: 1 to 4094"))
    }
}

fn check_name(text: &str) -> Result<(), TextError> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    if (1..=15).contains(&text.len()) && text.bytes().all(good) && !text.starts_with(['.', '-']) {
        return Ok(());
    }
    Err(TextError::new(
        "an interface name",
        text,
        "1 to 15 letters, digits, '_', '.' or '-', such as ens3 or bond0.100",
    ))
}

fn check_pattern(text: &str) -> Result<(), TextError> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'*' | b'?');
    if (1..=15).contains(&text.len()) && text.bytes().all(good) {
        return Ok(());
    }
    Err(TextError::new(
        "an interface pattern",
        text,
        "1 to 15 letters, digits, '_', '.', '-', '*' or '?', such as en*",
    ))
}

fn check_mac(text: &str) -> Result<(), TextError> {
    let octet = |o: &str| o.len() == 2 && o.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if text.split(':').count() == 6 && text.split(':').all(octet) {
        return Ok(());
    }
    Err(TextError::new(
        "an Ethernet address",
        text,
        "six pairs of lower-case digits with colons, such as 52:54:00:12:34:56",
    ))
}

fn check_domain(text: &str) -> Result<(), TextError> {
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if text.len() <= 253 && text.split('.').all(label) {
        return Ok(());
    }
    Err(TextError::new("a search domain", text, "labels joined by dots, such as example.net"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_hosts() {
        let read = |text: &str| InterfaceAddress::try_from(text.to_owned());
        for good in ["192.0.2.2/24", "192.0.2.0/31", "192.0.2.1/32", "2001:db8::2/64", "fe80::1/64"] {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in [
            "192.0.2.2",
            "192.0.2.0/24",
            "192.0.2.255/24",
            "224.0.0.1/24",
            "127.0.0.1/8",
            "0.0.0.0/0",
            "::1/128",
            "ff02::1/64",
            "x/24",
            "10.0.0.1/33",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_patterns_and_macs() {
        assert!("bond0.100".parse::<InterfaceName>().is_ok());
        for bad in ["", "a/b", "..", "en*", "a b", "abcdefghijklmnop", "a\n"] {
            assert!(bad.parse::<InterfaceName>().is_err(), "{bad:?}");
        }
        assert!("en*".parse::<NamePattern>().is_ok() && "en*\n".parse::<NamePattern>().is_err());
        assert!("52:54:00:12:34:56".parse::<MacAddress>().is_ok());
        for bad in ["52:54:00:12:34", "52-54-00-12-34-56", "52:54:00:12:34:5G", "52:54:00:AB:34:56"] {
            assert!(bad.parse::<MacAddress>().is_err(), "{bad}");
        }
        assert!("example.net".parse::<SearchDomain>().is_ok() && "a b".parse::<SearchDomain>().is_err());
    }

    #[test]
    fn numbers_have_ranges() {
        assert!(Mtu::try_from(576).is_ok() && Mtu::try_from(575).is_err() && Mtu::try_from(9217).is_err());
        assert!(
            VlanId::try_from(4094).is_ok() && VlanId::try_from(0).is_err() && VlanId::try_from(4095).is_err()
        );
    }
}
