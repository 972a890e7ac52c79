//! Routes from FRR: the FPM protocol as zebra's `dplane_fpm_nl` speaks it.
//!
//! Over TCP come frames (a 4-byte header and its payload), in a frame come netlink messages, one or several: zebra
//! sends a change that it cannot express as a replacement as a deletion and an addition in one frame. This module
//! decodes and does no I/O. What cannot be decoded is an error that names the attribute, never a route half read.

mod decoder;
mod error;
mod message;
mod netlink;
mod nexthop;
mod route;

pub use decoder::Decoder;
pub use error::{FrameError, MessageError};
pub use message::{FpmMessage, NextHop, NextHopKind, Path, Route, RouteKey, Target};
