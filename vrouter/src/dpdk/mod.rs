//! The safe layer over DPDK: environment, buffer pools, packet buffers, ports, bursts.
//!
//! Two rules make it sound. The environment and every pool live until the process ends, so a packet buffer can never
//! outlive its memory. A packet buffer has one owner: [`Mbuf`] cannot be cloned, and sending it gives it away.
#![allow(unsafe_code, reason = "the layer directly above the foreign function interface")]

mod burst;
mod cycles;
mod eal;
mod error;
mod mbuf;
mod pool;
mod port;
mod queue;
mod spec;
#[cfg(feature = "bench")]
mod stamp;

pub use burst::{BURST, Burst};
pub use cycles::{cycles, cycles_per_second};
pub use eal::{Eal, EalConfig, LogLevel, Memory, Pci, driver_folder};
pub use error::DpdkError;
pub use mbuf::Mbuf;
pub use pool::MbufPool;
pub use port::{Filter, Link, Port, PortConfig, PortStats};
pub use queue::{RxQueue, TxQueue};
pub(crate) use spec::plain as plain_interface_name;
pub use spec::{PciAddress, PortSpec};
#[cfg(feature = "bench")]
pub use stamp::stamp;
