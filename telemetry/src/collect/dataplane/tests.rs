//! What a real vrouterd cannot be made to do: hang, answer too much, count backwards. The real one is asked in
//! `tests/dataplane.rs`.

use super::{Dataplane, LARGEST_ANSWER};
use crate::catalogue::DATAPLANE_WORKER;
use crate::collect::{CollectError, Remote};
use crate::point::{Point, Value};
use daybreak_control::v1::control_server::{Control, ControlServer};
use daybreak_control::v1::{self, Statistics, WorkerStatistics};
use jiff::Timestamp;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::UnixListener;
use tokio::task::JoinHandle;
use tonic::{Request, Response, Status};

/// What the server does next.
#[derive(Clone, Default)]
enum Mood {
    #[default]
    Nothing,
    Hang,
    Say(Box<Statistics>),
}

#[derive(Clone, Default)]
struct Server {
    mood: Arc<Mutex<Mood>>,
    connections: Arc<AtomicUsize>,
}

type Reply<T> = Result<Response<T>, Status>;

fn not_here<T>() -> Reply<T> {
    Err(Status::unimplemented("a test"))
}

#[tonic::async_trait]
impl Control for Server {
    type ListRoutesStream = futures_util::stream::Empty<Result<v1::Route, Status>>;
    type ListNeighboursStream = futures_util::stream::Empty<Result<v1::Neighbour, Status>>;

    async fn get_info(&self, _: Request<v1::GetInfoRequest>) -> Reply<v1::Info> {
        Ok(Response::new(v1::Info::default()))
    }

    async fn list_ports(&self, _: Request<v1::ListPortsRequest>) -> Reply<v1::ListPortsReply> {
        Ok(Response::new(v1::ListPortsReply::default()))
    }

    async fn get_statistics(&self, _: Request<v1::GetStatisticsRequest>) -> Reply<Statistics> {
        let mood = self.mood.lock().clone();
        match mood {
            Mood::Nothing => Ok(Response::new(Statistics::default())),
            Mood::Hang => std::future::pending().await,
            Mood::Say(statistics) => Ok(Response::new(*statistics)),
        }
    }

    async fn get_config(&self, _: Request<v1::GetConfigRequest>) -> Reply<v1::Config> {
        not_here()
    }

    async fn prepare(&self, _: Request<v1::PrepareRequest>) -> Reply<v1::PrepareReply> {
        not_here()
    }

    async fn commit(&self, _: Request<v1::CommitRequest>) -> Reply<v1::CommitReply> {
        not_here()
    }

    async fn abort(&self, _: Request<v1::AbortRequest>) -> Reply<v1::AbortReply> {
        not_here()
    }

    async fn list_routes(&self, _: Request<v1::ListRoutesRequest>) -> Reply<Self::ListRoutesStream> {
        not_here()
    }

    async fn lookup_route(&self, _: Request<v1::LookupRouteRequest>) -> Reply<v1::LookupRouteReply> {
        not_here()
    }

    async fn list_neighbours(
        &self,
        _: Request<v1::ListNeighboursRequest>,
    ) -> Reply<Self::ListNeighboursStream> {
        not_here()
    }
}

impl Server {
    fn start(&self, socket: &Path) -> JoinHandle<()> {
        let listener = UnixListener::bind(socket).unwrap();
        let connections = Arc::clone(&self.connections);
        let incoming = futures_util::stream::unfold(listener, move |listener| {
            let connections = Arc::clone(&connections);
            async move {
                let accepted = listener.accept().await.map(|(stream, _)| stream);
                connections.fetch_add(1, Ordering::Relaxed);
                Some((accepted, listener))
            }
        });
        let service = ControlServer::new(self.clone());
        tokio::spawn(async move {
            tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(Box::pin(incoming))
                .await
                .unwrap();
        })
    }

    fn says(&self, statistics: Statistics) {
        *self.mood.lock() = Mood::Say(Box::new(statistics));
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

fn worker(started: u64, busy_ns: u64, rest_ns: u64) -> Statistics {
    let worker = Some(WorkerStatistics { busy_ns, poll_ns: 0, rest_ns });
    Statistics { started, worker, ..Statistics::default() }
}

fn headroom(points: &[Point]) -> Option<Value> {
    let point = points.iter().find(|point| point.set == &DATAPLANE_WORKER).unwrap();
    point.values.iter().find(|(name, _)| *name == "headroom").map(|(_, value)| *value)
}

#[tokio::test]
async fn a_connection_is_kept_and_a_broken_answer_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("vrouterd.sock");
    let mut dataplane = Dataplane::new(socket.clone(), Timestamp::now);
    let absent = dataplane.read().await.unwrap_err();
    assert!(matches!(absent, CollectError::Unreachable(_)), "{absent}");
    assert!(absent.to_string().contains(socket.to_str().unwrap()), "{absent}");

    let server = Server::default();
    let running = server.start(&socket);
    for (statistics, share) in [
        (worker(1, 100, 0), None),
        (worker(1, 125, 75), Some(Value::Uint(7500))),
        (worker(2, 200, 200), None),
    ] {
        server.says(statistics);
        assert_eq!(headroom(&dataplane.read().await.unwrap().points), share);
    }
    assert_eq!(server.connections(), 1);

    let reason = "x".repeat(LARGEST_ANSWER);
    server
        .says(Statistics { drops: vec![v1::DropStatistics { reason, packets: 1 }], ..Statistics::default() });
    let too_large = dataplane.read().await.unwrap_err();
    assert!(too_large.to_string().contains("GetStatistics"), "{too_large}");

    server.says(worker(2, 200, 201));
    dataplane.read().await.unwrap();
    assert_eq!(server.connections(), 2);
    running.abort();
}

#[tokio::test]
async fn one_that_hangs_is_left_after_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("vrouterd.sock");
    let server = Server::default();
    let running = server.start(&socket);
    let mut dataplane = Dataplane::new(socket, Timestamp::now);
    *server.mood.lock() = Mood::Hang;
    let late = dataplane.read().await.unwrap_err();
    assert!(matches!(late, CollectError::Late { seconds: 2, .. }), "{late}");
    *server.mood.lock() = Mood::Nothing;
    dataplane.read().await.unwrap();
    assert_eq!(server.connections(), 2);
    running.abort();
}
