//! A listening socket that tells to which of our addresses a request was sent, so that the answer comes from there.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo, RcvBufForce};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use socket2::{Domain, Socket, Type};

/// Room for requests that come while all workers are busy: a whole site that powers on sends its requests at once.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// A bound UDP socket for requests.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: UdpSocket,
    local: SocketAddr,
}

/// A datagram's length and its two ends. The local end has port 0: a session takes a port of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) len: usize,
    pub(crate) client: SocketAddr,
    pub(crate) local: SocketAddr,
}

impl Listener {
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM.nonblocking().cloexec(), None)?;
        match address {
            SocketAddr::V4(_) => setsockopt(&socket, Ipv4PacketInfo, &true)?,
            SocketAddr::V6(_) => {
                socket.set_only_v6(true)?;
                setsockopt(&socket, Ipv6RecvPacketInfo, &true)?;
            }
        }
        // Beyond the system's limit only with CAP_NET_ADMIN; what the system allows is enough for a small site.
        if setsockopt(&socket, RcvBufForce, &RECEIVE_BUFFER).is_err() {
            socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        }
        socket.bind(&address.into())?;
        let socket = UdpSocket::from(socket);
        Ok(Self { local: socket.local_addr()?, socket })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.local
    }

    /// Takes the next datagram; `None` for one whose sender cannot be answered.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        let mut control = nix::cmsg_space!(nix::libc::in6_pktinfo);
        let mut parts = [IoSliceMut::new(buffer)];
        let message = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::MSG_DONTWAIT,
        )?;
        let Some(client) = message.address.as_ref().and_then(to_std) else {
            return Ok(None);
        };
        let local = message.cmsgs()?.find_map(|info| match info {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                let address = Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr));
                Some(SocketAddr::from((address, 0)))
            }
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                let address = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                let scope = if address.is_unicast_link_local() { info.ipi6_ifindex } else { 0 };
                Some(SocketAddr::V6(SocketAddrV6::new(address, 0, 0, scope)))
            }
            _ => None,
        });
        let local = local.unwrap_or_else(|| SocketAddr::new(self.local.ip(), 0));
        Ok(Some(Received { len: message.bytes, client, local }).filter(|_| answerable(client)))
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn to_std(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::V4((*v4).into()));
    }
    address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into()))
}

/// A forged sender may be a group or the broadcast address, to which nothing must be sent.
fn answerable(client: SocketAddr) -> bool {
    let address = client.ip();
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    client.port() != 0 && !address.is_multicast() && !address.is_unspecified() && !broadcast
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    fn received_by(listen: &str, from: &str, to: &str) -> Received {
        let listener = Listener::bind(listen.parse().unwrap()).unwrap();
        let sender = UdpSocket::bind(from).unwrap();
        sender.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        let to = SocketAddr::new(to.parse().unwrap(), listener.address().port());
        sender.send_to(b"hello", to).unwrap();
        let mut ready = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut ready, PollTimeout::from(5000_u16)).unwrap(), 1, "no datagram in 5 s");
        let received = listener.receive(&mut [0; 64]).unwrap().unwrap();
        assert_eq!(received.client, sender.local_addr().unwrap());
        received
    }

    #[test]
    fn a_wildcard_listener_knows_which_address_was_asked() {
        let received = received_by("0.0.0.0:0", "127.0.0.1:0", "127.0.0.7");
        assert_eq!(received.local, "127.0.0.7:0".parse().unwrap());
        assert_eq!(received.len, 5);
        let received = received_by("[::]:0", "[::1]:0", "::1");
        assert_eq!(received.local, "[::1]:0".parse().unwrap());
    }

    #[test]
    fn groups_and_broadcast_are_not_answered() {
        for text in ["255.255.255.255:9", "224.0.0.1:9", "0.0.0.0:9", "10.0.0.1:0", "[ff02::1]:9"] {
            assert!(!answerable(text.parse().unwrap()), "{text}");
        }
        assert!(answerable("10.0.0.1:9".parse().unwrap()));
    }
}
