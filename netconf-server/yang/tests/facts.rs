//! What is read from the compiled schema, against what the modules say.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use daybreak_yang::{
    DefaultDeny, LeafType, Prefixes, QName, WhenContext, case_of, context, default_deny, defaults,
    deviated_by, leaf_type, musts, ranges, uniques, validate_value, whens,
};
use yang5::context::{Context, ContextFlags};
use yang5::schema::{DataValueType, SchemaInputFormat, SchemaModule, SchemaNode};

const PROTOCOL: &str = "/ietf-routing:routing/control-plane-protocols/control-plane-protocol";
const INTERFACE: &str = "/ietf-interfaces:interfaces/interface";

fn node(path: &str) -> SchemaNode<'static> {
    context().unwrap().find_path(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn prefixes(default: &str, used: &[(&str, &str)]) -> Prefixes {
    let used = used.iter().map(|(prefix, module)| ((*prefix).to_owned(), (*module).to_owned())).collect();
    Prefixes { default: default.to_owned(), used }
}

#[test]
fn musts_carry_expression_prefixes_and_message() {
    let must = musts(&node("/daybreak-telemetry:telemetry")).remove(0);
    assert_eq!(must.condition, "not(host or tag or process or set) or influxdb-output or prometheus");
    assert_eq!(must.prefixes, prefixes("daybreak-telemetry", &[]));
    assert!(must.error_message.unwrap().starts_with("Telemetry is configured and goes nowhere"));
    assert_eq!(must.error_app_tag, None);

    let limits = musts(&node(&format!("{PROTOCOL}/type"))).remove(0);
    let used = [("bgp", "ietf-bgp"), ("rt", "ietf-routing")];
    assert_eq!(limits.prefixes, prefixes("daybreak-limits", &used), "prefixes of the module that adds it");
    assert!(musts(&node(INTERFACE)).len() == 2 && musts(&node("/ietf-system:system")).is_empty());
}

#[test]
fn ranges_are_those_of_the_narrowest_type() {
    assert_eq!(ranges(&node(&format!("{INTERFACE}/ietf-ip:ipv4/mtu"))), [(68, 65535)]);
    assert_eq!(ranges(&node(&format!("{INTERFACE}/ietf-ip:ipv4/address/prefix-length"))), [(0, 32)]);
    for none in ["description", "enabled", "type"] {
        assert_eq!(ranges(&node(&format!("{INTERFACE}/{none}"))), [], "{none}");
    }
    assert_eq!(ranges(&node(INTERFACE)), []);
}

#[test]
fn whens_say_where_they_are_evaluated() {
    let augmented = whens(&node(&format!("{PROTOCOL}/ietf-bgp:bgp")));
    assert_eq!(augmented.len(), 1);
    assert_eq!(augmented[0].condition, "derived-from-or-self(rt:type, 'bgp')");
    assert_eq!(augmented[0].prefixes, prefixes("ietf-bgp", &[("rt", "ietf-routing")]));
    assert_eq!(augmented[0].context, WhenContext::Parent);

    let own = whens(&node(&format!("{PROTOCOL}/static-routes")));
    assert_eq!(own[0].condition, "derived-from-or-self(../type, 'rt:static')");
    assert_eq!(own[0].context, WhenContext::Itself);
}

#[test]
fn types_show_what_one_value_does_not() {
    let route = format!("{PROTOCOL}/static-routes/ietf-ipv4-unicast-routing:ipv4/route");
    let LeafType::Leafref { path, prefixes: used, require_instance, target } =
        leaf_type(&node(&format!("{route}/next-hop/outgoing-interface"))).unwrap()
    else {
        panic!("outgoing-interface is a leafref");
    };
    assert_eq!(path, "/if:interfaces/if:interface/if:name");
    assert_eq!(used.module("if"), Some("ietf-interfaces"));
    assert!(require_instance, "RFC 8343: the interface must be in the configuration");
    assert_eq!(*target, LeafType::Plain(DataValueType::String));

    let base = QName { module: "ietf-interfaces".into(), name: "interface-type".into() };
    let kind = leaf_type(&node(&format!("{INTERFACE}/type"))).unwrap();
    assert_eq!(kind, LeafType::Identityref { bases: vec![base] });

    let special = leaf_type(&node(&format!("{route}/next-hop/special-next-hop"))).unwrap();
    let LeafType::Enumeration(items) = special else { panic!("special-next-hop is an enumeration") };
    let items: Vec<_> = items.iter().map(|item| (&*item.name, item.value)).collect();
    assert_eq!(items, [("blackhole", 0), ("unreachable", 1)]);

    let operations = leaf_type(&node("/ietf-netconf-acm:nacm/rule-list/rule/access-operations")).unwrap();
    let LeafType::Union(members) = operations else { panic!("access-operations is a union") };
    assert!(matches!(&members[1], LeafType::Bits(names) if names.len() == 5), "{members:?}");

    assert_eq!(leaf_type(&node(INTERFACE)), None);
}

#[test]
fn defaults_are_canonical() {
    for (path, expected) in [
        (format!("{INTERFACE}/enabled"), &["true"] as &[_]),
        (format!("{PROTOCOL}/ietf-bgp:bgp/neighbors/neighbor/timers/hold-time"), &["90"]),
        ("/ietf-netconf-acm:nacm/write-default".into(), &["deny"]),
        (format!("{INTERFACE}/name"), &[]),
        (INTERFACE.into(), &[]),
    ] {
        assert_eq!(defaults(&node(&path)), expected, "{path}");
    }
}

#[test]
fn a_leaf_list_and_a_type_have_defaults() {
    let text = "module a { yang-version 1.1; namespace 'urn:a'; prefix a; typedef t { type uint8; default 7; }
        leaf-list many { type string; default b; default c; } leaf typed { type t; } leaf none { type string; } }";
    let context = Context::new(ContextFlags::NO_YANGLIBRARY).unwrap();
    SchemaModule::parse_string(&context, text, SchemaInputFormat::YANG).unwrap();
    for (path, expected) in [("/a:many", &["b", "c"] as &[&str]), ("/a:typed", &["7"]), ("/a:none", &[])] {
        assert_eq!(defaults(&context.find_path(path).unwrap()), expected, "{path}");
    }
}

