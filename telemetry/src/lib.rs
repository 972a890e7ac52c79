//! KPIs of the appliance: what they are, how they are read, and how they leave the machine.
//!
//! Start reading at [`catalogue`]; [`service::run`] ties the parts together.

pub mod catalogue;
pub mod cli;
pub mod collect;
pub mod config;
pub mod endpoint;
pub mod gate;
pub mod grafana;
pub mod influx;
pub mod line;
pub mod point;
pub mod prometheus;
pub mod queue;
pub mod service;
pub mod snapshot;
