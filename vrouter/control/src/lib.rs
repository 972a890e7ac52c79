//! Control protocol of the data plane: gRPC on a UNIX socket.
//!
//! `proto/daybreak/control/v1/control.proto` is the protocol; this crate holds what is generated from it, for `vrouterd`,
//! which serves it, and for `netconfd` and `telemetryd`, which ask.

mod socket;

pub use socket::{ConnectError, DEFAULT_SOCKET, connect};

/// Generated messages, client and server.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated; what the messages mean is in the .proto file"
)]
pub mod v1 {
    tonic::include_proto!("daybreak.control.v1");
}
