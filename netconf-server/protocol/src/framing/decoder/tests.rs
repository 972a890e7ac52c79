use super::super::{FrameError, Framing, encode};
use super::{Decoder, Limits};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const LIMITS: Limits = Limits { message: 1000, chunk: 600 };

fn framed(message: &str, framing: Framing) -> Vec<u8> {
    encode(message, framing).unwrap().flat_map(|piece| piece.bytes().to_vec()).collect()
}

/// Feeds a stream in pieces of those sizes, over and over.
fn decode(stream: &[u8], framing: Framing, sizes: &[usize]) -> Result<Vec<String>, FrameError> {
    let mut decoder = Decoder::new(framing, LIMITS);
    let mut messages = Vec::new();
    let mut sizes = sizes.iter().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        rest = after;
        while !piece.is_empty() {
            let (taken, message) = decoder.decode(piece)?;
            assert!(taken > 0, "no progress");
            piece = &piece[taken..];
            messages.extend(message);
        }
    }
    assert!(decoder.is_between_messages() || !stream.ends_with(b">") && !stream.ends_with(b"\n##\n"));
    Ok(messages)
}

fn chunked(stream: &[u8]) -> Result<Vec<String>, FrameError> {
    let whole = decode(stream, Framing::Chunked, &[usize::MAX]);
    assert_eq!(whole, decode(stream, Framing::Chunked, &[1]));
    whole
}

#[test]
fn chunks_of_the_rfc_are_read() {
    let stream = b"\n#4\n<rpc\n#18\n message-id=\"102\"\n\n#3\n/>\n\n##\n";
    assert_eq!(chunked(stream).unwrap(), ["<rpc message-id=\"102\"\n/>\n"]);
}

#[test]
fn broken_chunks_are_refused() {
    let header = |expected, found| FrameError::ChunkHeader { expected, found };
    for (stream, error) in [
        (&b"x"[..], header("a line feed", b'x')),
        (b"\nx", header("a number sign", b'x')),
        (b"\n#x", header("a digit or a number sign", b'x')),
        (b"\n#1x", header("a digit or a line feed", b'x')),
        (b"\n#1\r", header("a digit or a line feed", b'\r')),
        (b"\n#1\nab", header("a line feed", b'b')),
        (b"\n#1\na\n##x", header("a line feed", b'x')),
        (b"\n##\n", FrameError::Empty),
        (b"\n#0\n", FrameError::ChunkSize),
        (b"\n#01\n", FrameError::ChunkSize),
        (b"\n#4294967296\n", FrameError::ChunkSize),
        (b"\n#99999999999999999999999999\n", FrameError::ChunkSize),
        (b"\n#4294967295\n", FrameError::ChunkTooBig { size: 4_294_967_295, limit: 600 }),
        (b"\n#601\n", FrameError::ChunkTooBig { size: 601, limit: 600 }),
        (b"\n#3\na\0b", FrameError::ControlCharacter(0)),
        (b"\n#2\n\xc3(\n##\n", FrameError::Encoding),
    ] {
        assert_eq!(chunked(stream), Err(error), "{:?}", String::from_utf8_lossy(stream));
    }
    let two = [framed(&"a".repeat(600), Framing::Chunked), b"\n#401\n".to_vec()].concat();
    let two = [&two[..two.len() - 10], b"\n#401\n"].concat();
    assert_eq!(chunked(&two), Err(FrameError::MessageTooBig { limit: 1000 }));
}

#[test]
fn a_message_that_is_too_long_or_not_text_is_refused() {
    let long = "x".repeat(1001);
    for sizes in [&[usize::MAX][..], &[1], &[7]] {
        let error = decode(long.as_bytes(), Framing::EndOfMessage, sizes);
        assert_eq!(error, Err(FrameError::MessageTooBig { limit: 1000 }));
        let error = decode(b"a\x1b", Framing::EndOfMessage, sizes);
        assert_eq!(error, Err(FrameError::ControlCharacter(0x1b)));
        let error = decode(b"\xff]]>]]>", Framing::EndOfMessage, sizes);
        assert_eq!(error, Err(FrameError::Encoding));
    }
}

