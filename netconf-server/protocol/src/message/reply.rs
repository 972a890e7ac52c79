//! `<rpc-reply>` (RFC 6241 §4.2).

use super::Echo;
use crate::error::{self, RpcError, Severity};
use crate::xml::{Element, Limits, NETCONF, XmlError};
use thiserror::Error;

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// `<ok/>`.
    Ok,
    /// `<data>` around these elements, which declare their own namespaces.
    Data(String),
    /// Output of an operation: elements that declare their own namespaces.
    Output(String),
    /// What went wrong; at least one.
    Errors(Vec<RpcError>),
}

impl From<RpcError> for Response {
    fn from(error: RpcError) -> Self {
        Self::Errors(vec![error])
    }
}

impl Response {
    /// The message.
    pub fn write(&self, echo: &Echo) -> String {
        let size = match self {
            Self::Data(text) | Self::Output(text) => text.len(),
            Self::Ok | Self::Errors(_) => 0,
        };
        let mut out = String::with_capacity(size + echo.attributes().len() + 200);
        out.push_str("<rpc-reply xmlns=\"");
        out.push_str(NETCONF);
        out.push('"');
        out.push_str(echo.attributes());
        out.push('>');
        match self {
            Self::Ok => out.push_str("<ok/>"),
            Self::Data(text) => {
                out.push_str("<data>");
                out.push_str(text);
                out.push_str("</data>");
            }
            Self::Output(text) => out.push_str(text),
            Self::Errors(errors) => errors.iter().for_each(|error| error::write(&mut out, error)),
        }
        out.push_str("</rpc-reply>");
        out
    }
}

/// What a client got.
#[derive(Debug)]
pub struct Reply<'m> {
    /// Which request it answers.
    pub message_id: Option<String>,
    /// Warnings; Junos sends them beside `<ok/>`.
    pub warnings: Vec<RpcError>,
    /// Everything else: `ok`, `data`, output of an operation.
    pub content: Vec<Element<'m>>,
}

/// A request that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplyError {
    /// No XML.
    #[error("the reply cannot be read: {0}")]
    Xml(#[from] XmlError),
    /// Neither a reply nor a notification.
    #[error("expected an rpc-reply, got {0}")]
    NotReply(String),
    /// The server refused the request.
    #[error("the peer refused the request: {}", list(.0))]
    Refused(Vec<RpcError>),
}

fn list(errors: &[RpcError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl<'m> Reply<'m> {
    /// Reads a reply. One with errors, other than warnings, is an error.
    ///
    /// # Errors
    /// [`ReplyError`].
    pub fn parse(text: &'m str, limits: Limits) -> Result<Self, ReplyError> {
        let root = Element::parse(text, limits)?;
        if !root.is("rpc-reply") {
            return Err(ReplyError::NotReply(root.name().to_owned()));
        }
        let mut reply = Self {
            message_id: root.attribute("message-id").map(str::to_owned),
            warnings: Vec::new(),
            content: Vec::new(),
        };
        let mut errors = Vec::new();
        for child in root.children()? {
            if child.is("rpc-error") {
                let error = error::read(&child)?;
                if error.severity == Severity::Warning {
                    reply.warnings.push(error);
                } else {
                    errors.push(error);
                }
            } else {
                reply.content.push(child);
            }
        }
        if errors.is_empty() { Ok(reply) } else { Err(ReplyError::Refused(errors)) }
    }

    /// `<data>`, if there is one.
    pub fn data(&self) -> Option<&Element<'m>> {
        self.content.iter().find(|element| element.name() == "data")
    }
}

#[cfg(test)]
mod tests {
    use super::{Reply, ReplyError, Response};
    use crate::error::{ErrorTag, RpcError};
    use crate::message::Rpc;
    use crate::xml::Limits;

    fn reply(response: &Response) -> String {
        let rpc = Rpc::parse("<rpc message-id='9' xmlns:x='urn:x' x:y='z'><get/></rpc>", Limits::default());
        response.write(&rpc.unwrap().echo)
    }

    #[test]
    fn replies_are_read_back() {
        let text = reply(&Response::Data("<a xmlns='urn:a'>1</a>".into()));
        let read = Reply::parse(&text, Limits::default()).unwrap();
        assert_eq!(read.message_id.as_deref(), Some("9"));
        assert_eq!(read.data().unwrap().inner(), "<a xmlns='urn:a'>1</a>");
        assert!(text.contains("xmlns:x=\"urn:x\"") && text.contains("x:y=\"z\""), "{text}");
        let text = reply(&Response::Ok);
        assert_eq!(Reply::parse(&text, Limits::default()).unwrap().content[0].name(), "ok");
    }

    #[test]
    fn errors_fail_and_warnings_do_not() {
        let errors = vec![
            RpcError::protocol(ErrorTag::InUse, "one"),
            RpcError::protocol(ErrorTag::DataMissing, "two"),
        ];
        let text = reply(&Response::Errors(errors.clone()));
        assert_eq!(Reply::parse(&text, Limits::default()).unwrap_err(), ReplyError::Refused(errors));
        let text =
            "<rpc-reply><rpc-error><error-severity>warning</error-severity></rpc-error><ok/></rpc-reply>";
        let read = Reply::parse(text, Limits::default()).unwrap();
        assert_eq!((read.warnings.len(), read.content.len()), (1, 1));
    }

    #[test]
    fn something_else_is_no_reply() {
        let error = Reply::parse("<hello/>", Limits::default()).unwrap_err();
        assert_eq!(error, ReplyError::NotReply("hello".into()));
    }
}
