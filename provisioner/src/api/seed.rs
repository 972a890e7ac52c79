//! `/api/v1/nodes/NAME/seed/STEP`.

use super::error::Refusal;
use super::nodes::find;
use crate::service::{SeedFiles, SeedStep, Service};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A seed's URL, given out once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedUrl {
    /// With a slash at its end, as cloud-init's `ds=nocloud-net;s=` wants it.
    pub url: String,
}

pub(super) async fn render(
    State(service): State<Arc<Service>>,
    Path((name, step)): Path<(String, SeedStep)>,
) -> Result<Json<SeedFiles>, Refusal> {
    let node = find(&service, &name)?;
    Ok(Json(service.preview(&node, step)?))
}

pub(super) async fn issue(
    State(service): State<Arc<Service>>,
    Path((name, step)): Path<(String, SeedStep)>,
) -> Result<Json<SeedUrl>, Refusal> {
    let node = find(&service, &name)?;
    Ok(Json(SeedUrl { url: service.seed_url(&node, step).await? }))
}
