//! The decision: which status, fields and bytes answer a request for an artefact.

use std::fmt::Write as _;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Artifact;
use crate::conditions::{self, Verdict};
use crate::head::{Head, Method};
use crate::range::{self, Asked};

/// An answer, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Status line and fields, the empty line included.
    pub(crate) head: String,
    /// First byte and count of what follows; `None` when nothing does (HEAD, 304, 412, 416).
    pub(crate) body: Option<(u64, u64)>,
    /// First and last byte when the answer is a part (206).
    pub(crate) part: Option<(u64, u64)>,
}

/// Answers `head`, which is a GET or HEAD, from `artifact`. `keep` tells whether the connection stays open.
pub(crate) fn answer(head: &Head, artifact: &Artifact, keep: bool, now: SystemTime) -> Answer {
    let etag = artifact.etag();
    let len = artifact.len;
    let (status, asked) = match conditions::weigh(head, etag.as_deref(), artifact.last_modified) {
        Verdict::Failed => ("412 Precondition Failed", None),
        Verdict::NotModified => ("304 Not Modified", None),
        Verdict::Proceed { range } => {
            // "A server MUST ignore a Range header field received with a request method that is unrecognized or for
            // which range handling is not defined. For this specification, GET is the only method" (section 14.2).
            let field = head.range.as_deref().filter(|_| range && head.method == Method::Get);
            match range::asked(field, len) {
                Asked::Outside => ("416 Range Not Satisfiable", None),
                asked @ Asked::Part(..) => ("206 Partial Content", Some(asked)),
                asked => ("200 OK", Some(asked)),
            }
        }
    };
    let mut text = String::with_capacity(512);
    let mut field = |name: &str, value: &dyn std::fmt::Display| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{name}{value}\r\n");
    };
    field("HTTP/1.1 ", &status);
    field("Date: ", &httpdate::fmt_http_date(now));
    field("Connection: ", &if keep { "keep-alive" } else { "close" });
    if let Some(etag) = &etag {
        field("ETag: ", etag);
    }
    if let Some(time) = artifact.last_modified {
        field("Last-Modified: ", &httpdate::fmt_http_date(time));
    }
    let (body, part) = match asked {
        Some(asked) => {
            field("Accept-Ranges: ", &"bytes");
            field("Content-Type: ", &artifact.content_type);
            if let Some(digest) = artifact.sha256 {
                // RFC 9530 section 3: of the whole representation, also when a part of it is sent.
                field("Repr-Digest: ", &format_args!("sha-256=:{}:", STANDARD.encode(digest)));
            }
            let (first, count, part) = match asked {
                Asked::Part(first, last) => {
                    field("Content-Range: ", &format_args!("bytes {first}-{last}/{len}"));
                    (first, last - first + 1, Some((first, last)))
                }
                _ => (0, len, None),
            };
            field("Content-Length: ", &count);
            (Some((first, count)).filter(|_| head.method == Method::Get), part)
        }
        None if status.starts_with("304") => (None, None),
        None => {
            if status.starts_with("416") {
                field("Content-Range: ", &format_args!("bytes */{len}"));
            }
            field("Content-Length: ", &0);
            (None, None)
        }
    };
    text.push_str("\r\n");
    Answer { head: text, body, part }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn ask(method: &str, fields: &str) -> Answer {
        let content = b"0123456789";
        let artifact = Artifact::memory(Bytes::from_static(content))
            .with_sha256(Sha256::digest(content).into())
            .with_last_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
        let text = format!("{method} /x HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        let head = crate::head::parse(text.as_bytes(), 4096).unwrap().unwrap();
        answer(&head, &artifact, true, SystemTime::UNIX_EPOCH)
    }

    const TAG: &str = "\"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882\"";

    #[test]
    fn a_whole_answer_says_all() {
        let answer = ask("GET", "");
        assert_eq!(answer.body, Some((0, 10)));
        assert_eq!(answer.part, None);
        assert_eq!(
            answer.head,
            format!(
                "HTTP/1.1 200 OK\r\n\
                 Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
                 Connection: keep-alive\r\n\
                 ETag: {TAG}\r\n\
                 Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                 Accept-Ranges: bytes\r\n\
                 Content-Type: application/octet-stream\r\n\
                 Repr-Digest: sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:\r\n\
                 Content-Length: 10\r\n\r\n"
            )
        );
    }

    #[test]
    fn a_part_carries_the_digest_of_the_whole() {
        let answer = ask("GET", "Range: bytes=-3\r\n");
        assert_eq!((answer.body, answer.part), (Some((7, 3)), Some((7, 9))));
        assert!(answer.head.starts_with("HTTP/1.1 206 "));
        assert!(answer.head.contains("\r\nContent-Range: bytes 7-9/10\r\nContent-Length: 3\r\n"));
        assert!(answer.head.contains("\r\nRepr-Digest: "));
    }

    #[test]
    fn a_part_of_another_version_becomes_the_whole() {
        let answer = ask("GET", "Range: bytes=5-\r\nIf-Range: \"old\"\r\n");
        assert_eq!((answer.body, answer.part), (Some((0, 10)), None));
        let answer = ask("GET", &format!("Range: bytes=5-\r\nIf-Range: {TAG}\r\n"));
        assert_eq!((answer.body, answer.part), (Some((5, 5)), Some((5, 9))));
    }

    #[test]
    fn head_has_the_fields_and_no_body_and_ignores_range() {
        let get = ask("GET", "");
        let head = ask("HEAD", "Range: bytes=1-2\r\n");
        assert_eq!(head, Answer { body: None, ..get });
    }

    #[test]
    fn not_modified_has_no_length_and_no_body() {
        let answer = ask("GET", &format!("If-None-Match: {TAG}\r\n"));
        assert!(answer.head.starts_with("HTTP/1.1 304 "));
        assert!(answer.head.contains("\r\nETag: "));
        assert!(!answer.head.contains("Content-Length"));
        assert_eq!(answer.body, None);
    }

    #[test]
    fn refusals_of_range_and_condition_are_empty() {
        let answer = ask("GET", "Range: bytes=10-\r\n");
        assert!(answer.head.starts_with("HTTP/1.1 416 "));
        assert!(answer.head.contains("\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n"));
        let answer = ask("GET", "If-Match: \"other\"\r\n");
        assert!(answer.head.starts_with("HTTP/1.1 412 "));
        assert_eq!(answer.body, None);
    }
}
