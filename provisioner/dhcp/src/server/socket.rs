//! Opening the sockets.

use nix::sys::socket::{
    AddressFamily, LinkAddr, SockFlag, SockType, bind, setsockopt, socket,
    sockopt::{RcvBufForce, SndBufForce},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::OwnedFd,
};

/// Bytes of kernel buffer: bridges a slow `fdatasync` at tens of thousands of packets a second.
const BUFFER: usize = 16 << 20;

/// A UDP socket that hears and speaks on one interface only.
pub(super) fn open_udp(interface: &str, port: u16) -> io::Result<Socket> {
    let udp = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    udp.bind_device(Some(interface.as_bytes()))?;
    udp.set_broadcast(true)?;
    // Beyond net.core.rmem_max with CAP_NET_ADMIN; without, as much as the system gives.
    if setsockopt(&udp, RcvBufForce, &BUFFER).is_err() {
        udp.set_recv_buffer_size(BUFFER)?;
    }
    if setsockopt(&udp, SndBufForce, &BUFFER).is_err() {
        udp.set_send_buffer_size(BUFFER)?;
    }
    udp.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into())?;
    Ok(udp)
}

/// A packet socket that only sends: bound with protocol 0 it receives nothing.
pub(super) fn open_frames(link: &LinkAddr) -> io::Result<OwnedFd> {
    let frames = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
    bind(std::os::fd::AsRawFd::as_raw_fd(&frames), link)?;
    Ok(frames)
}

/// What to do about an error of these calls.
pub(super) fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; another DHCP server runs here, stop it",
        io::ErrorKind::PermissionDenied => {
            "; run as root or with CAP_NET_RAW, CAP_NET_ADMIN and CAP_NET_BIND_SERVICE"
        }
        _ => "",
    }
}
