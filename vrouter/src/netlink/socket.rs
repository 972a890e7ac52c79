//! A netlink socket, read one datagram at a time: what is not read yet waits in the kernel, which bounds it and tells when
//! it had to drop some.

use std::io;

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{RcvBuf, RcvBufForce};
use rtnetlink::sys::protocols::NETLINK_ROUTE;
use rtnetlink::sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket};

/// A socket of `NETLINK_ROUTE`.
pub(super) struct Socket {
    socket: TokioSocket,
}

impl Socket {
    /// A socket of the calling thread's namespace that hears `groups` (`RTMGRP_` bits), with `buffer` bytes for what is
    /// not read yet. To be called in a runtime.
    pub(super) fn open(groups: u32, buffer: usize) -> io::Result<Self> {
        let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
        // Beyond the system's limit only with CAP_NET_ADMIN; without it, as much as may be.
        if setsockopt(socket.socket_ref(), RcvBufForce, &buffer).is_err() {
            setsockopt(socket.socket_ref(), RcvBuf, &buffer)?;
        }
        socket.socket_mut().bind(&SocketAddr::new(0, groups))?;
        Ok(Self { socket })
    }

    /// Reads a datagram into the room that `buffer` has, in the place of what is in it. With `ENOBUFS` the kernel says
    /// that some were lost.
    pub(super) async fn receive(&self, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        self.socket.recv(buffer).await
    }

    /// Sends a request.
    pub(super) async fn send(&self, request: &[u8]) -> io::Result<()> {
        let sent = self.socket.send(request).await?;
        if sent == request.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }
}
