use super::{Answer, Service, SessionConfig, serve};
use crate::capability::{BASE_1_0, BASE_1_1};
use crate::error::{ErrorTag, RpcError};
use crate::framing::{Framing, Limits, encode};
use crate::message::{Hello, ReplyError, Response, Rpc};
use crate::session::{Client, ClientError, Counters, Counts, End};
use crate::xml;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(20);

/// Answers with the name of the operation; `<fail/>` fails, `<big/>` is a megabyte.
struct Named;

impl Service for Named {
    async fn call(&mut self, rpc: &Rpc<'_>) -> Answer {
        let response = match rpc.operation.name() {
            "fail" => RpcError::protocol(ErrorTag::OperationFailed, "as asked").into(),
            "big" => Response::Data("x".repeat(1 << 20)),
            "close-session" => return Answer { response: Response::Ok, close: true },
            "wait" => std::future::pending().await,
            name => Response::Data(format!("<{name}/>")),
        };
        response.into()
    }
}

struct Rig {
    client: DuplexStream,
    server: JoinHandle<End>,
    kill: CancellationToken,
    counters: Arc<Counters>,
}

fn start(idle: Option<Duration>, wait: Duration) -> Rig {
    let (client, mut stream) = duplex(1 << 16);
    let (kill, counters) = (CancellationToken::new(), Arc::new(Counters::default()));
    let (own_kill, own_counters) = (kill.clone(), counters.clone());
    let server = tokio::spawn(async move {
        let config = SessionConfig {
            hello: hello(&[BASE_1_0, BASE_1_1], Some(4)),
            limits: Limits { message: 3 << 20, chunk: 2 << 20 },
            xml: xml::Limits::default(),
            hello_timeout: wait,
            idle_timeout: idle,
            message_timeout: wait,
            write_timeout: wait,
        };
        serve(&mut stream, &config, &[&own_counters], &own_kill, &mut Named).await
    });
    Rig { client, server, kill, counters }
}

fn hello(capabilities: &[&str], session_id: Option<u32>) -> Hello {
    Hello { capabilities: capabilities.iter().map(ToString::to_string).collect(), session_id }
}

async fn send(stream: &mut DuplexStream, message: &str, framing: Framing) {
    for piece in encode(message, framing).unwrap() {
        stream.write_all(piece.bytes()).await.unwrap();
    }
}

