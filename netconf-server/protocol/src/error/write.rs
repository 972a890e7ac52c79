//! Writing `rpc-error` elements.

use super::{ErrorInfo, ErrorPath, RpcError};
use crate::xml::{YANG, element, escape_attribute};

/// Writes `<rpc-error>` to be put where the default namespace is NETCONF's.
pub fn write(out: &mut String, error: &RpcError) {
    out.push_str("<rpc-error>");
    element(out, "error-type", error.kind.name());
    element(out, "error-tag", error.tag.name());
    element(out, "error-severity", error.severity.name());
    if let Some(tag) = &error.app_tag {
        element(out, "error-app-tag", tag);
    }
    if let Some(path) = &error.path {
        path_element(out, "error-path", path, None);
    }
    if let Some(message) = &error.message {
        out.push_str("<error-message xml:lang=\"en\">");
        crate::xml::escape_text(out, message);
        out.push_str("</error-message>");
    }
    if !error.info.is_empty() {
        out.push_str("<error-info>");
        error.info.iter().for_each(|info| write_info(out, info));
        out.push_str("</error-info>");
    }
    out.push_str("</rpc-error>");
}

fn write_info(out: &mut String, info: &ErrorInfo) {
    match info {
        ErrorInfo::BadAttribute(name) => element(out, "bad-attribute", name),
        ErrorInfo::BadElement(name) => element(out, "bad-element", name),
        ErrorInfo::BadNamespace(namespace) => element(out, "bad-namespace", namespace),
        ErrorInfo::SessionId(id) => element(out, "session-id", &id.to_string()),
        ErrorInfo::OkElement(name) => element(out, "ok-element", name),
        ErrorInfo::ErrElement(name) => element(out, "err-element", name),
        ErrorInfo::NoopElement(name) => element(out, "noop-element", name),
        ErrorInfo::NonUnique(path) => path_element(out, "non-unique", path, Some(YANG)),
        ErrorInfo::MissingChoice(name) => {
            out.push_str("<missing-choice xmlns=\"");
            out.push_str(YANG);
            out.push_str("\">");
            crate::xml::escape_text(out, name);
            out.push_str("</missing-choice>");
        }
    }
}

fn path_element(out: &mut String, name: &str, path: &ErrorPath, namespace: Option<&str>) {
    out.push('<');
    out.push_str(name);
    if let Some(namespace) = namespace {
        out.push_str(" xmlns=\"");
        out.push_str(namespace);
        out.push('"');
    }
    for (prefix, namespace) in &path.namespaces {
        out.push_str(" xmlns:");
        out.push_str(prefix);
        out.push_str("=\"");
        escape_attribute(out, namespace);
        out.push('"');
    }
    out.push('>');
    crate::xml::escape_text(out, &path.text);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}
