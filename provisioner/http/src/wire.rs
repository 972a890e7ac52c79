//! A connection and the bytes that were read from it but not used.

use std::io;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::Limits;
use crate::head::{self, Head, HeadError};

/// A TCP connection with its read buffer.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    pub(crate) buffer: BytesMut,
}

/// What waiting for a request came to.
#[derive(Debug)]
pub(crate) enum Waited {
    /// A head, still at the start of the buffer.
    Head(Box<Head>),
    /// The peer closed or was idle for too long between requests.
    Gone,
    /// Something that is no acceptable head.
    Refused(HeadError),
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }

    /// Waits for the head of the next request. Cancelling it loses nothing: what was read stays in the buffer.
    pub(crate) async fn head(&mut self, limits: &Limits) -> Waited {
        if self.buffer.is_empty() && !matches!(timeout(limits.idle, self.read(limits)).await, Ok(Ok(1..))) {
            return Waited::Gone;
        }
        let deadline = Instant::now() + limits.head_deadline;
        loop {
            match head::parse(&self.buffer, limits.head_bytes) {
                Ok(Some(head)) => return Waited::Head(Box::new(head)),
                Ok(None) => {}
                Err(error) => return Waited::Refused(error),
            }
            match timeout_at(deadline, self.read(limits)).await {
                Ok(Ok(1..)) => {}
                Ok(_) => return Waited::Gone,
                Err(_) => return Waited::Refused(HeadError::TooSlow),
            }
        }
    }

    /// Reads at most what may still belong to one head.
    async fn read(&mut self, limits: &Limits) -> io::Result<usize> {
        let room = limits.head_bytes.saturating_sub(self.buffer.len()).max(1);
        self.buffer.reserve(room.min(4096));
        (&mut self.stream).take(room as u64).read_buf(&mut self.buffer).await
    }

    /// Takes the head of a request that is being answered off the buffer.
    pub(crate) fn consume(&mut self, len: usize) {
        self.buffer.advance(len);
    }

    /// Sends a short answer after which the connection ends.
    pub(crate) async fn refuse(mut self, status: &str, why: &str, limits: &Limits) {
        let text = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\n\r\n{why}\n",
            why.len() + 1
        );
        if let Ok(Ok(())) = timeout(limits.send_stall, self.stream.write_all(text.as_bytes())).await {
            self.linger().await;
        }
    }

    /// Ends the connection after an answer to a whole request. When nothing more has come it is closed at once.
    pub(crate) async fn close(self) {
        let unread = !self.buffer.is_empty()
            || !matches!(self.stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        if unread {
            self.linger().await;
        }
    }

    /// Ends the connection so that the peer can still read the last answer: closing with unread bytes would reset it
    /// (RFC 9112 section 9.6).
    async fn linger(mut self) {
        const LINGER: Duration = Duration::from_secs(1);
        const LEFTOVER: u64 = 256 * 1024;
        if self.stream.shutdown().await.is_ok() {
            let mut sink = tokio::io::sink();
            // Whether the peer closed, sent too much or took too long, the connection is dropped next.
            let _ = timeout(LINGER, tokio::io::copy(&mut (&mut self.stream).take(LEFTOVER), &mut sink)).await;
        }
    }
}
