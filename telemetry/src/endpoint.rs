//! The Prometheus endpoint: `GET /metrics`, and nothing else.
//!
//! A scrape costs the text of the last readings, never a reading: who scrapes often cannot load the router.

use crate::prometheus;
use crate::snapshot::Snapshot;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at the same time; one more is closed at once and counted.
const CONNECTIONS: usize = 8;

/// For the whole of a connection, which serves one request.
const LIFETIME: Duration = Duration::from_secs(10);

/// After a failure to accept, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves scrapes until told to stop, and gives back the connections that do not have their answer yet; the address is free
/// then. `refused` counts connections beyond the limit.
pub async fn run(
    listener: TcpListener,
    snapshot: Arc<Snapshot>,
    refused: Arc<AtomicU64>,
    stop: CancellationToken,
) -> TaskTracker {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a scrape");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            refused.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let snapshot = Arc::clone(&snapshot);
        connections.spawn(async move {
            serve(stream, &snapshot).await;
            drop(place);
        });
    }
    connections.close();
    connections
}

async fn serve(stream: TcpStream, snapshot: &Snapshot) {
    let service = service_fn(async |request: Request<Incoming>| {
        Ok::<_, Infallible>(answer(request.method(), request.uri().path(), snapshot))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    // What the client does wrong is its own affair, and one that is slow loses its place.
    match tokio::time::timeout(LIFETIME, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "scrape ended early"),
        Err(_) => tracing::debug!("scrape took too long"),
    }
}

fn answer(method: &Method, path: &str, snapshot: &Snapshot) -> Response<Full<Bytes>> {
    let (status, text) = match (path, method) {
        ("/metrics", &Method::GET | &Method::HEAD) => (StatusCode::OK, snapshot.page()),
        ("/metrics", _) => (StatusCode::METHOD_NOT_ALLOWED, "GET is what works here\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "the metrics are at /metrics\n".to_owned()),
    };
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    let kind = if status == StatusCode::OK { prometheus::CONTENT_TYPE } else { "text/plain" };
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
    }
    answer
}

#[cfg(test)]
mod tests;
