//! Replies on their way out, many by one system call.

use super::{
    StartError,
    interface::Interface,
    receive::BATCH,
    socket::{open_frames, open_udp},
};
use crate::{
    client::Destination,
    decide::Port,
    wire::frame::{self, FrameAddresses},
};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, sendmmsg};
use socket2::Socket;
use std::{
    io::IoSlice,
    net::{Ipv4Addr, SocketAddrV4},
    ops::Range,
    os::fd::{AsRawFd as _, OwnedFd, RawFd},
};

/// An interface and a port: where packets come in and replies go out.
pub(super) struct Link {
    pub(super) interface: usize,
    pub(super) port: Port,
    pub(super) udp: Socket,
    frames: Option<(OwnedFd, [u8; 6])>,
}

impl Link {
    pub(super) fn open(index: usize, interface: &Interface, port: Port) -> Result<Self, StartError> {
        let number = if port == Port::Dhcp { 67 } else { 4011 };
        let fail = |port| {
            let interface = interface.name.clone();
            move |source| StartError::Socket { interface, port, source }
        };
        let udp = open_udp(&interface.name, number).map_err(fail(number))?;
        let frames = match interface.ethernet().filter(|_| port == Port::Dhcp) {
            Some((link, mac)) => Some((open_frames(&link).map_err(fail(0))?, mac)),
            None => None,
        };
        Ok(Self { interface: index, port, udp, frames })
    }
}

/// Replies of one link, in one buffer.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    udp: Vec<(Range<usize>, SockaddrIn)>,
    frames: Vec<Range<usize>>,
}

impl Outbox {
    /// Adds a reply. On the link it is a frame of our own making, which also fixes the sender's address; without
    /// Ethernet everything on the link is broadcast.
    pub(super) fn push(&mut self, link: &Link, to: Destination, from: Ipv4Addr, payload: &[u8]) {
        let (to_mac, to_ip) = match to {
            Destination::Udp(address) => return self.push_udp(address, payload),
            Destination::Broadcast => ([0xff; 6], Ipv4Addr::BROADCAST),
            Destination::Frame { mac, ip } => (mac, ip),
        };
        let headers = link.frames.as_ref().and_then(|(_, from_mac)| {
            frame::headers(&FrameAddresses { from_mac: *from_mac, to_mac, from_ip: from, to_ip }, payload)
        });
        match headers {
            Some(headers) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(&headers);
                self.bytes.extend_from_slice(payload);
                self.frames.push(start..self.bytes.len());
            }
            None => self.push_udp(SocketAddrV4::new(Ipv4Addr::BROADCAST, 68), payload),
        }
    }

    fn push_udp(&mut self, to: SocketAddrV4, payload: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        self.udp.push((start..self.bytes.len(), SockaddrIn::from(to)));
    }

    /// Replies in it.
    pub(super) fn len(&self) -> usize {
        self.udp.len() + self.frames.len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.udp.clear();
        self.frames.clear();
    }
}

/// Reused headers of `sendmmsg`.
pub(super) struct Sender {
    headers: MultiHeaders<SockaddrIn>,
}

impl Sender {
    pub(super) fn new() -> Self {
        Self { headers: MultiHeaders::preallocate(BATCH, None) }
    }

    /// Sends and empties the outbox. The result is how many replies the system did not take; clients ask again.
    pub(super) fn send(&mut self, link: &Link, outbox: &mut Outbox) -> u64 {
        let mut failed = 0;
        let slice = |range: &Range<usize>| [IoSlice::new(&outbox.bytes[range.clone()])];
        for part in outbox.udp.chunks(BATCH) {
            let slices: Vec<_> = part.iter().map(|(range, _)| slice(range)).collect();
            let to: Vec<_> = part.iter().map(|(_, to)| Some(*to)).collect();
            failed += self.send_part(link.udp.as_raw_fd(), &slices, &to);
        }
        if let Some((fd, _)) = &link.frames {
            for part in outbox.frames.chunks(BATCH) {
                let slices: Vec<_> = part.iter().map(slice).collect();
                failed += self.send_part(fd.as_raw_fd(), &slices, &vec![None; part.len()]);
            }
        }
        outbox.clear();
        failed
    }

    fn send_part(
        &mut self,
        fd: RawFd,
        mut slices: &[[IoSlice<'_>; 1]],
        mut to: &[Option<SockaddrIn>],
    ) -> u64 {
        let mut failed = 0;
        while !slices.is_empty() {
            let sent = match sendmmsg(fd, &mut self.headers, slices, to, [], MsgFlags::MSG_DONTWAIT) {
                Ok(results) => results.count(),
                Err(nix::errno::Errno::EINTR) => continue,
                // The first reply of the rest cannot be sent (no route, no room): leave it and go on.
                Err(error) => {
                    tracing::debug!(%error, "reply not sent");
                    failed += 1;
                    1
                }
            };
            slices = &slices[sent.max(1)..];
            to = &to[sent.max(1)..];
        }
        failed
    }
}
