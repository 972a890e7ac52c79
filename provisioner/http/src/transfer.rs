//! Sending the bytes of an artefact, and telling about it.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::SendFlags;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::events::{AbortReason, Event, EventSink, Outcome, Transfer};
use crate::{Content, Limits};

/// Most bytes that one system call may move, so that one fast receiver does not keep a thread for itself.
const CHUNK: u64 = 2 * 1024 * 1024;

/// A transfer in progress. When it is dropped before its end, as happens when the server stops, it reports itself
/// aborted.
pub(crate) struct Report {
    transfer: Transfer,
    sink: EventSink,
    every: Duration,
    started: Instant,
    told: Instant,
    sent: u64,
    ended: bool,
}

impl Report {
    pub(crate) fn start(transfer: Transfer, sink: EventSink, every: Duration) -> Self {
        let now = Instant::now();
        let report = Self { transfer, sink, every, started: now, told: now, sent: 0, ended: false };
        report.tell(Outcome::Started);
        report
    }

    fn advance(&mut self, bytes: u64) {
        self.sent += bytes;
        if self.sent < self.transfer.total && self.told.elapsed() >= self.every {
            self.told = Instant::now();
            self.tell(Outcome::Progress { sent: self.sent, elapsed: self.started.elapsed() });
        }
    }

    pub(crate) fn end(mut self, result: Result<(), AbortReason>) {
        let (sent, elapsed) = (self.sent, self.started.elapsed());
        self.ended = true;
        self.tell(match result {
            Ok(()) => Outcome::Done { sent, elapsed },
            Err(reason) => Outcome::Aborted { sent, elapsed, reason },
        });
    }

    fn tell(&self, outcome: Outcome) {
        self.sink.emit(Event::Transfer(Transfer { outcome, ..self.transfer.clone() }));
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if !self.ended {
            let (sent, elapsed) = (self.sent, self.started.elapsed());
            self.tell(Outcome::Aborted { sent, elapsed, reason: AbortReason::Stopped });
        }
    }
}

/// Sends the head of an answer. With `more`, the kernel holds it back to fill a segment with what follows.
pub(crate) async fn send_head(
    stream: &TcpStream,
    head: &str,
    more: bool,
    limits: &Limits,
) -> Result<(), AbortReason> {
    let flags = if more { SendFlags::MORE | SendFlags::NOSIGNAL } else { SendFlags::NOSIGNAL };
    let mut rest = head.as_bytes();
    while !rest.is_empty() {
        let sent = when_writable(stream, limits, || Ok(rustix::net::send(stream, rest, flags)?)).await?;
        rest = &rest[sent..];
    }
    Ok(())
}

/// Sends `count` bytes of `content` from `first` on.
pub(crate) async fn send_body(
    stream: &TcpStream,
    content: &Content,
    first: u64,
    count: u64,
    limits: &Limits,
    report: &mut Report,
) -> Result<(), AbortReason> {
    let mut offset = first;
    let end = first + count;
    while offset < end {
        let part = (end - offset).min(CHUNK);
        let sent = when_writable(stream, limits, || send_part(stream, content, offset, part)).await?;
        if sent == 0 {
            return Err(AbortReason::Truncated);
        }
        offset += sent as u64;
        report.advance(sent as u64);
        tokio::task::coop::consume_budget().await;
    }
    Ok(())
}

fn send_part(stream: &TcpStream, content: &Content, offset: u64, count: u64) -> io::Result<usize> {
    match content {
        Content::File(file) => send_file(stream, file, offset, count),
        Content::Memory(bytes) => {
            let rest =
                usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
            let count = usize::try_from(count).unwrap_or(usize::MAX).min(rest.len());
            Ok(rustix::net::send(stream, &rest[..count], SendFlags::NOSIGNAL)?)
        }
    }
}

fn send_file(stream: &TcpStream, file: &Arc<File>, mut offset: u64, count: u64) -> io::Result<usize> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Ok(rustix::fs::sendfile(stream, file, Some(&mut offset), count)?)
}

/// Tries `attempt`, waiting for room in the socket between the tries, each time at most the stall limit.
async fn when_writable(
    stream: &TcpStream,
    limits: &Limits,
    mut attempt: impl FnMut() -> io::Result<usize>,
) -> Result<usize, AbortReason> {
    loop {
        match stream.try_io(Interest::WRITABLE, &mut attempt) {
            Ok(sent) => return Ok(sent),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(&error)),
        }
        match timeout(limits.send_stall, stream.writable()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(broken(&error)),
            Err(_) => return Err(AbortReason::Stalled(limits.send_stall)),
        }
    }
}

fn broken(error: &io::Error) -> AbortReason {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::PIPE | Errno::CONNRESET | Errno::CONNABORTED | Errno::NOTCONN) => AbortReason::PeerClosed,
        _ => AbortReason::Failed(error.to_string()),
    }
}
