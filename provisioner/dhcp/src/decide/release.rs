//! DHCPRELEASE (RFC 2131 §4.3.4).

use super::{Done, Exchange, Output};
use crate::{
    counters::Reason,
    event::Outcome,
    lease::{LeaseTable, encode_record},
};

pub(super) fn handle(x: &Exchange<'_>, table: &mut LeaseTable, out: &mut Output) -> Result<Done, Reason> {
    if !x.is_for_us() {
        return Err(Reason::OtherServer);
    }
    let ip = x.packet.ciaddr();
    if ip.is_unspecified() {
        return Err(Reason::NoAddressAsked);
    }
    match table.of_client(x.subnet.index, x.key) {
        Some(lease) if lease.ip == ip => {}
        Some(_) => return Err(Reason::NotYours),
        None => return Err(Reason::UnknownLease),
    }
    if let Some(lease) = table.release(ip, x.now) {
        encode_record(lease, &mut out.records);
    }
    Ok(Done { outcome: Outcome::Release { ip }, destination: None })
}
