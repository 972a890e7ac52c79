//! The head of a request: what the front needs of it, and where the request ends.

/// Most header fields that a head may have.
const FIELDS: usize = 64;

/// Why a head cannot be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Not HTTP/1.x, or a field that does not parse.
    #[error("the request head is malformed")]
    Malformed,
    /// Larger than [`crate::Limits::head_bytes`], or more than 64 fields.
    #[error("the request head is too large")]
    TooLarge,
    /// Not whole within [`crate::Limits::head_deadline`].
    #[error("the request head came too slowly")]
    TooSlow,
    /// HTTP/1.1 without exactly one `Host` (RFC 9112 section 3.2).
    #[error("the request has no Host field, or more than one")]
    Host,
    /// `Content-Length` and `Transfer-Encoding` that contradict each other or themselves (RFC 9112 section 6.3).
    #[error("the length of the request body is ambiguous")]
    Length,
    /// A body longer than [`crate::Limits::body_bytes`].
    #[error("the request body is too large")]
    BodyTooLarge,
}

impl HeadError {
    /// Status code and reason phrase of the answer.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::Malformed | Self::Host | Self::Length => "400 Bad Request",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::TooSlow => "408 Request Timeout",
            Self::BodyTooLarge => "413 Content Too Large",
        }
    }
}

/// The methods that the front tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Other,
}

/// How long the request is after its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    Length(u64),
    Chunked,
}

/// A parsed head. Field values that are not UTF-8 count as absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes of the head itself, the empty line included.
    pub(crate) len: usize,
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) keep_alive: bool,
    pub(crate) body: Body,
    pub(crate) range: Option<String>,
    pub(crate) if_range: Option<String>,
    pub(crate) if_match: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) if_modified_since: Option<String>,
    pub(crate) if_unmodified_since: Option<String>,
    pub(crate) user_agent: Option<String>,
}

/// Parses the head at the start of `buffer`; `None` when more bytes are needed.
pub(crate) fn parse(buffer: &[u8], limit: usize) -> Result<Option<Head>, HeadError> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let len = match request.parse(buffer) {
        Ok(httparse::Status::Complete(len)) if len <= limit => len,
        Ok(httparse::Status::Partial) if buffer.len() < limit => return Ok(None),
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooLarge),
        Err(_) => return Err(HeadError::Malformed),
    };
    let fields = Fields(request.headers);
    let minor = request.version.ok_or(HeadError::Malformed)?;
    if minor == 1 && fields.all("host").count() != 1 {
        return Err(HeadError::Host);
    }
    Ok(Some(Head {
        len,
        method: match request.method {
            Some("GET") => Method::Get,
            Some("HEAD") => Method::Head,
            _ => Method::Other,
        },
        target: request.path.unwrap_or_default().to_owned(),
        keep_alive: if minor == 0 {
            fields.has_token("connection", "keep-alive") && !fields.has_token("connection", "close")
        } else {
            !fields.has_token("connection", "close")
        },
        body: body(&fields)?,
        range: fields.only("range"),
        if_range: fields.only("if-range"),
        if_match: fields.list("if-match"),
        if_none_match: fields.list("if-none-match"),
        if_modified_since: fields.only("if-modified-since"),
        if_unmodified_since: fields.only("if-unmodified-since"),
        user_agent: fields.only("user-agent"),
    }))
}

/// RFC 9112 section 6.3, with everything that two parsers could read differently refused.
fn body(fields: &Fields<'_>) -> Result<Body, HeadError> {
    let mut codings = fields.all("transfer-encoding");
    let mut lengths = fields.all("content-length");
    match (codings.next(), lengths.next()) {
        (None, None) => Ok(Body::None),
        (Some(coding), None) if codings.next().is_none() && coding.eq_ignore_ascii_case(b"chunked") => {
            Ok(Body::Chunked)
        }
        (None, Some(text)) if lengths.next().is_none() => {
            if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
                return Err(HeadError::Length);
            }
            let text = std::str::from_utf8(text).map_err(|_| HeadError::Length)?;
            match text.parse() {
                Ok(0) => Ok(Body::None),
                Ok(len) => Ok(Body::Length(len)),
                Err(_) => Err(HeadError::BodyTooLarge),
            }
        }
        _ => Err(HeadError::Length),
    }
}

