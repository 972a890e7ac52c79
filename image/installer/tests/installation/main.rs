//! Whole installations on image files, checked with programs of others.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cut_short;
mod rig;
mod sources;
