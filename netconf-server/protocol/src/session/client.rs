//! The client's side.

use super::End;
use super::reader::Reader;
use super::writer::send;
use crate::framing::{Framing, Limits};
use crate::message::{Hello, Reply, ReplyError, request};
use crate::xml;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

/// A session with a server. One request at a time; when one fails otherwise than by an answer, the session is over.
/// Dropping it closes the stream.
#[derive(Debug)]
pub struct Client<S> {
    /// `None` when the session is over.
    stream: Option<S>,
    reader: Reader,
    framing: Framing,
    server: Hello,
    last: u64,
}

/// Why there is no session or no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The session broke.
    #[error(transparent)]
    End(#[from] End),
    /// The answer did not come in time.
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    /// A request failed before, so no answer could be told from another.
    #[error("the session is over")]
    Over,
    /// The answer is to another request.
    #[error("the answer is to request {got:?}, not to {expected}")]
    Other {
        /// Number of the request.
        expected: u64,
        /// `message-id` of the answer.
        got: Option<String>,
    },
    /// The answer is an error, or cannot be read.
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

/// An answer as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawReply(String);

impl RawReply {
    /// What is in it.
    ///
    /// # Errors
    /// [`ReplyError`]; [`Client::rpc`] has found none.
    pub fn parse(&self) -> Result<Reply<'_>, ReplyError> {
        Reply::parse(&self.0, xml::Limits { depth: 1024, ..xml::Limits::default() })
    }

    /// The message.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Begins a session.
    ///
    /// # Errors
    /// [`ClientError`]; the stream is closed.
    pub async fn open(
        mut stream: S,
        capabilities: &[&str],
        limits: Limits,
        deadline: Duration,
    ) -> Result<Self, ClientError> {
        let own =
            Hello { capabilities: capabilities.iter().map(ToString::to_string).collect(), session_id: None };
        let mut reader = Reader::new(limits);
        let end = Instant::now() + deadline;
        send(&mut stream, Framing::EndOfMessage, &own.write(), deadline).await?;
        let text =
            timeout_at(end, reader.message(&mut stream)).await.map_err(|_| End::NoHello(deadline))??;
        let server = Hello::from_server(&text).map_err(End::from)?;
        let framing = own.framing(&server).map_err(End::from)?;
        reader.switch(framing);
        Ok(Self { stream: Some(stream), reader, framing, server, last: 0 })
    }

    /// What the server said of itself.
    pub fn server(&self) -> &Hello {
        &self.server
    }

    /// Sends an operation, which declares its own namespaces or is NETCONF's, and waits for the answer. Notifications in
    /// between are passed over.
    ///
    /// # Errors
    /// [`ClientError::Reply`] with what the server refused; after any other error the session is over.
    pub async fn rpc(&mut self, operation: &str, deadline: Duration) -> Result<RawReply, ClientError> {
        let mut stream = self.stream.take().ok_or(ClientError::Over)?;
        self.last += 1;
        let expected = self.last;
        let text = timeout(deadline, self.exchange(&mut stream, expected, operation, deadline))
            .await
            .map_err(|_| ClientError::Deadline(deadline))??;
        let reply = RawReply(text);
        let id = match reply.parse() {
            Ok(parsed) => parsed.message_id,
            Err(ReplyError::Refused(errors)) => {
                self.stream = Some(stream);
                return Err(ReplyError::Refused(errors).into());
            }
            Err(error) => return Err(error.into()),
        };
        if id.as_deref() != Some(&*expected.to_string()) {
            return Err(ClientError::Other { expected, got: id });
        }
        self.stream = Some(stream);
        Ok(reply)
    }

    /// Ends the session: `<close-session>`, then the stream, whatever the server does.
    ///
    /// # Errors
    /// [`ClientError`] if the server did not agree; the stream is closed all the same.
    pub async fn close(mut self, deadline: Duration) -> Result<(), ClientError> {
        let answer = self.rpc("<close-session/>", deadline).await;
        if let Some(mut stream) = self.stream.take() {
            let _: Result<_, _> = timeout(deadline, stream.shutdown()).await;
        }
        answer.map(drop)
    }

    async fn exchange(
        &mut self,
        stream: &mut S,
        id: u64,
        operation: &str,
        patience: Duration,
    ) -> Result<String, ClientError> {
        send(stream, self.framing, &request(id, operation), patience).await?;
        loop {
            let text = self.reader.message(stream).await?;
            if !is_notification(&text) {
                return Ok(text);
            }
        }
    }
}

/// Looks at the first element only: an answer may be large.
fn is_notification(text: &str) -> bool {
    let declaration = text.trim_start().strip_prefix("<?").and_then(|rest| rest.split_once("?>"));
    let root = declaration.map_or(text, |(_, rest)| rest).trim_start();
    let name = root.strip_prefix('<').unwrap_or(root).split(|c: char| c.is_whitespace() || c == '>').next();
    name.is_some_and(|name| name.rsplit(':').next() == Some("notification"))
}

#[cfg(test)]
mod tests {
    use super::is_notification;
    use crate::message::notification;

    #[test]
    fn notifications_are_told_from_answers() {
        let own = notification("2026-01-01T00:00:00Z", "<e xmlns='urn:e'/>");
        assert!(is_notification(&own));
        assert!(is_notification(&format!("\n<?xml version='1.0'?>\n{own}")));
        assert!(is_notification("<n:notification xmlns:n='u'/>"));
        for text in ["<rpc-reply><notification/></rpc-reply>", "", "<?xml", "<notifications/>"] {
            assert!(!is_notification(text), "{text}");
        }
    }
}
