//! `/api/v1/nodes/NAME/seed/STEP`.

use super::error::Refusal;
use super::nodes::find;
use crate::service::{Medium, SeedFiles, SeedStep, Service};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
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

/// `POST`, because the phone-home URL in it is fresh.
pub(super) async fn medium(
    State(service): State<Arc<Service>>,
    Path((name, medium)): Path<(String, Medium)>,
) -> Result<Response, Refusal> {
    let node = find(&service, &name)?;
    let volume = service.medium(&node, medium).await?;
    Ok(([(CONTENT_TYPE, "application/x-iso9660-image")], volume).into_response())
}
