//! One connection: a loop over its requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::answer::{Answer, answer};
use crate::events::{AbortReason, Event, EventSink, Outcome, Transfer};
use crate::exchange::exchange;
use crate::head::{Body, Head, HeadError, Method};
use crate::target::{TargetError, path_of};
use crate::transfer::{Report, send_body, send_head};
use crate::wire::{Waited, Wire};
use crate::{Artifact, Artifacts, Limits};

/// Longest piece of what a peer sent that goes into an event.
const QUOTE: usize = 200;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) artifacts: Arc<dyn Artifacts>,
    pub(crate) router: axum::Router,
    /// Where the router's handlers run.
    pub(crate) runtime: Handle,
    pub(crate) events: EventSink,
    pub(crate) transfers: AtomicU64,
}

/// Serves `stream` until it ends, or until `stop` and the answer that is under way.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>, stop: CancellationToken) {
    // The head of an answer and a file's end must not wait for an acknowledgement; a socket that refuses the option
    // only is slower.
    let _ = stream.set_nodelay(true);
    let mut wire = Wire::new(stream);
    loop {
        let waited = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            waited = wire.head(&shared.limits) => waited,
        };
        let head = match waited {
            Waited::Head(head) => head,
            Waited::Gone => return,
            Waited::Refused(reason) => return refuse_head(wire, peer, reason, &shared).await,
        };
        match one(wire, &head, peer, &shared, &stop).await {
            Some(next) => wire = next,
            None => return,
        }
    }
}

/// Answers one request; gives the connection back when it can carry another.
async fn one(
    mut wire: Wire,
    head: &Head,
    peer: SocketAddr,
    shared: &Shared,
    stop: &CancellationToken,
) -> Option<Wire> {
    if matches!(head.body, Body::Length(len) if len > shared.limits.body_bytes) {
        refuse_head(wire, peer, HeadError::BodyTooLarge, shared).await;
        return None;
    }
    // The only target that is no path and has a meaning: "OPTIONS *" (RFC 9112 section 3.2.4).
    if head.target != "*" {
        let path = match path_of(&head.target) {
            Ok(path) => path,
            Err(reason) => {
                refuse_target(wire, head, peer, reason, shared).await;
                return None;
            }
        };
        if head.method != Method::Other
            && head.body == Body::None
            && let Some(artifact) = shared.artifacts.resolve(&path, peer)
        {
            wire.consume(head.len);
            let keep = head.keep_alive && !stop.is_cancelled();
            return match send(&wire, head, peer, &path, &artifact, keep, shared).await {
                Ok(()) if keep => Some(wire),
                Ok(()) => {
                    wire.close().await;
                    None
                }
                Err(reason) => {
                    tracing::debug!(%peer, path, %reason, "HTTP answer ended early");
                    None
                }
            };
        }
    }
    let (wire, reusable) = exchange(wire, head, peer, shared).await;
    if reusable {
        return Some(wire);
    }
    wire.close().await;
    None
}

async fn send(
    wire: &Wire,
    head: &Head,
    peer: SocketAddr,
    path: &str,
    artifact: &Artifact,
    keep: bool,
    shared: &Shared,
) -> Result<(), AbortReason> {
    let Answer { head: text, body, part } = answer(head, artifact, keep, SystemTime::now());
    let Some((first, count)) = body else {
        return send_head(&wire.stream, &text, false, &shared.limits).await;
    };
    let transfer = Transfer {
        id: shared.transfers.fetch_add(1, Ordering::Relaxed),
        peer,
        path: path.into(),
        range: part,
        total: count,
        size: artifact.len,
        user_agent: head.user_agent.as_deref().map(|text| quote(text).into()),
        outcome: Outcome::Started,
    };
    let mut report = Report::start(transfer, shared.events.clone(), shared.limits.progress_every);
    let result = async {
        send_head(&wire.stream, &text, count > 0, &shared.limits).await?;
        send_body(&wire.stream, &artifact.content, first, count, &shared.limits, &mut report).await
    }
    .await;
    report.end(result.clone());
    result
}

async fn refuse_head(wire: Wire, peer: SocketAddr, reason: HeadError, shared: &Shared) {
    shared.events.emit(Event::HeadRefused { peer, reason });
    wire.refuse(reason.status(), &reason.to_string(), &shared.limits).await;
}

async fn refuse_target(wire: Wire, head: &Head, peer: SocketAddr, reason: TargetError, shared: &Shared) {
    shared.events.emit(Event::TargetRefused { peer, target: quote(&head.target).to_owned(), reason });
    wire.refuse("400 Bad Request", &reason.to_string(), &shared.limits).await;
}

/// The first characters of a text that came from a peer.
fn quote(text: &str) -> &str {
    text.char_indices().nth(QUOTE).map_or(text, |(end, _)| &text[..end])
}
