//! The control service: gRPC on a UNIX socket (crate `daybreak-control` has the protocol).

mod server;
mod service;
mod socket;
mod statistics;

pub use server::serve;
pub use service::{Routing, Service};
pub use socket::{SocketError, listen};
