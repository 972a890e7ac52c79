//! Appliers against the real thing: FRR, Linux, telemetryd, each in namespaces of their own. Needs root.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod frr;
mod linux;
mod observe;
mod rig;
mod whole;
