//! One transfer and its socket.

use std::io::{self, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use nix::errno::Errno;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::UdpGsoSegment;
use socket2::{Domain, SockRef, Socket, Type};

use crate::admission::Place;
use crate::events::{Event, EventKind, EventSink, FailReason};
use crate::packet::{self, DATA_HEADER, ErrorCode, Packet};
use crate::transfer::{Burst, Step, Transfer};

/// Most blocks in one system call: the kernel's limit of segments (`UDP_MAX_SEGMENTS` was 64 until Linux 6.9).
const SEGMENTS: usize = 64;

/// Most bytes in one system call: an IPv4 packet without its headers.
const SEND_MAX: usize = 65_507;

/// A socket that belongs to one client: its own port on `local`, connected to `client`, so that the kernel keeps
/// everybody else out ("the source TID must match", RFC 1350 section 4).
pub(crate) fn connect(local: SocketAddr, client: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(client), Type::DGRAM.nonblocking().cloexec(), None)?;
    socket.bind(&local.into())?;
    socket.connect(&client.into())?;
    Ok(socket.into())
}

/// Whether a session goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It does.
    Open,
    /// All was acknowledged.
    Finished,
    /// It broke off.
    Failed(FailReason),
}

/// A transfer with its socket and times.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) socket: UdpSocket,
    pub(crate) place: Place,
    client: SocketAddr,
    name: Arc<str>,
    content: Bytes,
    oack: Vec<u8>,
    transfer: Transfer,
    blksize: usize,
    /// Blocks of the current burst that the socket had no room for.
    unsent: Option<(u64, u64)>,
    /// Several blocks go in one system call and are cut by the kernel or the card (`UDP_SEGMENT`).
    offload: bool,
    started: Instant,
    told: Instant,
    pub(crate) sent_at: Instant,
    /// End of the session whatever happens.
    pub(crate) end: Instant,
}

/// What a session is made of.
pub(crate) struct Parts {
    pub(crate) socket: UdpSocket,
    pub(crate) place: Place,
    pub(crate) client: SocketAddr,
    pub(crate) name: Arc<str>,
    pub(crate) content: Bytes,
    pub(crate) oack: Option<Vec<u8>>,
    pub(crate) transfer: Transfer,
    pub(crate) blksize: u16,
    pub(crate) windowsize: u16,
    pub(crate) end: Instant,
}

impl Session {
    pub(crate) fn new(parts: Parts, now: Instant) -> Self {
        let blksize = usize::from(parts.blksize);
        let mut session = Self {
            socket: parts.socket,
            place: parts.place,
            client: parts.client,
            name: parts.name,
            content: parts.content,
            oack: parts.oack.unwrap_or_default(),
            transfer: parts.transfer,
            blksize,
            unsent: None,
            offload: false,
            started: now,
            told: now,
            sent_at: now,
            end: parts.end,
        };
        // An ERROR packet must not be cut, so a block must not be smaller than one.
        if parts.windowsize > 1 && blksize >= 256 {
            session.set_offload(true);
        }
        session
    }

    fn set_offload(&mut self, on: bool) {
        let size = if on { i32::try_from(self.blksize + DATA_HEADER).unwrap_or(0) } else { 0 };
        self.offload = setsockopt(&self.socket, UdpGsoSegment, &size).is_ok() && on;
    }

    /// When the client's silence becomes a timeout.
    pub(crate) fn deadline(&self) -> Instant {
        (self.sent_at + self.transfer.wait()).min(self.end)
    }

    /// When to look at the deadline again: not later than it may become by an answer that ends a backoff.
    pub(crate) fn next_look(&self, now: Instant) -> Instant {
        self.deadline().min(now + self.transfer.first_wait())
    }

    /// Whether blocks wait for room in the socket.
    pub(crate) fn blocked(&self) -> bool {
        self.unsent.is_some()
    }

    /// Takes a packet of the client.
    pub(crate) fn packet(&mut self, bytes: &[u8], now: Instant) -> State {
        match packet::parse(bytes) {
            Ok(Packet::Ack { block }) => {
                let answered = self.transfer.answered();
                let step = self.transfer.ack(block);
                if !answered && self.transfer.answered() {
                    self.place.answered();
                }
                self.follow(step, now)
            }
            Ok(Packet::Error { code, message }) => {
                let message = message.escape_ascii().to_string();
                State::Failed(if self.transfer.opening() {
                    FailReason::Declined { code, message }
                } else {
                    FailReason::Client { code, message }
                })
            }
            // A client in the middle of a transfer sends nothing else. An answer could start a quarrel.
            _ => State::Open,
        }
    }

    /// The deadline has passed.
    pub(crate) fn timed_out(&mut self, now: Instant) -> State {
        if self.place.superseded() {
            return State::Failed(FailReason::Superseded);
        }
        if now >= self.end {
            return State::Failed(FailReason::Deadline);
        }
        let step = self.transfer.timed_out();
        self.follow(step, now)
    }

