//! DHCPDISCOVER (RFC 2131 §4.3.1).

use super::{Done, Exchange, Output, answer};
use crate::{
    client::destination,
    counters::Reason,
    event::Outcome,
    lease::{LeaseTable, NewLease, Wanted},
    wire::{MessageType, code},
};

/// Seconds for which an offered address is held. A client answers at once; firmware that waits for more offers does
/// so for some seconds.
pub(super) const OFFER_HOLD: u64 = 60;

pub(super) fn handle(x: &Exchange<'_>, table: &mut LeaseTable, out: &mut Output) -> Result<Done, Reason> {
    let wanted = Wanted {
        subnet: x.subnet.index,
        key: x.key,
        reserved: x.reserved(),
        asked: x.packet.ipv4(code::REQUESTED_IP),
        taken: &|ip| x.taken(ip),
    };
    let ip = table.find(&wanted, x.now).ok_or(Reason::NoFreeAddress)?;
    let new = NewLease { subnet: x.subnet.index, ip, client: x.client.clone(), hostname: None };
    table.offer(new, x.now, x.now + OFFER_HOLD);
    let boot_file = answer::positive(x, MessageType::Offer, &answer::Grant::Lease(ip), out);
    Ok(Done {
        outcome: Outcome::Offer { ip, boot_file },
        destination: Some(destination(x.packet, MessageType::Offer, ip)),
    })
}
