//! HTTP front that streams boot artefacts by sendfile and hands all else to a router.
//!
//! One connection is a loop over requests: the head is parsed under size and time limits, a `GET` or
//! `HEAD` whose path [`Artifacts::resolve`] knows is answered here (range, conditions, digest, sendfile), and every other
//! request goes with the bytes already read to hyper and an [`axum::Router`], after which the connection comes back.
//!
//! Start reading at [`start`] and [`Artifacts`]; the decisions are pure and live in `target`, `range`, `conditions`
//! and `answer`.

mod admission;
mod answer;
mod artifact;
mod conditions;
mod connection;
mod error;
mod events;
mod exchange;
mod head;
mod limits;
mod range;
mod server;
mod target;
mod transfer;
mod view;
mod wire;
mod worker;

pub use artifact::{Artifact, Artifacts, Content};
pub use error::HttpError;
pub use events::{AbortReason, Event, EventSink, Outcome, Transfer, channel};
pub use head::HeadError;
pub use limits::Limits;
pub use server::{Server, Stats, start};
pub use target::TargetError;
