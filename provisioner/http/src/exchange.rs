//! One request that is not for an artefact: hyper and the router answer it, then the connection comes back.
//!
//! hyper gets a view of the connection that ends where the request ends, so that it cannot swallow the head of the next
//! request, which may be for an artefact. When the response body has been dropped and hyper has flushed its buffer, the
//! view is taken apart again.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body as AxumBody, Bytes};
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt as _;

use crate::connection::Shared;
use crate::head::{Body as Framing, Head};
use crate::view::View;
use crate::wire::Wire;

/// What the view and the bodies tell each other.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// The request body was read or given up: its deadline is off.
    pub(crate) received: AtomicBool,
    /// The response body was sent or given up.
    pub(crate) answered: AtomicBool,
    /// All of the answer is with the kernel.
    pub(crate) flushed: AtomicBool,
}

/// Lets the router answer the request whose head is still at the start of `wire`'s buffer.
///
/// Gives the connection back, and whether it can carry another request.
pub(crate) async fn exchange(wire: Wire, head: &Head, peer: SocketAddr, shared: &Shared) -> (Wire, bool) {
    let body = match head.body {
        Framing::None => 0,
        Framing::Length(len) => len,
        Framing::Chunked => u64::MAX,
    };
    let marks = Arc::new(Marks::default());
    let remaining = (head.len as u64).saturating_add(body);
    let view = View::new(wire, remaining, Arc::clone(&marks), shared.limits.body_deadline);
    let marks_of_bodies = Arc::clone(&marks);
    let (router, runtime) = (shared.router.clone(), shared.runtime.clone());
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let received = Mark { marks: Arc::clone(&marks_of_bodies), of: |marks| &marks.received };
        let answered = Mark { marks: Arc::clone(&marks_of_bodies), of: |marks| &marks.answered };
        let request = request.map(|inner| AxumBody::new(Watched { inner, _mark: received }));
        // If the peer goes away hyper drops this, and the handler ends with it.
        let answer = AbortOnDropHandle::new(runtime.spawn(router.clone().oneshot(request)));
        Box::pin(async move {
            let response = answer.await.unwrap_or_else(|error| {
                tracing::error!(%peer, %error, "an HTTP handler panicked or its runtime ended");
                Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response())
            })?;
            Ok::<_, Infallible>(response.map(|inner| Watched { inner, _mark: answered }))
        })
    });
    let mut connection = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        // Where a chunked body ends only hyper knows, so that connection is not used again.
        .keep_alive(head.body != Framing::Chunked)
        .serve_connection(TokioIo::new(view), service);
    let reusable = poll_fn(|context| match connection.poll_without_shutdown(context) {
        Poll::Ready(Ok(())) => Poll::Ready(false),
        Poll::Ready(Err(error)) => {
            tracing::debug!(%peer, %error, "HTTP exchange ended early");
            Poll::Ready(false)
        }
        Poll::Pending if marks.flushed.load(Ordering::Relaxed) => Poll::Ready(true),
        Poll::Pending => Poll::Pending,
    })
    .await;
    let view = connection.into_parts().io.into_inner();
    let reusable = reusable && view.remaining() == 0 && head.keep_alive;
    (view.into_wire(), reusable)
}

/// Sets a flag when it is dropped.
struct Mark {
    marks: Arc<Marks>,
    of: fn(&Marks) -> &AtomicBool,
}

impl Drop for Mark {
    fn drop(&mut self) {
        (self.of)(&self.marks).store(true, Ordering::Relaxed);
    }
}

/// A body whose end is noticed: hyper and handlers drop a body when they are done with it.
struct Watched<B> {
    inner: B,
    _mark: Mark,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
