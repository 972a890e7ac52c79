//! The daemon as others see it: by its control socket, and by the packets that cross it. Needs root for its namespaces.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

mod control;
mod frr;
mod lab;
mod routes;
mod support;
