//! Following Linux: all that there is, then every change, and all again when changes were lost.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::dump::{Answer, Kind, dump};
use super::event::{Event, NeighbourKey, read_events};
use super::neighbour::use_request;
use super::socket::Socket;

const RTMGRP_LINK: u32 = 0x1;
const RTMGRP_NEIGH: u32 = 0x4;
const RTMGRP_IPV4_IFADDR: u32 = 0x10;
const RTMGRP_IPV4_ROUTE: u32 = 0x40;
const RTMGRP_IPV6_IFADDR: u32 = 0x100;
const RTMGRP_IPV6_ROUTE: u32 = 0x400;

/// The kernel's largest datagram in a dump is of 32 KiB, and it makes those as large as the reader's buffer.
const DATAGRAM: usize = 32 * 1024;
/// Pause after netlink failed, as for want of memory.
const PAUSE: Duration = Duration::from_millis(500);
/// Dumps that are tried for one that nothing interrupted; changes go on being heard, so the last one will do.
const ATTEMPTS: usize = 5;
/// Groups of events that may wait.
const WAITING: usize = 16;

/// What to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// Routes of the main table too, and not only interfaces, addresses and neighbours.
    pub routes: bool,
    /// Bytes for changes that are not read yet. What does not fit is lost, and everything asked for again.
    pub buffer: usize,
}

/// The way from Linux; nothing comes before [`Self::run`].
pub struct Watcher {
    changes: Socket,
    requests: Socket,
    routes: bool,
    sequence: u32,
    to: mpsc::Sender<Vec<Event>>,
    losses: Arc<AtomicU64>,
}

/// Opens netlink in the namespace of the calling thread. What Linux says comes out of the receiver, in order.
///
/// # Errors
/// When there are no sockets.
pub fn watch(watched: Watched) -> io::Result<(Watcher, mpsc::Receiver<Vec<Event>>)> {
    let mut groups = RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if watched.routes {
        groups |= RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    }
    let changes = Socket::open(groups, watched.buffer)?;
    let requests = Socket::open(0, watched.buffer)?;
    let (to, events) = mpsc::channel(WAITING);
    let follower =
        Watcher { changes, requests, routes: watched.routes, sequence: 0, to, losses: Arc::default() };
    Ok((follower, events))
}

impl Watcher {
    /// Counts how often changes were lost and everything was asked for again.
    pub fn losses(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.losses)
    }

    /// Follows Linux until the receiver goes or it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        let stopped = stop.cancelled();
        tokio::select! {
            () = stopped => {}
            () = self.follow() => {}
        }
    }

    async fn follow(&mut self) {
        let mut buffer = Vec::with_capacity(DATAGRAM);
        while !self.to.is_closed() {
            let lost = match self.everything(&mut buffer).await {
                Ok(()) => self.changes(&mut buffer).await,
                Err(error) => error,
            };
            if lost.raw_os_error() == Some(Errno::ENOBUFS as i32) {
                self.losses.fetch_add(1, Ordering::Relaxed);
                tracing::info!(
                    "changes of Linux came faster than they were read; asking for everything again"
                );
            } else if lost.kind() != io::ErrorKind::BrokenPipe {
                tracing::warn!(error = %lost, "netlink failed; asking for everything again");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Hands over all that there is.
    async fn everything(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let mut kinds = vec![Kind::Links, Kind::Addresses, Kind::Neighbours];
        if self.routes {
            kinds.push(Kind::Routes);
        }
        for _ in 0..ATTEMPTS {
            self.hand_over(vec![Event::Begin]).await?;
            let mut whole = true;
            for kind in &kinds {
                self.sequence = self.sequence.wrapping_add(1);
                let answer = dump(&self.requests, *kind, self.sequence, buffer, &self.to).await?;
                whole &= answer == Answer::Whole;
            }
            if whole {
                break;
            }
        }
        self.hand_over(vec![Event::Complete]).await
    }

    /// Hands over changes until that fails.
    async fn changes(&self, buffer: &mut Vec<u8>) -> io::Error {
        loop {
            let mut events = Vec::new();
            if let Err(error) = self.changes.receive(buffer).await {
                return error;
            }
            read_events(buffer, |event| match event {
                Ok(event) => events.push(event),
                Err(error) => tracing::debug!(%error, "left out of what Linux says"),
            });
            if let Err(error) = self.hand_over(events).await {
                return error;
            }
        }
    }

    async fn hand_over(&self, events: Vec<Event>) -> io::Result<()> {
        self.to.send(events).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Has Linux look for neighbours.
pub struct Prober {
    socket: Socket,
    sequence: u32,
}

impl Prober {
    /// Opens netlink in the namespace of the calling thread.
    ///
    /// # Errors
    /// When there are no sockets.
    pub fn open() -> io::Result<Self> {
        Ok(Self { socket: Socket::open(0, DATAGRAM)?, sequence: 0 })
    }

    /// Has Linux take a neighbour for one that it just sent to: it asks for the address of one that it does not know, and
    /// asks again for one that it has not heard of for a while. What comes of it comes as an event.
    ///
    /// # Errors
    /// When Linux does not take the request.
    pub async fn probe(&mut self, neighbour: NeighbourKey) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        self.socket.send(&use_request(neighbour, self.sequence)).await
    }
}
