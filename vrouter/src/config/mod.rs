//! Configuration of the daemon: `/etc/daybreak/vrouterd.yaml`. Everything has a default.

mod size;
mod sizing;
mod yaml;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

pub use crate::forward::PuntLimits;
pub use crate::routing::Source;
pub use size::Size;
pub use sizing::{Share, buffers, memory, total_kib};
pub use yaml::{ConfigError, load};

/// Where the configuration is unless the command line says otherwise.
pub const DEFAULT_FILE: &str = "/etc/daybreak/vrouterd.yaml";

/// Everything that the daemon is told at start.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct Config {
    /// The processor of the packet thread; `None` takes the last that was isolated at boot, else the last one that the
    /// process may run on.
    pub core: Option<u16>,
    /// Where packet buffers live.
    pub hugepages: Hugepages,
    /// Packet buffers.
    pub buffers: Buffers,
    /// The interface that stays with Linux when `vrouterd bind` takes the others.
    pub management: Management,
    /// The ports at start.
    pub ports: Ports,
    /// Network namespace, by its name in `/run/netns`, of the Linux interfaces that ports are made of; `None` is the
    /// daemon's own.
    pub port_namespace: Option<String>,
    /// Where FRR sends routes to.
    pub fpm: Fpm,
    /// Where `netconfd`, `telemetryd` and `vrouterd ctl` ask.
    pub control: Control,
    /// What may be made to happen from outside, and how often.
    pub limits: Limits,
    /// How the packet thread waits.
    pub polling: Polling,
    /// Sizes of tables.
    pub tables: Tables,
}

/// Huge pages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Hugepages {
    /// Whether to use them.
    #[serde(rename = "use")]
    pub usage: Usage,
    /// How much memory for packets: what `vrouterd bind` reserves and the daemon takes; `None` is what [`memory`] finds.
    pub memory: Option<Size>,
}

/// When to use huge pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// If there are any.
    #[default]
    Auto,
    /// Always: without them the daemon does not start.
    Always,
    /// Never. PCI devices cannot be ports then.
    Never,
}

/// Packet buffers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Buffers {
    /// How many; `None` is what [`buffers`] finds.
    pub count: Option<u32>,
    /// Bytes of the longest frame that one holds.
    pub size: u16,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { count: None, size: 2048 }
    }
}

impl Buffers {
    /// Ethernet header with two VLAN tags.
    const LINK_HEADER: u16 = 22;

    /// The largest IP packet that a buffer holds.
    pub fn largest_mtu(&self) -> u16 {
        self.size.saturating_sub(Self::LINK_HEADER)
    }
}

/// Which interface stays with Linux.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Management {
    /// The one that the machine was booted through, else that has an address or the default route, else that the network
    /// configuration names, else the first by PCI address.
    #[default]
    Auto,
    /// The first by PCI address.
    First,
    /// The one with this hardware address.
    Mac(crate::packet::MacAddr),
    /// The one with this name.
    Name(String),
    /// None.
    Nothing,
}

/// The ports at start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Ports {
    /// All network devices that `vrouterd bind` took or that are bound to a driver of DPDK's, named p0, p1, ... by PCI
    /// address.
    #[default]
    Auto,
    /// These.
    List(Vec<Port>),
}

/// A port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// Its name and that of its twin.
    pub name: String,
    /// PCI address, `af_packet:IF`, `tap:IF`, `ring` or `null`.
    pub device: String,
    /// Whether it receives and sends.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Largest IP packet in bytes.
    #[serde(default = "ethernet_mtu")]
    pub mtu: u16,
}

fn yes() -> bool {
    true
}

fn ethernet_mtu() -> u16 {
    1500
}

/// Where FRR sends routes to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fpm {
    /// TCP address.
    pub listen: SocketAddr,
    /// How long after FRR has come back the routes stay that it has not sent again, in seconds.
    pub stale_time: u32,
    /// Where routes come from: FRR by FPM, or the main table of Linux.
    #[serde(deserialize_with = "yaml::source")]
    pub source: Source,
}

impl Default for Fpm {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 2620)), stale_time: 120, source: Source::Fpm }
    }
}

/// The control socket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Control {
    /// Its path.
    pub socket: PathBuf,
    /// The group whose members may use it; it stays with root alone where there is no such group.
    pub group: String,
}

impl Default for Control {
    fn default() -> Self {
        Self { socket: daybreak_control::DEFAULT_SOCKET.into(), group: "daybreak".into() }
    }
}

/// What may be made to happen from outside, per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// ICMP errors.
    pub icmp_errors: u32,
    /// Packets to Linux for neighbours that it does not know yet.
    pub resolutions: u32,
    /// Packets to Linux because they are for the router itself, on each port.
    pub punt: PuntLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self { icmp_errors: 1000, resolutions: 1000, punt: PuntLimits::default() }
    }
}

/// How the packet thread waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Polling {
    /// Microseconds. When nothing comes, a rest is a quarter of the silence so far, up to eight times this, and sixteen times
    /// after 200 ms; 0 never rests and takes a whole processor.
    pub rest: u32,
}

impl Default for Polling {
    fn default() -> Self {
        Self { rest: 1000 }
    }
}

impl Polling {
    /// As a duration.
    pub fn rest(self) -> Duration {
        Duration::from_micros(self.rest.into())
    }
}

/// Sizes of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tables {
    /// Next hops at most.
    pub next_hops: u32,
    /// Neighbours at most.
    pub neighbours: usize,
    /// Memory for IPv4 routes beyond the first table of 64 MiB; 1 KiB for each /24 with longer routes in it.
    pub ipv4: Size,
    /// Memory for IPv6 routes beyond the first table of 256 KiB.
    pub ipv6: Size,
}

impl Default for Tables {
    fn default() -> Self {
        Self { next_hops: 65_536, neighbours: 65_536, ipv4: Size::mib(256), ipv6: Size::mib(512) }
    }
}
