//! DHCPDECLINE (RFC 2131 §4.3.3): somebody else answers for the address.

use super::{Done, Exchange, Output};
use crate::{
    counters::Reason,
    event::Outcome,
    lease::{LeaseTable, encode_record},
    wire::code,
};

pub(super) fn handle(x: &Exchange<'_>, table: &mut LeaseTable, out: &mut Output) -> Result<Done, Reason> {
    if !x.is_for_us() {
        return Err(Reason::OtherServer);
    }
    let ip = x.packet.ipv4(code::REQUESTED_IP).ok_or(Reason::NoAddressAsked)?;
    // Only the client that holds an address can put it out of use.
    match table.of_client(x.subnet.index, x.key) {
        Some(lease) if lease.ip == ip => {}
        Some(_) => return Err(Reason::NotYours),
        None => return Err(Reason::UnknownLease),
    }
    let until = x.now + u64::from(x.subnet.config.quarantine.get());
    if let Some(lease) = table.decline(x.subnet.index, ip, x.now, until) {
        encode_record(lease, &mut out.records);
    }
    Ok(Done { outcome: Outcome::Decline { ip }, destination: None })
}
