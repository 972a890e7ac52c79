use super::*;

fn port(name: &str, device: &str, mtu: u32) -> v1::PortConfig {
    v1::PortConfig { name: name.into(), device: device.into(), enabled: true, mtu }
}

fn facts() -> Facts {
    let pci = |address: &str, driver: Option<&str>, usable| {
        (address.parse().unwrap(), PciDevice { driver: driver.map(str::to_owned), usable })
    };
    Facts {
        largest_mtu: 2026,
        huge_pages: true,
        interfaces: ["eth0".into()].into(),
        port_interfaces: ["eth1".into(), "t0".into(), "t1".into()].into(),
        pci: [
            pci("0000:00:04.0", Some("virtio-pci"), false),
            pci("0000:00:05.0", Some("uio_pci_generic"), true),
            pci("0000:00:06.0", None, false),
        ]
        .into(),
        ranges: [("tap:t1".parse().unwrap(), 68..=1800), ("af_packet:eth1".parse().unwrap(), 0..=65535)]
            .into(),
        kinds: [(discriminant(&PortSpec::Null), 100..=1600)].into(),
    }
}

fn refused(ports: &[v1::PortConfig]) -> Vec<Refusal> {
    check(&v1::Config { ports: ports.to_vec() }, &facts()).expect_err("must be refused")
}

#[test]
fn takes_every_kind_of_device() {
    let config = v1::Config {
        ports: vec![
            port("p0", "0000:00:05.0", 0),
            port("p1", "af_packet:eth1", 2026),
            port("p2", "tap:t9", 68),
            port("p3", "ring", 1500),
            port("p4", "ring", 1500),
            port("p5", "tap:t1", 1800),
        ],
    };
    let wanted = check(&config, &facts()).unwrap();
    assert_eq!(wanted.len(), 6);
    assert_eq!(wanted[0].mtu, 1500, "0 means the usual");
}

#[test]
fn names_port_field_and_reason() {
    for (ports, name, field, part) in [
        (vec![port("", "ring", 0)], "", "name", "1 to 15"),
        (vec![port("eth0", "ring", 0)], "eth0", "name", "already"),
        (vec![port("p0", "ring", 0), port("p0", "null", 0)], "p0", "name", "two ports"),
        (vec![port("p0", "eth0", 0)], "p0", "device", "af_packet:"),
        (
            vec![port("p0", "af_packet:eth1", 0), port("p1", "af_packet:eth1", 0)],
            "p1",
            "device",
            "is port p0",
        ),
        (vec![port("p0", "af_packet:eth9", 0)], "p0", "device", "no interface eth9"),
        (vec![port("p0", "tap:t0", 0)], "p0", "device", "already"),
        (vec![port("p0", "0000:00:09.0", 0)], "p0", "device", "no network device"),
        (vec![port("p0", "0000:00:04.0", 0)], "p0", "device", "virtio-pci"),
        (vec![port("p0", "0000:00:06.0", 0)], "p0", "device", "no driver"),
        (vec![port("p0", "ring", 67)], "p0", "mtu", "68 to 2026"),
        (vec![port("p0", "ring", 2027)], "p0", "mtu", "68 to 2026"),
        (vec![port("p0", "ring", 70000)], "p0", "mtu", "70000"),
        (vec![port("p0", "null", 1601)], "p0", "mtu", "100 to 1600"),
        (vec![port("p0", "tap:t1", 1801)], "p0", "mtu", "68 to 1800"),
    ] {
        let refusals = refused(&ports);
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        let refusal = &refusals[0];
        assert_eq!((refusal.port.as_str(), refusal.field), (name, field));
        assert!(refusal.reason.contains(part), "{part:?} is not in {:?}", refusal.reason);
    }
}

#[test]
fn every_reason_is_told_at_once() {
    let refusals = refused(&[port("p0", "af_packet:eth9", 9), port("a b", "ring", 0), port("p0", "ring", 0)]);
    let fields: Vec<_> = refusals.iter().map(|refusal| refusal.field).collect();
    assert_eq!(fields, ["device", "mtu", "name", "name"]);
}

#[test]
fn without_huge_pages_there_are_no_pci_devices() {
    let config = v1::Config { ports: vec![port("p0", "0000:00:05.0", 0)] };
    let refusals = check(&config, &Facts { huge_pages: false, ..facts() }).unwrap_err();
    assert!(refusals[0].reason.contains("huge pages"), "{refusals:?}");
}

#[test]
fn too_many_ports_are_refused_as_a_whole() {
    let ports: Vec<_> = (0..17).map(|number| port(&format!("p{number}"), "ring", 0)).collect();
    let refusals = refused(&ports);
    assert_eq!((refusals[0].port.as_str(), refusals[0].field), ("", ""));
}
