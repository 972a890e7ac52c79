//! Images published to clouds that we did not write, and looked at by programs that we did not write either.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod aws;
mod aws_lost;
mod common;
mod glance;
mod proxy;
