//! Forwarding: what happens to a burst of frames between reception and sending. No I/O and no DPDK.
//!
//! [`Pipeline::run`] is the table of contents: it calls the nodes in order, each a file here. A frame leaves with
//! an [`Outcome`]; every drop has a reason with a counter.

mod adjacency;
mod classify;
mod drops;
mod errors;
mod lookup;
mod nodes;
mod pipeline;
mod police;
mod rate;
mod rewrite;
mod tables;

pub use drops::{DropReason, Drops, manual};
pub use nodes::{Node, NodeCount, Nodes};
pub use pipeline::{Frame, Limits, Outcome, Pipeline};
pub use police::PuntLimits;
pub use tables::{PortInfo, Tables};
