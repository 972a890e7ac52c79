//! Configurations of `testcases/intent/` as intents. `DAYBREAK_BLESS=1` writes what is expected; read it before it is kept.

use super::{extract, update};
use daybreak_appliers::intent::Intent;
use daybreak_datastore::diff::diff;
use daybreak_datastore::edit::{DefaultOperation, ErrorOption, apply, parse_xml, tree_from_xml};
use daybreak_datastore::schema::Schema;
use daybreak_datastore::tree::Tree;
use daybreak_datastore::xml::{Fragment, Limits};
use std::fmt::Write;
use std::fs::{read_dir, read_to_string, write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The schema of the appliance.
pub(crate) fn schema() -> &'static Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Arc::new(Schema::new(daybreak_yang::context().unwrap()).unwrap()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases/intent")
}

/// The tree of what is within `<config>`.
fn tree(text: &str) -> Tree {
    let inner = text.trim().strip_prefix("<config>").and_then(|rest| rest.strip_suffix("</config>"));
    tree_from_xml(schema(), Fragment::new(inner.unwrap_or_default()), Limits::default()).unwrap()
}

pub(crate) fn case(name: &str) -> Tree {
    tree(&read_to_string(folder().join(name).join("input.xml")).unwrap())
}

/// `tree` after an edit; elements with the attribute `nc:operation` may take something away.
fn edited(before: &Tree, edit: &str) -> Tree {
    let nc = [("nc".to_owned(), daybreak_datastore::xml::NETCONF.to_owned())];
    let edit = parse_xml(schema(), Fragment { text: edit, namespaces: &nc }, Limits::default()).unwrap();
    apply(before, &edit, DefaultOperation::Merge, ErrorOption::RollbackOnError).into_result().unwrap()
}

/// The intent of `after`, made from that of `before`.
fn updated(intent: &Intent, before: &Tree, after: &Tree) -> Intent {
    let changes = diff(before, after);
    assert!(!changes.is_empty(), "the edit changes nothing");
    update(intent, after, changes.iter().map(|change| &change.path)).unwrap()
}

#[test]
fn configurations_become_intents() {
    let mut cases = 0;
    for entry in read_dir(folder()).unwrap() {
        let folder = entry.unwrap().path();
        let intent = extract(&tree(&read_to_string(folder.join("input.xml")).unwrap())).unwrap();
        let json = serde_json::to_string_pretty(&intent).unwrap() + "\n";
        let expected = folder.join("expected.json");
        if std::env::var_os("DAYBREAK_BLESS").is_some() {
            write(&expected, &json).unwrap();
        }
        assert_eq!(json, read_to_string(&expected).unwrap(), "{}", folder.display());
        cases += 1;
    }
    assert!(cases >= 4, "only {cases} cases");
}

#[test]
fn an_empty_tree_is_no_intent_at_all() {
    let intent = extract(&Tree::empty(schema().clone())).unwrap();
    assert_eq!((intent.interfaces.len(), &intent.bgp, &intent.telemetry), (0, &None, &None));
}

const PROTOCOLS: &str =
    r#"<routing xmlns="urn:ietf:params:xml:ns:yang:ietf-routing"><control-plane-protocols>"#;
const PROTOCOLS_END: &str = "</control-plane-protocols></routing>";
const BGP: &str = r#"<control-plane-protocol>
    <type xmlns:b="urn:ietf:params:xml:ns:yang:ietf-bgp">b:bgp</type><name>main</name>"#;
const STATIC: &str = "<control-plane-protocol><type>static</type><name>static</name>";

