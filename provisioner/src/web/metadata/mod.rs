//! The metadata service of the clouds, on a listener of its own: OpenStack's below `/openstack`, EC2's everywhere else.

mod imds;

use super::phone_home::host_keys;
use crate::service::{Metadata, Service, Wanted};
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Form, Router};
use daybreak_cloud_init::datasource::{ec2, openstack};
use imds::Tokens;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// Largest body: a form with four host keys.
const BODY: usize = 64 * 1024;

#[derive(Clone)]
struct Shared {
    service: Arc<Service>,
    tokens: Arc<Tokens>,
}

/// Every route of the service.
///
/// # Errors
/// When the operating system gives no random bytes for the tokens' key.
pub fn router(service: Arc<Service>) -> std::io::Result<Router> {
    let tokens = Arc::new(Tokens::new()?);
    Ok(Router::new()
        .route("/openstack", get(openstack_versions))
        .route("/openstack/", get(openstack_versions))
        .route("/openstack/{version}", get(openstack_names))
        .route("/openstack/{version}/", get(openstack_names))
        .route("/openstack/{version}/{document}", get(openstack_document))
        .route("/daybreak/phone-home", post(phone_home))
        .route("/latest/api/token", put(token))
        .route("/", get(ec2_versions))
        .route("/{version}", get(ec2_root))
        .route("/{version}/", get(ec2_root))
        .route("/{version}/{*path}", get(ec2_path))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(Shared { service, tokens }))
}

fn text(body: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")], body).into_response()
}

async fn answer(shared: &Shared, wanted: Wanted, peer: SocketAddr) -> Response {
    match shared.service.metadata(&wanted, peer.ip()).await {
        Ok(Metadata::Text(body)) => text(body),
        Ok(Metadata::Nothing) => StatusCode::NOT_FOUND.into_response(),
        Err(denied) => denied.status().into_response(),
    }
}

/// A list of names for a machine that is known; a stranger learns nothing.
fn list(shared: &Shared, peer: SocketAddr, names: impl IntoIterator<Item = &'static str>) -> Response {
    if !shared.service.serves_metadata_to(peer.ip()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    text(names.into_iter().collect::<Vec<_>>().join("\n"))
}

async fn openstack_versions(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    list(&shared, peer, openstack::VERSIONS)
}

async fn openstack_names(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(version): Path<String>,
) -> Response {
    if !openstack::VERSIONS.contains(&version.as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    list(&shared, peer, openstack::Document::ALL.map(openstack::Document::name))
}

async fn openstack_document(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((version, name)): Path<(String, String)>,
) -> Response {
    let document = openstack::Document::from_name(&name);
    match document.filter(|_| openstack::VERSIONS.contains(&version.as_str())) {
        Some(document) => answer(&shared, Wanted::OpenStack(document), peer).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn ec2_versions(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    match shared.opens(&headers, peer) {
        Ok(()) => list(&shared, peer, ec2::VERSIONS),
        Err(refusal) => refusal,
    }
}

async fn ec2_root(
    shared: State<Shared>,
    peer: ConnectInfo<SocketAddr>,
    Path(version): Path<String>,
    headers: HeaderMap,
) -> Response {
    ec2_path(shared, peer, Path((version, String::new())), headers).await
}

async fn ec2_path(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((version, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = shared.opens(&headers, peer) {
        return refusal;
    }
    if !ec2::VERSIONS.contains(&version.as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    answer(&shared, Wanted::Ec2(path), peer).await
}

/// `PUT /latest/api/token` (AWS: "Use the Instance Metadata Service", version 2).
async fn token(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    // A proxy on the machine must not fetch a token for somebody else.
    if headers.contains_key("x-forwarded-for") {
        return StatusCode::FORBIDDEN.into_response();
    }
    if !shared.service.serves_metadata_to(peer.ip()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(seconds) = imds::ttl(&headers) else { return StatusCode::BAD_REQUEST.into_response() };
    let token = shared.tokens.issue(peer.ip(), shared.service.engine.now(), seconds);
    ([(imds::TTL_HEADER, seconds.to_string())], text(token)).into_response()
}

async fn phone_home(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    form: Result<Form<BTreeMap<String, String>>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(error) => return (error.status(), error.body_text()).into_response(),
    };
    match shared.service.phone_home_of(host_keys(&form), peer.ip()).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refusal) => refusal.status().into_response(),
    }
}

impl Shared {
    /// Whether EC2's tree opens: with a token that was given to this address, or without one where the site allows it.
    fn opens(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<(), Response> {
        let now = self.service.engine.now();
        let open = match headers.get(imds::TOKEN_HEADER) {
            Some(token) => token.to_str().is_ok_and(|token| self.tokens.opens(token, peer.ip(), now)),
            None => self.service.site.metadata.is_some_and(|service| service.imds_v1),
        };
        if open { Ok(()) } else { Err(StatusCode::UNAUTHORIZED.into_response()) }
    }
}

#[cfg(test)]
mod tests;
