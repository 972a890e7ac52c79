//! Opening and changing a port: DPDK, its twin in Linux, and what both need of Linux.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;

use thiserror::Error;
use tokio::task::{JoinError, spawn_blocking};

use super::wanted::Wanted;
use crate::daemon::linux::{Linux, LinuxError};
use crate::daemon::namespace::Namespace;
use crate::dpdk::{DpdkError, Eal, Filter, Link, MbufPool, Port, PortConfig, PortSpec};
use crate::packet::MacAddr;
use crate::worker::{DataPort, RequestError};

/// Why a port could not be opened or changed.
#[derive(Debug, Error)]
pub enum PortError {
    /// DPDK refused.
    #[error(transparent)]
    Dpdk(#[from] DpdkError),
    /// Linux refused.
    #[error(transparent)]
    Linux(#[from] LinuxError),
    /// The namespace of the interfaces that ports are made of.
    #[error("{0}")]
    Namespace(#[from] std::io::Error),
    /// The packet thread has ended.
    #[error(transparent)]
    Worker(#[from] RequestError),
    /// Our own thread broke.
    #[error("opening the port broke: {0}")]
    Broken(#[from] JoinError),
    /// The twin has another hardware address than its port.
    #[error("the twin {0} did not get the hardware address of its port")]
    TwinAddress(String),
}

/// What ports are opened with.
#[derive(Debug, Clone)]
pub struct Opener {
    /// DPDK.
    pub eal: &'static Eal,
    /// Where buffers come from.
    pub pool: MbufPool,
    /// Where the twins are.
    pub twins: Linux,
    /// Where the interfaces are that ports are made of.
    pub interfaces: Linux,
    /// Their namespace.
    pub namespace: Namespace,
}

/// An open port, but for its queues, which the worker has.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What it is.
    pub wanted: Wanted,
    /// Its handle.
    pub port: Port,
    /// DPDK's name of its driver.
    pub driver: String,
    /// What its driver takes as MTU.
    pub mtu_range: RangeInclusive<u16>,
    /// Its hardware address and that of its twin.
    pub mac: MacAddr,
    /// Interface index of the twin.
    pub ifindex: u32,
}

impl Opener {
    /// Opens a port with its twin.
    ///
    /// # Errors
    /// When DPDK or Linux refuses; what was opened is closed again.
    pub async fn open(&self, wanted: &Wanted) -> Result<(Opened, DataPort), PortError> {
        if let PortSpec::AfPacket { interface } = &wanted.device {
            self.interfaces.set_up(interface).await?;
        }
        let (opener, to_open) = (self.clone(), wanted.clone());
        let (port, driver, mtu_range, mac, data) =
            spawn_blocking(move || opener.open_devices(&to_open)).await??;
        let name = wanted.name.as_str();
        let twin = self.twins.interface(name).await?;
        if twin.mac != Some(mac) {
            return Err(PortError::TwinAddress(name.to_owned()));
        }
        self.twins.set_mtu(name, wanted.mtu).await?;
        let port = Opened { wanted: wanted.clone(), port, driver, mtu_range, mac, ifindex: twin.index };
        Ok((port, data))
    }

    /// The part of DPDK, which blocks for some milliseconds.
    #[allow(
        clippy::type_complexity,
        reason = "the parts of one thing that is put together by the only caller"
    )]
    fn open_devices(
        &self,
        wanted: &Wanted,
    ) -> Result<(Port, String, RangeInclusive<u16>, MacAddr, DataPort), PortError> {
        let config = PortConfig { mtu: wanted.mtu, filter: Filter::Router, ..PortConfig::default() };
        let open = |spec: &PortSpec, config| Port::open(self.eal, spec, self.pool, config);
        let (port, rx, tx) = match &wanted.device {
            device @ (PortSpec::AfPacket { .. } | PortSpec::Tap { .. }) => {
                self.namespace.run(|| open(device, config))??
            }
            device => open(device, config)?,
        };
        let mac = match port.mac()? {
            // Rings have no address of their own.
            MacAddr([0, 0, 0, 0, 0, 0]) => made_up(wanted.name.as_str()),
            mac => mac,
        };
        // The MTU of the twin is Linux's: the driver knows only that of plain Ethernet.
        let twin = PortSpec::Tap { interface: wanted.name.to_string(), mac: Some(mac) };
        let (_, twin_rx, twin_tx) = open(&twin, PortConfig::default())?;
        let (driver, range) = (port.driver()?, port.mtu_range()?);
        Ok((port, driver, range, mac, DataPort { rx, tx, twin: Some((twin_rx, twin_tx)) }))
    }

    /// Changes the MTU of a port and its twin.
    ///
    /// # Errors
    /// When DPDK or Linux refuses.
    pub async fn set_mtu(&self, opened: &Opened, mtu: u16) -> Result<(), PortError> {
        let (port, namespace) = (opened.port.clone(), self.namespace.clone());
        spawn_blocking(move || namespace.run(|| port.set_mtu(mtu))).await???;
        Ok(self.twins.set_mtu(opened.wanted.name.as_str(), mtu).await?)
    }

    /// State of a port's link.
    ///
    /// # Errors
    /// When nobody knows.
    pub async fn link(&self, opened: &Opened) -> Result<Link, PortError> {
        let link = opened.port.link()?;
        // The driver of packet sockets takes every interface for up.
        let PortSpec::AfPacket { interface } = &opened.wanted.device else { return Ok(link) };
        let carrier = self.interfaces.interface(interface).await?.carrier;
        Ok(Link { up: link.up && carrier, speed: None })
    }
}

/// A hardware address of a local kind, the same for the same name.
fn made_up(name: &str) -> MacAddr {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let mut mac = [0x02; 6];
    mac[1..].copy_from_slice(&hasher.finish().to_be_bytes()[..5]);
    MacAddr(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_addresses_are_of_stations_and_distinct() {
        let (a, b) = (made_up("p0"), made_up("p1"));
        assert!(a != b && !a.is_group() && a.0[0] & 2 != 0);
        assert_eq!(made_up("p0"), a);
    }
}
