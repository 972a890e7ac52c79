//! The packets of RFC 1350 and their option extension (RFC 2347), read from and written to bytes.

use crate::options::Asked;

/// "The maximum size of a request packet is 512 octets" (RFC 2347).
pub const REQUEST_MAX: usize = 512;

/// Length of what stands before the data of a DATA packet.
pub const DATA_HEADER: usize = 4;

/// Error codes of RFC 1350 and RFC 2347.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum ErrorCode {
    /// See the message.
    Undefined = 0,
    /// File not found.
    NotFound = 1,
    /// Access violation.
    AccessViolation = 2,
    /// Illegal TFTP operation.
    IllegalOperation = 4,
    /// Unknown transfer identifier.
    UnknownTransfer = 5,
    /// Transfer should be terminated due to option negotiation.
    OptionNegotiation = 8,
}

/// How a file is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Bytes as they are.
    Octet,
    /// With line ends translated.
    Netascii,
    /// `mail` or a word that is no mode.
    Other,
}

/// A read or write request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// True for a write request.
    pub write: bool,
    /// The name as it was sent.
    pub name: &'a [u8],
    /// The mode.
    pub mode: Mode,
    /// The options that this crate knows, as they were asked for.
    pub asked: Asked,
}

/// A packet as it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// RRQ or WRQ.
    Request(Request<'a>),
    /// DATA.
    Data {
        /// Block number, which wraps.
        block: u16,
        /// The block.
        data: &'a [u8],
    },
    /// ACK.
    Ack {
        /// Block number, which wraps.
        block: u16,
    },
    /// ERROR.
    Error {
        /// Error code.
        code: u16,
        /// Message, up to its NUL or the end of the packet.
        message: &'a [u8],
    },
    /// OACK.
    Oack(Asked),
}

/// Why bytes are no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No room for what every packet of its kind holds.
    #[error("the packet is cut short")]
    Short,
    /// An opcode outside 1 to 6.
    #[error("the packet has an unknown opcode")]
    Opcode,
    /// A request longer than 512 octets.
    #[error("the request is longer than 512 octets")]
    TooLong,
    /// A string of a request without its NUL, or an option without its value.
    #[error("the request's strings are not ended as they should be")]
    Strings,
}

/// Reads a packet.
///
/// # Errors
/// When the bytes are no packet.
pub fn parse(bytes: &[u8]) -> Result<Packet<'_>, Malformed> {
    let (opcode, rest) = word(bytes).ok_or(Malformed::Short)?;
    match opcode {
        1 | 2 if bytes.len() > REQUEST_MAX => Err(Malformed::TooLong),
        1 | 2 => request(opcode == 2, rest).map(Packet::Request),
        3 => word(rest).map(|(block, data)| Packet::Data { block, data }).ok_or(Malformed::Short),
        // Some firmware pads an ACK; what follows the number has no meaning.
        4 => word(rest).map(|(block, _)| Packet::Ack { block }).ok_or(Malformed::Short),
        5 => {
            let (code, message) = word(rest).ok_or(Malformed::Short)?;
            let end = message.iter().position(|&byte| byte == 0).unwrap_or(message.len());
            Ok(Packet::Error { code, message: &message[..end] })
        }
        6 => options(rest).map(Packet::Oack),
        _ => Err(Malformed::Opcode),
    }
}

fn request(write: bool, bytes: &[u8]) -> Result<Request<'_>, Malformed> {
    let (name, rest) = string(bytes).ok_or(Malformed::Strings)?;
    let (mode, rest) = string(rest).ok_or(Malformed::Strings)?;
    let mode = if mode.eq_ignore_ascii_case(b"octet") {
        Mode::Octet
    } else if mode.eq_ignore_ascii_case(b"netascii") {
        Mode::Netascii
    } else {
        Mode::Other
    };
    Ok(Request { write, name, mode, asked: options(rest)? })
}

fn options(mut rest: &[u8]) -> Result<Asked, Malformed> {
    let mut asked = Asked::default();
    // Some boot ROMs pad the packet with NULs.
    while rest.iter().any(|&byte| byte != 0) {
        let (option, after) = string(rest).ok_or(Malformed::Strings)?;
        let (value, after) = string(after).ok_or(Malformed::Strings)?;
        asked.set(option, value);
        rest = after;
    }
    Ok(asked)
}

fn word(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*word), rest))
}

fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// What stands before the data of block `number`, whose low 16 bits go on the wire.
pub fn data_header(number: u64) -> [u8; DATA_HEADER] {
    let [.., high, low] = number.to_be_bytes();
    [0, 3, high, low]
}

