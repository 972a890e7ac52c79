//! Delivery of a queue to `/write` of `InfluxDB` 1.x, `VictoriaMetrics` or Telegraf's `influxdb_listener`.

mod backoff;
mod request;
mod verdict;
mod writer;

pub(crate) use backoff::Backoff;
pub use request::{Target, TargetError};
pub use writer::{Figures, Output, OutputError};
