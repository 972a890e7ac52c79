//! What is told about transfers, and how they end.

use std::time::Duration;

use daybreak_http::{AbortReason, Event, Limits, Outcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{DEADLINE, Front};

const HUGE: &[u8] = b"GET /images/huge HTTP/1.1\r\nHost: h\r\nUser-Agent: test/1\r\n\r\n";

/// Asks for the huge artefact and reads a first piece of it.
async fn begin(front: &Front) -> TcpStream {
    let mut stream = TcpStream::connect(front.address()).await.unwrap();
    stream.write_all(HUGE).await.unwrap();
    let mut piece = vec![0; 100_000];
    tokio::time::timeout(DEADLINE, stream.read_exact(&mut piece)).await.unwrap().unwrap();
    stream
}

#[tokio::test]
async fn an_interrupted_transfer_is_reported_with_its_bytes() {
    let mut front = Front::start();
    let url = front.url("/images/huge");
    // curl gives up by itself after a second.
    let output =
        front.run("curl", &["-sS", "--limit-rate", "10M", "--max-time", "1", "-o", "out", &url]).await;
    assert_eq!(output.status.code(), Some(28));
    let transfer = front.ended().await;
    let Outcome::Aborted { sent, elapsed, reason } = transfer.outcome else { panic!("{transfer:?}") };
    assert_eq!(reason, AbortReason::PeerClosed);
    assert!(sent > 0 && sent < transfer.total, "{sent} of {}", transfer.total);
    assert!(elapsed >= Duration::from_millis(500));
}

#[tokio::test]
async fn a_transfer_is_reported_from_start_to_end() {
    let limits = Limits { progress_every: Duration::from_millis(1), ..Limits::default() };
    let mut front = Front::with(limits);
    front.curl(&["-r", "0-99999999", "-o", "/dev/null", &front.url("/images/huge")]).await;
    let mut seen = Vec::new();
    let last = loop {
        let transfer = front
            .event("the transfer's next step", |event| match event {
                Event::Transfer(transfer) => Some(transfer),
                _ => None,
            })
            .await;
        seen.push(transfer.outcome.clone());
        if matches!(transfer.outcome, Outcome::Done { .. } | Outcome::Aborted { .. }) {
            break transfer;
        }
    };
    assert_eq!((last.total, last.size, last.range), (100_000_000, 4 << 30, Some((0, 99_999_999))));
    assert!(last.outcome.rate().unwrap() > 0);
    assert_eq!(seen[0], Outcome::Started);
    let sent: Vec<u64> = seen
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Progress { sent, .. } => Some(*sent),
            _ => None,
        })
        .collect();
    assert!(!sent.is_empty() && sent.is_sorted() && sent.iter().all(|&sent| sent < last.total), "{sent:?}");
    assert!(matches!(seen.last(), Some(Outcome::Done { sent: 100_000_000, .. })));
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_is_cut() {
    let mut front = Front::with(Limits { send_stall: Duration::from_millis(200), ..Limits::default() });
    let _stream = begin(&front).await;
    let transfer = front.ended().await;
    assert!(
        matches!(transfer.outcome, Outcome::Aborted { reason: AbortReason::Stalled(_), .. }),
        "{transfer:?}"
    );
    assert_eq!(transfer.user_agent.as_deref(), Some("test/1"));
}

#[tokio::test]
async fn a_file_that_shrinks_is_an_aborted_transfer() {
    let mut front = Front::start();
    let stream = begin(&front).await;
    front.huge.set_len(1000).unwrap();
    let mut sink = tokio::io::sink();
    let copied = tokio::io::copy(&mut { stream }, &mut sink).await;
    let transfer = front.ended().await;
    assert!(
        matches!(transfer.outcome, Outcome::Aborted { reason: AbortReason::Truncated, .. }),
        "{transfer:?}, {copied:?}"
    );
}

#[tokio::test]
async fn shutdown_lets_an_answer_finish() {
    let mut front = Front::start();
    let mut stream = TcpStream::connect(front.address()).await.unwrap();
    let request = b"GET /images/huge HTTP/1.1\r\nHost: h\r\nRange: bytes=0-49999999\r\n\r\n";
    stream.write_all(request).await.unwrap();
    stream.read_u8().await.unwrap();
    let reading = tokio::spawn(async move {
        let mut sink = tokio::io::sink();
        tokio::io::copy(&mut stream, &mut sink).await.unwrap()
    });
    front.server.take().unwrap().shutdown(DEADLINE).await;
    assert!(reading.await.unwrap() > 50_000_000);
}

#[tokio::test]
async fn shutdown_cuts_what_takes_too_long() {
    let mut front = Front::start();
    let stream = begin(&front).await;
    let idle = TcpStream::connect(front.address()).await.unwrap();
    let address = front.address();
    front.server.take().unwrap().shutdown(Duration::from_millis(100)).await;
    let transfer = front.ended().await;
    assert!(
        matches!(transfer.outcome, Outcome::Aborted { reason: AbortReason::Stopped, .. }),
        "{transfer:?}"
    );
    drop((stream, idle));
    assert!(TcpStream::connect(address).await.is_err(), "the port is still open");
}
