//! Publisher of the appliance image.
//!
//! [`cli`] has the arguments. `aws/` makes a snapshot and an image of EC2 from a raw disk, `glance/` an image of OpenStack
//! from a qcow2 file. Both need only HTTP: `http.rs` sends, `retry.rs` decides when again.

mod aws;
pub mod cli;
mod console;
mod environment;
mod error;
mod glance;
mod http;
mod retry;
mod source;
mod text;

pub use error::PublishError;
