use proptest::prelude::*;

use super::*;

fn lines(pieces: &[&[u8]]) -> (Vec<String>, Result<(), FrameError>) {
    let (mut decoder, mut lines, mut end) = (Decoder::default(), Vec::new(), Ok(()));
    for piece in pieces {
        end = end.and_then(|()| {
            decoder.feed(piece, |message| {
                lines.push(
                    message.map_or_else(|error| format!("error: {error}"), |message| message.to_string()),
                );
            })
        });
    }
    (lines, end)
}

const CAPTURES: [(&str, &[u8], &str); 2] = [
    (
        "paths",
        include_bytes!("../../testdata/fpm/paths/input"),
        include_str!("../../testdata/fpm/paths/expected"),
    ),
    (
        "next-hop-groups",
        include_bytes!("../../testdata/fpm/next-hop-groups/input"),
        include_str!("../../testdata/fpm/next-hop-groups/expected"),
    ),
];

#[test]
fn reads_what_zebra_sent() {
    for (name, input, expected) in CAPTURES {
        let (read, end) = lines(&[input]);
        assert_eq!((read.join("\n"), end), (expected.trim_end().to_owned(), Ok(())), "{name}");
    }
}

#[test]
fn pieces_of_any_size_read_the_same() {
    for (name, input, _) in CAPTURES {
        let whole = lines(&[input]);
        for size in [1, 2, 3, 5, 63, 64, 65] {
            let pieces: Vec<&[u8]> = input.chunks(size).collect();
            assert_eq!(lines(&pieces), whole, "{name} in pieces of {size}");
        }
    }
}

/// A frame with one netlink message: `header` is its fixed part.
fn frame(kind: u16, header: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = header.to_vec();
    for (kind, value) in attributes {
        body.extend(u16::try_from(4 + value.len()).unwrap().to_ne_bytes());
        body.extend(kind.to_ne_bytes());
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let mut message = u32::try_from(16 + body.len()).unwrap().to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend([0; 10]);
    message.extend(body);
    let mut frame = vec![1, 1];
    frame.extend(u16::try_from(4 + message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    frame
}

fn route_header(family: u8, length: u8, kind: u8) -> [u8; 12] {
    [family, length, 0, 0, 254, 186, 0, kind, 0, 0, 0, 0]
}

#[test]
fn reads_what_other_releases_of_zebra_send() {
    let two_ways = [
        &[16, 0, 0, 2, 7, 0, 0, 0, 8, 0, 5, 0, 10, 0, 0, 1][..],
        &[16, 0, 0, 0, 8, 0, 0, 0, 8, 0, 5, 0, 10, 0, 0, 2],
    ]
    .concat();
    let over_ipv6 = [&[10, 0][..], &[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]].concat();
    for (bytes, expected) in [
        (
            frame(24, &route_header(2, 8, 1), &[(1, &[10, 0, 0, 0]), (9, &two_ways)]),
            "route 10.0.0.0/8 table 254 protocol 186 metric 0 via 10.0.0.1 interface 7 weight 3, \
             via 10.0.0.2 interface 8 weight 1",
        ),
        (
            frame(24, &route_header(2, 24, 1), &[(1, &[10, 1, 2, 3]), (18, &over_ipv6), (4, &[3, 0, 0, 0])]),
            "route 10.1.2.0/24 table 254 protocol 186 metric 0 via fe80::1 interface 3 weight 1",
        ),
        (
            frame(24, &route_header(2, 0, 8), &[(15, &1000_u32.to_ne_bytes())]),
            "route 0.0.0.0/0 table 1000 protocol 186 metric 0 prohibit",
        ),
        (frame(105, &[0; 8], &[(1, &[9, 0, 0, 0])]), "no next hop 9"),
        (frame(16, &[0; 16], &[]), "message of type 16"),
    ] {
        assert_eq!(lines(&[&bytes]), (vec![expected.to_owned()], Ok(())));
    }
}

#[test]
fn a_message_that_is_not_understood_is_named_and_the_next_is_read() {
    let good = frame(105, &[0; 8], &[(1, &[9, 0, 0, 0])]);
    for (bad, expected) in [
        (frame(24, &[2, 8], &[]), MessageError::Header(24)),
        (frame(24, &route_header(28, 8, 1), &[]), MessageError::Family(28)),
        (frame(24, &route_header(2, 33, 1), &[(4, &[1, 0, 0, 0])]), MessageError::PrefixLength(33)),
        (frame(24, &route_header(2, 8, 1), &[]), MessageError::NoTarget(24)),
        (frame(24, &route_header(2, 8, 5), &[]), MessageError::RouteType(5)),
        (frame(24, &route_header(2, 8, 1), &[(21, &[1, 0])]), MessageError::Encapsulation(1)),
        (
            frame(24, &route_header(2, 8, 1), &[(1, &[0; 16])]),
            MessageError::Attribute { message: 24, kind: 1 },
        ),
        (frame(24, &route_header(2, 8, 1), &[(4, &[1])]), MessageError::Attribute { message: 24, kind: 4 }),
        (
            frame(24, &route_header(2, 8, 1), &[(9, &[200; 16])]),
            MessageError::Attribute { message: 24, kind: 9 },
        ),
        (frame(104, &[0; 8], &[(6, &[10, 0, 0, 1])]), MessageError::NoId),
        (frame(104, &[0; 8], &[(1, &[9, 0, 0, 0])]), MessageError::NoTarget(104)),
        (
            frame(104, &[0; 8], &[(1, &[9, 0, 0, 0]), (2, &[1; 7])]),
            MessageError::Attribute { message: 104, kind: 2 },
        ),
        (frame(104, &[0; 8], &[(1, &[9, 0, 0, 0]), (7, &[1, 0])]), MessageError::Encapsulation(1)),
    ] {
        let both = [&bad[..], &good].concat();
        let expected = vec![format!("error: {expected}"), "no next hop 9".to_owned()];
        assert_eq!(lines(&[&both]), (expected, Ok(())));
    }
}

#[test]
fn a_stream_out_of_step_ends() {
    for (bytes, error) in [
        ([2, 1, 0, 4], FrameError::Version(2)),
        ([1, 2, 0, 4], FrameError::Kind(2)),
        ([1, 1, 0, 3], FrameError::Length(3)),
    ] {
        let good = frame(105, &[0; 8], &[(1, &[9, 0, 0, 0])]);
        let both = [&good[..], &bytes].concat();
        assert_eq!(lines(&[&both]), (vec!["no next hop 9".to_owned()], Err(error)));
    }
}

proptest! {
    #[test]
    fn damaged_captures_are_read_or_refused(at in any::<prop::sample::Index>(), value: u8, cut in any::<prop::sample::Index>()) {
        for (_, input, _) in CAPTURES {
            let mut bytes = input.to_vec();
            bytes[at.index(input.len())] = value;
            let (head, tail) = bytes.split_at(cut.index(input.len()));
            prop_assert_eq!(lines(&[head, tail]), lines(&[&bytes]));
        }
    }
}
