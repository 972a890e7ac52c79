//! The TFTP server of this process.

use super::timeline::{QUEUE, Seen};
use super::{Files, RunError};
use daybreak_tftp::{Limits, Server};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Starts it on the server's address.
pub(super) fn start(
    server: &crate::site::Server,
    files: Arc<Files>,
    seen: Sender<Seen>,
) -> Result<Server, RunError> {
    let address = SocketAddr::from((server.address, server.tftp_port));
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