/// An ERROR packet. The message is cut at 200 bytes and its NULs are dropped.
pub fn error(code: ErrorCode, message: &str) -> Vec<u8> {
    let mut bytes = vec![0, 5];
    bytes.extend((code as u16).to_be_bytes());
    bytes.extend(message.bytes().filter(|&byte| byte != 0).take(200));
    bytes.push(0);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_with_options_is_read() {
        let bytes = b"\0\x01/pxe\0OCTET\0BlkSize\x001428\0tsize\x000\0timeout\x003\0windowsize\x0016\0x\0y\0";
        let Ok(Packet::Request(request)) = parse(bytes) else { panic!("not read") };
        assert_eq!((request.write, request.name, request.mode), (false, &b"/pxe"[..], Mode::Octet));
        let expected = Asked { blksize: Some(1428), tsize: Some(0), timeout: Some(3), windowsize: Some(16) };
        assert_eq!(request.asked, expected);
    }

    #[test]
    fn a_padded_request_is_read() {
        let Ok(Packet::Request(request)) = parse(b"\0\x01a\0octet\0\0\0\0\0") else { panic!("not read") };
        assert_eq!((request.name, request.asked), (&b"a"[..], Asked::default()));
    }

    #[test]
    fn modes_are_told_apart() {
        for (bytes, mode) in [
            (&b"\0\x01a\0netascii\0"[..], Mode::Netascii),
            (b"\0\x01a\0mail\0", Mode::Other),
            (b"\0\x01a\0\0", Mode::Other),
        ] {
            assert!(matches!(parse(bytes), Ok(Packet::Request(request)) if request.mode == mode));
        }
        assert!(matches!(parse(b"\0\x02a\0octet\0"), Ok(Packet::Request(Request { write: true, .. }))));
    }

    #[test]
    fn broken_packets_are_told_apart() {
        let long = [b"\0\x01a\0octet\0".to_vec(), vec![0; 600]].concat();
        for (bytes, error) in [
            (&b""[..], Malformed::Short),
            (b"\0", Malformed::Short),
            (b"\0\x03\0", Malformed::Short),
            (b"\0\x04", Malformed::Short),
            (b"\0\x05\0", Malformed::Short),
            (b"\0\x07aaaa", Malformed::Opcode),
            (b"\x01\0a\0octet\0", Malformed::Opcode),
            (b"\0\x01", Malformed::Strings),
            (b"\0\x01a", Malformed::Strings),
            (b"\0\x01a\0octet", Malformed::Strings),
            (b"\0\x01a\0octet\0blksize\0", Malformed::Strings),
            (b"\0\x01a\0octet\0blksize\x00512", Malformed::Strings),
            (&long, Malformed::TooLong),
        ] {
            assert_eq!(parse(bytes), Err(error), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn small_packets_are_read() {
        assert_eq!(parse(b"\0\x04\x12\x34"), Ok(Packet::Ack { block: 0x1234 }));
        assert_eq!(parse(b"\0\x03\0\x01ab"), Ok(Packet::Data { block: 1, data: b"ab" }));
        assert_eq!(parse(b"\0\x05\0\x08no\0x"), Ok(Packet::Error { code: 8, message: b"no" }));
        assert_eq!(parse(b"\0\x05\0\x08"), Ok(Packet::Error { code: 8, message: b"" }));
    }

    #[test]
    fn block_numbers_wrap() {
        assert_eq!(data_header(65_535), [0, 3, 0xff, 0xff]);
        assert_eq!(data_header(65_536), [0, 3, 0, 0]);
        assert_eq!(data_header(65_536 * 3 + 2), [0, 3, 0, 2]);
    }

    #[test]
    fn an_error_is_short_and_ended() {
        let bytes = error(ErrorCode::NotFound, &"a\0".repeat(300));
        assert_eq!(bytes.len(), 205);
        assert_eq!(parse(&bytes), Ok(Packet::Error { code: 1, message: &[b'a'; 200] }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(Packet::Request(request)) = parse(&bytes) {
                prop_assert!(!request.name.contains(&0));
            }
        }

        #[test]
        fn a_request_reads_as_it_was_written(
            name in "[ -~]{0,100}", blksize in 0_u64..70_000, window in 0_u64..70_000, tsize in any::<u64>(),
        ) {
            let text = format!("\0\u{1}{name}\0octet\0blksize\0{blksize}\0windowsize\0{window}\0tsize\0{tsize}\0");
            let Ok(Packet::Request(request)) = parse(text.as_bytes()) else {
                return Err(TestCaseError::fail("not read"));
            };
            prop_assert_eq!(request.name, name.as_bytes());
            let expected =
                Asked { blksize: Some(blksize), windowsize: Some(window), tsize: Some(tsize), timeout: None };
            prop_assert_eq!(request.asked, expected);
        }
    }
}
