//! Routes from FRR: the FPM protocol as zebra's `dplane_fpm_nl` speaks it.
//!
//! Over TCP come frames (a 4-byte header and its payload), in a frame come netlink messages, one or several: zebra
//! sends a change that it cannot express as a replacement as a deletion and an addition in one frame. This module
//! decodes; what cannot be decoded is an error that names the attribute, never a route half read. [`FpmListener`] is the
//! thin edge that FRR connects to, and nobody else.

mod decoder;
mod error;
mod listener;
mod message;
mod nexthop;
mod peer;
mod route;

pub use decoder::Decoder;
pub use error::FrameError;
pub use listener::{FpmEvent, FpmListener, FpmStatistics};
pub use message::{FpmMessage, MAIN_TABLE, NextHop, NextHopKind, Path, Route, RouteKey, Target};
pub(crate) use route::read as read_route;
