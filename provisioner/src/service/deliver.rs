//! One-time tokens at work: who may have what, once.

use super::{Service, ServiceError};
use crate::events::Code;
use crate::node::{Node, State};
use crate::store::{Claim, Purpose, Store, Token, TokenHash};
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::json;
use std::net::IpAddr;

/// Why a machine does not get it. The machine sees the status only.
#[derive(Debug)]
pub enum Denied {
    /// The token was never given out, or a newer one took its place.
    Unknown,
    /// It was used, or the node has gone on to another state.
    Ended,
    /// The address belongs to another node.
    WrongPeer,
    /// Ours to mend.
    Failed(ServiceError),
}

impl Denied {
    /// The HTTP status that says so.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Ended => StatusCode::GONE,
            Self::WrongPeer => StatusCode::FORBIDDEN,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl<E: Into<ServiceError>> From<E> for Denied {
    fn from(error: E) -> Self {
        let error = error.into();
        tracing::error!(error = crate::chain(&error), "a machine was not served");
        Self::Failed(error)
    }
}

/// A token that opened.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) hash: TokenHash,
    pub(super) claim: Claim,
    pub(super) node: Node,
}

impl Service {
    /// Checks a token of a URL: known, of this purpose, of the node's present state, and not from another node's address.
    pub(super) async fn open_token(
        &self,
        segment: &str,
        purposes: &[Purpose],
        peer: IpAddr,
    ) -> Result<Opened, Denied> {
        let hash = Token::from_url(segment).ok_or(Denied::Unknown)?.hash();
        let claim = self.engine.store().token(hash).await?.ok_or(Denied::Unknown)?;
        let node = self.engine.registry().get(claim.node).ok_or(Denied::Unknown)?;
        if !purposes.contains(&claim.purpose) {
            return Err(Denied::Unknown);
        }
        let denied = if self.node_at(peer).is_some_and(|other| other.id != node.id) {
            Some((Denied::WrongPeer, "it came from another node's address"))
        } else if node.state != State::Deploying || node.state_version != claim.state_version {
            Some((Denied::Ended, "it belongs to an earlier deployment"))
        } else {
            None
        };
        match denied {
            Some((denied, why)) => {
                self.refused(&node, claim.purpose, peer, why).await;
                Err(denied)
            }
            None => Ok(Opened { hash, claim, node }),
        }
    }

    /// Writes down that a token was refused.
    pub(super) async fn refused(&self, node: &Node, purpose: Purpose, peer: IpAddr, why: &str) {
        let message = format!("{} token refused for {peer}: {why}", purpose.name());
        let fields = json!({"purpose": purpose.name(), "peer": peer});
        self.engine.record(Some(node.id), Code::TokenRefused, message, fields).await;
    }

    /// A fresh token, as it stands in a URL. The node's others of this purpose end.
    pub(super) async fn issue(&self, node: &Node, purpose: Purpose) -> Result<String, ServiceError> {
        let token = Token::fresh()?;
        let now = self.engine.now();
        self.engine.store().put_token(token.hash(), node.id, purpose, node.state_version, now).await?;
        Ok(token.to_url())
    }
}

/// Something that leaves once. Used up before it leaves; given back if it never left.
#[derive(Debug)]
pub struct Delivery {
    content: Bytes,
    undo: Option<(Store, TokenHash, u32)>,
}

impl Delivery {
    /// A bit that was just used up, for content that follows.
    pub(super) fn new(store: Store, token: TokenHash, bit: u32) -> Self {
        Self { content: Bytes::new(), undo: Some((store, token, bit)) }
    }

    pub(super) fn put_content(&mut self, content: Bytes) {
        self.content = content;
    }

    /// The content, once.
    pub fn take_content(&mut self) -> Bytes {
        std::mem::take(&mut self.content)
    }

    /// It has left: the bit stays used.
    pub fn done(mut self) {
        self.undo = None;
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let Some((store, token, bit)) = self.undo.take() else { return };
        // Without a runtime the process is ending; then the machine's next boot gets a new token.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = store.unuse_token(token, bit).await {
                tracing::error!(%error, "a seed file that never left counts as delivered");
            }
        });
    }
}
