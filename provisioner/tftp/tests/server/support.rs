//! A running server with known content, and the means to watch it.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use daybreak_tftp::{Event, EventKind, Limits, Server, channel, start};
use tokio::sync::mpsc::Receiver;

/// Longest wait for anything in these tests.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A server on a free port of the loopback interface.
pub(crate) struct Tftp {
    pub(crate) server: Option<Server>,
    pub(crate) events: Receiver<Event>,
    pub(crate) files: HashMap<String, Bytes>,
    pub(crate) folder: tempfile::TempDir,
}

/// Bytes that differ from block to block, whatever the block size: a count every 1021 bytes.
pub(crate) fn content(len: usize) -> Bytes {
    let mut bytes = Vec::with_capacity(len + 1021);
    let filler: Vec<u8> = (0..1013_u32).map(|i| (i * 31 % 251).to_le_bytes()[0]).collect();
    for count in 0_u64.. {
        if bytes.len() >= len {
            break;
        }
        bytes.extend(count.to_le_bytes());
        bytes.extend_from_slice(&filler);
    }
    bytes.truncate(len);
    bytes.into()
}

impl Tftp {
    pub(crate) fn start() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        Self::on("127.0.0.1:0", limits)
    }

    pub(crate) fn on(address: &str, limits: Limits) -> Self {
        let files = HashMap::from([
            ("boot/loader.efi".to_owned(), content(1_000_003)),
            // A multiple of every block size in use here.
            ("even".to_owned(), content(1428 * 512)),
            ("small".to_owned(), Bytes::from_static(b"#!ipxe\nexit\n")),
            ("empty".to_owned(), Bytes::new()),
            // Over 65535 blocks of 512 bytes.
            ("big".to_owned(), content(36_000_001)),
        ]);
        let (sink, events) = channel(8192);
        let server = start(&[address.parse().unwrap()], limits, Arc::new(files.clone()), sink).unwrap();
        Self { server: Some(server), events, files, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server().addresses()[0]
    }

    pub(crate) fn port(&self) -> String {
        self.address().port().to_string()
    }

    /// Runs a client in the test's folder.
    pub(crate) fn run(&self, program: &str, args: &[&str]) -> Output {
        Command::new(program)
            .args(args)
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}"))
    }

    /// Asserts that `file` in the test's folder holds what the server has under `name`.
    pub(crate) fn assert_got(&self, file: &str, name: &str, output: &Output) {
        let told = String::from_utf8_lossy(&output.stderr);
        let got = std::fs::read(self.folder.path().join(file))
            .unwrap_or_else(|error| panic!("{name} was not written: {error}; the client said: {told}"));
        assert!(
            got == self.files[name],
            "{name}: {} bytes, or other bytes; the client said: {told}",
            got.len()
        );
    }

    /// Waits for the first event that `wanted` turns into something.
    pub(crate) fn event<T>(&mut self, what: &str, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let until = Instant::now() + DEADLINE;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            loop {
                let event = tokio::time::timeout_at(until.into(), self.events.recv())
                    .await
                    .unwrap_or_else(|_| panic!("no event in time: {what}"))
                    .unwrap_or_else(|| panic!("the server ended before: {what}"));
                if let Some(found) = wanted(&event) {
                    return found;
                }
            }
        })
    }

    /// Waits for the end of a transfer.
    pub(crate) fn ended(&mut self) -> Event {
        self.event("a transfer's end", |event| {
            matches!(event.kind, EventKind::Finished { .. } | EventKind::Failed { .. }).then(|| event.clone())
        })
    }

    /// Sends one packet from a fresh port and gives the first answer.
    pub(crate) fn ask(&self, packet: &[u8]) -> Vec<u8> {
        let socket = socket();
        socket.send_to(packet, self.address()).unwrap();
        answer(&socket).0
    }
}

/// A client socket of the test's own.
pub(crate) fn socket() -> UdpSocket {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

/// The next packet on a socket, and who sent it.
pub(crate) fn answer(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_536];
    let (len, from) = socket.recv_from(&mut buffer).expect("no packet in time");
    (buffer[..len].to_vec(), from)
}
