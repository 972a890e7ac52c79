//! `vrouter install` as a process: killed at every step, refused, planned, reported.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod killed;
mod output;
mod rig;
mod tls;
