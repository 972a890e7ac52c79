//! The ports: what a configuration may ask for, the way from one to another, and who has which.

mod check;
mod manager;
mod open;
mod plan;
mod wanted;

pub use check::{Facts, PciDevice, Refusal, check};
pub use manager::{CommitError, PortListener, PortState, Ports};
pub use open::{Opened, Opener, PortError};
pub use wanted::{MAX_PORTS, PortName, Wanted, check_port};
