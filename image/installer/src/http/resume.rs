//! A download that goes on where it broke.

use std::io::{self, Read};

use ureq::http::Response;
use ureq::{Body, BodyReader};

use super::{FetchError, HttpClient, backoff, broken, check_status, fatal};

/// Connections in a row that may fail without a single byte.
const EMPTY_TRIES: u32 = 5;
/// Connections in all: a link that breaks more often is not one.
const CONNECTIONS: u32 = 100;

/// Reads a file of known size over HTTP; a broken connection is replaced by a request for the rest (RFC 9110 §14).
pub(crate) struct ResumingReader {
    client: HttpClient,
    url: String,
    size: u64,
    position: u64,
    body: Option<BodyReader<'static>>,
    etag: Option<String>,
    empty: u32,
    connections: u32,
}

impl ResumingReader {
    pub(super) fn new(client: HttpClient, url: String, size: u64) -> Self {
        Self { client, url, size, position: 0, body: None, etag: None, empty: 0, connections: 0 }
    }

    fn connect(&mut self) -> Result<BodyReader<'static>, FetchError> {
        let mut request = self.client.agent.get(&self.url);
        if self.position > 0 {
            request = request.header("Range", format!("bytes={}-", self.position));
            if let Some(etag) = &self.etag {
                request = request.header("If-Range", etag);
            }
        }
        let response = request.call().map_err(|e| broken(&self.url, &e))?;
        let skip = match response.status().as_u16() {
            206 if self.position > 0 => self.check_range(&response)?,
            status => {
                check_status(&self.url, status, 200)?;
                self.check_length(&response)?;
                // No range support: the part that is there already comes again. When the file has changed meanwhile, its
                // digest tells.
                self.position
            }
        };
        self.etag = header(&response, "etag").filter(|tag| !tag.starts_with("W/"));
        let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
        io::copy(&mut (&mut body).take(skip), &mut io::sink())
            .map_err(|e| broken(&self.url, &ureq::Error::Io(e)))?;
        Ok(body)
    }

    /// The answer must start where we stopped.
    fn check_range(&self, response: &Response<Body>) -> Result<u64, FetchError> {
        let range = header(response, "content-range").unwrap_or_default();
        let start =
            range.strip_prefix("bytes ").and_then(|range| range.split('-').next()?.parse::<u64>().ok());
        if start == Some(self.position) && range.ends_with(&format!("/{}", self.size)) {
            return Ok(0);
        }
        let reason = format!("asked for the bytes from {} of {}, got {range:?}", self.position, self.size);
        Err(fatal(&self.url, reason))
    }

    fn check_length(&self, response: &Response<Body>) -> Result<(), FetchError> {
        match header(response, "content-length").and_then(|length| length.parse::<u64>().ok()) {
            Some(length) if length != self.size => {
                let reason = format!("it has {length} bytes, the manifest says {}", self.size);
                Err(fatal(&self.url, reason))
            }
            _ => Ok(()),
        }
    }

    /// One read from the current connection, or from a new one.
    fn try_read(&mut self, buf: &mut [u8]) -> Result<usize, FetchError> {
        let mut body = if let Some(body) = self.body.take() {
            body
        } else {
            self.connections += 1;
            self.connect()?
        };
        let n = body.read(buf).map_err(|e| broken(&self.url, &ureq::Error::Io(e)))?;
        if n == 0 {
            let reason = format!("the connection ended after {} of {} bytes", self.position, self.size);
            return Err(FetchError { fatal: false, ..fatal(&self.url, reason) });
        }
        self.body = Some(body);
        Ok(n)
    }
}

impl Read for ResumingReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size - self.position).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        loop {
            match self.try_read(&mut buf[..wanted]) {
                Ok(n) => {
                    self.position += n as u64;
                    self.empty = 0;
                    return Ok(n);
                }
                Err(error) => {
                    self.empty += 1;
                    if error.fatal || self.empty >= EMPTY_TRIES || self.connections >= CONNECTIONS {
                        return Err(io::Error::other(error));
                    }
                    (self.client.pause)(backoff(self.empty));
                }
            }
        }
    }
}

fn header(response: &Response<Body>, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}
