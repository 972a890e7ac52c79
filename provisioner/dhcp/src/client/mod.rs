//! What a packet says about its sender: pure functions of the packet.

mod arch;
mod destination;
mod firmware;
mod identity;

pub use arch::{Arch, arch_of};
pub use destination::{Destination, destination};
pub use firmware::{Firmware, FirmwareKind, firmware_of};
pub use identity::{ClientIdentity, ClientKey, identity_of};