#[test]
fn lists_name_what_is_unique() {
    let context = context().unwrap();
    let unique = uniques(context, &node("/daybreak-dataplane:dataplane/port"));
    assert_eq!(unique, [[node("/daybreak-dataplane:dataplane/port/device")]]);
    assert!(uniques(context, &node(INTERFACE)).is_empty());
    assert!(uniques(context, &node("/daybreak-dataplane:dataplane")).is_empty());
}

#[test]
fn access_control_is_handed_down() {
    assert_eq!(default_deny(&node("/ietf-netconf-acm:nacm")), Some(DefaultDeny::All));
    assert_eq!(default_deny(&node("/ietf-netconf-acm:nacm/groups/group/name")), Some(DefaultDeny::All));
    assert_eq!(default_deny(&node("/ietf-system:system/authentication/user")), Some(DefaultDeny::Write));
    assert_eq!(default_deny(&node(INTERFACE)), None);
}

#[test]
fn a_module_knows_who_deviates_from_it() {
    let context = context().unwrap();
    let by = |name: &str| deviated_by(&context.get_module_implemented(name).unwrap());
    assert_eq!(by("ietf-interfaces"), ["daybreak-limits", "daybreak-deviations"]);
    assert_eq!(by("ietf-routing-policy"), ["daybreak-deviations"]);
    assert!(by("daybreak-telemetry").is_empty());
}

#[test]
fn a_node_knows_its_case() {
    let route = format!("{PROTOCOL}/static-routes/ietf-ipv4-unicast-routing:ipv4/route");
    let leaf = node(&format!("{route}/next-hop/next-hop-address"));
    let around = case_of(&leaf).unwrap();
    assert_eq!((around.choice.name(), around.case.name()), ("next-hop-options", "simple-next-hop"));
    assert!(case_of(&node(&route)).is_none());
}

#[test]
fn a_value_ends_where_it_ends_whatever_lies_behind_it() {
    let text = "2026-11-18T11:06:40+00:002";
    let value = &text[..text.len() - 1];
    let node = node("/daybreak-commits:commits/commit/time");
    assert_eq!(validate_value(&node, value).unwrap().canonical, value);
}

#[test]
fn values_become_canonical_or_are_refused_with_words() {
    let address = format!("{INTERFACE}/ietf-ip:ipv6/address/ip");
    let kind = format!("{INTERFACE}/type");
    let mtu = format!("{INTERFACE}/ietf-ip:ipv4/mtu");
    let device = "/daybreak-dataplane:dataplane/port/device";
    for (path, text, canonical, base) in [
        (address.as_str(), "2001:DB8:0::1", "2001:db8::1", DataValueType::String),
        (&kind, "iana-if-type:ethernetCsmacd", "iana-if-type:ethernetCsmacd", DataValueType::IdentityRef),
        (&mtu, "+1500", "1500", DataValueType::Uint16),
        (device, "0000:00:05.0", "0000:00:05.0", DataValueType::String),
        ("/ietf-system:system/contact", "", "", DataValueType::String),
        ("/ietf-system:system/contact", "tab\tand\nline", "tab\tand\nline", DataValueType::String),
        (
            "/ietf-netconf-acm:nacm/rule-list/rule/access-operations",
            "exec read",
            "read exec",
            DataValueType::Bits,
        ),
        ("/ietf-netconf-acm:nacm/rule-list/rule/access-operations", "*", "*", DataValueType::String),
    ] {
        let value =
            validate_value(&node(path), text).unwrap_or_else(|error| panic!("{path} {text:?}: {error}"));
        assert_eq!((value.canonical.as_str(), value.base), (canonical, base), "{path} {text:?}");
    }
    for (path, text, word) in [
        (mtu.as_str(), "67", "67"),
        (&mtu, "", "empty"),
        (&mtu, "many", "many"),
        (&kind, "iana-if-type:nothing", "nothing"),
        (&kind, "ethernetCsmacd", "ethernetCsmacd"),
        (device, "eth0", "eth0"),
        ("/ietf-system:system/contact", "a\0b", "U+0000"),
        ("/ietf-system:system/contact", "\u{1b}[2J", "U+001B"),
        ("/ietf-system:system/contact", "\u{ffff}", "U+FFFF"),
        ("/ietf-system:system", "x", "system takes no value"),
    ] {
        let error = validate_value(&node(path), text).unwrap_err();
        assert!(error.message.contains(word), "{path} {text:?}: {error}");
    }
}

#[test]
fn values_are_checked_on_many_threads() {
    let mtu = node(&format!("{INTERFACE}/ietf-ip:ipv4/mtu"));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let mtu = &mtu;
            scope.spawn(move || {
                for value in 68..568 {
                    let good = (value + thread).to_string();
                    assert_eq!(validate_value(mtu, &good).unwrap().canonical, good);
                    let bad = format!("{value}-{thread}");
                    assert!(validate_value(mtu, &bad).unwrap_err().message.contains(&bad));
                }
            });
        }
    });
}
