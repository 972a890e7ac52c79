//! `<hello>` (RFC 6241 §8.1).

use crate::capability::{BASE_1_0, BASE_1_1, offers};
use crate::framing::Framing;
use crate::xml::{Element, Limits, NETCONF, XmlError, element};
use thiserror::Error;

/// The first message of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Capability URIs.
    pub capabilities: Vec<String>,
    /// Number of the session, from a server only.
    pub session_id: Option<u32>,
}

/// A hello that no session can begin with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HelloError {
    /// No XML.
    #[error("the hello cannot be read: {0}")]
    Xml(#[from] XmlError),
    /// Something else came first.
    #[error("the first message must be a hello, not {0}")]
    NotHello(String),
    /// RFC 6241 §8.1: "A server receiving a \<hello> message with a \<session-id> element MUST terminate the NETCONF session."
    #[error("a client's hello must not have a session-id")]
    SessionIdFromClient,
    /// A server must number its sessions from 1.
    #[error("a server's hello must have a session-id above 0")]
    NoSessionId,
    /// Neither base:1.0 nor base:1.1 on both sides.
    #[error("the peers have no base capability in common")]
    NoBase,
}

impl Hello {
    /// The message.
    pub fn write(&self) -> String {
        let mut out =
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hello xmlns=\"{NETCONF}\"><capabilities>");
        self.capabilities.iter().for_each(|uri| element(&mut out, "capability", uri));
        out.push_str("</capabilities>");
        if let Some(id) = self.session_id {
            element(&mut out, "session-id", &id.to_string());
        }
        out.push_str("</hello>");
        out
    }

    /// Reads what a client sent.
    ///
    /// # Errors
    /// [`HelloError`]; the session ends.
    pub fn from_client(text: &str) -> Result<Self, HelloError> {
        let hello = Self::parse(text)?;
        if hello.session_id.is_some() { Err(HelloError::SessionIdFromClient) } else { Ok(hello) }
    }

    /// Reads what a server sent.
    ///
    /// # Errors
    /// [`HelloError`]; the session ends.
    pub fn from_server(text: &str) -> Result<Self, HelloError> {
        let hello = Self::parse(text)?;
        if hello.session_id.is_none_or(|id| id == 0) { Err(HelloError::NoSessionId) } else { Ok(hello) }
    }

    /// The framing after the hellos, given both of them.
    ///
    /// # Errors
    /// [`HelloError::NoBase`].
    pub fn framing(&self, other: &Self) -> Result<Framing, HelloError> {
        let both = |uri| offers(&self.capabilities, uri) && offers(&other.capabilities, uri);
        if both(BASE_1_1) {
            Ok(Framing::Chunked)
        } else if both(BASE_1_0) {
            Ok(Framing::EndOfMessage)
        } else {
            Err(HelloError::NoBase)
        }
    }

    fn parse(text: &str) -> Result<Self, HelloError> {
        let root = Element::parse(text, Limits { depth: 8, ..Limits::default() })?;
        if !root.is("hello") {
            return Err(HelloError::NotHello(root.name().to_owned()));
        }
        let mut hello = Self { capabilities: Vec::new(), session_id: None };
        for child in root.children()? {
            if child.is("capabilities") {
                for capability in child.children()?.iter().filter(|child| child.is("capability")) {
                    hello.capabilities.push(capability.text()?.trim().to_owned());
                }
            } else if child.is("session-id") {
                hello.session_id = Some(child.text()?.trim().parse().unwrap_or(0));
            }
        }
        Ok(hello)
    }
}

#[cfg(test)]
mod tests {
    use super::{Hello, HelloError};
    use crate::capability::{BASE_1_0, BASE_1_1};
    use crate::framing::Framing;

    fn hello(capabilities: &[&str], session_id: Option<u32>) -> Hello {
        Hello { capabilities: capabilities.iter().map(ToString::to_string).collect(), session_id }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let server = hello(&[BASE_1_0, BASE_1_1, "urn:x?a=1&b=2"], Some(7));
        assert_eq!(Hello::from_server(&server.write()).unwrap(), server);
        let client = hello(&[BASE_1_0], None);
        assert_eq!(Hello::from_client(&client.write()).unwrap(), client);
        assert_eq!(server.framing(&client), Ok(Framing::EndOfMessage));
        assert_eq!(server.framing(&server), Ok(Framing::Chunked));
        assert_eq!(server.framing(&hello(&["urn:x"], None)), Err(HelloError::NoBase));
    }

    #[test]
    fn sessions_do_not_begin_with_anything_else() {
        let with_id = hello(&[BASE_1_0], Some(1)).write();
        assert_eq!(Hello::from_client(&with_id), Err(HelloError::SessionIdFromClient));
        assert_eq!(Hello::from_server(&hello(&[], None).write()), Err(HelloError::NoSessionId));
        assert_eq!(Hello::from_server(&hello(&[], Some(0)).write()), Err(HelloError::NoSessionId));
        assert!(matches!(Hello::from_client("<rpc/>"), Err(HelloError::NotHello(_))));
        assert!(matches!(Hello::from_client("<hello xmlns='urn:x'/>"), Err(HelloError::NotHello(_))));
        assert!(matches!(Hello::from_client("SSH-2.0"), Err(HelloError::Xml(_))));
    }

    #[test]
    fn hellos_of_other_shapes_are_read() {
        let text = "<?xml version='1.0'?>\n<nc:hello xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0'>\n<nc:capabilities>\n\
                    <nc:capability>\n  urn:ietf:params:netconf:base:1.1\n</nc:capability></nc:capabilities></nc:hello>\n";
        assert_eq!(Hello::from_client(text).unwrap().capabilities, [BASE_1_1]);
        let text = "<hello><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>";
        assert_eq!(Hello::from_client(text).unwrap().capabilities, [BASE_1_0]);
    }
}
