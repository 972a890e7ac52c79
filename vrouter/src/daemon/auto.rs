//! The ports of `ports: auto`.

use daybreak_control::v1;

use super::pci::Nic;
use super::ports::MAX_PORTS;
use crate::bind::Bound;
use crate::config::{Config, Ports};

/// The ports at start: those of the configuration, or of what `vrouterd bind` took, or, where it was not run, of what is
/// bound to a driver of DPDK's.
pub(super) fn ports(config: &Config, bound: Option<&Bound>, nics: &[Nic]) -> v1::Config {
    let devices: Vec<String> = match (&config.ports, bound) {
        (Ports::List(ports), _) => {
            let port = |port: &crate::config::Port| v1::PortConfig {
                name: port.name.clone(),
                device: port.device.clone(),
                enabled: port.enabled,
                mtu: port.mtu.into(),
            };
            return v1::Config { ports: ports.iter().map(port).collect() };
        }
        (Ports::Auto, Some(bound)) => bound.ports.iter().map(|port| port.device.clone()).collect(),
        (Ports::Auto, None) => {
            nics.iter().filter(|nic| nic.is_usable()).map(|nic| nic.address.to_string()).collect()
        }
    };
    if devices.len() > MAX_PORTS {
        tracing::warn!(devices = devices.len(), used = MAX_PORTS, "more devices than there can be ports");
    }
    let port =
        |(number, device)| v1::PortConfig { name: format!("p{number}"), device, enabled: true, mtu: 1500 };
    v1::Config { ports: devices.into_iter().take(MAX_PORTS).enumerate().map(port).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bind::BoundPort;

    fn shown(config: &Config, bound: Option<&Bound>, nics: &[Nic]) -> Vec<String> {
        let ports = ports(config, bound, nics).ports;
        ports.iter().map(|port| format!("{} {} {}", port.name, port.device, port.mtu)).collect()
    }

    #[test]
    fn a_list_wins_then_what_was_bound_then_what_is_found() {
        let nic = |address: &str, driver: &str| Nic {
            address: address.parse().unwrap(),
            driver: Some(driver.into()),
            interface: None,
            mac: None,
            iommu: None,
            id: crate::daemon::pci::PciId::default(),
        };
        let nics = [
            nic("0000:00:03.0", "virtio-pci"),
            nic("0000:00:04.0", "vfio-pci"),
            nic("0000:00:05.0", "uio_pci_generic"),
        ];
        let port = |device: &str| BoundPort {
            pci: String::new(),
            device: device.into(),
            driver: String::new(),
            dpdk: None,
            reason: None,
        };
        let bound = Bound { ports: vec![port("0000:00:07.0"), port("af_packet:eth2")], linux: Vec::new() };
        let auto = Config::default();
        assert_eq!(shown(&auto, None, &nics), ["p0 0000:00:04.0 1500", "p1 0000:00:05.0 1500"]);
        assert_eq!(shown(&auto, Some(&bound), &nics), ["p0 0000:00:07.0 1500", "p1 af_packet:eth2 1500"]);
        let wan = crate::config::Port { name: "wan".into(), device: "ring".into(), enabled: true, mtu: 9000 };
        let list = Config { ports: Ports::List(vec![wan]), ..Config::default() };
        assert_eq!(shown(&list, Some(&bound), &nics), ["wan ring 9000"]);
    }
}