#[test]
fn what_only_looks_like_the_delimiter_is_text() {
    for text in ["]]>", "a]]]>]]b", "]]>]", "]]]", "]]>]]]]>]", "]]>]]x"] {
        let stream = format!("{text}|]]>]]>");
        assert_eq!(decode(stream.as_bytes(), Framing::EndOfMessage, &[1]).unwrap(), [format!("{text}|")]);
    }
    assert_eq!(decode(b"a]]]]>]]>", Framing::EndOfMessage, &[2]).unwrap(), ["a]]"]);
}

#[test]
fn the_framing_changes_between_messages() {
    let mut decoder = Decoder::new(Framing::EndOfMessage, LIMITS);
    let stream = [framed("<hello/>", Framing::EndOfMessage), framed("<rpc/>", Framing::Chunked)].concat();
    let (taken, hello) = decoder.decode(&stream).unwrap();
    assert_eq!(hello.as_deref(), Some("<hello/>"));
    decoder.switch(Framing::Chunked);
    assert_eq!(decoder.decode(&stream[taken..]).unwrap(), (stream.len() - taken, Some("<rpc/>".into())));
}

#[test]
fn time_grows_with_the_length_only() {
    // Brackets are the worst case; looking at the message again for each piece would take minutes.
    let limits = Limits { message: 64 << 20, chunk: 64 << 20 };
    let text = "]]>]".repeat(1 << 18);
    let begin = Instant::now();
    for framing in [Framing::EndOfMessage, Framing::Chunked] {
        let mut decoder = Decoder::new(framing, limits);
        if framing == Framing::Chunked {
            decoder.decode(format!("\n#{}\n", text.len()).as_bytes()).unwrap();
        }
        for piece in text.as_bytes().chunks(100) {
            decoder.decode(piece).unwrap();
        }
    }
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[test]
fn a_message_with_the_delimiter_is_not_sent() {
    assert!(encode("a]]>]]>b", Framing::EndOfMessage).is_err());
    assert!(encode("a]]>]]>b", Framing::Chunked).is_ok());
    assert!(encode("", Framing::Chunked).is_err());
}

fn messages() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[]>\\n#a-cäπ🦀]{1,40}", 1..6)
}

proptest! {
    #[test]
    fn messages_survive_any_split(messages in messages(), sizes in proptest::collection::vec(1usize..9, 1..20)) {
        for framing in [Framing::EndOfMessage, Framing::Chunked] {
            // A delimiter may also arise at the end, where text and delimiter meet.
            let sound = |text: &&String| framing == Framing::Chunked || !format!("{text}]]>]]").contains("]]>]]>");
            let messages: Vec<_> = messages.iter().filter(sound).cloned().collect();
            let stream: Vec<u8> = messages.iter().flat_map(|message| framed(message, framing)).collect();
            prop_assert_eq!(decode(&stream, framing, &sizes).unwrap(), messages);
        }
    }

    #[test]
    fn any_bytes_in_any_split_give_the_same(
        stream in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'#'), Just(b'1'), Just(b'2'), Just(b']'), Just(b'>'), any::<u8>()], 0..200),
        sizes in proptest::collection::vec(1usize..9, 1..20),
    ) {
        for framing in [Framing::EndOfMessage, Framing::Chunked] {
            let whole = decode_lossy(&stream, framing, &[usize::MAX]);
            prop_assert_eq!(whole, decode_lossy(&stream, framing, &sizes));
        }
    }
}

/// As [`decode`], with the messages before an error.
fn decode_lossy(stream: &[u8], framing: Framing, sizes: &[usize]) -> (Vec<String>, Option<FrameError>) {
    let mut decoder = Decoder::new(framing, LIMITS);
    let mut messages = Vec::new();
    let mut sizes = sizes.iter().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        rest = after;
        while !piece.is_empty() {
            match decoder.decode(piece) {
                Ok((taken, message)) => {
                    piece = &piece[taken..];
                    messages.extend(message);
                }
                Err(error) => return (messages, Some(error)),
            }
        }
    }
    (messages, None)
}
