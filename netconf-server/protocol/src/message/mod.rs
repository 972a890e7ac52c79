//! Messages: what is between two ends of a session (RFC 6241 §4, §8.1).

mod hello;
mod notification;
mod reply;
mod rpc;

pub use hello::{Hello, HelloError};
pub use notification::notification;
pub use reply::{Reply, ReplyError, Response};
pub use rpc::{BadRpc, Echo, Rpc, request};
