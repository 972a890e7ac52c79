//! What is true now, as trees to be laid beside the configuration.
//!
//! Each function takes what was observed and gives a tree with top-level nodes of its own, so that a reply needs only the
//! parts that its filter names. [`Tree::joined`] lays one over another.

mod bgp;
mod commits;
mod dataplane;
mod interfaces;
mod lenient;
mod library;
mod monitoring;
mod routes;
mod system;
mod time;

pub use interfaces::CountedSince;
pub use library::content_id;
pub use monitoring::{Counters, Denied, Lock, Monitoring, Session, Statistics};
pub use system::Machine;

use daybreak_appliers::observe::{BgpState, Dataplane, Interfaces, RouteTable};
use daybreak_datastore::schema::Schema;
use daybreak_datastore::tree::{BuildError, Tree};
use std::sync::Arc;
use std::time::SystemTime;

use crate::engine::Made;

/// `netconf-state` of ietf-netconf-monitoring.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn monitoring(schema: &Arc<Schema>, now: &Monitoring<'_>) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| monitoring::fill(top, schema.context(), now))
}

/// The counters within `nacm` of ietf-netconf-acm.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn denied(schema: &Arc<Schema>, now: Denied) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| monitoring::fill_denied(top, now))
}

/// `yang-library` of ietf-yang-library. It never changes while the server runs.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn library(schema: &Arc<Schema>) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| library::fill(top, schema.context()))
}

/// `system-state` of ietf-system.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn system(schema: &Arc<Schema>, machine: &Machine, now: SystemTime) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| system::fill(top, machine, now))
}

/// `commits` of `daybreak-commits`, the newest first, with what of running is not in effect.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn commits(schema: &Arc<Schema>, commits: &[Made], problems: &[String]) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| commits::fill(top, commits, problems))
}

/// The interfaces of the machine, under `interfaces` of ietf-interfaces. Those that `configuration` does not have are there,
/// too, with the type that they seem to be of.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn interfaces(configuration: &Tree, now: &Interfaces, since: CountedSince) -> Result<Tree, BuildError> {
    Tree::build(configuration.schema(), |top| interfaces::fill(top, configuration, now, since))
}

/// BGP sessions, under the protocol of type bgp that `configuration` has.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn bgp(configuration: &Tree, now: &BgpState, at: SystemTime) -> Result<Tree, BuildError> {
    Tree::build(configuration.schema(), |top| bgp::fill(top, configuration, now, at))
}

/// The routing tables, under `routing/ribs` of ietf-routing; a family that was not observed is not there.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn routes(
    schema: &Arc<Schema>,
    ipv4: Option<&RouteTable>,
    ipv6: Option<&RouteTable>,
) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| routes::fill(top, ipv4, ipv6))
}

/// The data plane, under `dataplane` of `daybreak-dataplane`.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn dataplane(schema: &Arc<Schema>, now: &Dataplane) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| dataplane::fill(top, now))
}

#[cfg(test)]
mod tests;
