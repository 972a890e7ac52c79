//! The REST API. Served on a UNIX socket: whoever may open the file may use it.

mod error;
mod events;
mod leases;
mod nodes;
mod seed;
mod serve;
mod view;

use crate::service::Service;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

pub use error::Problem;
pub use leases::{DiscoveredView, ImageView, LeaseView};
pub use seed::SeedUrl;
pub use serve::{ApiServer, BindError, bind};
pub use view::NodeView;

/// Every route of the API.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/api/v1/nodes", get(nodes::list).post(nodes::add))
        .route("/api/v1/nodes/{name}", get(nodes::show).delete(nodes::remove))
        .route("/api/v1/nodes/{name}/deploy", post(nodes::deploy))
        .route("/api/v1/nodes/{name}/abort", post(nodes::abort))
        .route("/api/v1/nodes/{name}/events", get(events::of_node))
        .route("/api/v1/nodes/{name}/media/{medium}", post(seed::medium))
        .route("/api/v1/nodes/{name}/seed/{step}", get(seed::render).post(seed::issue))
        .route("/api/v1/events", get(events::stream))
        .route("/api/v1/leases", get(leases::leases))
        .route("/api/v1/discovered", get(leases::discovered))
        .route("/api/v1/images", get(leases::images))
        .with_state(service)
}

#[cfg(test)]
mod tests;
