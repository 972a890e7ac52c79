//! The part of a connection that hyper may see: one request in, one response out.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::exchange::Marks;
use crate::wire::Wire;

/// Bytes of later requests that are read ahead while a response is made, which is how a closing peer is noticed.
const READ_AHEAD: usize = 16 * 1024;

/// A [`Wire`] that ends, for its reader, where the request ends.
pub(crate) struct View {
    wire: Wire,
    remaining: u64,
    marks: Arc<Marks>,
    deadline: Pin<Box<Sleep>>,
}

impl View {
    /// A view of the next `remaining` bytes of `wire`, which must all arrive within `deadline`.
    pub(crate) fn new(wire: Wire, remaining: u64, marks: Arc<Marks>, deadline: Duration) -> Self {
        Self { wire, remaining, marks, deadline: Box::pin(tokio::time::sleep(deadline)) }
    }

    /// Bytes of the request that were not read.
    pub(crate) fn remaining(&self) -> u64 {
        self.remaining
    }

    pub(crate) fn into_wire(self) -> Wire {
        self.wire
    }

    fn poll_request(&mut self, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(buf.remaining());
        let count = if self.wire.buffer.is_empty() {
            let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
            match Pin::new(&mut self.wire.stream).poll_read(context, &mut part) {
                Poll::Ready(result) => result?,
                Poll::Pending => return self.poll_deadline(context),
            }
            let count = part.filled().len();
            buf.advance(count);
            count
        } else {
            let count = room.min(self.wire.buffer.len());
            buf.put_slice(&self.wire.buffer[..count]);
            self.wire.buffer.advance(count);
            count
        };
        self.remaining -= count as u64;
        Poll::Ready(Ok(()))
    }

    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.marks.received.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        ready!(self.deadline.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request body came too slowly")))
    }

    /// Past the request: nothing to read but the end of the connection.
    fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.wire.buffer.len() < READ_AHEAD {
            let mut chunk = [0; 2048];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut self.wire.stream).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.wire.buffer.extend_from_slice(chunk.filled());
        }
        Poll::Pending
    }
}

impl AsyncRead for View {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.remaining == 0 { self.poll_closed(context) } else { self.poll_request(context, buf) }
    }
}

impl AsyncWrite for View {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire.stream).poll_write(context, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire.stream).poll_write_vectored(context, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// hyper flushes the connection only when its own buffer is empty, so a flush after the end of the response body
    /// means that all of the response was written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.wire.stream).poll_flush(context))?;
        if self.marks.answered.load(Ordering::Relaxed) {
            self.marks.flushed.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire.stream).poll_shutdown(context)
    }
}
