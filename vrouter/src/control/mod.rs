//! The control service: gRPC on a UNIX socket (crate `daybreak-control` has the protocol).

mod nothing;
mod server;
mod service;
mod socket;
mod statistics;

pub use nothing::Nothing;
pub use server::serve;
pub use service::{Routing, Service};
pub use socket::{SocketError, listen};
