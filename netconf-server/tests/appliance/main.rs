//! `netconfd` with a real data plane, FRR and kernel in namespaces of their own. Needs root.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod client;
mod confirmed;
mod killed;
mod namespace;
mod problem;
mod refused;
mod router;
mod texts;
