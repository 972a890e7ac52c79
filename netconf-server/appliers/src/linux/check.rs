//! What of an intent Linux cannot be, as far as that shows before.

use super::link::Seen;
use crate::intent::{Intent, Interface, InterfaceKind, IpConfig, System};
use crate::names;
use crate::refusal::Refusal;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

/// Checks one interface that changes. `seen`: as it is; None when it does not exist yet and may not have to.
pub(super) fn interface(
    name: &str,
    interface: &Interface,
    to: &Intent,
    seen: Option<&Seen>,
    refusals: &mut Vec<Refusal>,
) {
    let at = &interface.at;
    let mut refuse =
        |leaf: &str, tag, text: String| refusals.push(Refusal::invalid(at.leaf(leaf), tag, text));
    if let Some(why) = names::interface(name) {
        refuse("name", "daybreak:interface-name", why);
    }
    if interface.name != name {
        refuse("name", "daybreak:interface-name", format!("{} stands where {name} does", interface.name));
    }
    if (interface.kind == InterfaceKind::Loopback) != (name == "lo") {
        let text = format!("{name} is {} loopback", if name == "lo" { "the" } else { "not the" });
        refuse("type", "daybreak:interface-type", text);
    }
    if let Some(text) = &interface.description
        && (text.len() > 255 || text.chars().any(char::is_control))
    {
        refuse(
            "description",
            "daybreak:text",
            "is longer than 255 bytes or has control characters".to_owned(),
        );
    }
    mtu(interface, seen, refusals);
    for (family, v4) in [(&interface.ipv4, true), (&interface.ipv6, false)] {
        let Some(family) = family else { continue };
        if family.forwarding == Some(false) && to.ports.contains_key(name) {
            let text = format!("{name} is a port of the data plane, which forwards what comes in on each");
            refusals.push(Refusal::invalid(family.at.leaf("forwarding"), "daybreak:always-forwards", text));
        }
        addresses(family, v4, refusals);
    }
}

/// An interface that neither exists nor will.
pub(super) fn missing(name: &str, interface: &Interface) -> Refusal {
    let text = format!("there is no interface {name}: Linux has none, and it is no port of the data plane");
    Refusal::missing(interface.at.path(), "daybreak:no-such-interface", text)
}

fn mtu(interface: &Interface, seen: Option<&Seen>, refusals: &mut Vec<Refusal>) {
    let Some((mtu, at)) = interface.mtu() else { return };
    let mut refuse = |at: String, text| refusals.push(Refusal::invalid(at, "daybreak:mtu", text));
    if let Some(ipv6) = &interface.ipv6 {
        if ipv6.mtu.is_some_and(|six| six != mtu) {
            let text = format!("IPv4 has {mtu} on this interface; a link has one MTU, make both the same");
            refuse(ipv6.at.leaf("mtu"), text);
        } else if ipv6.enabled && mtu < 1280 {
            let text = "is below 1280, with which IPv6 does not run (RFC 8200 §5), and IPv6 is enabled here";
            refuse(at.leaf("mtu"), text.to_owned());
        }
    }
    if let Some(seen) = seen {
        let (least, most) = seen.mtu_range;
        if mtu < least || (most != 0 && mtu > most) {
            refuse(at.leaf("mtu"), format!("{mtu} is not what {} takes: {least} to {most}", interface.name));
        }
    }
}

fn addresses(family: &IpConfig, v4: bool, refusals: &mut Vec<Refusal>) {
    for address in &family.addresses {
        let ip = address.ip();
        let usable = match ip {
            IpAddr::V4(ip) => v4 && !ip.is_broadcast() && ip.octets()[0] != 0,
            IpAddr::V6(_) => !v4,
        };
        if !usable || ip.is_unspecified() || ip.is_multicast() || ip.is_loopback() {
            let text = format!("{ip} cannot be the address of an interface here");
            refusals.push(Refusal::invalid(address.at.leaf("ip"), "daybreak:address", text));
        }
    }
}

/// Checks names, time and resolver. `root` is where the timezones are.
pub(super) fn system(system: &System, root: &Path, refusals: &mut Vec<Refusal>) {
    let mut refuse = |path: String, tag, text: String| refusals.push(Refusal::invalid(path, tag, text));
    if let Some(name) = &system.hostname
        && !(is_domain(name) && name.len() <= 64)
    {
        let text = format!("{name:?} is not a host name: letters, digits, '-' and '.', up to 64");
        refuse(system.at.leaf("hostname"), "daybreak:hostname", text);
    }
    for (leaf, text) in [("contact", &system.contact), ("location", &system.location)] {
        if text.as_ref().is_some_and(|text| text.len() > 255 || text.chars().any(char::is_control)) {
            let text = "is longer than 255 bytes or has control characters".to_owned();
            refuse(system.at.leaf(leaf), "daybreak:text", text);
        }
    }
    if let Some(zone) = &system.timezone {
        let plain = zone.name.split('/').all(|part| {
            let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
            !part.is_empty() && part.chars().all(usable)
        });
        if !plain || !root.join("usr/share/zoneinfo").join(&zone.name).is_file() {
            let text = format!("{:?} is not in the timezone database of this machine", zone.name);
            refuse(zone.at.path(), "daybreak:timezone", text);
        }
    }
    for search in &system.dns.search {
        if !is_domain(&search.name) {
            refuse(search.at.path(), "daybreak:domain", format!("{:?} is not a domain", search.name));
        }
    }
    for server in &system.dns.servers {
        if server.address.is_unspecified() || server.address.is_multicast() {
            let text = format!("{} is not the address of a server", server.address);
            refuse(server.at.leaf("udp-and-tcp/address"), "daybreak:address", text);
        }
    }
    for server in &system.ntp.servers {
        if !is_domain(&server.address) && server.address.parse::<IpAddr>().is_err() {
            let text = format!("{:?} is neither an address nor a name", server.address);
            refuse(server.at.leaf("udp/address"), "daybreak:domain", text);
        }
    }
}

