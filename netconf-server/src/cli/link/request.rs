//! Requests as XML.

use std::fmt::Write as _;

use daybreak_datastore::schema::Schema;
use daybreak_datastore::store::Datastore;
use daybreak_datastore::tree::InstancePath;
use daybreak_netconf::xml::{element, escape_attribute};
use ipnet::IpNet;

/// The routing tables.
const RIBS: &str = "/ietf-routing:routing/ribs";

/// A filter for the node at a path, or none.
pub(super) fn filter(schema: &Schema, at: Option<&InstancePath>) -> String {
    let Some(path) = at.filter(|path| !path.steps().is_empty()) else { return String::new() };
    let (select, modules) = path.to_xml(schema);
    let mut text = "<filter type=\"xpath\"".to_owned();
    for module in modules.into_iter().map(|id| schema.module(id)) {
        let _ = write!(text, " xmlns:{}=\"", module.name);
        escape_attribute(&mut text, &module.namespace);
        text.push('"');
    }
    text.push_str(" select=\"");
    escape_attribute(&mut text, &select);
    text.push_str("\"/>");
    text
}

/// A filter for the routing tables, or for the routes to one prefix in them. Routes have no key that a path could name.
pub(super) fn routes(schema: &Schema, prefix: Option<&IpNet>) -> String {
    let Some(prefix) = prefix else {
        let ribs = InstancePath::parse(schema, RIBS).ok();
        return filter(schema, ribs.as_ref());
    };
    let family = if prefix.addr().is_ipv4() { "ipv4" } else { "ipv6" };
    format!(
        "<filter type=\"subtree\"><routing xmlns=\"urn:ietf:params:xml:ns:yang:ietf-routing\"><ribs><rib><name/>\
         <address-family/><incomplete xmlns=\"urn:daybreak:yang:daybreak-routing\"/><routes><route>\
         <destination-prefix xmlns=\"urn:ietf:params:xml:ns:yang:ietf-{family}-unicast-routing\">{prefix}\
         </destination-prefix></route></routes></rib></ribs></routing></filter>"
    )
}

pub(super) fn get(filter: &str) -> String {
    format!("<get>{filter}</get>")
}

pub(super) fn get_commit(number: u32) -> String {
    format!("<get-commit xmlns=\"urn:daybreak:yang:daybreak-commits\"><number>{number}</number></get-commit>")
}

pub(super) fn get_config(from: Datastore, filter: &str) -> String {
    format!("<get-config><source><{from}/></source>{filter}</get-config>")
}

pub(super) fn edit_config(config: &str, replace: bool) -> String {
    let default = if replace { "replace" } else { "merge" };
    format!(
        "<edit-config><target><candidate/></target><default-operation>{default}</default-operation>\
         <error-option>rollback-on-error</error-option><config>{config}</config></edit-config>"
    )
}

pub(super) fn copy_config(from: Datastore, to: Datastore) -> String {
    format!("<copy-config><target><{to}/></target><source><{from}/></source></copy-config>")
}

/// `seconds` makes it a confirmed commit under the name `ticket`; `confirms` names the one that waits.
pub(super) fn commit(seconds: Option<u32>, ticket: &str, confirms: bool) -> String {
    let mut text = "<commit>".to_owned();
    if let Some(seconds) = seconds {
        let _ = write!(text, "<confirmed/><confirm-timeout>{seconds}</confirm-timeout>");
        element(&mut text, "persist", ticket);
    }
    if confirms {
        element(&mut text, "persist-id", ticket);
    }
    text.push_str("</commit>");
    text
}

/// `ticket` is the name of the confirmed commit; without one it is that of this session.
pub(super) fn cancel_commit(ticket: Option<&str>) -> String {
    let mut text = "<cancel-commit>".to_owned();
    if let Some(ticket) = ticket {
        element(&mut text, "persist-id", ticket);
    }
    text.push_str("</cancel-commit>");
    text
}

#[cfg(test)]
mod tests {
    use daybreak_datastore::codec::{WriteOptions, write_xml};
    use daybreak_datastore::filter::SubtreeFilter;
    use daybreak_datastore::xml::{Fragment, Limits};

    use super::*;
    use crate::cli::lang::Models;
    use crate::cli::link::read_state;

    #[test]
    fn filters_declare_what_they_name() {
        let models = Models::load().unwrap();
        let path = InstancePath::parse(&models.schema, "/nacm/groups/group[name='a\"<b']").unwrap();
        assert_eq!(
            filter(&models.schema, Some(&path)),
            "<filter type=\"xpath\" xmlns:ietf-netconf-acm=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\" \
             select=\"/ietf-netconf-acm:nacm/ietf-netconf-acm:groups/\
             ietf-netconf-acm:group[ietf-netconf-acm:name='a&quot;&lt;b']\"/>"
        );
        assert_eq!(filter(&models.schema, Some(&InstancePath::default())), "");
    }

    /// The server's own filter takes from its tables what was asked for.
    #[test]
    fn the_routes_to_one_prefix_are_chosen() {
        let models = Models::load().unwrap();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases/state/routes.xml");
        let tree = read_state(&models.schema, &std::fs::read_to_string(folder).unwrap()).unwrap();
        for (prefix, count, other) in [("198.51.100.0/24", 2, "2001:db8"), ("2001:db8:2::/48", 1, "192.0.2")]
        {
            let text = routes(&models.schema, prefix.parse().ok().as_ref());
            let inner = text.split_once('>').and_then(|(_, rest)| rest.strip_suffix("</filter>")).unwrap();
            let filter =
                SubtreeFilter::parse(&models.schema, Fragment::new(inner), Limits::default()).unwrap();
            let selection = filter.select(&tree.root(), false);
            let mut chosen = String::new();
            let options = WriteOptions { selection: Some(&selection), ..WriteOptions::default() };
            write_xml(&mut chosen, &tree.root(), options).unwrap();
            assert!(chosen.contains(prefix) && !chosen.contains(other), "{chosen}");
            assert_eq!(chosen.matches("<destination-prefix").count(), count, "{chosen}");
            assert!(chosen.contains("<incomplete"), "{chosen}");
        }
        assert!(routes(&models.schema, None).contains("xpath"));
    }

    #[test]
    fn commits() {
        for (seconds, confirms, expected) in [
            (None, false, "<commit></commit>"),
            (None, true, "<commit><persist-id>t</persist-id></commit>"),
            (
                Some(60),
                false,
                "<commit><confirmed/><confirm-timeout>60</confirm-timeout><persist>t</persist></commit>",
            ),
        ] {
            assert_eq!(commit(seconds, "t", confirms), expected);
        }
        assert_eq!(cancel_commit(None), "<cancel-commit></cancel-commit>");
    }
}
