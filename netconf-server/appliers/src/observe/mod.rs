//! What the router is doing: interfaces, BGP sessions, routes, the data plane.
//!
//! Everything may be asked at any rate: an answer is kept for a second, and who asks meanwhile gets that one. A part that
//! does not answer is an error of that part alone.

mod bgp;
mod cached;
mod dataplane;
mod interfaces;
mod routes;
mod vtysh;

pub use bgp::{BgpState, NeighborState, PrefixCounts, SessionState};
pub use dataplane::Dataplane;
pub use interfaces::{
    AddressState, Counters, InterfaceState, Interfaces, OperState, PortCounters, PortState,
};
pub use routes::{NextHopState, RouteState, RouteTable};

use cached::Cached;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// How long an answer counts.
const FRESH: Duration = Duration::from_secs(1);

/// A part of the router did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{part}: {message}")]
pub struct ObserveError {
    /// `linux`, `frr` or `vrouterd`.
    pub part: &'static str,
    /// What it did not do, and why.
    pub message: String,
}

impl ObserveError {
    fn new(part: &'static str, error: impl std::fmt::Display) -> Self {
        Self { part, message: error.to_string() }
    }
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Socket of the data plane.
    pub socket: PathBuf,
    /// FRR.
    pub frr: crate::frr::Settings,
    /// For one answer of a part.
    pub deadline: Duration,
    /// Most routes of a table that are told.
    pub routes: usize,
}

impl Default for Settings {
    /// The appliance; at most 5 s and 10,000 routes.
    fn default() -> Self {
        Self {
            socket: daybreak_control::DEFAULT_SOCKET.into(),
            frr: crate::frr::Settings::default(),
            deadline: Duration::from_secs(5),
            routes: 10_000,
        }
    }
}

/// Looks at the router.
#[derive(Debug)]
pub struct Observer {
    settings: Settings,
    interfaces: Cached<Interfaces>,
    bgp: Cached<BgpState>,
    routes4: Cached<RouteTable>,
    routes6: Cached<RouteTable>,
    dataplane: Cached<Dataplane>,
}

impl Observer {
    /// An observer of the router that the settings describe.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            interfaces: Cached::new(FRESH),
            bgp: Cached::new(FRESH),
            routes4: Cached::new(FRESH),
            routes6: Cached::new(FRESH),
            dataplane: Cached::new(FRESH),
        }
    }

    /// Interfaces of Linux, and with them the ports of the data plane; what the data plane did not tell is in
    /// [`Interfaces::problem`].
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn interfaces(&self) -> Result<Arc<Interfaces>, ObserveError> {
        self.interfaces
            .get(async {
                let dataplane = self.dataplane().await;
                interfaces::look(self.settings.deadline, dataplane).await
            })
            .await
    }

    /// BGP sessions; none when FRR has no BGP instance.
    ///
    /// # Errors
    /// When FRR does not answer.
    pub async fn bgp(&self) -> Result<Arc<BgpState>, ObserveError> {
        self.bgp.get(bgp::look(&self.settings)).await
    }

    /// The routing table of IPv4, or of IPv6, up to the number of routes of the settings.
    ///
    /// # Errors
    /// When FRR does not answer.
    pub async fn routes(&self, ipv4: bool) -> Result<Arc<RouteTable>, ObserveError> {
        let cached = if ipv4 { &self.routes4 } else { &self.routes6 };
        cached.get(routes::look(&self.settings, ipv4)).await
    }

    /// Ports and counters of the data plane.
    ///
    /// # Errors
    /// When the data plane does not answer.
    pub async fn dataplane(&self) -> Result<Arc<Dataplane>, ObserveError> {
        self.dataplane.get(dataplane::look(&self.settings)).await
    }
}
