//! `daybreak serve`: opens everything, then serves until it is told to stop.

use super::leases::DhcpLeases;
use super::timeline::{self, QUEUE, Seen};
use super::watch::PacketServers;
use super::{Files, Nodes, Service, ServiceError, seed};
use crate::api;
use crate::boot::Scripts;
use crate::node::engine::{Clock, Engine};
use crate::site::{Images, Site};
use crate::store::Store;
use crate::web;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs::{DirBuilder, File};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Descriptors for 4,096 TFTP sessions, 4,096 HTTP connections and the rest.
const OPEN_FILES: u64 = 16_384;

/// The service cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A part cannot be opened.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The state folder cannot be used.
    #[error("cannot use the state folder {path}: {source}")]
    StateDir {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has the state folder.
    #[error("another `daybreak serve` uses the state folder {0}; stop it, or set another `state_dir`")]
    Locked(PathBuf),
    /// A port cannot be opened.
    #[error(
        "cannot listen on {address} for {protocol}: {source}; is the address on this machine and the port free?"
    )]
    Listen {
        /// For what.
        protocol: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The DHCP server does not start.
    #[error("DHCP: {0}")]
    Dhcp(#[source] daybreak_dhcp::StartError),
    /// The DHCP server has ended by itself.
    #[error("the DHCP server has ended by itself; its reason is in the log")]
    DhcpEnded,
    /// The TFTP server does not start.
    #[error("TFTP: {0}")]
    Tftp(#[source] daybreak_tftp::TftpError),
    /// The metadata service has no random bytes, or its address cannot be used.
    #[error("the metadata service: {0}")]
    Metadata(#[source] std::io::Error),
    /// The HTTP front does not start.
    #[error("HTTP: {0}")]
    Http(#[from] daybreak_http::HttpError),
    /// The API's socket does not open.
    #[error(transparent)]
    Api(#[from] api::BindError),
    /// The API's socket failed.
    #[error("the API's socket failed: {0}")]
    ApiFailed(std::io::Error),
}

/// Opens what a site file names, as `serve` would, and gives the images.
///
/// # Errors
/// When an image, a loader or a template is not usable.
pub fn check(site: &Site) -> Result<Images, ServiceError> {
    let images = Images::open(site)?;
    Files::open(site, &images)?;
    Scripts::load(&site.templates)?.try_out()?;
    seed::templates(&site.templates)?;
    Ok(images)
}

/// Serves until cancelled.
///
/// # Errors
/// When a part cannot start. What was started by then is stopped.
pub async fn run(site: Site, clock: Clock, stop: CancellationToken) -> Result<(), RunError> {
    let _lock = lock(&site.state_dir)?;
    raise_open_files();
    // Ends the tasks below however this function is left.
    let _stop_all = stop.clone().drop_guard();
    let store = Store::open(&site.state_dir.join("daybreak.db")).await.map_err(ServiceError::from)?;
    let engine = Engine::open(store.clone(), site.defaults.deploying.as_duration(), clock)
        .await
        .map_err(ServiceError::from)?;
    let images = Arc::new(Images::open(&site).map_err(ServiceError::from)?);
    let files = Arc::new(Files::open(&site, &images)?);
    let (seen, told) = mpsc::channel(QUEUE);

    let dhcp =
        super::dhcp::start(&site, Nodes(Arc::clone(engine.registry())), SystemTime::now, seen.clone())?;
    let leases = Arc::new(DhcpLeases::new(dhcp.leases(), clock));
    let service = Arc::new(Service::new(site, engine, images, leases)?);
    let tftp = super::tftp::start(&service, Arc::clone(&files), seen.clone())?;
    let http = start_http(&service, files, seen)?;
    let metadata = start_metadata(&service)?;
    let packet_servers = PacketServers { dhcp, tftp, http, metadata };
    let socket = api::bind(&service.site.api.socket)?;

    let tasks = TaskTracker::new();
    let engine_service = Arc::clone(&service);
    let engine_stop = stop.clone();
    tasks.spawn(async move { engine_service.engine.run(engine_stop).await });
    let api = tasks.spawn(socket.run(api::router(Arc::clone(&service)), stop.clone()));
    // The timeline ends when the last packet server has dropped its end of the queue.
    tasks.spawn(timeline::run(Arc::clone(&service), told, CancellationToken::new()));
    tasks.close();
    tracing::info!(
        http = %service.site.server.base_url(),
        api = %service.site.api.socket.display(),
        nodes = service.engine.registry().all().len(),
        "ready"
    );

    let watched = packet_servers.watch(&service, &stop).await;
    stop.cancel();
    packet_servers.stop().await;
    let api = api.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    tasks.wait().await;
    store.close().await;
    watched?;
    api.map_err(RunError::ApiFailed)
}

/// Each TFTP session and each HTTP connection takes a descriptor; the soft limit of 1,024 is less than their bounds.
fn raise_open_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard.min(OPEN_FILES), hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is; many transfers at once may be refused");
    }
}

/// One process per state folder: two would give out the same addresses.
fn lock(state_dir: &Path) -> Result<Flock<File>, RunError> {
    let wrong = |source| RunError::StateDir { path: state_dir.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(wrong)?;
    let file = File::create(state_dir.join("lock")).map_err(wrong)?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| RunError::Locked(state_dir.to_owned()))
}

fn start_http(
    service: &Arc<Service>,
    files: Arc<Files>,
    seen: mpsc::Sender<Seen>,
) -> Result<daybreak_http::Server, RunError> {
    let address = SocketAddr::from((service.site.server.address, service.site.server.http_port));
    let listener = std::net::TcpListener::bind(address).map_err(|source| RunError::Listen {
        protocol: "HTTP",
        address,
        source,
    })?;
    let (sink, mut events) = daybreak_http::channel(QUEUE);
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if seen.send(Seen::Http(event)).await.is_err() {
                return;
            }
        }
    });
    let router = web::router(Arc::clone(service));
    Ok(daybreak_http::start(vec![listener], daybreak_http::Limits::default(), files, router, sink)?)
}

/// The metadata service has a listener of its own: its packets carry the site's hop limit, and nothing of the rest answers there.
fn start_metadata(service: &Arc<Service>) -> Result<Option<daybreak_http::Server>, RunError> {
    let Some(config) = service.site.metadata else { return Ok(None) };
    let address = SocketAddr::from(config.socket_address());
    let listener = std::net::TcpListener::bind(address).map_err(|source| RunError::Listen {
        protocol: "the metadata service",
        address,
        source,
    })?;
    // Accepted connections inherit it.
    listener.set_ttl(config.hop_limit.into()).map_err(RunError::Metadata)?;
    let router = web::metadata::router(Arc::clone(service)).map_err(RunError::Metadata)?;
    let (sink, mut events) = daybreak_http::channel(QUEUE);
    // What matters of them is in the nodes' timelines already.
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    let server = daybreak_http::start(
        vec![listener],
        daybreak_http::Limits::default(),
        Arc::new(Files::default()),
        router,
        sink,
    )?;
    tracing::info!(%address, hop_limit = config.hop_limit, imds_v1 = config.imds_v1, "serves metadata");
    Ok(Some(server))
}
