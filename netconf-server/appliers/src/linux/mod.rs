//! Linux: interfaces, names, time, users.

mod apply;
mod check;
mod link;
mod overlap;
mod system;
mod users;

pub use apply::Linux;

use std::path::PathBuf;
use std::time::Duration;

/// Where Linux is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Everything in files is below it.
    pub root: PathBuf,
    /// `/proc/sys`.
    pub sysctl: PathBuf,
    /// Tells services that their files have changed; None where systemd does not run.
    pub systemctl: Option<PathBuf>,
    /// What ends with the kernel: what interfaces were before.
    pub run: PathBuf,
    /// What outlives a reboot: which users are ours.
    pub state: PathBuf,
    /// For one run of a tool; below the deadline of the transaction, so that the tool is told apart.
    pub deadline: Duration,
}

impl Default for Settings {
    /// The appliance.
    fn default() -> Self {
        Self {
            root: "/".into(),
            sysctl: "/proc/sys".into(),
            systemctl: Some("/usr/bin/systemctl".into()),
            run: "/run/daybreak/netconf".into(),
            state: "/var/lib/daybreak/netconf/linux".into(),
            deadline: Duration::from_secs(10),
        }
    }
}