/// Everything up to the end of the stream.
async fn rest(mut stream: DuplexStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn both_framings_carry_requests() {
    for capabilities in [&[BASE_1_0][..], &[BASE_1_1], &[BASE_1_0, BASE_1_1]] {
        let Rig { client, server, counters, .. } = start(None, LONG);
        let mut client = Client::open(client, capabilities, Limits::default(), LONG).await.unwrap();
        assert_eq!(client.server().session_id, Some(4));
        let reply = client.rpc("<get/>", LONG).await.unwrap();
        assert_eq!(reply.parse().unwrap().data().unwrap().inner(), "<get/>");
        let refused = client.rpc("<fail/>", LONG).await.unwrap_err();
        assert!(matches!(refused, ClientError::Reply(ReplyError::Refused(_))), "{refused}");
        assert!(client.rpc("<big/>", LONG).await.unwrap().text().len() > 1 << 20);
        client.close(LONG).await.unwrap();
        assert!(matches!(server.await.unwrap(), End::Closed));
        assert_eq!(counters.get(), Counts { requests: 4, errors: 1, ..Counts::default() });
    }
}

#[tokio::test]
async fn requests_sent_ahead_are_answered_in_order() {
    let Rig { mut client, server, .. } = start(None, LONG);
    let mut ahead: Vec<u8> = Vec::new();
    let mut add = |text: &str, framing| {
        for piece in encode(text, framing).unwrap() {
            ahead.extend_from_slice(piece.bytes());
        }
    };
    add(&hello(&[BASE_1_1], None).write(), Framing::EndOfMessage);
    for id in 0..50 {
        add(&format!("<rpc message-id='{id}'><op{id}/></rpc>"), Framing::Chunked);
    }
    client.write_all(&ahead).await.unwrap();
    client.shutdown().await.unwrap();
    let text = rest(client).await;
    let places: Vec<_> = (0..50).map(|id| text.find(&format!("<op{id}/>")).unwrap()).collect();
    assert!(places.is_sorted());
    assert!(matches!(server.await.unwrap(), End::HungUp));
}

#[tokio::test]
async fn bad_requests_are_answered_and_the_session_goes_on() {
    let Rig { mut client, server, counters, .. } = start(None, LONG);
    send(&mut client, &hello(&[BASE_1_1], None).write(), Framing::EndOfMessage).await;
    for text in ["no xml <", "<rpc><get/></rpc>", "<rpc message-id='7'/>", "<rpc message-id='8'><get/></rpc>"]
    {
        send(&mut client, text, Framing::Chunked).await;
    }
    client.shutdown().await.unwrap();
    let text = rest(client).await;
    for part in ["malformed-message", "missing-attribute", "missing-element", "<data><get/></data>"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    server.await.unwrap();
    assert_eq!(counters.get(), Counts { requests: 1, bad_requests: 3, errors: 3, ..Counts::default() });
}

#[tokio::test]
async fn a_broken_stream_is_told_and_ended() {
    for (bytes, tag) in [
        (&b"garbage"[..], "malformed-message"),
        (b"\n#5\nab\0cd", "malformed-message"),
        (b"\n#4294967295\n", "too-big"),
        (b"\n#2097152\n", "-"),
    ] {
        let Rig { mut client, server, .. } = start(None, LONG);
        send(&mut client, &hello(&[BASE_1_1], None).write(), Framing::EndOfMessage).await;
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let text = rest(client).await;
        let end = server.await.unwrap();
        if tag == "-" {
            assert!(matches!(end, End::Broken(_)), "{end}");
        } else {
            assert!(text.contains(tag) && matches!(end, End::Frame(_)), "{end}: {text}");
        }
    }
}

#[tokio::test]
async fn old_clients_are_not_told_new_tags() {
    let Rig { mut client, server, .. } = start(None, LONG);
    send(&mut client, &hello(&[BASE_1_0], None).write(), Framing::EndOfMessage).await;
    send(&mut client, "<rpc", Framing::EndOfMessage).await;
    assert!(!rest(client).await.contains("rpc-error"));
    assert!(matches!(server.await.unwrap(), End::Malformed(_)));
}

#[tokio::test]
async fn bad_hellos_end_the_session() {
    for text in
        ["<rpc message-id='1'><get/></rpc>", &hello(&[BASE_1_1], Some(1)).write(), &hello(&[], None).write()]
    {
        let Rig { mut client, server, .. } = start(None, LONG);
        send(&mut client, text, Framing::EndOfMessage).await;
        let end = server.await.unwrap();
        assert!(matches!(end, End::Hello(_)), "{text}: {end}");
    }
}

#[tokio::test]
async fn nobody_holds_a_session_for_ever() {
    let Rig { server, client, .. } = start(None, SHORT);
    assert!(matches!(server.await.unwrap(), End::NoHello(_)));
    drop(client);

    let Rig { server, mut client, .. } = start(Some(SHORT), LONG);
    send(&mut client, &hello(&[BASE_1_1], None).write(), Framing::EndOfMessage).await;
    client.write_all(b"\n#9\nhalf").await.unwrap();
    assert!(matches!(server.await.unwrap(), End::Idle(_)));

    // The client never reads: a reply of a megabyte does not fit the stream.
    let Rig { server, mut client, .. } = start(None, SHORT);
    send(&mut client, &hello(&[BASE_1_1], None).write(), Framing::EndOfMessage).await;
    send(&mut client, "<rpc message-id='1'><big/></rpc>", Framing::Chunked).await;
    assert!(matches!(server.await.unwrap(), End::Slow(_)));
}

#[tokio::test]
async fn half_a_message_holds_no_session_for_ever() {
    let Rig { mut client, server, .. } = start(None, SHORT);
    send(&mut client, &hello(&[BASE_1_1], None).write(), Framing::EndOfMessage).await;
    // The first is whole; of the second a byte comes now and then, and then one no more.
    send(
        &mut client,
        "<rpc message-id='1' xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><get/></rpc>",
        Framing::Chunked,
    )
    .await;
    for byte in b"\n#9999\nxxx" {
        client.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let end = tokio::time::timeout(LONG, server).await.expect("it still waits").unwrap();
    assert!(matches!(end, End::Unfinished(SHORT)), "{end}");
    assert!(rest(client).await.contains("<get/>"));
}

#[tokio::test]
async fn a_session_is_killed_while_it_waits_or_works() {
    for operation in ["<get/>", "<wait/>"] {
        let Rig { server, client, kill, .. } = start(None, LONG);
        let mut client = Client::open(client, &[BASE_1_1], Limits::default(), LONG).await.unwrap();
        if operation == "<get/>" {
            client.rpc(operation, LONG).await.unwrap();
            kill.cancel();
        } else {
            let (answer, ()) = tokio::join!(client.rpc(operation, LONG), async { kill.cancel() });
            assert!(matches!(answer, Err(ClientError::End(_))));
        }
        assert!(matches!(server.await.unwrap(), End::Killed));
    }
}

#[tokio::test]
async fn a_client_gives_up_on_a_silent_server() {
    let (silent, kept) = duplex(1 << 16);
    let error = Client::open(silent, &[BASE_1_1], Limits::default(), SHORT).await.unwrap_err();
    assert!(matches!(error, ClientError::End(End::NoHello(_))), "{error}");
    drop(kept);

    let Rig { server, client, .. } = start(None, LONG);
    let mut client = Client::open(client, &[BASE_1_1], Limits::default(), LONG).await.unwrap();
    assert!(matches!(client.rpc("<wait/>", SHORT).await, Err(ClientError::Deadline(_))));
    assert!(matches!(client.rpc("<get/>", LONG).await, Err(ClientError::Over)));
    server.abort();
}
