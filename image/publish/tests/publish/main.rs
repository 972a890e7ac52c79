//! Images published to clouds that we did not write, and looked at by programs that we did not write either.

mod aws;
mod common;
mod glance;
mod proxy;
