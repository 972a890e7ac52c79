//! The dashboards as Grafana would use them. Grafana itself is not run: no registry that tests may use has the server.
//! What it does with a query before it sends it is done here (`expand.rs`), and a real `InfluxDB` answers.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[path = "../common/mod.rs"]
mod common;
mod expand;
mod fill;
mod lint;
mod queries;
