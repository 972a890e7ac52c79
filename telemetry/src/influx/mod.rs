//! Delivery of a queue to `/write` of `InfluxDB` 1.x, `VictoriaMetrics` or Telegraf's `influxdb_listener`.

mod backoff;
mod request;
mod verdict;
mod writer;

pub use request::Target;
pub use writer::{Figures, Output, OutputError};
