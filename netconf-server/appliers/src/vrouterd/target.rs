//! Which ports are to be, from those that are and an intent.

use crate::intent::Intent;
use daybreak_control::v1::PortConfig;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A port, as [`PortConfig`], to be kept in a file and compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Port {
    pub(super) device: String,
    pub(super) enabled: bool,
    pub(super) mtu: u32,
}

/// Ports by name.
pub(super) type Ports = BTreeMap<String, Port>;

/// What ports were before the configuration named them; None: they were not there.
pub(super) type Before = BTreeMap<String, Option<Port>>;

/// What the protocol's 0 means.
const DEFAULT_MTU: u32 = 1500;

/// The ports that are to be, and what is to be kept of those that are changed.
///
/// The configuration names a port either in its list of ports or by an interface of a port that the data plane found
/// itself. A port that it no longer names becomes what it was before.
pub(super) fn target(intent: &Intent, now: &Ports, before: &Before) -> (Ports, Before) {
    let own = |name: &str| before.get(name).cloned().unwrap_or_else(|| now.get(name).cloned());
    let (mut ports, mut kept) = (Ports::new(), Before::new());
    for (name, port) in &intent.ports {
        ports.insert(name.clone(), overlay(intent, name, Port { device: port.device.clone(), ..plain() }));
        kept.insert(name.clone(), own(name));
    }
    for name in now.keys().chain(before.keys()) {
        if intent.ports.contains_key(name) {
            continue;
        }
        let Some(found) = own(name) else { continue };
        if intent.interfaces.contains_key(name) {
            ports.insert(name.clone(), overlay(intent, name, found.clone()));
            kept.insert(name.clone(), Some(found));
        } else {
            ports.insert(name.clone(), found);
        }
    }
    (ports, kept)
}

/// The port with what the interface of the same name says.
fn overlay(intent: &Intent, name: &str, port: Port) -> Port {
    let Some(interface) = intent.interfaces.get(name) else { return port };
    Port { enabled: interface.enabled, mtu: interface.mtu().map_or(port.mtu, |(mtu, _)| mtu), ..port }
}

fn plain() -> Port {
    Port { device: String::new(), enabled: true, mtu: DEFAULT_MTU }
}

/// From the protocol.
pub(super) fn from_protocol(list: Vec<PortConfig>) -> Ports {
    let port = |port: PortConfig| {
        let mtu = if port.mtu == 0 { DEFAULT_MTU } else { port.mtu };
        (port.name, Port { device: port.device, enabled: port.enabled, mtu })
    };
    list.into_iter().map(port).collect()
}

/// To the protocol.
pub(super) fn to_protocol(ports: &Ports) -> Vec<PortConfig> {
    let port = |(name, port): (&String, &Port)| PortConfig {
        name: name.clone(),
        device: port.device.clone(),
        enabled: port.enabled,
        mtu: port.mtu,
    };
    ports.iter().map(port).collect()
}

#[cfg(test)]
mod tests {
    use super::{Before, Port, Ports, target};
    use crate::intent::Intent;
    use serde_json::json;

    fn port(device: &str, enabled: bool, mtu: u32) -> Port {
        Port { device: device.to_owned(), enabled, mtu }
    }

    fn ports(list: &[(&str, Port)]) -> Ports {
        list.iter().map(|(name, port)| ((*name).to_owned(), port.clone())).collect()
    }

    fn intent(json: serde_json::Value) -> Intent {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn found_ports_stay_as_they_are() {
        let now = ports(&[("p0", port("a", true, 1500)), ("p1", port("b", true, 1500))]);
        assert_eq!(target(&Intent::default(), &now, &Before::new()), (now.clone(), Before::new()));
    }

    #[test]
    fn the_configuration_counts_and_what_was_before_comes_back() {
        let now = ports(&[("p0", port("a", true, 1500)), ("p1", port("b", true, 1500))]);
        let one = intent(json!({
            "ports": {"p1": {"name": "p1", "device": "c"}, "p9": {"name": "p9", "device": "null"}},
            "interfaces": {
                "p0": {"name": "p0", "kind": "ethernet", "enabled": false, "ipv4": {"mtu": 9000}},
                "p1": {"name": "p1", "kind": "ethernet", "ipv6": {"mtu": 1280}},
                "eth0": {"name": "eth0", "kind": "ethernet"}}}));
        let (then, before) = target(&one, &now, &Before::new());
        assert_eq!(
            then,
            ports(&[
                ("p0", port("a", false, 9000)),
                ("p1", port("c", true, 1280)),
                ("p9", port("null", true, 1500))
            ])
        );
        assert_eq!(target(&one, &then, &before), (then.clone(), before.clone()), "a second time is nothing");
        assert_eq!(target(&Intent::default(), &then, &before), (now, Before::new()));
    }
}
