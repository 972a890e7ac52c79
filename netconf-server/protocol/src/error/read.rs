//! Reading `rpc-error` elements of a peer.

use super::{ErrorInfo, ErrorPath, ErrorTag, ErrorType, RpcError, Severity};
use crate::xml::{Element, XmlError};

/// Reads an `<rpc-error>`. What a device got wrong in it does not hide the error: an unknown tag becomes
/// `operation-failed`, an unknown type `application`.
///
/// # Errors
/// [`XmlError`] for text that is no XML.
pub fn read(element: &Element<'_>) -> Result<RpcError, XmlError> {
    let mut error = RpcError {
        kind: ErrorType::Application,
        tag: ErrorTag::OperationFailed,
        severity: Severity::Error,
        app_tag: None,
        path: None,
        message: None,
        info: Vec::new(),
    };
    for child in element.children()? {
        if child.name() == "error-info" {
            error.info = child.children()?.iter().map(info).collect::<Result<Vec<_>, _>>()?;
            error.info.dedup();
            continue;
        }
        let text = child.text()?.trim().to_owned();
        match child.name() {
            "error-type" => error.kind = ErrorType::parse(&text).unwrap_or(error.kind),
            "error-tag" => error.tag = ErrorTag::parse(&text).unwrap_or(error.tag),
            "error-severity" => error.severity = Severity::parse(&text).unwrap_or(error.severity),
            "error-app-tag" => error.app_tag = Some(text),
            "error-path" => error.path = Some(ErrorPath { text, namespaces: child.prefixes() }),
            "error-message" => error.message = Some(text),
            _ => {}
        }
    }
    Ok(error)
}

/// Elements of other models are kept by name, as the element at fault is what they mostly are.
fn info(element: &Element<'_>) -> Result<ErrorInfo, XmlError> {
    let children = element.children()?;
    let text = if children.is_empty() { element.text()?.trim().to_owned() } else { String::new() };
    Ok(match element.name() {
        "bad-attribute" => ErrorInfo::BadAttribute(text),
        "bad-namespace" => ErrorInfo::BadNamespace(text),
        "session-id" => ErrorInfo::SessionId(text.parse().unwrap_or(0)),
        "ok-element" => ErrorInfo::OkElement(text),
        "err-element" => ErrorInfo::ErrElement(text),
        "noop-element" => ErrorInfo::NoopElement(text),
        "non-unique" => ErrorInfo::NonUnique(ErrorPath { text, namespaces: element.prefixes() }),
        "missing-choice" => ErrorInfo::MissingChoice(text),
        _ => ErrorInfo::BadElement(text),
    })
}

#[cfg(test)]
mod tests {
    use crate::error::{ErrorInfo, ErrorPath, ErrorTag, ErrorType, RpcError, Severity, read, write};
    use crate::xml::{Element, Limits, NETCONF};

    fn round_trip(error: &RpcError) -> RpcError {
        let mut text = format!("<rpc-reply xmlns=\"{NETCONF}\">");
        write(&mut text, error);
        text.push_str("</rpc-reply>");
        let reply = Element::parse(&text, Limits::default()).unwrap();
        read(&reply.children().unwrap()[0]).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let namespaces = vec![("if".to_owned(), "urn:if&\"".to_owned())];
        let path = ErrorPath { text: "/if:interfaces/if:interface[if:name='a<b']".into(), namespaces };
        let error = RpcError::application(ErrorTag::InvalidValue, "5 < 68 & \"more\"")
            .at(path.clone())
            .app_tag("must-violation")
            .with(ErrorInfo::NonUnique(path))
            .with(ErrorInfo::MissingChoice("transport".into()))
            .with(ErrorInfo::SessionId(7));
        assert_eq!(round_trip(&error), error);
        for error in [
            RpcError::missing_attribute(ErrorType::Rpc, "message-id", "rpc"),
            RpcError::unknown_namespace("a", "urn:x"),
            RpcError::lock_denied(3, "session 3 has the lock"),
            RpcError::malformed("no"),
        ] {
            assert_eq!(round_trip(&error), error);
        }
    }

    #[test]
    fn devices_that_invent_tags_are_understood() {
        let text = "<rpc-error><error-type>nonsense</error-type><error-tag>syntax error</error-tag>\
                    <error-severity>warning</error-severity><error-message>\n mgd: no \n</error-message>\
                    <error-info><bad-element>x</bad-element><other><deep/></other></error-info></rpc-error>";
        let error = read(&Element::parse(text, Limits::default()).unwrap()).unwrap();
        assert_eq!((error.tag, error.kind), (ErrorTag::OperationFailed, ErrorType::Application));
        assert_eq!(error.severity, Severity::Warning);
        assert_eq!(error.message.as_deref(), Some("mgd: no"));
        assert_eq!(error.info[0], ErrorInfo::BadElement("x".into()));
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_replaced() {
        let error = RpcError::protocol(ErrorTag::OperationFailed, "a\u{0}b\u{1b}c\u{fffe}");
        assert_eq!(round_trip(&error).message.as_deref(), Some("a\u{fffd}b\u{fffd}c\u{fffd}"));
    }
}
