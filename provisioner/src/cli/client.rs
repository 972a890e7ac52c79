//! A client of the API's UNIX socket.

use crate::api::Problem;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::UnixStream;

/// The API answers from memory and from its store; a minute means that it hangs.
const DEADLINE: Duration = Duration::from_mins(1);

/// Talks to a running `daybreak serve`.
#[derive(Debug, Clone)]
pub(super) struct Client {
    socket: PathBuf,
}

impl Client {
    pub(super) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Runs a future on a small runtime of its own.
    pub(super) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.call(Method::GET, path, None::<&()>).await
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<()> {
        let answer = tokio::time::timeout(DEADLINE, self.send(Method::DELETE, path, None::<&()>));
        let _empty: Incoming = answer.await.context("no answer in a minute")??;
        Ok(())
    }

    /// Posts nothing and gives the bytes of the answer.
    pub(super) async fn post_for_bytes(&self, path: &str) -> Result<Bytes> {
        let exchange = async {
            let body = self.send(Method::POST, path, None::<&()>).await?;
            Ok(body.collect().await?.to_bytes())
        };
        tokio::time::timeout(DEADLINE, exchange).await.context("no answer in a minute")?
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T> {
        let exchange = async {
            let body = self.send(method, path, body).await?.collect().await?.to_bytes();
            serde_json::from_slice(&body).with_context(|| format!("the answer to {path} does not read"))
        };
        tokio::time::timeout(DEADLINE, exchange).await.context("no answer in a minute")?
    }

    /// Sends a request and gives the body of a success; anything else is an error in the server's words.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Incoming> {
        let stream = UnixStream::connect(&self.socket).await.with_context(|| {
            format!(
                "no daybreak answers on {}; start `daybreak serve SITE.yaml`, or name its socket with --socket \
                 or DAYBREAK_SOCKET",
                self.socket.display()
            )
        })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let json = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "daybreak")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(json)))?;
        let response: Response<Incoming> = sender.send_request(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let body = response.into_body().collect().await?.to_bytes();
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => bail!(problem.error),
            Err(_) => bail!("{path} answered {status}: {}", String::from_utf8_lossy(&body)),
        }
    }
}
