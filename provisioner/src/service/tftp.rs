//! The TFTP server of this process.

use super::grub::GrubFiles;
use super::timeline::{QUEUE, Seen};
use super::{Files, RunError, Service};
use daybreak_tftp::{Limits, Server};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Starts it on the server's address.
pub(super) fn start(
    service: &Arc<Service>,
    files: Arc<Files>,
    seen: Sender<Seen>,
) -> Result<Server, RunError> {
    let server = &service.site.server;
    let address = SocketAddr::from((server.address, server.tftp_port));
    let files = Arc::new(GrubFiles::new(Arc::clone(service), files));
    let (sink, mut events) = daybreak_tftp::channel(QUEUE);
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if seen.send(Seen::Tftp(event)).await.is_err() {
                return;
            }
        }
    });
    daybreak_tftp::start(&[address], Limits::default(), files, sink).map_err(RunError::Tftp)
}
