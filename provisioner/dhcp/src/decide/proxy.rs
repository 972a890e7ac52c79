//! Proxy mode: another server gives addresses, this one names boot files (PXE 2.1 §2.2, ports 67 and 4011).

use super::{Arrival, Done, Exchange, Output, Port, answer};
use crate::{
    client::{Destination, FirmwareKind, destination},
    counters::Reason,
    event::Outcome,
    lease::{Seen, SeenClients},
    wire::{MessageType, code},
};
use std::net::Ipv4Addr;

pub(super) fn handle(
    x: &Exchange<'_>,
    seen: &mut SeenClients,
    arrival: Arrival,
    kind: MessageType,
    out: &mut Output,
) -> Result<Done, Reason> {
    // Operating systems are noted too: their broadcast DHCPREQUEST says which address a node took.
    note(x, seen, arrival, kind);
    if x.firmware.kind == FirmwareKind::NotBooting {
        return Err(Reason::NotBooting);
    }
    let reply = match (arrival.port, kind) {
        (_, MessageType::Discover) => MessageType::Offer,
        // On 67 a DHCPREQUEST is for the server that gives the address.
        (Port::Dhcp, MessageType::Request) => return Err(Reason::OtherServer),
        (Port::Pxe, MessageType::Request | MessageType::Inform) | (Port::Dhcp, MessageType::Inform) => {
            MessageType::Ack
        }
        _ => return Err(Reason::MessageType),
    };
    let to = match arrival.port {
        Port::Dhcp => {
            let ciaddr = x.packet.ciaddr();
            if x.packet.giaddr().is_unspecified()
                && !ciaddr.is_unspecified()
                && !x.subnet.config.subnet.contains(&ciaddr)
            {
                return Err(Reason::WrongNetwork);
            }
            destination(x.packet, reply, Ipv4Addr::UNSPECIFIED)
        }
        Port::Pxe if x.subnet.config.subnet.contains(arrival.source.ip()) => Destination::Udp(arrival.source),
        Port::Pxe if arrival.source.ip().is_unspecified() => Destination::Broadcast,
        Port::Pxe => return Err(Reason::WrongNetwork),
    };
    let (boot, file) = answer::boot_of(x).ok_or(Reason::NoBootFile)?;
    answer::proxy(x, reply, boot, &file, out);
    Ok(Done { outcome: Outcome::Proxy { boot_file: file.into() }, destination: Some(to) })
}

fn note(x: &Exchange<'_>, seen: &mut SeenClients, arrival: Arrival, kind: MessageType) {
    let claimed = [
        x.packet.ipv4(code::REQUESTED_IP).filter(|_| kind == MessageType::Request),
        Some(x.packet.ciaddr()),
        Some(*arrival.source.ip()).filter(|_| arrival.port == Port::Pxe),
    ];
    let ip = claimed
        .into_iter()
        .flatten()
        .find(|ip| x.subnet.config.subnet.contains(ip) && !x.subnet.is_special(*ip));
    seen.note(Seen { client: x.client.clone(), firmware: x.firmware, ip, last: x.now });
}
