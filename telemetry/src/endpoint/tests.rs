use super::{CONNECTIONS, run};
use crate::catalogue::LOAD;
use crate::point::Point;
use crate::snapshot::Snapshot;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

struct Endpoint {
    address: SocketAddr,
    refused: Arc<AtomicU64>,
    stop: CancellationToken,
    task: JoinHandle<TaskTracker>,
}

async fn start() -> Endpoint {
    let snapshot = Arc::new(Snapshot::default());
    snapshot.replace(&LOAD, vec![Point::new(&LOAD, []).with("load1", 141)]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, refused, stop) =
        (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)), CancellationToken::new());
    let task = tokio::spawn(run(listener, snapshot, Arc::clone(&refused), stop.clone()));
    Endpoint { address, refused, stop, task }
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), future).await.unwrap_or_else(|_| panic!("no {what}"))
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // A reset ends the answer as well.
    let _ = within("end of the answer", stream.read_to_string(&mut answer)).await;
    answer
}

#[tokio::test]
async fn only_the_metrics_are_served() {
    let endpoint = start().await;
    for (request, status, part) in [
        ("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", "200", "daybreak_system_load_load1 1.41\n"),
        ("POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", "405", "allow: GET, HEAD"),
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", "404", "/metrics"),
        ("GET /metrics/../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n", "404", "/metrics"),
        ("\0\0\0\r\n\r\n", "400", ""),
    ] {
        let answer = exchange(endpoint.address, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request:?}: {answer}");
        assert!(answer.contains(part), "{request:?}: {answer}");
    }
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let endpoint = start().await;
    let request = format!("GET /metrics HTTP/1.1\r\nx: {}\r\n", "y".repeat(100_000));
    assert!(!exchange(endpoint.address, &request).await.contains("200 OK"));
    assert!(exchange(endpoint.address, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.contains("200 OK"));
}

#[tokio::test]
async fn silent_clients_cannot_take_more_than_their_places() {
    let endpoint = start().await;
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS {
        silent.push(TcpStream::connect(endpoint.address).await.unwrap());
    }
    let mut more = TcpStream::connect(endpoint.address).await.unwrap();
    let mut byte = [0];
    assert_eq!(within("end of the connection", more.read(&mut byte)).await.unwrap(), 0);
    assert_eq!(endpoint.refused.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn stops_when_told() {
    let endpoint = start().await;
    endpoint.stop.cancel();
    let connections = within("end of the endpoint", endpoint.task).await.unwrap();
    within("end of its connections", connections.wait()).await;
    assert!(TcpStream::connect(endpoint.address).await.is_err());
}
