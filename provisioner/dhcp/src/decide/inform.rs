//! DHCPINFORM (RFC 2131 §4.3.5): settings for a client that has its address from elsewhere.

use super::{Done, Exchange, Output, answer};
use crate::{client::destination, counters::Reason, event::Outcome, wire::MessageType};

pub(super) fn handle(x: &Exchange<'_>, out: &mut Output) -> Result<Done, Reason> {
    let ip = x.packet.ciaddr();
    if ip.is_unspecified() {
        return Err(Reason::NoAddressAsked);
    }
    // The reply goes to `ciaddr`: outside of the subnet it would let anybody aim packets at strangers.
    if !x.subnet.config.subnet.contains(&ip) {
        return Err(Reason::WrongNetwork);
    }
    answer::positive(x, MessageType::Ack, &answer::Grant::Settings, out);
    Ok(Done {
        outcome: Outcome::Inform { ip },
        destination: Some(destination(x.packet, MessageType::Ack, ip)),
    })
}
