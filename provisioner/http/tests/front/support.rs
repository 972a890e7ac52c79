//! A running front with known artefacts and a small router, and the means to watch it.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use bytes::Bytes;
use daybreak_http::{Artifact, Artifacts, Event, Limits, Outcome, Server, Transfer, channel, start};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::Receiver;

/// Longest wait for anything in these tests.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Length of `/images/big`, which is a file; a prime, so that no block size divides it.
pub(crate) const BIG: usize = 5_000_011;

struct Map(HashMap<String, Artifact>);

impl Artifacts for Map {
    fn resolve(&self, path: &str, _peer: SocketAddr) -> Option<Artifact> {
        self.0.get(path).cloned()
    }
}

/// A front on a free port of 127.0.0.1.
pub(crate) struct Front {
    pub(crate) server: Option<Server>,
    pub(crate) events: Receiver<Event>,
    pub(crate) big: Vec<u8>,
    /// The file behind `/images/huge`, 4 GiB long.
    pub(crate) huge: Arc<File>,
    pub(crate) folder: tempfile::TempDir,
}

impl Front {
    pub(crate) fn start() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let (sink, events) = channel(1024);
        let big: Vec<u8> = (0..BIG).map(|i| u8::try_from((i * 31 + i / 251) % 256).unwrap()).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&big).unwrap();
        let file = Arc::new(file);
        let small = Bytes::from_static(b"#!ipxe\nexit\n");
        // Sparse: as large as an installer image without taking the disk for it.
        let huge = Arc::new(tempfile::tempfile().unwrap());
        huge.set_len(4 << 30).unwrap();
        let map = HashMap::from([
            (
                "/images/big".to_owned(),
                Artifact::file(file).unwrap().with_sha256(Sha256::digest(&big).into()),
            ),
            (
                "/images/small".to_owned(),
                Artifact::memory(small.clone())
                    .with_content_type("text/plain")
                    .with_sha256(Sha256::digest(&small).into()),
            ),
            ("/images/empty".to_owned(), Artifact::memory(Bytes::new())),
            ("/images/huge".to_owned(), Artifact::file(Arc::clone(&huge)).unwrap()),
        ]);
        let router = Router::new()
            .route("/peer", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
            .route("/echo", post(|body: Bytes| async move { body }))
            .route("/none", post(|| async { "unread" }));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let server = start(vec![listener], limits, Arc::new(Map(map)), router, sink).unwrap();
        Self { server: Some(server), events, big, huge, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server().addresses()[0]
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Runs a client in the test's folder.
    pub(crate) async fn run(&self, program: &str, args: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.folder.path());
        let name = program.to_owned();
        tokio::task::spawn_blocking(move || {
            command.output().unwrap_or_else(|error| panic!("{name} does not start: {error}"))
        })
        .await
        .unwrap()
    }

    /// Runs curl, which must succeed, and gives what it wrote to its standard output.
    pub(crate) async fn curl(&self, args: &[&str]) -> Vec<u8> {
        let mut all = vec!["--silent", "--show-error", "--max-time", "60"];
        all.extend(args);
        let output = self.run("curl", &all).await;
        assert!(output.status.success(), "curl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Waits for the first event that `wanted` turns into something.
    pub(crate) async fn event<T>(&mut self, what: &str, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        let search = async {
            loop {
                let event = self.events.recv().await.expect("the server dropped its event channel");
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(DEADLINE, search).await.unwrap_or_else(|_| panic!("no event in time: {what}"))
    }

    /// Waits for the end of a transfer.
    pub(crate) async fn ended(&mut self) -> Transfer {
        self.event("a transfer's end", |event| match event {
            Event::Transfer(transfer)
                if matches!(transfer.outcome, Outcome::Done { .. } | Outcome::Aborted { .. }) =>
            {
                Some(transfer)
            }
            _ => None,
        })
        .await
    }
}
