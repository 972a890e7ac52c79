//! The generated bindings.
#![allow(
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated from C headers, whose names and comments these are"
)]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
