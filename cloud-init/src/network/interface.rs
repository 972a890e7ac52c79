use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::text::{InterfaceAddress, InterfaceName, MacAddress, Mtu, NamePattern, SearchDomain, VlanId};

/// Makes an interface type: its own keys and those that every interface has. (serde cannot both flatten a shared
/// struct and refuse unknown keys.)
macro_rules! interface {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            /// Ask for an IPv4 address by DHCP.
            #[serde(default)]
            pub dhcp4: bool,
            /// Ask for an IPv6 address by DHCP.
            #[serde(default)]
            pub dhcp6: bool,
            /// Fixed addresses.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub addresses: Vec<InterfaceAddress>,
            /// Default route for IPv4.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub gateway4: Option<Ipv4Addr>,
            /// Default route for IPv6.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub gateway6: Option<Ipv6Addr>,
            /// Further routes.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub routes: Vec<Route>,
            /// Name servers.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub nameservers: Option<Nameservers>,
            /// Largest packet.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub mtu: Option<Mtu>,
        }

        impl $name {
            /// The keys that every interface has.
            pub fn addressing(&self) -> Addressing<'_> {
                Addressing {
                    dhcp4: self.dhcp4,
                    dhcp6: self.dhcp6,
                    addresses: &self.addresses,
                    gateway4: self.gateway4,
                    gateway6: self.gateway6,
                    routes: &self.routes,
                    nameservers: self.nameservers.as_ref(),
                    mtu: self.mtu,
                }
            }
        }
    };
}

/// A view of the keys that every interface has.
#[derive(Clone, Copy, Debug)]
pub struct Addressing<'a> {
    /// IPv4 by DHCP.
    pub dhcp4: bool,
    /// IPv6 by DHCP.
    pub dhcp6: bool,
    /// Fixed addresses.
    pub addresses: &'a [InterfaceAddress],
    /// Default route for IPv4.
    pub gateway4: Option<Ipv4Addr>,
    /// Default route for IPv6.
    pub gateway6: Option<Ipv6Addr>,
    /// Further routes.
    pub routes: &'a [Route],
    /// Name servers.
    pub nameservers: Option<&'a Nameservers>,
    /// Largest packet.
    pub mtu: Option<Mtu>,
}

interface! {
    /// A physical interface.
    Ethernet {
        /// Finds the interface by what it is instead of by the key's name.
        #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
        matching: Option<Match>,
    }
}

interface! {
    /// Several physical interfaces used as one.
    Bond {
        /// The members, keys of `ethernets` without addresses of their own.
        interfaces: Vec<InterfaceName>,
        /// How the members are used.
        parameters: BondParameters,
    }
}

interface! {
    /// A tagged network on another interface.
    Vlan {
        /// The tag.
        id: VlanId,
        /// The interface below: a key of `ethernets` or `bonds`.
        link: InterfaceName,
    }
}

impl Ethernet {
    /// The pattern, when the interface is found by one.
    pub(crate) fn pattern(&self) -> Option<&str> {
        self.matching.as_ref().and_then(|m| m.name.as_ref()).map(NamePattern::as_str)
    }
}

/// How a physical interface is found: exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// By its Ethernet address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macaddress: Option<MacAddress>,
    /// By a pattern of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<NamePattern>,
}

/// Where packets for a prefix go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// `default`, or a prefix such as `198.51.100.0/24`.
    pub to: RouteTo,
    /// Next hop.
    pub via: IpAddr,
    /// Lower wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<u32>,
}

/// Destination of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RouteTo {
    /// Everything, in the family of the next hop.
    Default,
    /// One prefix.
    Prefix(IpNet),
}

/// DNS servers and search domains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nameservers {
    /// Servers, in order.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    /// Search domains, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<SearchDomain>,
}

/// How a bond uses its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BondParameters {
    /// Bonding mode.
    pub mode: BondMode,
    /// Period of link checks in milliseconds; 100 without it.
    #[serde(default = "default_mii")]
    pub mii_monitor_interval: u16,
    /// Rate of LACP packets, `802.3ad` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacp_rate: Option<LacpRate>,
    /// What chooses the member for a packet; `802.3ad` and `balance-xor` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transmit_hash_policy: Option<HashPolicy>,
    /// The preferred member, `active-backup` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<InterfaceName>,
}

fn default_mii() -> u16 {
    100
}

/// Bonding mode of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BondMode {
    /// LACP (IEEE 802.3ad).
    #[serde(rename = "802.3ad")]
    Lacp,
    /// One member at a time.
    #[serde(rename = "active-backup")]
    ActiveBackup,
    /// By a hash of the packet, without LACP.
    #[serde(rename = "balance-xor")]
    BalanceXor,
}

/// Rate of LACP packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LacpRate {
    /// Every 30 s.
    Slow,
    /// Every second.
    Fast,
}

/// Which headers choose the member of a bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HashPolicy {
    /// Ethernet addresses.
    #[serde(rename = "layer2")]
    Layer2,
    /// Ethernet and IP addresses.
    #[serde(rename = "layer2+3")]
    Layer2And3,
    /// IP addresses and ports.
    #[serde(rename = "layer3+4")]
    Layer3And4,
}

impl TryFrom<String> for RouteTo {
    type Error = crate::text::TextError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "default" {
            return Ok(Self::Default);
        }
        match text.parse::<IpNet>() {
            Ok(net) if net.trunc() == net && net.prefix_len() > 0 => Ok(Self::Prefix(net)),
            _ => Err(crate::text::TextError::new(
                "a route destination",
                &text,
                "default, or a prefix without host bits such as 198.51.100.0/24 or 2001:db8:1::/48",
            )),
        }
    }
}

impl From<RouteTo> for String {
    fn from(to: RouteTo) -> Self {
        match to {
            RouteTo::Default => "default".to_owned(),
            RouteTo::Prefix(net) => net.to_string(),
        }
    }
}
