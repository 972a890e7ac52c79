//! The way to the data plane: a UNIX socket, whose file permissions are the access control.

use std::path::{Path, PathBuf};

use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::v1::control_client::ControlClient;

/// Where `vrouterd` listens unless it is told otherwise.
pub const DEFAULT_SOCKET: &str = "/run/daybreak/vrouterd.sock";

/// The data plane cannot be reached.
#[derive(Debug, Error)]
#[error("cannot reach vrouterd at {path}: {source}; is it running (systemctl status vrouterd)?")]
pub struct ConnectError {
    path: PathBuf,
    source: tonic::transport::Error,
}

/// Connects to the data plane.
///
/// # Errors
/// When nobody listens at `path`, or the caller may not use the socket.
pub async fn connect(path: &Path) -> Result<ControlClient<Channel>, ConnectError> {
    let owned = path.to_owned();
    let connector = tower::service_fn(move |_: Uri| {
        let path = owned.clone();
        async move { UnixStream::connect(path).await.map(TokioIo::new) }
    });
    // The address is not used: the connector goes to the socket.
    Endpoint::from_static("http://vrouterd")
        .connect_with_connector(connector)
        .await
        .map(ControlClient::new)
        .map_err(|source| ConnectError { path: path.to_owned(), source })
}
