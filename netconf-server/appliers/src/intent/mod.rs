//! What the router is to be: plain structs without YANG, made from a validated datastore.
//!
//! Every item says where it is in the configuration ([`At`]), so that an applier that refuses it names the leaf. Items
//! are shared: whoever makes a new intent from an old one keeps the `Arc`s of what did not change, and appliers skip what
//! is the same allocation.

mod at;
mod bgp;
mod interface;
mod port;
mod route;
mod system;
mod telemetry;

pub use at::At;
pub use bgp::{
    Bgp, BgpFamily, BgpNeighbor, BgpTimers, Family, Multihop, NeighborFamily, Network, Redistribute, Source,
};
pub use interface::{Address, Interface, InterfaceKind, IpConfig};
pub use port::DataplanePort;
pub use route::{NextHop, Special, StaticRoute, Target};
pub use system::{AuthorizedKey, Dns, DnsServer, Ntp, NtpServer, SearchDomain, System, Timezone, User};
pub use telemetry::{Influxdb, Login, Prometheus, Telemetry, TelemetrySet};

use imbl::OrdMap;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The whole of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Intent {
    /// By name. Those that are not here belong to somebody else and are left alone.
    pub interfaces: OrdMap<String, Arc<Interface>>,
    /// By destination; host bits are zero.
    pub static_routes: OrdMap<IpNet, Arc<StaticRoute>>,
    /// None: this router does not speak BGP.
    pub bgp: Option<Arc<Bgp>>,
    /// Names, time, users.
    pub system: Arc<System>,
    /// None: the configuration that the package ships.
    pub telemetry: Option<Arc<Telemetry>>,
    /// Ports of the data plane, by name. Ports that the data plane found itself need not be here.
    pub ports: OrdMap<String, Arc<DataplanePort>>,
}

impl Intent {
    /// Whether both are the same without a look inside: shared maps and allocations. False says nothing.
    pub fn same(&self, other: &Self) -> bool {
        self.interfaces.ptr_eq(&other.interfaces)
            && self.static_routes.ptr_eq(&other.static_routes)
            && same(self.bgp.as_ref(), other.bgp.as_ref())
            && Arc::ptr_eq(&self.system, &other.system)
            && same(self.telemetry.as_ref(), other.telemetry.as_ref())
            && self.ports.ptr_eq(&other.ports)
    }
}

/// Whether both are absent or the same allocation.
pub(crate) fn same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Intent;

    #[test]
    fn a_clone_is_the_same_and_json_brings_back_an_equal_one() {
        let text = include_str!("../../testcases/frr/bgp-two-families/intent.json");
        let intent: Intent = serde_json::from_str(text).unwrap();
        assert!(intent.same(&intent.clone()));
        let again: Intent = serde_json::from_str(&serde_json::to_string(&intent).unwrap()).unwrap();
        assert_eq!(intent, again);
        assert!(!intent.same(&again), "equal, but nothing is shared");
    }
}
