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

/// How long a client may take to read a list; a million routes take some seconds.
const PATIENCE: Duration = Duration::from_mins(5);

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
        let producer = self.routing.routes(request.into_inner().family(), to);
        Ok(Response::new(streamed(producer, routes)))
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
        Ok(Response::new(streamed(self.routing.neighbours(to), neighbours)))
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

/// What a producer sends into a channel, as a reply. One that takes too long, because the client does not read, is ended,
/// and the reply ends with an error: a part of the routes must not look like all of them.
fn streamed<T: Send + 'static>(producer: BoxFuture<'static, ()>, channel: mpsc::Receiver<T>) -> Streamed<T> {
    let producer = tokio::spawn(tokio::time::timeout(PATIENCE, producer));
    let items = stream::unfold(Some((channel, producer)), |state| async {
        let (mut channel, producer) = state?;
        if let Some(item) = channel.recv().await {
            return Some((Ok(item), Some((channel, producer))));
        }
        match producer.await {
            Ok(Ok(())) => None,
            _ => {
                Some((Err(Status::deadline_exceeded("the list was not read in time, and is cut off")), None))
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_list_that_is_cut_off_ends_with_an_error_and_a_whole_one_without() {
        let (to, whole) = mpsc::channel(4);
        let producer = Box::pin(async move {
            for item in 0..3 {
                let _ = to.send(item).await;
            }
        });
        let items: Vec<_> = streamed(producer, whole).map(Result::ok).collect().await;
        assert_eq!(items, [Some(0), Some(1), Some(2)]);

        let (to, cut) = mpsc::channel(4);
        let producer = Box::pin(async move {
            let _ = to.send(0).await;
            std::future::pending::<()>().await;
        });
        let items: Vec<_> =
            streamed(producer, cut).map(|item| item.map_err(|status| status.code())).collect().await;
        assert_eq!(items, [Ok(0), Err(tonic::Code::DeadlineExceeded)]);
    }
}
