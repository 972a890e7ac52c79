//! The server as its clients see it.
#![cfg(test)]

mod clients;
#[path = "../../../../tests/bench/tftp/load.rs"]
mod load;
mod many;
mod support;
mod wire;
