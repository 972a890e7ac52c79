//! TFTP server (RFC 1350) that serves a map of names and never a path.
//!
//! Options: blksize (RFC 2348), timeout and tsize (RFC 2349), windowsize (RFC 7440), negotiated as RFC 2347 says. Only
//! reads in mode `octet` are served. Names are keys of a [`Files`] map; nothing in this crate opens a file.
//!
//! Start reading at [`start`] and [`Files`]. [`packet`] is the codec, [`transfer`] one transfer as a state machine
//! without clock or socket, and `worker` the loop that moves packets between sockets and transfers.

mod admission;
mod error;
mod events;
mod files;
mod limits;
mod listener;
mod name;
pub mod options;
pub mod packet;
mod request;
mod server;
mod session;
mod slots;
mod spin;
mod timers;
pub mod transfer;
mod worker;

pub use error::TftpError;
pub use events::{Event, EventKind, EventSink, FailReason, Refusal, channel};
pub use files::{Files, Lookup};
pub use limits::Limits;
pub use name::{NameError, key};
pub use server::{Server, Stats, start};
