//! Serves the seed of one node: `serve_seed DAY1.yaml [INSTANCE-ID]`. Prints the base URL and serves until it is ended.
//!
//! The measuring program of `make bench-seed` uses it when no other server is given.

use std::error::Error;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use daybreak_cloud_init::{Day1, Identity, NoCloudFile, Seed, Templates, render};

async fn file(State(seed): State<Seed>, Path(name): Path<String>) -> Response {
    match NoCloudFile::from_segment(&name) {
        Ok(file) => {
            ([(header::CONTENT_TYPE, file.content_type())], seed.file(file).to_owned()).into_response()
        }
        Err(error) => (StatusCode::NOT_FOUND, error.to_string()).into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: serve_seed DAY1.yaml [INSTANCE-ID]")?;
    let instance_id = arguments.next().unwrap_or_else(|| "example.1".to_owned()).parse()?;
    let day1: Day1 = serde_saphyr::from_str(&std::fs::read_to_string(path)?)?;
    let seed = render(&day1, &Identity { instance_id }, &Templates::builtin()?)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/seed/", listener.local_addr()?);
    let routes = Router::new().route("/seed/{file}", get(file)).with_state(seed);
    axum::serve(listener, routes).await?;
    Ok(())
}
