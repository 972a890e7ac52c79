//! What machines fetch and post over HTTP, besides the artefacts that the front serves itself.

mod boot;
pub mod metadata;
mod phone_home;
mod report;
mod seed;

use crate::service::Service;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use std::sync::Arc;

/// Largest body that a machine may post: four host keys, or one report.
const BODY: usize = 64 * 1024;

/// Every route that machines use.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/boot/script.ipxe", get(boot::script))
        .route("/seed/{token}/{file}", get(seed::file))
        .route("/report/{token}", post(report::report))
        .route("/phone-home/{token}", post(phone_home::phone_home))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(service)
}

#[cfg(test)]
mod tests;