struct Fields<'a>(&'a [httparse::Header<'a>]);

impl<'a> Fields<'a> {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }

    /// The value of a field that may come once; a repeated one counts as absent.
    fn only(&self, name: &'static str) -> Option<String> {
        let mut values = self.all(name);
        let value = values.next().filter(|_| values.next().is_none())?;
        std::str::from_utf8(value).ok().map(str::to_owned)
    }

    /// The values of a list field, joined as RFC 9110 section 5.3 allows.
    fn list(&self, name: &'static str) -> Option<String> {
        let values: Vec<_> = self.all(name).filter_map(|value| std::str::from_utf8(value).ok()).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    fn has_token(&self, name: &'static str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(|&b| b == b','))
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(text: &str) -> Result<Option<Head>, HeadError> {
        parse(text.as_bytes(), 4096)
    }

    #[test]
    fn a_whole_head_is_read_and_the_rest_left() {
        let text = "GET /a?b HTTP/1.1\r\nHost: h\r\nRange: bytes=0-\r\nUser-Agent: iPXE/1.21\r\n\r\nGET /c";
        let head = one(text).unwrap().unwrap();
        assert_eq!(head.len, text.len() - "GET /c".len());
        assert_eq!((head.method, head.target.as_str(), head.keep_alive), (Method::Get, "/a?b", true));
        assert_eq!(head.range.as_deref(), Some("bytes=0-"));
        assert_eq!(head.user_agent.as_deref(), Some("iPXE/1.21"));
        assert_eq!(head.body, Body::None);
    }

    #[test]
    fn a_part_of_a_head_asks_for_more() {
        assert_eq!(one("GET /a HTTP/1.1\r\nHost: h\r\n"), Ok(None));
        assert_eq!(one(""), Ok(None));
    }

    #[test]
    fn connections_are_kept_as_the_version_says() {
        for (text, keep) in [
            ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n\r\n", false),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
            ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false),
        ] {
            assert_eq!(one(text).unwrap().unwrap().keep_alive, keep, "{text}");
        }
    }

    #[test]
    fn bodies_that_two_parsers_could_read_differently_are_refused() {
        let with = |fields: &str| one(&format!("POST / HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
        let body = |fields: &str| with(fields).map(|head| head.unwrap().body);
        assert_eq!(body("Content-Length: 5\r\n"), Ok(Body::Length(5)));
        assert_eq!(body("Content-Length: 0\r\n"), Ok(Body::None));
        assert_eq!(body("Transfer-Encoding: chunked\r\n"), Ok(Body::Chunked));
        for fields in [
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: \r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity\r\n",
        ] {
            assert_eq!(body(fields), Err(HeadError::Length), "{fields}");
        }
        assert_eq!(body("Content-Length: 99999999999999999999\r\n"), Err(HeadError::BodyTooLarge));
    }

    #[test]
    fn a_head_over_a_limit_is_refused() {
        let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(5000));
        assert_eq!(one(&long), Err(HeadError::TooLarge));
        assert_eq!(one(&format!("GET /{}", "a".repeat(5000))), Err(HeadError::TooLarge));
        let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "A: b\r\n".repeat(70));
        assert_eq!(one(&many), Err(HeadError::TooLarge));
    }

    #[test]
    fn heads_that_are_no_http_are_refused() {
        for text in ["\x16\x03\x01\x02\x00", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nHo st: h\r\n\r\n"] {
            assert_eq!(one(text), Err(HeadError::Malformed), "{text:?}");
        }
        assert_eq!(one("GET / HTTP/1.1\r\n\r\n"), Err(HeadError::Host));
        assert_eq!(one("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), Err(HeadError::Host));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(Some(head)) = parse(&bytes, 4096) {
                prop_assert!(head.len <= bytes.len());
            }
        }
    }
}
