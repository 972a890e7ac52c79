//! `GET /seed/TOKEN/FILE`.

use crate::service::{Delivery, Service};
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use daybreak_cloud_init::NoCloudFile;
use http_body_util::BodyExt;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pub(super) async fn file(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((token, file)): Path<(String, String)>,
) -> Response {
    let Ok(file) = NoCloudFile::from_segment(&file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match service.seed_file(&token, file, peer.ip()).await {
        Ok(delivery) => {
            let headers = [(CONTENT_TYPE, file.content_type()), (CACHE_CONTROL, "no-store")];
            (headers, Body::new(Handover::new(delivery).boxed_unsync())).into_response()
        }
        Err(refusal) => refusal.status().into_response(),
    }
}

/// A body that gives the token's bit back when the connection ended before the content was taken.
struct Handover {
    content: Option<Bytes>,
    delivery: Option<Delivery>,
}

impl Handover {
    fn new(mut delivery: Delivery) -> Self {
        Self { content: Some(delivery.take_content()), delivery: Some(delivery) }
    }
}

impl http_body::Body for Handover {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        if let Some(delivery) = self.delivery.take() {
            delivery.done();
        }
        Poll::Ready(
            self.content.take().filter(|content| !content.is_empty()).map(|c| Ok(http_body::Frame::data(c))),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.content.as_ref().map_or(0, |content| content.len() as u64))
    }
}
