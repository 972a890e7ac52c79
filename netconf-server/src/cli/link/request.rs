//! Requests as XML.

use std::fmt::Write as _;

use daybreak_datastore::schema::Schema;
use daybreak_datastore::store::Datastore;
use daybreak_datastore::tree::InstancePath;
use daybreak_netconf::xml::{element, escape_attribute};

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

pub(super) fn get(filter: &str) -> String {
    format!("<get>{filter}</get>")
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
    use super::*;
    use crate::cli::lang::Models;

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
