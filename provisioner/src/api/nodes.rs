//! `/api/v1/nodes`.

use super::error::Refusal;
use super::view::NodeView;
use crate::node::{Intent, Node, NodeConfig};
use crate::service::Service;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;

type Answer<T> = Result<T, Refusal>;

pub(super) fn find(service: &Service, name: &str) -> Answer<Node> {
    service.engine.registry().by_name(name).ok_or_else(|| Refusal::no_such_node(name))
}

pub(super) async fn list(State(service): State<Arc<Service>>) -> Json<Vec<NodeView>> {
    Json(service.engine.registry().all().iter().map(NodeView::from).collect())
}

pub(super) async fn add(
    State(service): State<Arc<Service>>,
    config: Result<Json<NodeConfig>, JsonRejection>,
) -> Answer<(StatusCode, Json<NodeView>)> {
    let Json(config) = config.map_err(|error| Refusal(error.status(), error.body_text()))?;
    let node = service.add_node(config).await?;
    Ok((StatusCode::CREATED, Json(NodeView::from(&node))))
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
) -> Answer<Json<NodeView>> {
    Ok(Json(NodeView::from(&find(&service, &name)?)))
}

pub(super) async fn remove(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    let node = find(&service, &name)?;
    service.engine.remove(node.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn intend(service: &Service, name: &str, intent: Intent) -> Answer<(StatusCode, Json<NodeView>)> {
    let node = find(service, name)?;
    let node = service.engine.intend(node.id, intent).await?;
    Ok((StatusCode::ACCEPTED, Json(NodeView::from(&node))))
}

pub(super) async fn deploy(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
) -> Answer<(StatusCode, Json<NodeView>)> {
    let node = find(&service, &name)?;
    if node.state.row().has_deadline && node.status.installed {
        let error = format!(
            "node {name} is {} and waits for its installed system; `daybreak node abort {name}` first to install it again",
            node.state
        );
        return Err(Refusal(StatusCode::CONFLICT, error));
    }
    intend(&service, &name, Intent::Deploy).await
}

pub(super) async fn abort(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
) -> Answer<(StatusCode, Json<NodeView>)> {
    let node = find(&service, &name)?;
    if !node.state.row().has_deadline {
        let error = format!("node {name} is {}; only a node that is deploying can be aborted", node.state);
        return Err(Refusal(StatusCode::CONFLICT, error));
    }
    intend(&service, &name, Intent::Abort).await
}
