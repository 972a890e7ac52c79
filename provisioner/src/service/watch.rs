//! The three packet servers of this process: looked after while they run, stopped together.

use super::{RunError, Service};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often they are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Transfers under way may finish for so long after a stop was asked for.
const GRACE: Duration = Duration::from_secs(5);

/// The packet servers.
pub(super) struct PacketServers {
    pub(super) dhcp: daybreak_dhcp::Server,
    pub(super) tftp: daybreak_tftp::Server,
    pub(super) http: daybreak_http::Server,
    /// Of the clouds, where the site has it.
    pub(super) metadata: Option<daybreak_http::Server>,
}

impl PacketServers {
    /// Looks after them until cancelled: says in the site's timeline when events were dropped.
    ///
    /// # Errors
    /// When the DHCP server has ended by itself: machines that cannot get an address must not go unnoticed.
    pub(super) async fn watch(&self, service: &Service, stop: &CancellationToken) -> Result<(), RunError> {
        let mut looks = tokio::time::interval(LOOK);
        let mut told = [0; 3];
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = looks.tick() => {}
            }
            if !self.dhcp.is_running() {
                return Err(RunError::DhcpEnded);
            }
            for ((name, dropped), told) in self.dropped().into_iter().zip(&mut told) {
                if dropped > *told {
                    service.lost(name, dropped - *told).await;
                    *told = dropped;
                }
            }
        }
    }

    /// Events that each has dropped since its start.
    fn dropped(&self) -> [(&'static str, u64); 3] {
        [
            ("DHCP", self.dhcp.counters().get("events-lost")),
            ("TFTP", self.tftp.stats().events_dropped),
            ("HTTP", self.http.stats().events_dropped),
        ]
    }

    /// Stops them, letting transfers finish for a moment.
    pub(super) async fn stop(self) {
        let Self { dhcp, tftp, http, metadata } = self;
        if let Some(metadata) = metadata {
            metadata.shutdown(GRACE).await;
        }
        http.shutdown(GRACE).await;
        let stopped = tokio::task::spawn_blocking(move || {
            tftp.stop(GRACE);
            dhcp.shutdown();
        });
        if let Err(error) = stopped.await {
            tracing::error!(%error, "a packet server did not stop");
        }
    }
}
