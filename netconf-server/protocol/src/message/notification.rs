//! `<notification>` (RFC 5277 §4).

use crate::xml::{NOTIFICATION, element};

/// A notification: when it happened (RFC 3339) and an element that declares its own namespace.
pub fn notification(event_time: &str, event: &str) -> String {
    let mut out = format!("<notification xmlns=\"{NOTIFICATION}\">");
    element(&mut out, "eventTime", event_time);
    out.push_str(event);
    out.push_str("</notification>");
    out
}

#[cfg(test)]
mod tests {
    use super::notification;
    use crate::xml::{Element, Limits};

    #[test]
    fn both_parts_are_in_their_namespaces() {
        let text = notification("2026-01-01T00:00:00Z", "<e xmlns='urn:e'/>");
        let root = Element::parse(&text, Limits::default()).unwrap();
        let names: Vec<_> =
            root.children().unwrap().iter().map(|c| format!("{:?}{}", c.namespace(), c.name())).collect();
        assert_eq!(
            names,
            ["Some(\"urn:ietf:params:xml:ns:netconf:notification:1.0\")eventTime", "Some(\"urn:e\")e"]
        );
    }
}
