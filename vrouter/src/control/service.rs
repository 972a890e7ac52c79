//! The calls.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use daybreak_control::v1;
use daybreak_control::v1::control_server::Control;
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;
use tonic::{Request, Response, Status};

use super::statistics;
use crate::daemon::ports::{CommitError, PortState, Ports, Refusal};
use crate::dpdk::{Eal, MbufPool};
use crate::worker::WorkerHandle;

/// How long a stream waits for a client that does not read.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the service asks of the routes' side.
pub trait Routing: Send + Sync {
    /// Sends the routes of a family, or of both, until the receiver goes.
    fn routes(&self, family: v1::Family, to: mpsc::Sender<v1::Route>) -> BoxFuture<'static, ()>;
    /// The route that covers an address.
    fn lookup(&self, address: IpAddr) -> BoxFuture<'static, Result<Option<v1::Route>, Status>>;
    /// Sends the neighbours until the receiver goes.
    fn neighbours(&self, to: mpsc::Sender<v1::Neighbour>) -> BoxFuture<'static, ()>;
    /// Sizes of tables and findings of the audit; the buffers are filled in by the service.
    fn tables(&self) -> BoxFuture<'static, Result<v1::TableStatistics, Status>>;
    /// The connection to FRR.
    fn fpm(&self) -> v1::FpmStatistics;
}

/// The service.
pub struct Service {
    /// The ports.
    pub ports: Arc<Ports>,
    /// The packet thread.
    pub worker: WorkerHandle,
    /// The routes.
    pub routing: Arc<dyn Routing>,
    /// The packet buffers.
    pub pool: MbufPool,
    /// Start of the process, seconds since 1970.
    pub started: u64,
}

type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Control for Service {
    async fn get_info(&self, _: Request<v1::GetInfoRequest>) -> Result<Response<v1::Info>, Status> {
        let (_, generation) = self.ports.config().await;
        Ok(Response::new(v1::Info {
            version: env!("CARGO_PKG_VERSION").into(),
            dpdk: Eal::version(),
            started: self.started,
            generation,
        }))
    }

    async fn get_config(&self, _: Request<v1::GetConfigRequest>) -> Result<Response<v1::Config>, Status> {
        let (ports, _) = self.ports.config().await;
        Ok(Response::new(v1::Config { ports: ports.iter().map(Into::into).collect() }))
    }

    async fn prepare(
        &self,
        request: Request<v1::PrepareRequest>,
    ) -> Result<Response<v1::PrepareReply>, Status> {
        let v1::PrepareRequest { transaction, config } = request.into_inner();
        let config = config.ok_or_else(|| Status::invalid_argument("the request has no configuration"))?;
        let refusals = self.ports.prepare(transaction, &config).await.err().unwrap_or_default();
        Ok(Response::new(v1::PrepareReply { refusals: refusals.into_iter().map(Into::into).collect() }))
    }

    async fn commit(&self, request: Request<v1::CommitRequest>) -> Result<Response<v1::CommitReply>, Status> {
        let (ports, transaction) = (Arc::clone(&self.ports), request.into_inner().transaction);
        // A task of its own: a client that goes away must not leave half a commit.
        let commit = tokio::spawn(async move { ports.commit(&transaction).await });
        let outcome = commit.await.map_err(|error| Status::internal(format!("the commit broke: {error}")))?;
        let generation = outcome.map_err(|error| match error {
            CommitError::NotPrepared(_) => Status::failed_precondition(error.to_string()),
            CommitError::Failed { .. } => Status::aborted(error.to_string()),
        })?;
        Ok(Response::new(v1::CommitReply { generation }))
    }

    async fn abort(&self, request: Request<v1::AbortRequest>) -> Result<Response<v1::AbortReply>, Status> {
        self.ports.abort(&request.into_inner().transaction).await;
        Ok(Response::new(v1::AbortReply {}))
    }

    async fn list_ports(
        &self,
        _: Request<v1::ListPortsRequest>,
    ) -> Result<Response<v1::ListPortsReply>, Status> {
        let ports = self.ports.list().await.iter().map(Into::into).collect();
        Ok(Response::new(v1::ListPortsReply { ports }))
    }

    type ListRoutesStream = Streamed<v1::Route>;

    async fn list_routes(
        &self,
        request: Request<v1::ListRoutesRequest>,
    ) -> Result<Response<Self::ListRoutesStream>, Status> {
        let (to, routes) = mpsc::channel(256);
        tokio::spawn(bounded(self.routing.routes(request.into_inner().family(), to)));
        Ok(Response::new(streamed(routes)))
    }

    async fn lookup_route(
        &self,
        request: Request<v1::LookupRouteRequest>,
    ) -> Result<Response<v1::LookupRouteReply>, Status> {
        let text = request.into_inner().address;
        let address =
            text.parse().map_err(|_| Status::invalid_argument(format!("{text:?} is no IP address")))?;
        let route = self.routing.lookup(address).await?;
        Ok(Response::new(v1::LookupRouteReply { route }))
    }

    type ListNeighboursStream = Streamed<v1::Neighbour>;

    async fn list_neighbours(
        &self,
        _: Request<v1::ListNeighboursRequest>,
    ) -> Result<Response<Self::ListNeighboursStream>, Status> {
        let (to, neighbours) = mpsc::channel(256);
        tokio::spawn(bounded(self.routing.neighbours(to)));
        Ok(Response::new(streamed(neighbours)))
    }

    async fn get_statistics(
        &self,
        _: Request<v1::GetStatisticsRequest>,
    ) -> Result<Response<v1::Statistics>, Status> {
        let counts = self.worker.counts().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let ports = self.ports.list().await;
        let mut tables = self.routing.tables().await?;
        tables.buffers_used = self.pool.in_use().into();
        tables.buffers = tables.buffers_used + u64::from(self.pool.available());
        let mut statistics = statistics::of_worker(&counts);
        statistics.started = self.started;
        statistics.ports = statistics::of_ports(&ports, &counts);
        statistics.tables = Some(tables);
        statistics.fpm = Some(self.routing.fpm());
        Ok(Response::new(statistics))
    }
}

/// Ends a producer whose client has not read for long.
async fn bounded(producer: BoxFuture<'static, ()>) {
    // The stream ends with the producer; a client that reads on sees an error of the transport, not a short list taken
    // for a whole one: see `streamed`.
    let _ = tokio::time::timeout(PATIENCE * 10, producer).await;
}

/// What comes out of a channel, as a reply.
fn streamed<T: Send + 'static>(channel: mpsc::Receiver<T>) -> Streamed<T> {
    let items = stream::unfold(channel, |mut channel| async move {
        let item = channel.recv().await?;
        Some((Ok(item), channel))
    });
    items.boxed()
}

impl From<Refusal> for v1::Refusal {
    fn from(refusal: Refusal) -> Self {
        Self { port: refusal.port, field: refusal.field.to_owned(), reason: refusal.reason }
    }
}

impl From<&PortState> for v1::Port {
    fn from(state: &PortState) -> Self {
        Self {
            config: Some((&state.opened.wanted).into()),
            driver: state.opened.driver.clone(),
            mac: state.opened.mac.0.to_vec(),
            ifindex: state.opened.ifindex,
            link_up: state.link.up,
            speed_mbps: state.link.speed.unwrap_or(0),
        }
    }
}
