//! The server's side.

use super::reader::Reader;
use super::writer::send;
use super::{Counters, End};
use crate::error::{ErrorTag, RpcError};
use crate::framing::{FrameError, Framing, Limits};
use crate::message::{BadRpc, Echo, Hello, Response, Rpc};
use crate::xml;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// What a session is like.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The server's hello, with the session's number.
    pub hello: Hello,
    /// Sizes of messages.
    pub limits: Limits,
    /// Shapes of messages.
    pub xml: xml::Limits,
    /// Time for the client's hello.
    pub hello_timeout: Duration,
    /// Time between two requests, also for one that comes in slowly; for ever if absent.
    pub idle_timeout: Option<Duration>,
    /// Time for a request from its first byte on: what is there of it is kept in memory.
    pub message_timeout: Duration,
    /// Time in which the client must take a part of a reply.
    pub write_timeout: Duration,
}

/// Carries out requests.
pub trait Service: Send {
    /// Carries out one. The future is dropped if the session is killed.
    fn call(&mut self, rpc: &Rpc<'_>) -> impl Future<Output = Answer> + Send;
}

/// What comes of a request.
#[derive(Debug)]
pub struct Answer {
    /// The reply.
    pub response: Response,
    /// Whether the session ends after the reply.
    pub close: bool,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self { response, close: false }
    }
}

/// Runs a session until it is over: sends the hello, waits for the client's, then carries out requests one by one in their
/// order. What a client sends ahead stays in the stream, so it cannot fill memory.
pub async fn serve<S, H>(
    stream: &mut S,
    config: &SessionConfig,
    counters: &[&Counters],
    kill: &CancellationToken,
    service: &mut H,
) -> End
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    H: Service,
{
    let mut session = Session {
        stream,
        config,
        counters,
        reader: Reader::new(config.limits).within(config.message_timeout),
        framing: Framing::EndOfMessage,
    };
    let end = tokio::select! {
        biased;
        () = kill.cancelled() => End::Killed,
        end = session.run(service) => end,
    };
    // Best effort: whoever does not read will not see the end of the stream either.
    let _: Result<_, _> = timeout(Duration::from_secs(1), session.stream.shutdown()).await;
    end
}

struct Session<'s, S> {
    stream: &'s mut S,
    config: &'s SessionConfig,
    counters: &'s [&'s Counters],
    reader: Reader,
    framing: Framing,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Session<'_, S> {
    async fn run<H: Service>(&mut self, service: &mut H) -> End {
        if let Err(end) = self.hello().await {
            return end;
        }
        loop {
            match self.step(service).await {
                Ok(()) => {}
                Err(end) => return end,
            }
        }
    }

    /// RFC 6241 §8.1: "Each peer sends its \<hello> message simultaneously".
    async fn hello(&mut self) -> Result<(), End> {
        let limit = self.config.hello_timeout;
        let deadline = Instant::now() + limit;
        send(self.stream, self.framing, &self.config.hello.write(), limit).await?;
        let text = timeout_at(deadline, self.reader.message(self.stream))
            .await
            .map_err(|_| End::NoHello(limit))??;
        let hello = Hello::from_client(&text)?;
        self.framing = self.config.hello.framing(&hello)?;
        self.reader.switch(self.framing);
        Ok(())
    }

    async fn step<H: Service>(&mut self, service: &mut H) -> Result<(), End> {
        let message = match self.receive().await {
            Err(End::Frame(error)) => return Err(self.refuse_frame(error).await),
            other => other?,
        };
        let rpc = match Rpc::parse(&message, self.config.xml) {
            Ok(rpc) => rpc,
            Err(bad) => return self.refuse(bad).await,
        };
        self.count(Counters::request);
        let answer = service.call(&rpc).await;
        self.reply(&rpc.echo, &answer.response).await?;
        if answer.close { Err(End::Closed) } else { Ok(()) }
    }

    async fn receive(&mut self) -> Result<String, End> {
        let message = self.reader.message(self.stream);
        match self.config.idle_timeout {
            None => message.await,
            Some(limit) => timeout(limit, message).await.map_err(|_| End::Idle(limit))?,
        }
    }

    async fn reply(&mut self, echo: &Echo, response: &Response) -> Result<(), End> {
        if matches!(response, Response::Errors(_)) {
            self.count(Counters::error);
        }
        send(self.stream, self.framing, &response.write(echo), self.config.write_timeout).await
    }

    async fn refuse(&mut self, bad: BadRpc) -> Result<(), End> {
        self.count(Counters::bad_request);
        // RFC 6241 Appendix A: "This error-tag is new in :base:1.1 and MUST NOT be sent to old clients."
        if bad.error.tag == ErrorTag::MalformedMessage && self.framing == Framing::EndOfMessage {
            return Err(End::Malformed(bad.error.to_string()));
        }
        self.reply(&bad.echo, &bad.error.into()).await
    }

    /// Tells the client why nothing more can be read.
    async fn refuse_frame(&mut self, error: FrameError) -> End {
        self.count(Counters::bad_request);
        let told = match error {
            FrameError::ChunkTooBig { .. } | FrameError::MessageTooBig { .. } => {
                RpcError::too_big(error.to_string())
            }
            _ if self.framing == Framing::EndOfMessage => return End::Frame(error),
            _ => RpcError::malformed(error.to_string()),
        };
        match self.reply(&Echo::default(), &told.into()).await {
            Ok(()) => End::Frame(error),
            Err(end) => end,
        }
    }

    fn count(&self, count: impl Fn(&Counters)) {
        self.counters.iter().for_each(|counters| count(counters));
    }
}

#[cfg(test)]
mod tests;
