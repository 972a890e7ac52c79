//! `<rpc>` (RFC 6241 §4.1).

use crate::error::{ErrorType, RpcError};
use crate::xml::{Element, Limits, NETCONF, XmlError, escape_attribute};

/// A request.
#[derive(Debug)]
pub struct Rpc<'m> {
    /// What the reply repeats.
    pub echo: Echo,
    /// The one element in it. [`Element::namespace`] is absent for clients that declare none.
    pub operation: Element<'m>,
}

/// Attributes of `<rpc>`, as they are to be written into `<rpc-reply>`.
///
/// RFC 6241 §4.1: "If additional attributes are present in an \<rpc> element, a NETCONF peer MUST return them unmodified in
/// the \<rpc-reply> element. This includes any "xmlns" attributes."
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Echo {
    attributes: String,
    message_id: Option<String>,
}

/// A request that cannot be carried out because of what it is, with what the reply repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRpc {
    /// Empty if not even the attributes could be read.
    pub echo: Echo,
    /// What is wrong.
    pub error: RpcError,
}

impl<'m> Rpc<'m> {
    /// Reads a request.
    ///
    /// # Errors
    /// [`BadRpc`], which is to be sent.
    pub fn parse(text: &'m str, limits: Limits) -> Result<Self, BadRpc> {
        let unread = |error| BadRpc { echo: Echo::default(), error };
        let root = Element::parse(text, limits).map_err(|error| unread(of_xml(&error)))?;
        let echo = Echo::of(&root);
        let bad = |error| BadRpc { echo: echo.clone(), error };
        if root.name() != "rpc" {
            return Err(bad(RpcError::new(
                ErrorType::Rpc,
                crate::error::ErrorTag::UnknownElement,
                format!("a message must be an rpc, not {}", root.name()),
            )
            .with(crate::error::ErrorInfo::BadElement(root.name().into()))));
        }
        if let Some(other) = root.namespace().filter(|own| *own != NETCONF) {
            return Err(bad(RpcError { kind: ErrorType::Rpc, ..RpcError::unknown_namespace("rpc", other) }));
        }
        if echo.message_id.is_none() {
            return Err(bad(RpcError::missing_attribute(ErrorType::Rpc, "message-id", "rpc")));
        }
        let mut operations = root.children().map_err(|error| bad(of_xml(&error)))?;
        match (operations.pop(), operations.is_empty()) {
            (Some(operation), true) => Ok(Self { echo, operation }),
            (Some(second), false) => Err(bad(RpcError {
                kind: ErrorType::Rpc,
                ..RpcError::bad_element(second.name(), "an rpc has only one operation")
            })),
            (None, _) => {
                Err(bad(RpcError { kind: ErrorType::Rpc, ..RpcError::missing_element("operation", "rpc") }))
            }
        }
    }
}

impl Echo {
    fn of(root: &Element<'_>) -> Self {
        let mut attributes = String::new();
        let mut write = |name: &str, value: &str| {
            attributes.push(' ');
            attributes.push_str(name);
            attributes.push_str("=\"");
            escape_attribute(&mut attributes, value);
            attributes.push('"');
        };
        // The reply has NETCONF's namespace for its default, and no attribute depends on another.
        for (prefix, namespace) in root.prefixes() {
            write(&format!("xmlns:{prefix}"), &namespace);
        }
        for attribute in root.attributes() {
            write(&attribute.qualified, &attribute.value);
        }
        Self { attributes, message_id: root.attribute("message-id").map(str::to_owned) }
    }

    /// As text, with a blank before each.
    pub fn attributes(&self) -> &str {
        &self.attributes
    }

    /// The value of `message-id`.
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }
}

/// The error for a message that is not the XML it has to be.
fn of_xml(error: &XmlError) -> RpcError {
    match error {
        XmlError::Malformed { .. } => RpcError::malformed(error.to_string()),
        XmlError::TooBig { .. } => RpcError::too_big(error.to_string()),
    }
}

/// A request around an operation, which declares its own namespaces or is NETCONF's.
pub fn request(message_id: u64, operation: &str) -> String {
    format!("<rpc xmlns=\"{NETCONF}\" message-id=\"{message_id}\">{operation}</rpc>")
}

#[cfg(test)]
mod tests {
    use super::{Rpc, request};
    use crate::error::{ErrorInfo, ErrorTag, ErrorType};
    use crate::xml::{Limits, NETCONF};

    fn refused(text: &str) -> (ErrorTag, Vec<ErrorInfo>, Option<String>) {
        let bad = Rpc::parse(text, Limits::default()).expect_err(text);
        assert_eq!(bad.error.kind, ErrorType::Rpc, "{text}");
        (bad.error.tag, bad.error.info, bad.echo.message_id)
    }

    #[test]
    fn attributes_come_back() {
        let text = format!(
            "<nc:rpc xmlns:nc=\"{NETCONF}\" xmlns:ex='urn:e' message-id='a&lt;&quot;1' ex:user='f&#10;d'><nc:get/></nc:rpc>"
        );
        let rpc = Rpc::parse(&text, Limits::default()).unwrap();
        assert_eq!(
            rpc.echo.attributes(),
            format!(
                " xmlns:nc=\"{NETCONF}\" xmlns:ex=\"urn:e\" message-id=\"a&lt;&quot;1\" ex:user=\"f&#10;d\""
            )
        );
        assert_eq!((rpc.operation.name(), rpc.operation.namespace()), ("get", Some(NETCONF)));
    }

    #[test]
    fn a_client_without_namespaces_is_understood() {
        let rpc = Rpc::parse("<rpc message-id='1'><get-config/></rpc>", Limits::default()).unwrap();
        assert!(rpc.operation.is("get-config"));
        let text = request(5, "<get/>");
        let rpc = Rpc::parse(&text, Limits::default()).unwrap();
        assert_eq!(rpc.echo.message_id(), Some("5"));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let info = |name: &str| ErrorInfo::BadElement(name.into());
        let (tag, infos, id) = refused("<rpc xmlns:x='urn:x' x:y='1'><get/></rpc>");
        assert_eq!((tag, id), (ErrorTag::MissingAttribute, None));
        assert_eq!(infos, [ErrorInfo::BadAttribute("message-id".into()), info("rpc")]);
        let one = Some("1".to_owned());
        let element = |name: &str| (vec![info(name)], one.clone());
        let (tag, infos, id) = refused("<rpc message-id='1'/>");
        assert_eq!((tag, (infos, id)), (ErrorTag::MissingElement, element("operation")));
        let (tag, infos, id) = refused("<rpc message-id='1'><get/><commit/></rpc>");
        assert_eq!((tag, (infos, id)), (ErrorTag::BadElement, element("commit")));
        let (tag, infos, id) = refused("<hello message-id='1'/>");
        assert_eq!((tag, (infos, id)), (ErrorTag::UnknownElement, element("hello")));
        assert_eq!(refused("<rpc message-id='1' xmlns='urn:x'><get/></rpc>").0, ErrorTag::UnknownNamespace);
        assert_eq!(refused("<rpc message-id='1'>text</rpc>").0, ErrorTag::MissingElement);
        assert_eq!(refused("<rpc message-id='1'><get></rpc>").0, ErrorTag::MalformedMessage);
        let deep = format!("<rpc message-id='1'>{}{}</rpc>", "<a>".repeat(200_000), "</a>".repeat(200_000));
        assert_eq!(refused(&deep).0, ErrorTag::TooBig);
    }
}
