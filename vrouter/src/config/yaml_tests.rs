use super::*;
use crate::config::{Size, Usage};

fn read(text: &str) -> Result<Config, String> {
    parse(text, Path::new("v.yaml")).map_err(|error| error.to_string())
}

#[test]
fn nothing_is_every_default() {
    for text in ["", "\n# comment\n---\n", "{}"] {
        assert_eq!(read(text), Ok(Config::default()), "{text:?}");
    }
    let config = Config::default();
    assert_eq!(config.fpm.listen.to_string(), "127.0.0.1:2620");
    assert_eq!(config.control.socket, Path::new("/run/daybreak/vrouterd.sock"));
    assert_eq!((config.ports, config.buffers.largest_mtu()), (Ports::Auto, 2026));
}

#[test]
fn every_key_is_read() {
    let config = read(
        "core: 1
hugepages: {use: always, memory: 512MiB}
buffers: {count: 8191, size: 9216}
management: 52:54:00:00:00:01
ports:
- {name: p0, device: '0000:00:05.0'}
- {name: wan, device: 'af_packet:eth1', mtu: 9000, enabled: false}
port_namespace: ports
fpm: {listen: '127.0.0.1:2621', stale_time: 9, source: netlink}
control: {socket: /tmp/v.sock, group: net}
limits: {icmp_errors: 5, resolutions: 6, punt: {other: 7}}
polling: {rest: 0}
tables: {next_hops: 100, neighbours: 101, ipv4: 1MiB, ipv6: 2MiB}
",
    )
    .unwrap();
    assert_eq!((config.core, config.hugepages.usage), (Some(1), Usage::Always));
    assert_eq!(config.hugepages.memory, Some(Size::mib(512)));
    assert_eq!(config.buffers.count, Some(8191));
    assert_eq!(config.management, Management::Mac(MacAddr([0x52, 0x54, 0, 0, 0, 1])));
    let port = |name: &str, device: &str, enabled, mtu| Port {
        name: name.into(),
        device: device.into(),
        enabled,
        mtu,
    };
    let ports = vec![port("p0", "0000:00:05.0", true, 1500), port("wan", "af_packet:eth1", false, 9000)];
    assert_eq!(config.ports, Ports::List(ports));
    assert_eq!(config.port_namespace.as_deref(), Some("ports"));
    assert_eq!((config.limits.icmp_errors, config.limits.resolutions, config.polling.rest), (5, 6, 0));
    let punt = crate::forward::PuntLimits { other: 7, ..Default::default() };
    assert_eq!(config.limits.punt, punt);
    assert_eq!((config.fpm.stale_time, config.fpm.source), (9, Source::Netlink));
    assert_eq!(config.tables.ipv6, Size::mib(2));
    for (text, management) in [
        ("auto", Management::Auto),
        ("first", Management::First),
        ("none", Management::Nothing),
        ("eth0", Management::Name("eth0".into())),
    ] {
        assert_eq!(read(&format!("management: {text}\n")).unwrap().management, management);
    }
}

#[test]
fn an_error_says_where_and_what() {
    for (text, parts) in [
        ("cores: 1\n", &["v.yaml", "line 1", "cores"][..]),
        ("core: 1\nports: some\n", &["line 2", "some", "auto"]),
        ("ports:\n- {name: p0}\n", &["line 2", "device"]),
        ("ports:\n- {name: p0, device: ring, speed: 9}\n", &["line 2", "speed"]),
        ("hugepages: {memory: 5}\n", &["line 1", "256MiB"]),
        ("hugepages: {memory: 1MiB}\n", &["hugepages.memory", "32 to"]),
        ("hugepages: {use: maybe}\n", &["line 1", "maybe", "auto"]),
        ("polling: {rest: 200000}\n", &["polling.rest", "0 to 100000"]),
        ("fpm: {source: rip}\n", &["line 1", "rip", "netlink"]),
        ("port_namespace: ../x\n", &["port_namespace", "../x"]),
        ("ports:\n- {name: p0, device: ring, mtu: 67}\n", &["ports[0].mtu", "68 to 2026"]),
        (
            "ports:\n- {name: p0, device: ring}\n- {name: p0, device: ring}\n",
            &["ports[1].name", "two ports p0"],
        ),
        ("ports:\n- {name: 'a b', device: ring}\n", &["ports[0].name", "a b"]),
        ("ports:\n- {name: p0, device: eth0}\n", &["ports[0].device", "eth0", "af_packet:"]),
    ] {
        let error = read(text).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in {error:?} for {text:?}");
        }
    }
    let many: Vec<_> = (0..17).map(|number| format!("- {{name: p{number}, device: ring}}\n")).collect();
    let many = many.concat();
    assert!(read(&format!("ports:\n{many}")).unwrap_err().contains("16 ports"));
}
