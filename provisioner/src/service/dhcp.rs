//! The DHCP server of this process.

use super::timeline::Seen;
use super::{Nodes, RunError};
use crate::site::Site;
use daybreak_dhcp::{Server, Settings};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::mpsc::Sender;

/// Starts it on the site's subnets; its journal is `leases.journal` in the state folder.
pub(super) fn start(
    site: &Site,
    nodes: Nodes,
    clock: fn() -> SystemTime,
    seen: Sender<Seen>,
) -> Result<Server, RunError> {
    let settings = Settings {
        subnets: site.subnets.clone(),
        journal: site.state_dir.join("leases.journal"),
        directory: Arc::new(nodes),
        events: Arc::new(move |events| seen.try_send(Seen::Dhcp(events)).is_ok()),
        clock,
    };
    daybreak_dhcp::spawn(settings).map_err(RunError::Dhcp)
}
