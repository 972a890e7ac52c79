//! The decision on a first packet: serve, refuse, or say nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::options::{Agreed, Asked, agree};
use crate::packet::{self, ErrorCode, Malformed, Mode, Packet};
use crate::{Files, Limits, Lookup, Refusal, key};

/// What a packet to the listening port leads to.
#[derive(Debug)]
pub(crate) enum Decision {
    /// A transfer.
    Serve { name: Arc<str>, content: Bytes, asked: Asked, agreed: Agreed },
    /// An ERROR packet.
    Refuse { name: Arc<str>, refusal: Refusal, reply: Vec<u8> },
    /// Nothing: an answer could go back and forth for ever, or to somebody who did not ask, or there is none yet.
    Ignore,
}

/// Judges a packet that came to the listening port.
pub(crate) fn decide(bytes: &[u8], client: SocketAddr, files: &dyn Files, limits: &Limits) -> Decision {
    let request = match packet::parse(bytes) {
        Ok(Packet::Request(request)) => request,
        Ok(Packet::Data { .. } | Packet::Ack { .. } | Packet::Oack(_)) => {
            return refuse("".into(), Refusal::UnknownTransfer);
        }
        Ok(Packet::Error { .. }) | Err(Malformed::Short | Malformed::Opcode) => return Decision::Ignore,
        Err(malformed) => return refuse("".into(), malformed.into()),
    };
    let name: Arc<str> = request.name.escape_ascii().to_string().into();
    if request.write {
        return refuse(name, Refusal::Write);
    }
    if request.mode != Mode::Octet {
        return refuse(name, Refusal::Mode);
    }
    let content = match key(request.name) {
        Ok(key) => files.lookup(key, client),
        Err(error) => return refuse(name, error.into()),
    };
    match content {
        Lookup::Found(content) => {
            let agreed = agree(&request.asked, content.len() as u64, limits);
            Decision::Serve { name, content, asked: request.asked, agreed }
        }
        Lookup::Missing => refuse(name, Refusal::NotFound),
        Lookup::Pending => Decision::Ignore,
    }
}

fn refuse(name: Arc<str>, refusal: Refusal) -> Decision {
    let code = match refusal {
        Refusal::NotFound => ErrorCode::NotFound,
        Refusal::Write | Refusal::Name(_) => ErrorCode::AccessViolation,
        Refusal::Malformed(_) | Refusal::Mode => ErrorCode::IllegalOperation,
        Refusal::UnknownTransfer => ErrorCode::UnknownTransfer,
        Refusal::Sessions(_) | Refusal::SessionsOfClient(_) | Refusal::Socket(_) => ErrorCode::Undefined,
    };
    let reply = packet::error(code, &refusal.to_string());
    Decision::Refuse { name, refusal, reply }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::NameError;

    fn judge(bytes: &[u8]) -> Decision {
        let files = HashMap::from([("boot/a".to_owned(), Bytes::from_static(b"content"))]);
        decide(bytes, SocketAddr::from(([127, 0, 0, 1], 9)), &files, &Limits::default())
    }

    fn refusal(bytes: &[u8]) -> (u16, Refusal) {
        match judge(bytes) {
            Decision::Refuse { refusal, reply, .. } => match packet::parse(&reply) {
                Ok(Packet::Error { code, message }) => {
                    assert_eq!(message, refusal.to_string().as_bytes());
                    (code, refusal)
                }
                other => panic!("the reply is {other:?}"),
            },
            other => panic!("{} gave {other:?}", bytes.escape_ascii()),
        }
    }

    #[test]
    fn a_known_name_is_served() {
        for bytes in [&b"\0\x01boot/a\0octet\0"[..], b"\0\x01/boot/a\0octet\0", b"\0\x01\\boot/a\0octet\0"] {
            let Decision::Serve { content, agreed, .. } = judge(bytes) else { panic!("not served") };
            assert_eq!((&content[..], agreed.blksize), (&b"content"[..], 512));
        }
    }

    #[test]
    fn what_is_being_made_gets_no_answer_yet() {
        struct Slow;
        impl Files for Slow {
            fn lookup(&self, _: &str, _: SocketAddr) -> Lookup {
                Lookup::Pending
            }
        }
        let client = SocketAddr::from(([127, 0, 0, 1], 9));
        let decision = decide(b"\0\x01boot/a\0octet\0", client, &Slow, &Limits::default());
        assert!(matches!(decision, Decision::Ignore), "{decision:?}");
    }

    #[test]
    fn refusals_carry_their_code() {
        assert_eq!(refusal(b"\0\x01none\0octet\0"), (1, Refusal::NotFound));
        assert_eq!(refusal(b"\0\x02boot/a\0octet\0"), (2, Refusal::Write));
        assert_eq!(refusal(b"\0\x01boot/a\0netascii\0"), (4, Refusal::Mode));
        assert_eq!(refusal(b"\0\x01boot/a\0mail\0"), (4, Refusal::Mode));
        assert_eq!(refusal(b"\0\x01../a\0octet\0"), (2, Refusal::Name(NameError::Climbs)));
        assert_eq!(refusal(b"\0\x01boot/a"), (4, Refusal::Malformed(Malformed::Strings)));
        assert_eq!(refusal(&[b"\0\x01".to_vec(), vec![b'a'; 600]].concat()).0, 4);
        assert_eq!(refusal(b"\0\x04\0\x01"), (5, Refusal::UnknownTransfer));
        assert_eq!(refusal(b"\0\x03\0\x01data"), (5, Refusal::UnknownTransfer));
    }

    #[test]
    fn errors_and_noise_get_no_answer() {
        for bytes in [&b""[..], b"\0", b"\0\x05\0\0bye\0", b"\0\x05", b"GET / HTTP/1.1\r\n\r\n", b"\0\x09x"] {
            assert!(matches!(judge(bytes), Decision::Ignore), "{}", bytes.escape_ascii());
        }
    }
}
