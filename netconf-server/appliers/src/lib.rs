//! Appliers: what turns configuration into a router.
//!
//! [`intent::Intent`] says what the router is to be. A [`transaction`] brings the data plane, Linux, FRR and telemetry from
//! one intent to another, all of them or none; [`observe`] tells what they are doing.

mod command;
mod files;
pub mod frr;
pub mod intent;
pub mod linux;
mod names;
mod netlink;
pub mod observe;
mod refusal;
pub mod telemetryd;
pub mod transaction;
pub mod vrouterd;

pub use refusal::{Failure, Refusal, Tag};

use std::sync::Arc;
use transaction::{Appliers, Deadlines};

/// Where everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The data plane.
    pub vrouterd: vrouterd::Settings,
    /// Linux.
    pub linux: linux::Settings,
    /// FRR.
    pub frr: frr::Settings,
    /// telemetryd.
    pub telemetryd: telemetryd::Settings,
    /// How long each may take.
    pub deadlines: Deadlines,
}

/// All appliers of the appliance in their order: ports make twins, Linux gives them addresses, FRR routes over them.
pub fn appliers(settings: Settings) -> Appliers {
    let list: Vec<Arc<dyn transaction::Applier>> = vec![
        Arc::new(vrouterd::Vrouterd::new(settings.vrouterd)),
        Arc::new(linux::Linux::new(settings.linux)),
        Arc::new(frr::Frr::new(settings.frr)),
        Arc::new(telemetryd::Telemetryd::new(settings.telemetryd)),
    ];
    Appliers::new(list, settings.deadlines)
}
