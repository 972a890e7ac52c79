//! `GET /boot/script.ipxe`.

use crate::boot::Loader;
use crate::service::Service;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::sync::Arc;

pub(super) async fn script(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    match service.boot_script(Loader::Ipxe, peer.ip()).await {
        Ok(script) => ([(CONTENT_TYPE, "text/plain"), (CACHE_CONTROL, "no-store")], script).into_response(),
        Err(error) => {
            tracing::error!(%peer, error = crate::chain(&error), "no boot script");
            // iPXE shows the status only; the reason is in the node's timeline.
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
