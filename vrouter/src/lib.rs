//! The data plane of the appliance.
//!
//! [`dpdk`] is the safe layer over DPDK and the only place with `unsafe`. [`packet`], [`fib`], [`fpm`] and [`forward`]
//! are pure code: bytes, tables, FRR's routes, and what happens to a burst. [`worker`] ties ports and forwarding together.
//!
//! [`routing`] keeps the tables true: FRR's routes and what Linux says ([`netlink`]) go into the [`rib`], what it decides
//! to the packet thread, and the [`audit`] compares the two.
//!
//! [`cli`] is `vrouterd`: [`daemon`] keeps the ports and [`control`] answers on a socket, as [`config`] says; [`bind`]
//! gives devices to DPDK before.
#![allow(clippy::doc_markdown, reason = "ICMPv6 and SRv6 are names and not code")]

pub mod audit;
pub mod bind;
pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod dpdk;
pub mod fib;
pub mod forward;
pub mod fpm;
pub mod netlink;
pub mod packet;
pub mod rib;
pub mod routing;
pub mod worker;
