//! Running the service.

use std::future::Future;
use std::time::Duration;

use daybreak_control::v1::control_server::ControlServer;
use tokio::net::UnixListener;
use tonic::transport::Server;

use super::service::Service;
use super::socket::connections;

/// The longest that a call may take until its answer begins.
const DEADLINE: Duration = Duration::from_secs(30);
/// Calls at once on one connection.
const CALLS: u32 = 32;
/// A client that does not answer for twice this is gone.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// Bytes of the largest question: a configuration of every port is a few KiB.
const QUESTION: usize = 256 * 1024;

/// Serves until `stop` is done; calls under way are finished.
///
/// # Errors
/// When the transport breaks.
pub async fn serve(
    listener: UnixListener,
    service: Service,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    Server::builder()
        .timeout(DEADLINE)
        .max_concurrent_streams(CALLS)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .add_service(ControlServer::new(service).max_decoding_message_size(QUESTION))
        .serve_with_incoming_shutdown(connections(listener), stop)
        .await
}
