//! The HTTP client: one agent for every call, answers read whole, no status taken for an error.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ureq::http::{HeaderMap, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody};

use crate::PublishError;

/// The longest answer that is read; those of the calls made here have a few kilobytes.
const LONGEST_ANSWER: u64 = 4 << 20;
const CONNECT: Duration = Duration::from_secs(15);
/// Without a byte for this long, a connection is given up.
const SILENCE: Duration = Duration::from_mins(1);

/// Whose certificates are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Those of the machine's certificate store.
    #[default]
    Machine,
    /// Those signed by the certificates in this PEM file.
    File(PathBuf),
    /// Any: the operator said so.
    Anyone,
}

/// What a service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Header fields.
    pub(crate) headers: HeaderMap,
    /// Body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header field, where it is there and readable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Body as text, for messages and parsers.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the status is 200 to 299.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why no answer came.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    /// The cause.
    reason: String,
    /// Whether another try makes sense.
    pub(crate) passing: bool,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Makes the agent.
///
/// # Errors
/// [`PublishError::Io`] and [`PublishError::Login`] for a file of certificates that cannot be used.
pub(crate) fn agent(trust: &Trust) -> Result<Agent, PublishError> {
    let tls = match trust {
        Trust::Machine => TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build(),
        Trust::File(path) => {
            let pem = std::fs::read(path).map_err(PublishError::io("read", path))?;
            let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if certificates.is_empty() {
                let text = format!("{}: no certificate in it; it has to be a PEM file", path.display());
                return Err(PublishError::Login(text));
            }
            TlsConfig::builder().root_certs(RootCerts::from(certificates)).build()
        }
        Trust::Anyone => TlsConfig::builder().disable_verification(true).build(),
    };
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("daybreak/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .max_idle_connections(256)
        .max_idle_connections_per_host(128)
        .build();
    Ok(config.into())
}

/// Sends a request and reads the answer whole. `silence` is how long the service may think without a byte, where that is
/// longer than usual.
pub(crate) fn send<B: AsSendBody>(
    agent: &Agent,
    request: Request<B>,
    silence: Option<Duration>,
) -> Result<Answer, NoAnswer> {
    let request = match silence {
        Some(time) => agent.configure_request(request).timeout_per_read(Some(time)).build(),
        None => request,
    };
    let mut response = agent.run(request).map_err(|e| no_answer(&e))?;
    let body =
        response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec().map_err(|e| no_answer(&e))?;
    let (parts, _) = response.into_parts();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

fn no_answer(error: &ureq::Error) -> NoAnswer {
    use ureq::Error;
    let passing = match error {
        // A certificate that is not trusted is not trusted a second later either.
        Error::Io(io) => io.kind() != std::io::ErrorKind::InvalidData,
        Error::Timeout(_) | Error::ConnectionFailed | Error::HostNotFound | Error::Protocol(_) => true,
        _ => false,
    };
    let mut reason = error.to_string();
    if reason.to_ascii_lowercase().contains("certificate") {
        reason.push_str(" (is the service's certificate signed by one that this machine trusts?)");
    }
    NoAnswer { reason, passing }
}