/// Whether it is a name of the DNS, with or without the dot at its end.
fn is_domain(name: &str) -> bool {
    let label = |label: &str| {
        let usable = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(usable)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.strip_suffix('.').unwrap_or(name).split('.').all(label)
}

/// Checks all interfaces of a list against what is there.
pub(super) fn interfaces<'a>(
    changed: impl Iterator<Item = (&'a str, &'a Interface)>,
    to: &Intent,
    seen: &BTreeMap<String, Seen>,
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (name, one) in changed {
        interface(name, one, to, seen.get(name), &mut refusals);
    }
    refusals
}

#[cfg(test)]
mod tests {
    use super::{interface, is_domain, system};
    use crate::intent::{Intent, System};
    use crate::linux::link::{Seen, Wish};

    fn paths(json: serde_json::Value) -> Vec<String> {
        let one = serde_json::from_value(json).unwrap();
        let port = serde_json::json!({"ports": {"p0": {"name": "p0", "device": "null"}}});
        let to: Intent = serde_json::from_value(port).unwrap();
        let seen = Seen {
            index: 1,
            up: true,
            mtu: 1500,
            mtu_range: (68, 9000),
            alias: String::new(),
            addresses: Wish::default().ipv4.unwrap_or_default(),
            forwarding4: None,
            forwarding6: None,
            ipv6_off: None,
        };
        let mut refusals = Vec::new();
        interface("p0", &one, &to, Some(&seen), &mut refusals);
        refusals.into_iter().map(|refusal| refusal.path).collect()
    }

    #[test]
    fn interfaces_blame_their_leafs() {
        let good = serde_json::json!({"at": "/i", "name": "p0", "kind": "ethernet", "description": "x",
            "ipv4": {"at": "/i/4", "mtu": 9000, "addresses": [{"at": "/i/4/a", "net": "10.0.0.1/24"}]},
            "ipv6": {"at": "/i/6", "mtu": 9000, "addresses": [{"at": "/i/6/a", "net": "2001:db8::1/64"}]}});
        assert_eq!(paths(good.clone()), [""; 0]);
        for (pointer, value, path) in [
            ("/name", serde_json::json!("p1"), "/i/name"),
            ("/kind", serde_json::json!("loopback"), "/i/type"),
            ("/description", serde_json::json!("a\nb"), "/i/description"),
            ("/ipv6/mtu", serde_json::json!(1500), "/i/6/mtu"),
            ("/ipv4/addresses/0/net", serde_json::json!("224.0.0.1/24"), "/i/4/a/ip"),
            ("/ipv4/addresses/0/net", serde_json::json!("2001:db8::1/64"), "/i/4/a/ip"),
            ("/ipv6/addresses/0/net", serde_json::json!("::1/128"), "/i/6/a/ip"),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            assert_eq!(paths(bad), [path], "{pointer}");
        }
        let mut bad = good.clone();
        bad["ipv4"]["forwarding"] = false.into();
        assert_eq!(paths(bad), ["/i/4/forwarding"]);
        let mut bad = good.clone();
        bad["ipv4"]["mtu"] = 9001.into();
        bad["ipv6"]["mtu"] = 9001.into();
        assert_eq!(paths(bad), ["/i/4/mtu"]);
        let mut bad = good;
        bad["ipv4"]["mtu"] = 1000.into();
        bad["ipv6"]["mtu"] = serde_json::Value::Null;
        assert_eq!(paths(bad), ["/i/4/mtu"]);
    }

    #[test]
    fn the_system_blames_its_leafs() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("usr/share/zoneinfo/Europe")).unwrap();
        std::fs::write(root.path().join("usr/share/zoneinfo/Europe/Vienna"), "").unwrap();
        let check = |json: serde_json::Value| {
            let one: System = serde_json::from_value(json).unwrap();
            let mut refusals = Vec::new();
            system(&one, root.path(), &mut refusals);
            refusals.into_iter().map(|refusal| refusal.path).collect::<Vec<_>>()
        };
        let good = serde_json::json!({"at": "/s", "hostname": "r1.example.net", "contact": "\"$(x)\"",
            "timezone": {"at": "/s/tz", "name": "Europe/Vienna"},
            "dns": {"search": [{"at": "/s/d", "name": "example.net."}], "servers": [{"at": "/s/n", "address": "192.0.2.53"}]},
            "ntp": {"servers": [{"at": "/s/t", "address": "ntp.example.net"}, {"address": "2001:db8::123"}]}});
        assert_eq!(check(good.clone()), [""; 0]);
        for (pointer, value, path) in [
            ("/hostname", "r1\nx", "/s/hostname"),
            ("/contact", "a\nB=c", "/s/contact"),
            ("/timezone/name", "Europe/Nowhere", "/s/tz"),
            ("/timezone/name", "../../etc/passwd", "/s/tz"),
            ("/dns/search/0/name", "a b", "/s/d"),
            ("/dns/servers/0/address", "0.0.0.0", "/s/n/udp-and-tcp/address"),
            ("/ntp/servers/0/address", "x\nNTP=evil", "/s/t/udp/address"),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value.into();
            assert_eq!(check(bad), [path], "{pointer}");
        }
    }

    #[test]
    fn domains() {
        for good in ["a", "a.b", "a-1.b.", "10.in-addr.arpa"] {
            assert!(is_domain(good), "{good}");
        }
        for bad in ["", ".", "a..b", "-a", "a-", "a_b", "a b", &"a".repeat(64)] {
            assert!(!is_domain(bad), "{bad}");
        }
    }
}
