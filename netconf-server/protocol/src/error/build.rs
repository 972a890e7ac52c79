//! Making errors with the `error-info` that Appendix A demands for each tag.

use super::{ErrorInfo, ErrorPath, ErrorTag, ErrorType, RpcError, Severity};

impl RpcError {
    /// An error with nothing but a message.
    pub fn new(kind: ErrorType, tag: ErrorTag, message: impl Into<String>) -> Self {
        Self {
            kind,
            tag,
            severity: Severity::Error,
            app_tag: None,
            path: None,
            message: Some(message.into()),
            info: Vec::new(),
        }
    }

    /// An error of the layer of operations.
    pub fn protocol(tag: ErrorTag, message: impl Into<String>) -> Self {
        Self::new(ErrorType::Protocol, tag, message)
    }

    /// An error of the layer of content.
    pub fn application(tag: ErrorTag, message: impl Into<String>) -> Self {
        Self::new(ErrorType::Application, tag, message)
    }

    /// The message cannot be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorType::Rpc, ErrorTag::MalformedMessage, message)
    }

    /// The request or its reply is larger than can be handled.
    pub fn too_big(message: impl Into<String>) -> Self {
        Self::new(ErrorType::Rpc, ErrorTag::TooBig, message)
    }

    /// `element` must have `attribute`.
    pub fn missing_attribute(kind: ErrorType, attribute: &str, element: &str) -> Self {
        let message = format!("{element} must have the attribute {attribute}");
        Self::new(kind, ErrorTag::MissingAttribute, message).attribute(attribute, element)
    }

    /// The attribute of that element has a wrong value; `why` says what is wrong with it.
    pub fn bad_attribute(attribute: &str, element: &str, why: impl Into<String>) -> Self {
        Self::protocol(ErrorTag::BadAttribute, why).attribute(attribute, element)
    }

    /// `around` must have `element` in it.
    pub fn missing_element(element: &str, around: &str) -> Self {
        let message = format!("{around} must have the element {element}");
        Self::protocol(ErrorTag::MissingElement, message).with(ErrorInfo::BadElement(element.into()))
    }

    /// The element has a wrong value; `why` says what is wrong with it.
    pub fn bad_element(element: &str, why: impl Into<String>) -> Self {
        Self::protocol(ErrorTag::BadElement, why).with(ErrorInfo::BadElement(element.into()))
    }

    /// `around` takes no such element.
    pub fn unknown_element(element: &str, around: &str) -> Self {
        let message = format!("{around} takes no element {element}");
        Self::protocol(ErrorTag::UnknownElement, message).with(ErrorInfo::BadElement(element.into()))
    }

    /// The element is in a namespace that means nothing here.
    pub fn unknown_namespace(element: &str, namespace: &str) -> Self {
        Self::protocol(ErrorTag::UnknownNamespace, format!("{element} is in an unknown namespace"))
            .with(ErrorInfo::BadElement(element.into()))
            .with(ErrorInfo::BadNamespace(namespace.into()))
    }

    /// Another session has the lock; 0 if it is no NETCONF session.
    pub fn lock_denied(session: u32, message: impl Into<String>) -> Self {
        Self::protocol(ErrorTag::LockDenied, message).with(ErrorInfo::SessionId(session))
    }

    /// The same with an application tag.
    #[must_use]
    pub fn app_tag(mut self, tag: impl Into<String>) -> Self {
        self.app_tag = Some(tag.into());
        self
    }

    /// The same about a node.
    #[must_use]
    pub fn at(mut self, path: ErrorPath) -> Self {
        self.path = Some(path);
        self
    }

    /// The same with one more piece of `error-info`.
    #[must_use]
    pub fn with(mut self, info: ErrorInfo) -> Self {
        self.info.push(info);
        self
    }

    fn attribute(self, attribute: &str, element: &str) -> Self {
        self.with(ErrorInfo::BadAttribute(attribute.into())).with(ErrorInfo::BadElement(element.into()))
    }
}
