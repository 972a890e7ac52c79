//! Packets made and read with `dhcproto`, for what no client program does on demand.

use dhcproto::{Decodable as _, Decoder, Encodable as _, v4};
use std::net::Ipv4Addr;

pub(crate) fn message(kind: v4::MessageType, mac: [u8; 6]) -> v4::Message {
    let mut message = v4::Message::default();
    message.set_chaddr(&mac).set_xid(u32::from_be_bytes([mac[2], mac[3], mac[4], mac[5]]));
    message.opts_mut().insert(v4::DhcpOption::MessageType(kind));
    message
}

pub(crate) fn encode(message: &v4::Message) -> Vec<u8> {
    message.to_vec().unwrap()
}

pub(crate) fn decode(bytes: &[u8]) -> v4::Message {
    v4::Message::decode(&mut Decoder::new(bytes)).expect("dhcproto reads the reply")
}

pub(crate) fn kind(message: &v4::Message) -> v4::MessageType {
    message.opts().msg_type().expect("a reply has a type")
}

pub(crate) fn with_requested(mut message: v4::Message, ip: Ipv4Addr) -> v4::Message {
    message.opts_mut().insert(v4::DhcpOption::RequestedIpAddress(ip));
    message
}

pub(crate) fn with_server(mut message: v4::Message, ip: Ipv4Addr) -> v4::Message {
    message.opts_mut().insert(v4::DhcpOption::ServerIdentifier(ip));
    message
}
