//! Addresses of the management interfaces: a typed subset of cloud-init's network configuration, version 2.
//!
//! Keys are spelled as in version 2, so what an operator knows from netplan holds here. What the renderers of
//! cloud-init 22.4.2 would drop or trip over without a word is refused or written in the form that works.

mod check;
mod interface;
mod text;
mod v2;

pub use check::NetworkError;
pub use interface::{
    Addressing, Bond, BondMode, BondParameters, Ethernet, HashPolicy, LacpRate, Match, Nameservers, Route,
    RouteTo, Vlan,
};
pub use text::{InterfaceAddress, InterfaceName, MacAddress, Mtu, NamePattern, SearchDomain, VlanId};
pub(crate) use v2::{V2, to_v2};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Network configuration of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Physical interfaces by name; with `match`, the key is a label and the match finds the interface.
    #[serde(default)]
    pub ethernets: BTreeMap<InterfaceName, Ethernet>,
    /// Bonds by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bonds: BTreeMap<InterfaceName, Bond>,
    /// VLAN interfaces by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vlans: BTreeMap<InterfaceName, Vlan>,
}

impl Network {
    /// Checks the rules between keys and between interfaces.
    ///
    /// # Errors
    /// The first rule that is broken, with the interface it is broken on.
    pub fn check(&self) -> Result<(), NetworkError> {
        check::check(self)
    }
}
