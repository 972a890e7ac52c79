//! Timelines: as a list, and live as server-sent events.

use super::error::Refusal;
use super::nodes::find;
use crate::events::Event;
use crate::service::Service;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// Events in one answer.
const PAGE: u32 = 1_000;
/// A comment this often keeps proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    #[serde(default)]
    after: i64,
    limit: Option<u32>,
}

pub(super) async fn of_node(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Event>>, Refusal> {
    let node = find(&service, &name)?;
    let limit = page.limit.unwrap_or(PAGE).min(PAGE);
    Ok(Json(service.engine.store().events(Some(node.id), page.after, limit).await?))
}

pub(super) async fn stream(State(service): State<Arc<Service>>) -> Response {
    let events = service.engine.listen();
    let chunks = stream::unfold(events, |mut events| async move {
        let chunk = match tokio::time::timeout(KEEP_ALIVE, events.recv()).await {
            Ok(Ok(event)) => data(&event),
            Ok(Err(RecvError::Lagged(missed))) => format!(": {missed} events missed, see the timeline\n\n"),
            Ok(Err(RecvError::Closed)) => return None,
            Err(_) => ":\n\n".to_owned(),
        };
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(chunk)), events))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(chunks)).into_response()
}

fn data(event: &Event) -> String {
    // Our own type: this cannot fail, and JSON text holds no raw newline.
    let json = serde_json::to_string(event).unwrap_or_default();
    format!("id: {}\ndata: {json}\n\n", event.id)
}
