//! A stream of bytes through framing and messages. The first byte says in pieces of which size it comes and in which
//! framing; every split must give the same messages.
#![no_main]

use daybreak_netconf::framing::{Decoder, Framing, Limits, encode};
use daybreak_netconf::message::{Hello, Reply, Rpc};
use daybreak_netconf::xml::{self, Element};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { message: 4096, chunk: 2048 };

fn messages(stream: &[u8], framing: Framing, size: usize) -> (Vec<String>, bool) {
    let mut decoder = Decoder::new(framing, LIMITS);
    let mut messages = Vec::new();
    for mut piece in stream.chunks(size) {
        while !piece.is_empty() {
            let Ok((taken, message)) = decoder.decode(piece) else { return (messages, false) };
            assert!(taken > 0);
            piece = &piece[taken..];
            messages.extend(message);
        }
    }
    (messages, true)
}

fn walk(element: &Element<'_>) {
    for child in element.children().unwrap_or_default() {
        walk(&child);
    }
    let _ = element.text();
}

fuzz_target!(|data: &[u8]| {
    let Some((how, stream)) = data.split_first() else { return };
    let framing = if how & 1 == 0 { Framing::EndOfMessage } else { Framing::Chunked };
    let whole = messages(stream, framing, stream.len().max(1));
    assert_eq!(whole, messages(stream, framing, usize::from(how >> 1).max(1)));
    for text in &whole.0 {
        assert!(text.len() <= LIMITS.message);
        if let Ok(pieces) = encode(text, framing) {
            let stream: Vec<u8> = pieces.flat_map(|piece| piece.bytes().to_vec()).collect();
            let _ = messages(&stream, framing, 7);
        }
        let _ = Hello::from_client(text);
        let _ = Hello::from_server(text);
        let _ = Reply::parse(text, xml::Limits::default());
        if let Ok(rpc) = Rpc::parse(text, xml::Limits::default()) {
            walk(&rpc.operation);
            let reply = daybreak_netconf::message::Response::Ok.write(&rpc.echo);
            assert!(Reply::parse(&reply, xml::Limits::default()).is_ok(), "{reply}");
        }
    }
});
