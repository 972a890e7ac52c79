//! What no proper client sends, on the wire.

use std::time::Duration;

use daybreak_http::{Event, HeadError, Limits, TargetError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{DEADLINE, Front};

/// Sends bytes and reads until the server closes.
async fn talk(front: &Front, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(front.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    rest(&mut stream).await
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    timeout(DEADLINE, stream.read_to_end(&mut text)).await.expect("the server did not close").unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn traversal_in_every_spelling_is_refused() {
    let mut front = Front::start();
    for (target, reason) in [
        ("/images/../../etc/passwd", TargetError::Climbs),
        ("/images/./big", TargetError::Climbs),
        ("/%2e%2e/%2e%2e/etc/passwd", TargetError::Climbs),
        ("/images/.%2E/big", TargetError::Climbs),
        ("/images%2fbig", TargetError::Separator),
        ("/images/..\\..\\etc\\passwd", TargetError::Separator),
        ("/images/..%5c..%5cetc", TargetError::Separator),
        ("/%252e%252e/etc/passwd", TargetError::EncodedTwice),
        ("/%c0%ae%c0%ae/etc/passwd", TargetError::NotUtf8),
        ("/images/big%00", TargetError::Control),
        ("/images/big%", TargetError::Escape),
    ] {
        let text = talk(&front, &get(target)).await;
        assert!(text.starts_with("HTTP/1.1 400 "), "{target}: {text}");
        let event = front.event("the refusal", |event| match event {
            Event::TargetRefused { target, reason, .. } => Some((target, reason)),
            _ => None,
        });
        assert_eq!(event.await, (target.to_owned(), reason));
    }
    // An absolute path of the host is a key like any other, and nobody has it.
    assert!(talk(&front, &get("/etc/passwd")).await.starts_with("HTTP/1.1 404 "));
    assert!(talk(&front, &get("//etc/passwd")).await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn broken_heads_are_refused_and_reported() {
    let mut front = Front::start();
    let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(20_000));
    for (text, status, reason) in [
        ("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, HeadError::Malformed),
        ("GET / HTTP/1.1\r\n\r\n", 400, HeadError::Host),
        (&long, 431, HeadError::TooLarge),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            400,
            HeadError::Length,
        ),
        (
            "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            HeadError::Length,
        ),
        (
            "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n",
            413,
            HeadError::BodyTooLarge,
        ),
    ] {
        let answer = talk(&front, text.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{text}: {answer}");
        let event = front.event("the refusal", |event| match event {
            Event::HeadRefused { reason, .. } => Some(reason),
            _ => None,
        });
        assert_eq!(event.await, reason);
    }
}

#[tokio::test]
async fn a_slow_head_is_cut() {
    let limits = Limits { head_deadline: Duration::from_millis(200), ..Limits::default() };
    let mut front = Front::with(limits);
    let mut stream = TcpStream::connect(front.address()).await.unwrap();
    stream.write_all(b"GET /images/small HTTP/1.1\r\nHost: h\r\nX-Slow: ").await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 408 "));
    let reason = front.event("the refusal", |event| match event {
        Event::HeadRefused { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(reason.await, HeadError::TooSlow);
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let front = Front::with(Limits { idle: Duration::from_millis(200), ..Limits::default() });
    let mut stream = TcpStream::connect(front.address()).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
    let mut stream = TcpStream::connect(front.address()).await.unwrap();
    stream.write_all(b"GET /images/small HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.ends_with("\r\n\r\n#!ipxe\nexit\n"));
}

#[tokio::test]
async fn a_slow_body_is_cut() {
    let front = Front::with(Limits { body_deadline: Duration::from_millis(200), ..Limits::default() });
    for framing in ["Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"] {
        let mut stream = TcpStream::connect(front.address()).await.unwrap();
        stream.write_all(format!("POST /echo HTTP/1.1\r\nHost: h\r\n{framing}").as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
}

#[tokio::test]
async fn connections_are_bounded_per_address_and_in_all() {
    let mut front = Front::with(Limits { connections: 3, connections_per_peer: 2, ..Limits::default() });
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(front.address()).await.unwrap();
        stream.write_all(b"GET /images/empty HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        // The answer shows that the connection was counted.
        timeout(DEADLINE, stream.read_u8()).await.unwrap().unwrap();
        kept.push(stream);
    }
    let mut third = TcpStream::connect(front.address()).await.unwrap();
    assert!(rest(&mut third).await.starts_with("HTTP/1.1 503 "));
    let per_peer = front.event("the refusal", |event| match event {
        Event::ConnectionRefused { per_peer, .. } => Some(per_peer),
        _ => None,
    });
    assert!(per_peer.await);
    assert_eq!(front.server().stats().refused, 1);
    drop(kept.pop());
    // The place comes back as soon as the server has seen the close.
    timeout(DEADLINE, async {
        while front.server().stats().connections > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the closed connection still counts");
    assert!(talk(&front, &get("/images/small")).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn requests_in_one_packet_are_answered_in_order() {
    let front = Front::start();
    let one = "GET /images/small HTTP/1.1\r\nHost: h\r\n\r\n";
    let two = "GET /peer HTTP/1.1\r\nHost: h\r\n\r\n";
    let three = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
    let last = "GET /images/small HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let answer = talk(&front, format!("{one}{two}{three}{one}{two}{last}").as_bytes()).await;
    let bodies: Vec<_> = answer.split("HTTP/1.1 200 OK").skip(1).collect();
    assert_eq!(bodies.len(), 6, "{answer}");
    for (index, end) in [(0, "exit\n"), (2, "\r\n\r\nbody"), (3, "exit\n"), (5, "exit\n")] {
        assert!(bodies[index].ends_with(end), "{}", bodies[index]);
    }
    assert!(bodies[1].contains("\r\n\r\n127.0.0.1:") && bodies[4].contains("\r\n\r\n127.0.0.1:"));
}

#[tokio::test]
async fn a_head_in_single_bytes_is_read() {
    let front = Front::start();
    let mut stream = TcpStream::connect(front.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in get("/images/small") {
        stream.write_all(&[byte]).await.unwrap();
    }
    assert!(rest(&mut stream).await.ends_with("#!ipxe\nexit\n"));
}

#[tokio::test]
async fn a_request_body_on_an_artefact_cannot_smuggle_a_request() {
    let front = Front::start();
    let inner = "GET /peer HTTP/1.1\r\nHost: h\r\n\r\n";
    let outer =
        format!("GET /images/small HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{inner}", inner.len());
    let answer = talk(&front, &[outer.into_bytes(), get("/images/empty")].concat()).await;
    assert!(!answer.contains("127.0.0.1:"), "{answer}");
}
