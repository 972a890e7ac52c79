//! The request that delivers a batch.

use crate::config::Influxdb;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, InvalidHeaderValue, USER_AGENT};
use std::fmt::Write;
use std::path::PathBuf;

/// Where batches go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    uri: String,
    host: String,
    authorization: Option<HeaderValue>,
}

/// An output of the configuration cannot be written to as it is.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A password cannot be read.
    #[error("cannot read password_file {path}: {source}")]
    Password {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database's address makes no header.
    #[error("url or login make no HTTP header: {0}")]
    Header(#[from] InvalidHeaderValue),
}

impl Target {
    /// From the configuration; reads the password.
    ///
    /// # Errors
    /// When the password cannot be read, or makes no header.
    pub fn read(output: &Influxdb) -> Result<Self, TargetError> {
        let read = |(_, path): &(String, PathBuf)| {
            std::fs::read_to_string(path)
                .map_err(|source| TargetError::Password { path: path.clone(), source })
        };
        let password = output.login.as_ref().map(read).transpose()?;
        Ok(Self::new(output, password.as_deref().map(|text| text.trim_end_matches(['\r', '\n'])))?)
    }

    /// From the configuration and the password, if there is a user.
    ///
    /// # Errors
    /// When the host makes no header; the configuration's types do not let that happen.
    pub fn new(output: &Influxdb, password: Option<&str>) -> Result<Self, InvalidHeaderValue> {
        let mut uri = format!("http://{}{}/write?db=", output.url.authority(), output.url.path());
        percent_encode(&mut uri, &output.database);
        if let Some(policy) = &output.retention_policy {
            uri.push_str("&rp=");
            percent_encode(&mut uri, policy);
        }
        uri.push_str("&precision=ns");
        let authorization = match (&output.login, password) {
            (Some((user, _)), Some(password)) => {
                let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
                let mut value = HeaderValue::try_from(format!("Basic {login}"))?;
                value.set_sensitive(true);
                Some(value)
            }
            _ => None,
        };
        Ok(Self { uri, host: output.url.authority().to_owned(), authorization })
    }

    /// The request for a batch.
    ///
    /// # Errors
    /// When the configuration makes no URI.
    pub(super) fn request(&self, batch: Bytes) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let mut request = Request::post(&self.uri)
            .header(HOST, &self.host)
            .header(USER_AGENT, concat!("telemetryd/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "text/plain; charset=utf-8");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.body(Full::new(batch))
    }
}

/// Percent-encoding of a value in a query (RFC 3986, section 2.1): all but the unreserved characters.
fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Target;
    use crate::config::{Influxdb, Size};
    use bytes::Bytes;

    fn output(url: &str) -> Influxdb {
        Influxdb {
            name: "main".parse().unwrap(),
            url: url.parse().unwrap(),
            database: "a b&c=ü".to_owned(),
            retention_policy: None,
            login: None,
            queue_limit: Size::DEFAULT,
        }
    }

    #[test]
    fn the_database_cannot_become_another_parameter() {
        let target = Target::new(&output("http://db:8086/x/"), None).unwrap();
        let request = target.request(Bytes::from_static(b"a b=1i 1\n")).unwrap();
        assert_eq!(request.uri(), "http://db:8086/x/write?db=a%20b%26c%3D%C3%BC&precision=ns");
        assert_eq!(request.headers()["host"], "db:8086");
        assert!(!request.headers().contains_key("authorization"));
    }

    #[test]
    fn a_login_is_sent_and_does_not_show() {
        let mut output = output("http://db");
        output.login = Some(("user".to_owned(), "/none".into()));
        output.retention_policy = Some("week".to_owned());
        let target = Target::new(&output, Some("secret")).unwrap();
        let request = target.request(Bytes::new()).unwrap();
        assert_eq!(request.headers()["authorization"], "Basic dXNlcjpzZWNyZXQ=");
        assert!(request.uri().query().unwrap().contains("&rp=week&"));
        assert!(!format!("{target:?}").contains("dXNlcj"), "{target:?}");
    }
}
