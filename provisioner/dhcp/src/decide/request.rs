//! DHCPREQUEST in its four meanings (RFC 2131 §4.3.2).

use super::{Done, Exchange, Output, answer};
use crate::{
    client::destination,
    counters::Reason,
    event::Outcome,
    lease::{LeaseState, LeaseTable, NewLease, encode_record},
    wire::{MessageType, Packet, code},
};
use std::{net::Ipv4Addr, sync::Arc};

pub(super) fn handle(x: &Exchange<'_>, table: &mut LeaseTable, out: &mut Output) -> Result<Done, Reason> {
    let asked = x.packet.ipv4(code::REQUESTED_IP);
    let ciaddr = Some(x.packet.ciaddr()).filter(|ip| !ip.is_unspecified());
    let own = table.of_client(x.subnet.index, x.key).map(|lease| (lease.ip, lease.state));
    if x.packet.has(code::SERVER_ID) {
        // SELECTING
        if !x.is_for_us() {
            if let Some((ip, LeaseState::Offered)) = own {
                table.withdraw(ip, x.now);
            }
            return Err(Reason::OtherServer);
        }
        let ip = asked.or(ciaddr).ok_or(Reason::NoAddressAsked)?;
        return Ok(grant(x, table, ip, out));
    }
    // INIT-REBOOT names the address in option 50, RENEWING and REBINDING in `ciaddr`.
    let ip = ciaddr.or(asked).ok_or(Reason::NoAddressAsked)?;
    if !x.subnet.config.subnet.contains(&ip) {
        return Ok(refuse(x, Reason::WrongNetwork, out));
    }
    match own {
        Some((own, _)) if own == ip => Ok(grant(x, table, ip, out)),
        Some(_) => Ok(refuse(x, Reason::NotYours, out)),
        // "If the DHCP server has no record of this client, then it MUST remain silent": the lease may be another
        // server's. Unless we know whose it is.
        None if ciaddr.is_some() && table.by_ip(ip).is_some_and(|lease| lease.is_active(x.now)) => {
            Ok(refuse(x, Reason::NotYours, out))
        }
        None => Err(Reason::UnknownLease),
    }
}

fn grant(x: &Exchange<'_>, table: &mut LeaseTable, ip: Ipv4Addr, out: &mut Output) -> Done {
    if !x.subnet.config.subnet.contains(&ip) {
        return refuse(x, Reason::WrongNetwork, out);
    }
    let allowed = match x.reserved() {
        Some(reserved) if reserved == ip => true,
        // The reservation has changed: a refusal makes the client discover again and get it.
        Some(reserved) if table.usable_by(reserved, x.key, x.now) => false,
        _ => table.in_pool(x.subnet.index, ip) && !x.taken(ip),
    };
    if !allowed || !table.usable_by(ip, x.key, x.now) {
        return refuse(x, Reason::NotYours, out);
    }
    let new =
        NewLease { subnet: x.subnet.index, ip, client: x.client.clone(), hostname: host_name(x.packet) };
    let until = x.now + u64::from(x.subnet.config.lease_time.get());
    if let Some(lease) = table.bind(new, x.now, until) {
        encode_record(lease, &mut out.records);
    }
    let boot_file = answer::positive(x, MessageType::Ack, &answer::Grant::Lease(ip), out);
    Done {
        outcome: Outcome::Ack { ip, boot_file },
        destination: Some(destination(x.packet, MessageType::Ack, ip)),
    }
}

fn refuse(x: &Exchange<'_>, reason: Reason, out: &mut Output) -> Done {
    let why = if reason == Reason::WrongNetwork { "address of another network" } else { "address not yours" };
    answer::negative(x, why, out);
    Done {
        outcome: Outcome::Nak { reason },
        destination: Some(destination(x.packet, MessageType::Nak, Ipv4Addr::UNSPECIFIED)),
    }
}

/// Option 12 when it is a host name of RFC 1123 §2.1: it ends up in logs, files and templates, so nothing else passes.
fn host_name(packet: &Packet<'_>) -> Option<Arc<str>> {
    let value = packet.get(code::HOST_NAME)?;
    let name = value.strip_suffix(b"\0").unwrap_or(&value);
    let good = !name.is_empty()
        && name.len() <= 253
        && name.split(|b| *b == b'.').all(|label| {
            (1..=63).contains(&label.len())
                && label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
                && label.first() != Some(&b'-')
                && label.last() != Some(&b'-')
        });
    if good { str::from_utf8(name).ok().map(Arc::from) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::PacketSpec;

    #[test]
    fn table_of_host_names() {
        for (sent, kept) in [
            (&b"vr1"[..], Some("vr1")),
            (b"vr1.lab.example", Some("vr1.lab.example")),
            (b"vr1\0", Some("vr1")),
            (b"", None),
            (b"-vr1", None),
            (b"vr1-", None),
            (b"a..b", None),
            (b"a b", None),
            (b"{{ evil }}", None),
            (b"a\nb", None),
            ("vrü".as_bytes(), None),
            (&[b'a'; 64], None),
        ] {
            let bytes = PacketSpec::request().option(12, sent).bytes();
            assert_eq!(host_name(&Packet::parse(&bytes).unwrap()).as_deref(), kept, "{sent:?}");
        }
    }
}
