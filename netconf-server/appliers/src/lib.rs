//! Appliers: what turns configuration into a router.
//!
//! [`intent::Intent`] says what the router is to be. A [`transaction`] brings the data plane, Linux, FRR and telemetry from
//! one intent to another, all of them or none; [`observe`] tells what they are doing.

mod command;
mod files;
pub mod frr;
pub mod intent;
pub mod linux;
mod names;
mod refusal;
pub mod telemetryd;
pub mod transaction;
pub mod vrouterd;

pub use refusal::{Failure, Refusal, Tag};