    /// The socket has room again.
    pub(crate) fn writable(&mut self) -> State {
        state_of(self.flush())
    }

    fn follow(&mut self, step: Step, now: Instant) -> State {
        match step {
            Step::Wait => State::Open,
            Step::Send(burst) => self.send(burst, now),
            Step::Finished => State::Finished,
            Step::GivenUp if self.transfer.all_sent() => State::Failed(FailReason::NoLastAnswer),
            Step::GivenUp => State::Failed(FailReason::NoAnswer),
        }
    }

    /// Sends a burst; what does not fit the socket stays for [`Session::writable`].
    pub(crate) fn send(&mut self, burst: Burst, now: Instant) -> State {
        self.sent_at = now;
        match burst {
            Burst::Oack => state_of(self.socket.send(&self.oack).map(drop)),
            Burst::Blocks { first, last } => {
                self.unsent = Some((first, last));
                self.writable()
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while let Some((first, last)) = self.unsent {
            let most =
                if self.offload { (SEND_MAX / (self.blksize + DATA_HEADER)).clamp(1, SEGMENTS) } else { 1 };
            let count = (last - first + 1).min(most as u64);
            match self.send_blocks(first, count) {
                Ok(()) => self.unsent = Some((first + count, last)).filter(|(first, last)| first <= last),
                Err(error) if self.offload && is_offload_trouble(&error) => self.set_offload(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    self.unsent = None;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn send_blocks(&self, first: u64, count: u64) -> io::Result<()> {
        let socket = SockRef::from(&self.socket);
        if count == 1 {
            let header = packet::data_header(first);
            return socket.send_vectored(&[IoSlice::new(&header), IoSlice::new(self.block(first))]).map(drop);
        }
        let headers: Vec<_> = (first..first + count).map(packet::data_header).collect();
        let mut parts = Vec::with_capacity(headers.len() * 2);
        for (number, header) in (first..).zip(&headers) {
            parts.push(IoSlice::new(header));
            parts.push(IoSlice::new(self.block(number)));
        }
        socket.send_vectored(&parts).map(drop)
    }

    fn block(&self, number: u64) -> &[u8] {
        let (offset, len) = self.transfer.block(number);
        // The transfer was made with the content's length, so both fit.
        let range = usize::try_from(offset).ok().zip(usize::try_from(offset + len).ok());
        range.and_then(|(start, end)| self.content.get(start..end)).unwrap_or_default()
    }

    /// Tells the client that the server goes away. If it does not arrive, the client times out instead.
    pub(crate) fn say_stopped(&self) {
        let _ = self.socket.send(&packet::error(ErrorCode::Undefined, "the server is stopping"));
    }

    /// Reports how far it is, if the last report is old enough.
    pub(crate) fn report(&mut self, events: &EventSink, every: Duration, now: Instant) {
        if now.duration_since(self.told) >= every {
            self.told = now;
            let (acked, size) = (self.transfer.acked_bytes(), self.content.len() as u64);
            let kind = EventKind::Progress { acked, size };
            events.emit(Event { client: self.client, name: Arc::clone(&self.name), kind });
        }
    }

    /// Ends the session: its place and port are free before the end is reported.
    pub(crate) fn end(self, events: &EventSink, end: State, now: Instant) {
        let elapsed = now.duration_since(self.started);
        let (size, acked) = (self.content.len() as u64, self.transfer.acked_bytes());
        let kind = match end {
            State::Open => return,
            State::Finished => EventKind::Finished { bytes: size, elapsed, resent: self.transfer.resent() },
            State::Failed(reason) => EventKind::Failed { acked, size, elapsed, reason },
        };
        let event = Event { client: self.client, name: Arc::clone(&self.name), kind };
        drop(self);
        events.emit(event);
    }
}

/// Segmentation is refused when a segment does not fit the path's MTU or the device lacks what it needs; blocks then
/// go one by one, in fragments if they must.
fn is_offload_trouble(error: &io::Error) -> bool {
    matches!(errno(error), Some(Errno::EINVAL | Errno::EMSGSIZE | Errno::EIO | Errno::EOPNOTSUPP))
}

/// What a failed send or receive means. Only a closed port ends a session at once: a missing route or a full queue may
/// pass, and the timeout repeats what was lost.
pub(crate) fn state_of(result: io::Result<()>) -> State {
    match result {
        Ok(()) => State::Open,
        Err(error) => match errno(&error) {
            Some(Errno::ECONNREFUSED) => State::Failed(FailReason::PortClosed),
            Some(
                Errno::EAGAIN
                | Errno::EINTR
                | Errno::ENOBUFS
                | Errno::ENOMEM
                | Errno::ENETDOWN
                | Errno::ENETUNREACH
                | Errno::EHOSTDOWN
                | Errno::EHOSTUNREACH
                | Errno::EPERM,
            ) => State::Open,
            _ => State::Failed(FailReason::Socket(error.to_string())),
        },
    }
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw)
}
