use super::{DataAccess, Nacm, User};
use daybreak_datastore::edit::tree_from_xml;
use daybreak_datastore::filter::SubtreeFilter;
use daybreak_datastore::schema::Schema;
use daybreak_datastore::tree::{InstancePath, Tree};
use daybreak_datastore::xml::{Fragment, Limits};
use std::sync::Arc;

const P0: &str = "/ietf-interfaces:interfaces/interface[name='p0']/description";
const P1: &str = "/ietf-interfaces:interfaces/interface[name='p1']/description";
const KEY: &str = "/ietf-netconf-acm:nacm/enable-nacm";

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(daybreak_yang::context().unwrap()).unwrap())
}

fn tree(rules: &str) -> Tree {
    let text = format!("<nacm xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\">{rules}</nacm>");
    tree_from_xml(&schema(), Fragment::new(&text), Limits::default()).unwrap()
}

fn user(name: &str, groups: &[&str], admin: bool) -> User {
    User { name: name.to_owned(), groups: groups.iter().map(ToString::to_string).collect(), admin }
}

fn may(tree: &Tree, who: &User, path: &str, access: DataAccess) -> bool {
    let nacm = Nacm::read(tree).unwrap();
    let path = InstancePath::parse(tree.schema(), path).unwrap();
    nacm.access(who).data(tree.schema(), path.steps(), access)
}

/// A rule list for the group `ops` with one rule.
fn ops(rule: &str) -> String {
    format!(
        "<groups><group><name>ops</name><user-name>ann</user-name></group></groups>\
         <rule-list><name>ops</name><group>ops</group><rule><name>one</name>{rule}</rule></rule-list>"
    )
}

#[test]
fn without_rules_others_read_and_change_nothing() {
    let (tree, bob) = (Tree::empty(schema()), user("bob", &[], false));
    assert!(may(&tree, &bob, P0, DataAccess::Read));
    for access in [DataAccess::Create, DataAccess::Update, DataAccess::Delete] {
        assert!(!may(&tree, &bob, P0, access), "{access:?}");
    }
    assert!(!may(&tree, &bob, KEY, DataAccess::Read), "the rules themselves are default-deny-all");
    let nacm = Nacm::read(&tree).unwrap();
    let access = nacm.access(&bob);
    assert!(
        access.operation("ietf-netconf", "get", None)
            && access.operation("ietf-netconf", "close-session", None)
    );
    assert!(!access.operation("ietf-netconf", "commit", None));
}

#[test]
fn no_rule_locks_an_administrator_out() {
    let tree = tree(
        "<rule-list><name>all</name><group>*</group><rule><name>no</name><module-name>*</module-name>\
         <action>deny</action></rule></rule-list>",
    );
    let (ann, bob) = (user("ann", &["sudo"], true), user("bob", &[], false));
    assert!(may(&tree, &ann, P0, DataAccess::Delete) && !may(&tree, &bob, P0, DataAccess::Read));
    let nacm = Nacm::read(&tree).unwrap();
    assert!(nacm.access(&ann).operation("ietf-netconf", "commit", None));
    assert!(nacm.access(&bob).operation("ietf-netconf", "close-session", None));
}

#[test]
fn a_rule_for_one_entry_leaves_the_others() {
    let rule = "<path xmlns:if=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\">\
                /if:interfaces/if:interface[if:name='p0']</path><action>permit</action>";
    let tree = tree(&ops(rule));
    let ann = user("ann", &[], false);
    assert!(may(&tree, &ann, P0, DataAccess::Update) && !may(&tree, &ann, P1, DataAccess::Update));
    assert!(!may(&tree, &user("bob", &[], false), P0, DataAccess::Update), "not of the group");
    assert!(may(&tree, &user("bob", &["ops"], false), P0, DataAccess::Update), "by a group of Linux");
}

#[test]
fn a_list_without_keys_is_every_entry_and_operations_are_told_apart() {
    let rule = "<path xmlns:if=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\">/if:interfaces/if:interface</path>\
                <access-operations>create update</access-operations><action>permit</action>";
    let tree = tree(&ops(rule));
    let ann = user("ann", &[], false);
    assert!(may(&tree, &ann, P1, DataAccess::Create) && !may(&tree, &ann, P1, DataAccess::Delete));
}

#[test]
fn the_first_rule_that_fits_decides() {
    let rules = "<rule-list><name>a</name><group>*</group>\
        <rule><name>1</name><module-name>ietf-interfaces</module-name><access-operations>read</access-operations>\
        <action>deny</action></rule>\
        <rule><name>2</name><module-name>*</module-name><action>permit</action></rule></rule-list>";
    let tree = tree(rules);
    let bob = user("bob", &[], false);
    assert!(!may(&tree, &bob, P0, DataAccess::Read) && may(&tree, &bob, P0, DataAccess::Update));
    let nacm = Nacm::read(&tree).unwrap();
    assert!(nacm.access(&bob).operation("ietf-netconf", "commit", None));
}

#[test]
fn a_rule_for_an_operation_opens_just_that() {
    let tree = tree(&ops(
        "<rpc-name>commit</rpc-name><access-operations>exec</access-operations><action>permit</action>",
    ));
    let nacm = Nacm::read(&tree).unwrap();
    let ann = user("ann", &[], false);
    assert!(nacm.access(&ann).operation("ietf-netconf", "commit", None));
    assert!(!nacm.access(&ann).operation("ietf-netconf", "lock", None));
}

#[test]
fn switched_off_it_permits_everything() {
    let tree = tree("<enable-nacm>false</enable-nacm>");
    assert!(may(&tree, &user("bob", &[], false), P0, DataAccess::Delete));
}

#[test]
fn a_path_that_leads_nowhere_is_refused() {
    for (path, says) in [
        ("/ietf-interfaces:interfaces/nothing", "nothing"),
        ("/ietf-interfaces:interfaces/interface[type='x']", "key `name`"),
        ("/ietf-interfaces:interfaces/interface[name]", "predicate"),
        ("interfaces", "`/` is expected"),
        ("/interfaces", "interfaces"),
    ] {
        let error = super::path::RulePath::parse(&schema(), path).unwrap_err();
        assert!(error.contains(says), "{path}: {error}");
    }
}

#[test]
fn a_filter_does_not_tell_of_what_is_hidden() {
    let rule = "<path xmlns:if=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\">/if:interfaces/if:interface/if:description</path>\
                <action>deny</action>";
    let rules = tree(&ops(rule));
    let interfaces = |more: &str| {
        format!(
            "<interfaces xmlns=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\"><interface>{more}\
             <description>to the bank</description></interface></interfaces>"
        )
    };
    let kind = "<type xmlns:t=\"urn:ietf:params:xml:ns:yang:iana-if-type\">t:ethernetCsmacd</type>";
    let (data, filter) = (interfaces(&format!("<name>p0</name>{kind}")), interfaces(""));
    let data = tree_from_xml(rules.schema(), Fragment::new(&data), Limits::default()).unwrap();
    let filter = SubtreeFilter::parse(rules.schema(), Fragment::new(&filter), Limits::default()).unwrap();
    assert!(!filter.select(&data.root(), false).is_none());
    let nacm = Nacm::read(&rules).unwrap();
    let visible = nacm.access(&user("ann", &[], false)).visible(&data).unwrap();
    assert!(filter.select(&visible.root(), false).is_none());
    assert!(nacm.access(&user("root", &[], true)).visible(&data).is_none(), "an administrator sees all");
}
