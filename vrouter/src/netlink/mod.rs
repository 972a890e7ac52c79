//! What Linux knows of the twins: interfaces, addresses, neighbours, and its routes when they are wanted.
//!
//! [`watch`] opens the way, [`Watcher::run`] follows it: first all that there is, then each change; and all again when
//! the kernel says that changes were lost (`ENOBUFS`), so that nothing is wrong for long. Everything is read one datagram
//! at a time and waits in the kernel's bounded buffer until then. That is why this module reads netlink itself: the
//! usual crates queue without bound what is not taken yet, and a full table is hundreds of MB of parsed messages.

mod address;
mod dump;
mod error;
mod event;
mod link;
mod neighbour;
mod route;
mod socket;
mod watch;
pub(crate) mod wire;

pub use error::MessageError;
pub use event::{Address, Event, Link, Neighbour, NeighbourKey, RouteKey, read_events};
pub use watch::{Prober, Watched, Watcher, watch};
