//! The data plane: which ports there are, enabled, with which MTU.

mod apply;
mod target;

pub use apply::Vrouterd;

use std::path::PathBuf;

/// Where the data plane is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its socket.
    pub socket: PathBuf,
    /// Where it is kept what ports were before the configuration named them; ends with the machine.
    pub run: PathBuf,
}

impl Default for Settings {
    /// The appliance.
    fn default() -> Self {
        Self { socket: daybreak_control::DEFAULT_SOCKET.into(), run: "/run/daybreak/netconf".into() }
    }
}
