//! Routes of Linux's main table.

use super::error::MessageError;
use super::event::{Event, RouteKey};
use super::wire::{Message, attributes};
use crate::fpm::{FpmMessage, MAIN_TABLE, read_route};

pub(super) const RTM_NEWROUTE: u16 = 24;
pub(super) const RTM_DELROUTE: u16 = 25;

/// Bytes of `struct rtmsg`.
const HEADER: usize = 12;
const RTA_PRIORITY: u16 = 6;
/// The route is a memory of a look-up and not one of the table.
const RTM_F_CLONED: u32 = 0x200;
/// What Linux keeps for itself: its own addresses and multicast, which are known from elsewhere.
const RTN_LOCAL: u8 = 2;
const RTN_BROADCAST: u8 = 3;
const RTN_ANYCAST: u8 = 4;
const RTN_MULTICAST: u8 = 5;

/// Reads a route.
pub(super) fn read(message: Message<'_>) -> Result<Option<Event>, MessageError> {
    let (header, rest) =
        message.body.split_first_chunk::<HEADER>().ok_or(MessageError::Header(message.kind))?;
    let flags = u32::from_ne_bytes([header[8], header[9], header[10], header[11]]);
    if flags & RTM_F_CLONED != 0
        || matches!(header[7], RTN_LOCAL | RTN_BROADCAST | RTN_ANYCAST | RTN_MULTICAST)
    {
        return Ok(None);
    }
    Ok(match read_route(message)? {
        FpmMessage::RouteAdd(route) if route.key.table == MAIN_TABLE => {
            let key = RouteKey { prefix: route.key.prefix, metric: route.metric };
            Some(Event::Route(key, route.target))
        }
        FpmMessage::RouteDelete(key) if key.table == MAIN_TABLE => {
            let mut metric = 0;
            for attribute in attributes(message.kind, rest) {
                let attribute = attribute?;
                if attribute.kind == RTA_PRIORITY {
                    metric = attribute.u32()?;
                }
            }
            Some(Event::RouteGone(RouteKey { prefix: key.prefix, metric }))
        }
        _ => None,
    })
}