/// Edits of the case `every-node`, one after the other.
fn edits() -> Vec<String> {
    let interfaces = |inside: &str| {
        format!(r#"<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces">{inside}</interfaces>"#)
    };
    let system = |inside: &str| {
        format!(r#"<system xmlns="urn:ietf:params:xml:ns:yang:ietf-system">{inside}</system>"#)
    };
    let bgp = |inside: &str| {
        format!(
            r#"{PROTOCOLS}{BGP}<bgp xmlns="urn:ietf:params:xml:ns:yang:ietf-bgp">{inside}</bgp>
            </control-plane-protocol>{PROTOCOLS_END}"#
        )
    };
    let routes = |inside: &str| {
        format!(
            r"{PROTOCOLS}{STATIC}<static-routes>{inside}</static-routes></control-plane-protocol>{PROTOCOLS_END}"
        )
    };
    let telemetry = |attribute: &str, inside: &str| {
        format!(r#"<telemetry xmlns="urn:daybreak:yang:daybreak-telemetry"{attribute}>{inside}</telemetry>"#)
    };
    let remove = r#" nc:operation="remove""#;
    let ethernet = r#"<type xmlns:i="urn:ietf:params:xml:ns:yang:iana-if-type">i:ethernetCsmacd</type>"#;
    let v4 = "urn:ietf:params:xml:ns:yang:ietf-ipv4-unicast-routing";
    let v6 = "urn:ietf:params:xml:ns:yang:ietf-ipv6-unicast-routing";
    vec![
        interfaces("<interface><name>p0</name><enabled>false</enabled></interface>"),
        interfaces(&format!("<interface><name>p1</name>{ethernet}</interface>")),
        interfaces(&format!("<interface{remove}><name>lo</name></interface>")),
        routes(&format!(
            r#"<ipv4 xmlns="{v4}"><route><destination-prefix>10.0.0.0/8</destination-prefix><next-hop>
                <next-hop-address>192.0.2.9</next-hop-address></next-hop></route></ipv4>"#
        )),
        routes(&format!(
            r#"<ipv4 xmlns="{v4}"><route{remove}><destination-prefix>203.0.113.0/24</destination-prefix></route></ipv4>"#
        )),
        routes(&format!(r#"<ipv6 xmlns="{v6}"{remove}/>"#)),
        bgp("<global><identifier>192.0.2.7</identifier></global>"),
        bgp("<neighbors><neighbor><remote-address>192.0.2.2</remote-address><peer-as>65009</peer-as></neighbor></neighbors>"),
        bgp("<neighbors><neighbor><remote-address>192.0.2.3</remote-address><peer-as>65003</peer-as></neighbor></neighbors>"),
        bgp(&format!("<neighbors><neighbor{remove}><remote-address>192.0.2.2</remote-address></neighbor></neighbors>")),
        system("<hostname>vr2</hostname>"),
        system(&format!(r"<ntp{remove}/>")),
        telemetry("", "<host>vr2</host>"),
        r#"<dataplane xmlns="urn:daybreak:yang:daybreak-dataplane"><port><name>p1</name><device>null</device></port></dataplane>"#
            .to_owned(),
        r#"<nacm xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-acm"><enable-nacm>false</enable-nacm></nacm>"#.to_owned(),
        format!("{PROTOCOLS}{}</control-plane-protocol>{PROTOCOLS_END}", STATIC.replacen('>', &format!("{remove}>"), 1)),
        format!("{PROTOCOLS}{}</control-plane-protocol>{PROTOCOLS_END}", BGP.replacen('>', &format!("{remove}>"), 1)),
        telemetry(remove, ""),
        format!(r#"<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"{remove}/>"#),
    ]
}

#[test]
fn an_update_gives_what_reading_it_all_gives() {
    let mut before = case("every-node");
    let mut intent = extract(&before).unwrap();
    for edit in edits() {
        let after = edited(&before, &edit);
        intent = updated(&intent, &before, &after);
        assert_eq!(intent, extract(&after).unwrap(), "{edit}");
        before = after;
    }
    assert!(intent.static_routes.is_empty() && intent.bgp.is_none() && intent.interfaces.is_empty());
}

#[test]
fn the_way_back_gives_the_same_intents() {
    let mut trees = vec![case("every-node")];
    for edit in edits() {
        let last = trees.last().unwrap();
        trees.push(edited(last, &edit));
    }
    let mut intent = extract(trees.last().unwrap()).unwrap();
    for pair in trees.windows(2).rev() {
        intent = updated(&intent, &pair[1], &pair[0]);
        assert_eq!(intent, extract(&pair[0]).unwrap());
    }
}

#[test]
fn an_update_keeps_what_did_not_change() {
    let mut many = String::from(r#"<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces">"#);
    for number in 0..10_000 {
        write!(
            many,
            r#"<interface><name>v{number}</name>
               <type xmlns:i="urn:ietf:params:xml:ns:yang:iana-if-type">i:ethernetCsmacd</type></interface>"#
        )
        .unwrap();
    }
    let before = edited(&case("every-node"), &(many + "</interfaces>"));
    let intent = extract(&before).unwrap();
    assert_eq!(intent.interfaces.len(), 10_002);

    let edit = r#"<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces">
        <interface><name>v7</name><description>seven</description></interface></interfaces>"#;
    let next = updated(&intent, &before, &edited(&before, edit));
    let other = |name: &&String| !Arc::ptr_eq(&intent.interfaces[*name], &next.interfaces[*name]);
    let others: Vec<_> = intent.interfaces.keys().filter(other).collect();
    assert_eq!(others, ["v7"]);
    assert!(intent.static_routes.ptr_eq(&next.static_routes) && intent.ports.ptr_eq(&next.ports));
    let (bgp, system) = (intent.bgp.as_ref().unwrap(), &intent.system);
    assert!(Arc::ptr_eq(bgp, next.bgp.as_ref().unwrap()) && Arc::ptr_eq(system, &next.system));
}

#[test]
fn what_no_applier_reads_makes_no_new_intent() {
    let before = case("every-node");
    let intent = extract(&before).unwrap();
    for edit in [
        r#"<nacm xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-acm"><enable-nacm>false</enable-nacm></nacm>"#.to_owned(),
        format!("{PROTOCOLS}{STATIC}<description>other</description></control-plane-protocol>{PROTOCOLS_END}"),
    ] {
        let next = updated(&intent, &before, &edited(&before, &edit));
        assert!(intent.same(&next), "{edit}");
    }
}
