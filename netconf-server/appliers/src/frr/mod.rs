//! FRR: static routes and BGP.
//!
//! The whole `frr.conf` is rendered from an intent, checked by `vtysh -C` and by rules of our own for what that does not
//! see, and loaded by FRR's own reload tool. Afterwards `show running-config` is compared with what was rendered: the
//! tool reports success for some lines that FRR did not take.

mod load;
mod render;
mod rules;
mod running;
mod text;

pub use load::Frr;
pub use render::render;
pub use text::Text;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

/// Where FRR and its tools are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Folder of `vtysh`.
    pub bin_dir: PathBuf,
    /// `frr-reload.py`.
    pub reload: PathBuf,
    /// Folder of `frr.conf`.
    pub conf_dir: PathBuf,
    /// Folder of the daemons' sockets; the reload tool writes what it is about to load there too.
    pub run_dir: PathBuf,
    /// Where zebra sends its routes: the FPM listener of `vrouterd`.
    pub fpm: (Ipv4Addr, u16),
    /// For one run of a tool; below the deadline of the transaction, so that the tool is told apart.
    pub deadline: Duration,
}

impl Default for Settings {
    /// As Debian's package has it.
    fn default() -> Self {
        Self {
            bin_dir: "/usr/bin".into(),
            reload: "/usr/lib/frr/frr-reload.py".into(),
            conf_dir: "/etc/frr".into(),
            run_dir: "/var/run/frr".into(),
            fpm: (Ipv4Addr::LOCALHOST, FPM_PORT),
            deadline: Duration::from_secs(25),
        }
    }
}

/// The port of FPM, which FRR leaves out of its configuration.
const FPM_PORT: u16 = 2620;
