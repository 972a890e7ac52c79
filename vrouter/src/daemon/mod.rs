//! The daemon: what it starts, in which order, and the ports that it keeps.

mod auto;
mod cpu;
mod linux;
mod memory;
mod namespace;
mod notify;
pub mod pci;
mod plane;
pub mod ports;
mod serve;

pub use ports::{MAX_PORTS, check_port};
pub use serve::run;
