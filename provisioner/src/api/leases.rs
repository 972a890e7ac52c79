//! What is seen of the network: leases, machines that are not enrolled, images.

use crate::service::Service;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// A lease that is held now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseView {
    /// The address.
    pub address: Ipv4Addr,
    /// Who holds it.
    pub mac: Option<String>,
    /// The node that is.
    pub node: Option<String>,
    /// The name the machine gave itself.
    pub hostname: Option<String>,
    /// Until when.
    pub expires: Timestamp,
}

/// A machine that asked for a boot script and is not enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveredView {
    /// Its MAC address.
    pub mac: String,
    /// Where it asked from.
    pub peer: IpAddr,
    /// When.
    pub last_seen: Timestamp,
}

/// An image that is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageView {
    /// Its name in the site file.
    pub name: String,
    /// Version in its manifest.
    pub version: String,
    /// Digest of its manifest.
    pub manifest_sha256: String,
    /// Where it is served.
    pub url: String,
    /// Whether it has a signature; whether that is good, say those who have keys.
    pub signed: bool,
}

pub(super) async fn leases(State(service): State<Arc<Service>>) -> Json<Vec<LeaseView>> {
    let registry = service.engine.registry();
    let view = |lease: crate::service::HeldLease| LeaseView {
        address: lease.address,
        mac: lease.machine.mac.map(String::from),
        node: registry.with_identity(&lease.machine, |node| node.config.name.to_string()),
        hostname: lease.hostname,
        expires: lease.expires,
    };
    Json(service.leases.all().into_iter().map(view).collect())
}

pub(super) async fn discovered(State(service): State<Arc<Service>>) -> Json<Vec<DiscoveredView>> {
    let view = |machine: crate::service::Machine| DiscoveredView {
        mac: machine.mac.to_string(),
        peer: machine.peer,
        last_seen: machine.last_seen,
    };
    Json(service.discovered.all().into_iter().map(view).collect())
}

pub(super) async fn images(State(service): State<Arc<Service>>) -> Json<Vec<ImageView>> {
    let view = |(name, image): (&str, &crate::site::Image)| ImageView {
        name: name.to_owned(),
        version: image.manifest.version().to_owned(),
        manifest_sha256: image.manifest_sha256.to_string(),
        url: format!("{}/images/{name}/", service.site.server.base_url()),
        signed: image.signature.is_some(),
    };
    Json(service.images.iter().map(view).collect())
}
