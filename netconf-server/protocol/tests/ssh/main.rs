//! NETCONF over SSH against clients that we did not write, and our own client against our server.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod clients;
mod hostile;
mod own_client;
mod rig;
