//! HTTP for an installer: small files, large files over bad links, and reports; every retry is bounded.

mod resume;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

pub(crate) use resume::ResumingReader;

/// How to wait between two tries. The binary sleeps, a test does not.
pub type Pause = Arc<dyn Fn(Duration) + Send + Sync>;

/// Tries for a small file: with pauses of 1, 2, 4 and 8 seconds a server that restarts is waited for.
const TRIES: u32 = 5;
/// Tries for a report that must arrive: about two minutes.
const REPORT_TRIES: u32 = 8;
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A link that carries nothing for so long is broken.
const SILENCE: Duration = Duration::from_secs(30);

/// Why something could not be had from a server.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", self.url)]
pub struct FetchError {
    url: ShownUrl,
    reason: String,
    fatal: bool,
}

/// A URL without the token that it may carry: scheme, host and the last word.
#[derive(Debug)]
struct ShownUrl(String);

impl ShownUrl {
    fn new(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let secret = path.split('/').rev().skip(1).any(|word| word.len() >= 32);
        let last = path.rsplit('/').next().unwrap_or_default();
        let alone = last.len() >= 32;
        Self(match (secret, alone) {
            (false, false) => url.to_owned(),
            (_, true) => format!("{scheme}://{host}/…"),
            (true, false) => format!("{scheme}://{host}/…/{last}"),
        })
    }
}

impl fmt::Display for ShownUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A client with bounded retries.
#[derive(Clone)]
pub struct HttpClient {
    agent: ureq::Agent,
    pause: Pause,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client for `http://` that waits with `pause`.
    pub fn new(pause: Pause) -> Self {
        Self::with_authorities(pause, &[])
    }

    /// A client that waits with `pause`, also for `https://` servers whose certificates lead to one of `authorities`, PEM
    /// such as `/etc/ssl/certs/ca-certificates.crt`; what in it is no certificate is left out.
    pub fn with_authorities(pause: Pause, authorities: &[u8]) -> Self {
        let roots: Vec<_> = parse_pem(authorities)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .proxy(None)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .user_agent(concat!("daybreak-installer/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self { agent, pause }
    }

    /// A whole file of at most `limit` bytes.
    pub(crate) fn get(&self, url: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        self.find(url, limit)?.ok_or_else(|| fatal(url, "the server answered with status 404".to_owned()))
    }

    /// A whole file of at most `limit` bytes; `None` when the server has no such file.
    pub(crate) fn find(&self, url: &str, limit: u64) -> Result<Option<Vec<u8>>, FetchError> {
        self.retry(TRIES, || {
            let mut response = self.agent.get(url).call().map_err(|e| broken(url, &e))?;
            if response.status().as_u16() == 404 {
                return Ok(None);
            }
            check_status(url, response.status().as_u16(), 200)?;
            // One byte more than the limit, as the client takes reaching its limit for passing it.
            let body = response.body_mut().with_config().limit(limit + 1).read_to_vec();
            body.map(Some).map_err(|e| broken(url, &e))
        })
    }

    /// A large file of `size` bytes, read as it arrives.
    pub(crate) fn open(&self, url: &str, size: u64) -> ResumingReader {
        ResumingReader::new(self.clone(), url.to_owned(), size)
    }

    /// Posts JSON once; for progress, which the next one replaces.
    pub(crate) fn post_once(&self, url: &str, body: &impl Serialize) -> Result<(), FetchError> {
        let json = serde_json::to_vec(body).map_err(|e| fatal(url, e.to_string()))?;
        let request = self.agent.post(url).header("Content-Type", "application/json");
        let response = request.send(&json[..]).map_err(|e| broken(url, &e))?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) { Ok(()) } else { check_status(url, status, 200) }
    }

    /// Posts JSON until it is acknowledged.
    pub(crate) fn post(&self, url: &str, body: &impl Serialize) -> Result<(), FetchError> {
        self.retry(REPORT_TRIES, || self.post_once(url, body))
    }

    fn retry<T>(
        &self,
        tries: u32,
        mut action: impl FnMut() -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let mut failed = 0;
        loop {
            match action() {
                Err(error) if !error.fatal && failed + 1 < tries => {
                    failed += 1;
                    (self.pause)(backoff(failed));
                }
                result => return result,
            }
        }
    }
}

/// 1, 2, 4, 8, 16, 30, 30, … seconds.
fn backoff(failed: u32) -> Duration {
    Duration::from_secs(1 << failed.saturating_sub(1).min(5)).min(LONGEST_PAUSE)
}

fn fatal(url: &str, reason: String) -> FetchError {
    FetchError { url: ShownUrl::new(url), reason, fatal: true }
}

fn broken(url: &str, error: &ureq::Error) -> FetchError {
    let fatal = match error {
        ureq::Error::BadUri(_) | ureq::Error::BodyExceedsLimit(_) | ureq::Error::Rustls(_) => true,
        // A certificate that is not good does not become good in half a minute.
        ureq::Error::Io(error) => {
            error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
        }
        _ => false,
    };
    FetchError { url: ShownUrl::new(url), reason: error.to_string(), fatal }
}

/// Server errors, 408 and 429 pass with time; every other answer stays what it is.
fn check_status(url: &str, status: u16, wanted: u16) -> Result<(), FetchError> {
    if status == wanted {
        return Ok(());
    }
    let passing = status >= 500 || status == 408 || status == 429;
    let reason = format!("the server answered with status {status}");
    Err(FetchError { url: ShownUrl::new(url), reason, fatal: !passing })
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod testserver;
