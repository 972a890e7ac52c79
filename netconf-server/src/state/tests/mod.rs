//! State as XML, judged by `testcases/state/` and by libyang. `DAYBREAK_BLESS=1` writes what is expected.

use super::{Counters, Denied, Lock, Machine, Monitoring, Session, Statistics};
mod router;

use crate::engine::{Action, Made};
use crate::intent::tests::schema;
use daybreak_datastore::codec::{WriteOptions, write_xml};
use daybreak_datastore::tree::Tree;
use daybreak_yang::yang5::data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn xml(tree: &Tree) -> String {
    let mut text = String::new();
    write_xml(&mut text, &tree.root(), WriteOptions { indent: Some(2), ..WriteOptions::default() }).unwrap();
    text
}

/// libyang's opinion of a whole tree of configuration and state.
fn libyang_accepts(tree: &Tree) {
    let context = daybreak_yang::context().unwrap();
    let result = DataTree::parse_string(
        context,
        xml(tree),
        DataFormat::XML,
        DataParserFlags::STRICT,
        DataValidationFlags::PRESENT,
    );
    assert!(result.is_ok(), "{:?}", result.err());
}

/// Compares with `testcases/state/NAME.xml`.
fn compare(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases/state").join(name).with_extension("xml");
    if std::env::var_os("DAYBREAK_BLESS").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected =
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(actual, expected, "{name}");
}

/// The same for a tree that libyang has to accept by itself.
fn expect(name: &str, tree: &Tree) {
    compare(name, &xml(tree));
    libyang_accepts(tree);
}

fn machine() -> Tree {
    let machine = Machine {
        os_name: Some("Linux".into()),
        os_release: Some("6.1.0-28-amd64".into()),
        os_version: Some("#1 SMP <Debian>".into()),
        machine: Some("x86_64".into()),
        booted: Some(time(1_795_000_000)),
    };
    super::system(schema(), &machine, time(1_795_003_600)).unwrap()
}

#[test]
fn system_state() {
    expect("system", &machine());
}

#[test]
fn a_text_that_does_not_fit_is_left_out() {
    let machine = Machine { os_name: Some("Lin\u{1}ux".into()), ..Machine::default() };
    let text = xml(&super::system(schema(), &machine, time(0)).unwrap());
    assert!(text.contains("current-datetime") && !text.contains("os-name"), "{text}");
}

fn commits() -> Tree {
    let made = [
        Made::at(time(1_795_000_060), Some("ann"), Action::ConfirmedCommit),
        Made::at(time(1_795_000_000), None, Action::Start),
    ];
    let problems = ["FRR: vtysh ended with 1:\nline 3: no such command".to_owned()];
    super::commits(schema(), &made, &problems).unwrap()
}

#[test]
fn earlier_configurations() {
    expect("commits", &commits());
}

fn monitoring() -> Tree {
    let counters = Counters { in_rpcs: 7, in_bad_rpcs: 1, out_rpc_errors: 2, out_notifications: 0 };
    let session = |id, host: Option<&str>| Session {
        id,
        username: "ops".into(),
        source_host: host.map(Into::into),
        login: time(1_795_000_100),
        counters,
    };
    let now = Monitoring {
        capabilities: &["urn:ietf:params:netconf:base:1.1".into(), "urn:example?a=1&b=2".into()],
        locks: &[Lock { datastore: "candidate", session: 4, since: time(1_795_000_200) }],
        sessions: &[session(4, Some("192.0.2.7")), session(5, None), session(6, Some("fe80::1%eth0"))],
        statistics: Statistics {
            started: time(1_795_000_000),
            in_bad_hellos: 1,
            in_sessions: 6,
            dropped_sessions: 3,
            counters,
        },
    };
    super::monitoring(schema(), &now).unwrap()
}

#[test]
fn monitoring_state() {
    let text = xml(&monitoring());
    libyang_accepts(&monitoring());
    for part in [
        "<capability>urn:example?a=1&amp;b=2</capability>",
        "<locked-by-session>4</locked-by-session>",
        "<source-host>192.0.2.7</source-host>",
        "<identifier>ietf-bgp-common</identifier>",
        "<identifier>ietf-yang-types</identifier>",
        "<namespace>urn:daybreak:yang:daybreak-dataplane</namespace>",
        "<dropped-sessions>3</dropped-sessions>",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("<identifier>yang</identifier>"), "libyang's own");
    assert_eq!(text.matches("<session>").count(), 3);
    assert_eq!(text.matches("<locks>").count(), 1);
}

#[test]
fn denied_counters() {
    expect(
        "denied",
        &super::denied(schema(), Denied { operations: 3, data_writes: 2, notifications: 0 }).unwrap(),
    );
}

#[test]
fn the_library_of_modules() {
    let tree = super::library(schema()).unwrap();
    libyang_accepts(&tree);
    let text = xml(&tree);
    let content = super::content_id(schema().context());
    assert_eq!(content, super::content_id(schema().context()));
    for part in [
        "<feature>confirmed-commit</feature>",
        "<deviation>daybreak-limits</deviation>",
        "<content-id>",
        &content,
        ":running</name>",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("<feature>url</feature>"));
}

/// The deviations leave no state that is not filled in; here is all that is filled in.
#[test]
fn everything_together_is_valid_and_leaves_nothing_out() {
    let tree = router::everything()
        .joined(&machine())
        .joined(&commits())
        .joined(&monitoring())
        .joined(&super::library(schema()).unwrap());
    libyang_accepts(&tree);
    let mut missing: BTreeSet<_> =
        schema().nodes().iter().filter(|node| !node.config && node.has_value()).map(|node| node.id).collect();
    assert!(missing.len() > 100, "only {} nodes of state", missing.len());
    let mut todo = vec![tree.root()];
    while let Some(node) = todo.pop() {
        node.id().map(|id| missing.remove(&id));
        todo.extend(node.children());
    }
    let missing: Vec<_> = missing.into_iter().map(|id| schema().path(id)).collect();
    assert!(missing.is_empty(), "nobody fills in {missing:#?}");
}
