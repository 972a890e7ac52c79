//! The data plane of the appliance.
//!
//! [`dpdk`] is the safe layer over DPDK and the only place with `unsafe`. [`packet`] and [`fib`] are pure code: bytes and
//! tables.
#![allow(clippy::doc_markdown, reason = "ICMPv6 and SRv6 are names and not code")]

pub mod dpdk;
pub mod fib;
pub mod packet;
