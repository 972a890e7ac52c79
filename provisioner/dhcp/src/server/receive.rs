//! Many packets by one system call.

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg};
use std::{
    io::{self, IoSliceMut},
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::{AsFd, AsRawFd as _},
};

/// Packets taken by one call.
pub(super) const BATCH: usize = 64;
/// One byte more than the largest packet looked at would do; a longer one arrives cut and is refused as too long.
const BUFFER: usize = 2048;

/// Reused buffers.
pub(super) struct Receiver {
    buffers: Vec<[u8; BUFFER]>,
    headers: MultiHeaders<SockaddrIn>,
    packets: Vec<(SocketAddrV4, usize)>,
}

impl Receiver {
    pub(super) fn new() -> Self {
        Self {
            buffers: vec![[0; BUFFER]; BATCH],
            headers: MultiHeaders::preallocate(BATCH, None),
            packets: Vec::with_capacity(BATCH),
        }
    }

    /// Takes what is waiting, without waiting; the number of packets is 0 when nothing is.
    pub(super) fn receive(&mut self, socket: impl AsFd) -> io::Result<usize> {
        self.packets.clear();
        let mut slices: Vec<_> = self.buffers.iter_mut().map(|b| [IoSliceMut::new(b)]).collect();
        let fd = socket.as_fd().as_raw_fd();
        match recvmmsg(fd, &mut self.headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None) {
            Ok(results) => {
                for message in results {
                    let from = message
                        .address
                        .map_or(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0), SocketAddrV4::from);
                    self.packets.push((from, message.bytes.min(BUFFER)));
                }
                Ok(self.packets.len())
            }
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// What the last call took.
    pub(super) fn packets(&self) -> impl Iterator<Item = (SocketAddrV4, &[u8])> {
        self.packets.iter().zip(&self.buffers).map(|((from, len), buffer)| (*from, &buffer[..*len]))
    }
}
