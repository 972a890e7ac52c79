//! Raw bindings to the DPDK that the distribution ships, 22.11 or newer.
//!
//! `build.rs` lists the bound functions. What is generated follows the headers of the machine that compiles, so a new
//! release of DPDK needs a rebuild and no edit here. Two things keep it neutral between releases: the inline functions
//! come through `shim/`, compiled from the same headers, and [`mbuf`] reads packet buffers by offsets that the
//! compiler computed, never by a struct of ours.
#![allow(unsafe_code, reason = "this crate is the foreign function interface")]

mod ffi;
pub mod mbuf;

pub use ffi::*;
