//! The data plane of the appliance.
//!
//! [`dpdk`] is the safe layer over DPDK and the only place with `unsafe`. [`packet`], [`fib`] and [`fpm`] are pure code:
//! bytes, tables and FRR's routes.
#![allow(clippy::doc_markdown, reason = "ICMPv6 and SRv6 are names and not code")]

pub mod dpdk;
pub mod fib;
pub mod fpm;
pub mod packet;
